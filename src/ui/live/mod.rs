//! The browser's end of the live socket: its connection, what a room's page holds of the room, and the
//! messages that are not sent yet.
//!
//! There is one socket on a page, for the identity that the page acts as. Whoever needs it takes a share
//! with [`join`] and gives it back with [`leave`]; it outlives the moment between two pages of one identity.
//! On the server nobody joins: all of this is driven by effects, which run in the browser alone.

mod backoff;
mod connection;
mod conversation;
mod follow;
mod frozen;
mod outbox;
mod store;
mod window;

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::prelude::*;

pub use connection::{Connection, Event, State};
pub use conversation::{Conversation, Gone, Stretch};
pub use follow::{follow_heads, follow_rooms};
pub use outbox::{Outbox, Unsent};
pub use window::{Reading, Window};

/// How long a socket without shares stays open: one page's last look and the next one's first are not at
/// the same moment.
const LINGER: Duration = Duration::from_secs(2);

struct Shared {
    connection: Rc<Connection>,
    shares: u32,
}

thread_local! {
    static SHARED: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// Takes a share of the socket that acts as `me`, opening it if there is none. Browser only.
pub fn join(me: &str) -> Rc<Connection> {
    let (connection, old) = SHARED.with_borrow_mut(|shared| match shared {
        Some(shared) if shared.connection.me() == me && !shared.connection.is_refused() => {
            shared.shares += 1;
            (shared.connection.clone(), None)
        }
        _ => {
            let connection = Connection::start(me);
            let old = shared.replace(Shared {
                connection: connection.clone(),
                shares: 1,
            });
            (connection, old)
        }
    });
    if let Some(old) = old {
        old.connection.stop();
    }
    connection
}

/// Gives a share back. The last one closes the socket, after a moment.
pub fn leave(me: &str) {
    let last = SHARED.with_borrow_mut(|shared| match shared {
        Some(shared) if shared.connection.me() == me => {
            shared.shares = shared.shares.saturating_sub(1);
            shared.shares == 0
        }
        _ => false,
    });
    if last {
        set_timeout(close_if_unused, LINGER);
    }
}

/// The page's socket, where there is one.
pub fn current() -> Option<Rc<Connection>> {
    SHARED.with_borrow(|shared| shared.as_ref().map(|shared| shared.connection.clone()))
}

fn close_if_unused() {
    let unused = SHARED.with_borrow_mut(|shared| shared.take_if(|shared| shared.shares == 0));
    if let Some(unused) = unused {
        unused.connection.stop();
    }
}

/// Where a person goes whom the server does not know any more. A fresh load, so that nothing of the lost
/// identity stays on the page.
fn go_home() {
    // Where even that fails there is no page left to go from.
    let _ = location().set_href(super::paths::home());
}

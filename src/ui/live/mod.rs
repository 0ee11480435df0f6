//! The browser's end of the live socket: its connection, what a room's page holds of the room, and the
//! messages that are not sent yet.
//!
//! A page acts as one identity and is left by loading another, so there is one socket, and it lasts as long
//! as the page. On the server there is none: all of this is driven by effects, which run in the browser alone.

mod ask;
mod backoff;
mod connection;
mod conversation;
mod follow;
mod frozen;
mod outbox;
mod store;
mod window;

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;

use crate::api::MyNames;

pub use ask::ask;
pub use connection::{Connection, Event, State};
pub use conversation::{Conversation, Fetching, Gone, Stretch};
pub use follow::{follow_heads, follow_rooms};
pub use outbox::{Outbox, Unsent};
pub use store::forget_unsent;
pub use window::{Reading, Window};

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// The page's socket, which acts as `me`. Whoever asks first opens it. Browser only.
pub fn connect(me: &str) -> Rc<Connection> {
    CONNECTION.with_borrow_mut(|connection| {
        connection
            .get_or_insert_with(|| Connection::start(me))
            .clone()
    })
}

/// The page's socket, where there is one.
pub fn current() -> Option<Rc<Connection>> {
    CONNECTION.with_borrow(Clone::clone)
}

/// Brings a person home whom the server does not know as `me` any more, and says whether it has. Where it
/// cannot be asked it is taken to know them still.
pub async fn go_home_unless_still(me: &str) -> bool {
    let names = ask::<MyNames>(&[]).await;
    let lost = names.is_some_and(|names| !names.iter().any(|name| name == me));
    if lost {
        go_home();
    }
    lost
}

/// Where a person goes whom the server does not know any more.
fn go_home() {
    super::browser::go_on(super::paths::home(), false);
}

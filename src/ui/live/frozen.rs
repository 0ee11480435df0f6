//! Notices what a socket does not say by itself: the network went or came, the page was shown again, or it
//! stood still (a laptop asleep, a tab frozen) for so long that the server must have given it up.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::{ev, prelude::*};
use web_sys::VisibilityState;

use super::connection::Connection;
use crate::{domain::Millis, ui::parts::clock::now};

const TICK: Duration = Duration::from_secs(5);
/// The server lets go of a silent peer after 60 s. Browsers slow a hidden page's timers to one a minute, so
/// a shorter gap proves nothing.
const FROZEN: Millis = 75_000;

/// Watches the page on behalf of its connection.
pub fn watch(connection: &Rc<Connection>) {
    let last = Cell::new(now());
    let look = Rc::new({
        let connection = connection.clone();
        move |shown: bool| {
            let gap = now() - last.replace(now());
            if gap > FROZEN {
                connection.renew();
            } else if shown {
                connection.hurry();
            }
        }
    });
    set_interval(
        {
            let look = look.clone();
            move || look(false)
        },
        TICK,
    );
    // Fired at the document, the first rises to the window.
    for event in ["visibilitychange", "pageshow"] {
        let look = look.clone();
        window_event_listener_untyped(event, move |_| look(is_visible()));
    }
    let found = connection.clone();
    window_event_listener(ev::online, move |_| found.hurry());
    let lost = connection.clone();
    window_event_listener(ev::offline, move |_| lost.network_lost());
}

/// Whether the person can see this page.
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

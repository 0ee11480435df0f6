//! Notices what a socket does not say by itself: the network went or came, the page was shown again, or it
//! stood still (a laptop asleep, a tab frozen) for so long that the server must have given it up.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::{ev, prelude::*};
use web_sys::VisibilityState;

use crate::{domain::Millis, ui::browser::now};

const TICK: Duration = Duration::from_secs(5);
/// The server lets go of a silent peer after 60 s. Browsers slow a hidden page's timers to one a minute, so
/// a shorter gap proves nothing.
const FROZEN: Millis = 75_000;

/// What was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The socket cannot be trusted any more.
    Frozen,
    /// The page is waited for, or the network is there again.
    Wanted,
    /// The browser says that the network is gone.
    Offline,
}

/// Tells of every sign from now on, for as long as the document is there.
pub fn watch(tell: impl Fn(Sign) + 'static) {
    let tell = Rc::new(tell);
    let last = Cell::new(now());
    let look = Rc::new({
        let tell = tell.clone();
        move |shown: bool| {
            let gap = now() - last.replace(now());
            if gap > FROZEN {
                tell(Sign::Frozen);
            } else if shown {
                tell(Sign::Wanted);
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
    let found = tell.clone();
    window_event_listener(ev::online, move |_| found(Sign::Wanted));
    window_event_listener(ev::offline, move |_| tell(Sign::Offline));
}

/// Whether the person can see this page.
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

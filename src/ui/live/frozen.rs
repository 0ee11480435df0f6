//! Notices what a socket does not say by itself: the network went or came, the page was shown again, or it
//! stood still (a laptop asleep, a tab frozen) for so long that the server must have given it up.

use std::{
    cell::Cell,
    rc::{Rc, Weak},
    time::Duration,
};

use leptos::{
    ev,
    leptos_dom::helpers::{IntervalHandle, WindowListenerHandle},
    prelude::*,
};
use web_sys::VisibilityState;

use super::connection::Connection;
use crate::{domain::Millis, ui::parts::clock::now};

const TICK: Duration = Duration::from_secs(5);
/// The server lets go of a silent peer after 60 s. Browsers slow a hidden page's timers to one a minute, so
/// a shorter gap proves nothing.
const FROZEN: Millis = 75_000;

/// Watches the page on behalf of a connection, until dropped.
pub struct Watchdog {
    ticks: Option<IntervalHandle>,
    listeners: Vec<WindowListenerHandle>,
}

impl Watchdog {
    pub fn start(connection: Weak<Connection>) -> Self {
        let last = Rc::new(Cell::new(now()));
        let look = Rc::new({
            let connection = connection.clone();
            move |shown: bool| {
                let gap = now() - last.replace(now());
                let Some(connection) = connection.upgrade() else {
                    return;
                };
                if gap > FROZEN {
                    connection.renew();
                } else if shown {
                    connection.hurry();
                }
            }
        });
        let shown = {
            let look = look.clone();
            move |_| look(is_visible())
        };
        let lost = connection.clone();
        let listeners = vec![
            // Fired at the document, it rises to the window.
            window_event_listener_untyped("visibilitychange", shown.clone()),
            window_event_listener_untyped("pageshow", shown),
            window_event_listener(ev::online, move |_| {
                if let Some(connection) = connection.upgrade() {
                    connection.hurry();
                }
            }),
            window_event_listener(ev::offline, move |_| {
                if let Some(connection) = lost.upgrade() {
                    connection.network_lost();
                }
            }),
        ];
        Self {
            ticks: set_interval_with_handle(move || look(false), TICK).ok(),
            listeners,
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(ticks) = self.ticks.take() {
            ticks.clear();
        }
        for listener in self.listeners.drain(..) {
            listener.remove();
        }
    }
}

/// Whether the person can see this page.
pub fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

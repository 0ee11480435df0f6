//! What the reader wants of a room's history, and what they have read of it.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::Conversation;
use crate::{
    api,
    domain::{Seq, limits},
    protocol::ClientFrame,
    ui::live::{Reading, Window, current, window},
};

/// Between two `seen` frames.
const SEEN_PAUSE: Duration = Duration::from_secs(1);

/// A stretch of history that a page may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    Older,
    Newer,
    Newest,
}

impl Conversation {
    /// Fetches a stretch of history, unless one is being fetched.
    pub fn load(self, stretch: Stretch) {
        if self.loading.get_untracked().is_some() {
            return;
        }
        self.loading.set(Some(stretch));
        let (me, room) = (self.me.get_value(), self.id());
        let (start, end) = self
            .window
            .with_untracked(|window| (window.start(), window.end()));
        let (before, after, limit) = match stretch {
            Stretch::Older => (Some(start), None, limits::HISTORY_PAGE),
            // Catching up wants few round trips, and the end of the page.
            Stretch::Newer => (None, Some(end), limits::HISTORY_PAGE * 2),
            Stretch::Newest => (None, None, limits::HISTORY_PAGE),
        };
        spawn_local(async move {
            let page = api::history(me, room, before, after, Some(limit)).await;
            // The page may have been left meanwhile: then nothing is there to be set.
            self.loading.try_set(None);
            let Ok(page) = page else {
                self.failed.try_set(Some(stretch));
                if stretch == Stretch::Older {
                    self.catch_up();
                }
                return;
            };
            self.failed.try_set(None);
            let got_any = !page.messages.is_empty();
            self.window.try_update(|window| match stretch {
                Stretch::Older => window.older(page),
                Stretch::Newer => window.newer(page),
                Stretch::Newest => window.jump(page),
            });
            self.settle();
            if got_any || stretch == Stretch::Older {
                self.catch_up();
            }
        });
    }

    /// Brings the reader to the newest message.
    pub fn to_newest(self) {
        self.reading.set(Reading::End);
        self.catch_up();
    }

    /// Fetches what lies beyond the window, if the reader is where it goes.
    pub(super) fn catch_up(self) {
        let wanted = self.reading.try_get_untracked() == Some(Reading::End);
        let beyond = self.window.try_with_untracked(Window::beyond).unwrap_or(0);
        if wanted && beyond > 0 {
            let near = beyond <= window::MOST as u64;
            self.load(if near {
                Stretch::Newer
            } else {
                Stretch::Newest
            });
        }
    }

    /// Lets go of sent messages that the timeline shows, or that lie beyond its window.
    pub(super) fn settle(self) {
        let shown = self.window.try_with_untracked(|window| {
            if window.is_live() {
                window.end()
            } else {
                Seq::MAX
            }
        });
        if let Some(shown) = shown {
            self.outbox.try_maybe_update(|outbox| {
                let before = outbox.items().len();
                outbox.shown_up_to(shown);
                (outbox.items().len() != before, ())
            });
        }
    }

    pub(super) fn looked(self, visible: bool) {
        if !visible {
            self.tell_before_leaving();
        }
        self.visible.set(visible);
        if visible {
            self.missed.set(0);
        }
    }

    /// Says at once what has been read: there may be no later.
    pub(super) fn tell_before_leaving(self) {
        if self.seen_rests.try_set_value(false).is_none() {
            untrack(|| self.tell_what_is_seen());
        }
    }

    /// Says what has been read, where the newest message is in view. Tracks what that depends on.
    pub(super) fn tell_what_is_seen(self) {
        let head = self
            .window
            .with(|window| window.is_live().then(|| window.head()));
        let in_view = self.visible.get() && self.reading.get() == Reading::End;
        let Some(head) = head.filter(|head| in_view && *head > self.last_seen.get_value()) else {
            return;
        };
        if self.seen_rests.get_value() {
            return;
        }
        let frame = ClientFrame::Seen {
            room: self.id(),
            seq: head,
        };
        if current().is_some_and(|connection| connection.send(&frame)) {
            self.last_seen.set_value(head);
            self.seen_rests.set_value(true);
            let rested = move || {
                if self.seen_rests.try_set_value(false).is_none() {
                    untrack(|| self.tell_what_is_seen());
                }
            };
            set_timeout(rested, SEEN_PAUSE);
        }
    }
}

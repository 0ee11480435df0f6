//! What the reader wants of a room's history, and what they have read of it.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{Conversation, Unread};
use crate::{
    api::ReadHistory,
    domain::{Seq, limits},
    protocol::ClientFrame,
    ui::session::{Reading, Window, ask, window},
};

/// Between two `seen` frames.
const SEEN_PAUSE: Duration = Duration::from_secs(1);

/// Messages that are shown before the first unread one.
const CONTEXT: Seq = 10;

/// A stretch of history that a page may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    Older,
    Newer,
    Newest,
    /// Where unread begins.
    Unread,
    /// What is about a message.
    Around(Seq),
}

/// How far the fetching of history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetching {
    /// Nothing is being fetched, and all that was is here.
    Nothing,
    Loading(Stretch),
    /// It did not come, and is not fetched again before somebody wants it, or the socket is back.
    Failed(Stretch),
}

impl Conversation {
    /// Fetches a stretch of history, unless one is being fetched.
    pub fn load(self, stretch: Stretch) {
        if matches!(self.fetching.get_untracked(), Fetching::Loading(_)) {
            return;
        }
        self.fetching.set(Fetching::Loading(stretch));
        let (start, end) = self
            .window
            .with_untracked(|window| (window.start(), window.end()));
        let (edge, limit) = match stretch {
            Stretch::Older => (Some(("before", start)), limits::HISTORY_PAGE),
            // Catching up wants few round trips, and the end of the page.
            Stretch::Newer => (Some(("after", end)), limits::HISTORY_PAGE * 2),
            Stretch::Newest => (None, limits::HISTORY_PAGE),
            Stretch::Unread => {
                let read = self.unread.get_untracked().read;
                (
                    Some(("after", read.saturating_sub(CONTEXT))),
                    limits::HISTORY_PAGE * 2,
                )
            }
            Stretch::Around(seq) => (Some(("around", seq)), limits::HISTORY_PAGE),
        };
        self.window.update_untracked(Window::awaits);
        let life = self.life();
        spawn_local(async move {
            let (me, room, limit) = (
                self.session.me.get_value(),
                self.id().to_string(),
                limit.to_string(),
            );
            let edge = edge.map(|(name, seq)| (name, seq.to_string()));
            let mut arguments = vec![("me", &*me), ("room", &*room), ("limit", &*limit)];
            arguments.extend(edge.as_ref().map(|(name, seq)| (*name, seq.as_str())));
            let answer = ask::<ReadHistory>(&arguments).await;
            if self.has_ended() || self.life() != life {
                return;
            }
            let Ok(page) = answer else {
                self.window.update_untracked(Window::answered);
                self.fetching.set(Fetching::Failed(stretch));
                if stretch == Stretch::Older {
                    self.catch_up();
                }
                return;
            };
            self.fetching.set(Fetching::Nothing);
            let got_any = !page.messages.is_empty();
            if matches!(stretch, Stretch::Unread | Stretch::Around(_)) {
                // While this was on its way they were still where they had been.
                self.reading.set(Reading::Earlier);
            }
            self.window.update(|window| {
                match stretch {
                    Stretch::Older => window.older(page, start),
                    Stretch::Newer => window.newer(page, end),
                    Stretch::Newest => window.jump(page),
                    Stretch::Unread => window.jump_back(page),
                    Stretch::Around(_) => window.jump_around(page),
                }
                window.answered();
            });
            match stretch {
                Stretch::Unread => self.sought.set(self.first_unread()),
                Stretch::Around(seq) => self.sought.set(Some(seq)),
                _ => {}
            }
            self.settle();
            if got_any || stretch == Stretch::Older {
                self.catch_up();
            }
        });
    }

    /// Whether a stretch could not be fetched.
    pub fn has_failed(self) -> bool {
        matches!(self.fetching.get_untracked(), Fetching::Failed(_))
    }

    /// Lets what could not be fetched be tried again.
    pub(super) fn forget_failure(self) {
        if self.has_failed() {
            self.fetching.set(Fetching::Nothing);
        }
    }

    /// Brings the reader to the newest message.
    pub fn to_newest(self) {
        self.reading.set(Reading::End);
        self.catch_up();
    }

    /// Brings the reader to the newest message, with nothing unread before it.
    pub fn mark_read(self) {
        let head = self.window.with_untracked(Window::head);
        self.unread.set(Unread {
            read: head,
            head,
            messages: 0,
        });
        self.to_newest();
    }

    /// Brings the reader to the first message that they have not read.
    pub fn to_unread(self) {
        self.load(Stretch::Unread);
    }

    /// The first message here that *me* had not read when the room was entered.
    pub fn first_unread(self) -> Option<Seq> {
        let read = self.unread.get_untracked().read;
        self.window
            .with_untracked(|window| window.first_after(read))
    }

    /// Brings the reader to a message, and marks it.
    pub fn to_message(self, seq: Seq) {
        self.marked.set(Some(seq));
        if self
            .window
            .with_untracked(|window| window.message(seq))
            .is_some()
        {
            self.reading.set(Reading::Earlier);
            self.sought.set(Some(seq));
        } else {
            self.load(Stretch::Around(seq));
        }
    }

    /// Fetches what lies beyond the window, if the reader is where it goes.
    pub(super) fn catch_up(self) {
        let wanted = self.reading.get_untracked() == Reading::End;
        let beyond = self.window.with_untracked(Window::beyond);
        if wanted && beyond > 0 && !self.closes_hole() {
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
        let shown = self.window.with_untracked(|window| {
            if window.is_live() {
                window.end()
            } else {
                Seq::MAX
            }
        });
        self.outbox.maybe_update(|outbox| {
            let before = outbox.items().len();
            outbox.shown_up_to(shown);
            outbox.items().len() != before
        });
    }

    /// Says at once what has been read: there may be no later.
    pub(in crate::ui::session) fn tell_at_once(self) {
        self.pace.update_value(|pace| pace.seen_rests = false);
        untrack(|| self.tell_what_is_seen());
    }

    /// Says what has been read, where the newest message is in view. Tracks what that depends on.
    pub(super) fn tell_what_is_seen(self) {
        let room = self.id();
        let head = self
            .window
            .with(|window| window.is_live().then(|| window.head()));
        let in_view = self.session.sees(room) && self.reading.get() == Reading::End;
        let (last, rests) = self
            .pace
            .with_value(|pace| (pace.last_seen, pace.seen_rests));
        let Some(seq) = head.filter(|head| in_view && *head > last && !rests) else {
            return;
        };
        if self.session.is_open() {
            self.session.send(&ClientFrame::Seen { room, seq });
            self.session.rooms.seen(room, seq);
            self.pace.update_value(|pace| {
                pace.last_seen = seq;
                pace.seen_rests = true;
            });
            let rested = move || {
                self.pace.update_value(|pace| pace.seen_rests = false);
                untrack(|| self.tell_what_is_seen());
            };
            self.later(SEEN_PAUSE, rested);
        }
    }
}

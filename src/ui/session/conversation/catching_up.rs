//! What happened while the page was away for longer than the socket can tell.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{Conversation, Fetching, Stretch, Unread};
use crate::{
    api::ReadChanges,
    domain::{Seq, limits},
    ui::session::{Reading, Window, ask},
};

/// After changes that could not be had.
const BREATH: Duration = Duration::from_secs(3);

impl Conversation {
    /// The server has said which life of its data it serves. What is here of the log of another one is let go: what of
    /// it is in this one comes again.
    pub(super) fn is_of(self, epoch: &str) {
        // A server of an earlier version does not say.
        if epoch.is_empty() || self.pace.with_value(|pace| pace.epoch == epoch) {
            return;
        }
        self.pace.update_value(|pace| {
            epoch.clone_into(&mut pace.epoch);
            pace.lives += 1;
            (pace.last_seen, pace.hole, pace.closes) = (0, None, false);
        });
        self.reading.set(Reading::End);
        self.fetching.set(Fetching::Nothing);
        self.unread.set(Unread::default());
        self.marked.set(None);
        self.window.update(Window::begin_anew);
    }

    /// Which life of the server's data what is asked for now is to be of.
    pub(super) fn life(self) -> u32 {
        self.pace.with_value(|pace| pace.lives)
    }

    /// Entries follow from `from`. What lies between them and the last that this page has had is asked for, as it may
    /// have changed what is on the page.
    pub(super) fn opened(self, from: Seq) {
        let head = self.window.with_untracked(Window::head);
        if from > head + 1 {
            let since = self.pace.with_value(|pace| pace.hole).unwrap_or(head);
            // Of who came, went and became something else meanwhile the list knows nothing.
            self.look_who_is_member();
            let much = from - since > limits::HISTORY_MAX as Seq;
            self.window.update(|window| window.heard_of(from - 1));
            if much && self.reading.get_untracked() == Reading::End {
                // The newest page is wanted first, in place of all that is here; the rest comes as its reader goes back.
                self.pace.update_value(|pace| pace.hole = None);
                return self.load(Stretch::Newest);
            }
            self.pace.update_value(|pace| pace.hole = Some(since));
        }
        self.close_hole();
        self.catch_up();
    }

    fn close_hole(self) {
        let hole = self
            .pace
            .with_value(|pace| pace.hole.filter(|_| !pace.closes));
        let Some(since) = hole else { return };
        self.pace.update_value(|pace| pace.closes = true);
        self.window.update_untracked(Window::awaits);
        let life = self.life();
        spawn_local(async move {
            let (me, room) = (self.session.me.get_value(), self.id().to_string());
            let (since_text, limit) = (since.to_string(), limits::HISTORY_MAX.to_string());
            let arguments = [
                ("me", &*me),
                ("room", &*room),
                ("since", &*since_text),
                ("limit", &*limit),
            ];
            let answer = ask::<ReadChanges>(&arguments).await;
            if self.has_ended() || self.life() != life {
                return;
            }
            self.pace.update_value(|pace| pace.closes = false);
            let Ok(changes) = answer else {
                self.window.update_untracked(Window::answered);
                // Where the socket is gone, too, its return brings this about.
                if self.session.is_open() {
                    self.later(BREATH, move || self.close_hole());
                }
                return;
            };
            let hole = changes.more.then_some(changes.to);
            let reading = self.reading.get_untracked();
            self.window.update(|window| {
                window.changed(changes, since, reading);
                window.answered();
            });
            self.pace.update_value(|pace| pace.hole = hole);
            self.settle();
            self.close_hole();
            self.catch_up();
        });
    }

    /// Whether a hole is being closed: that also brings what lies beyond the window.
    pub(super) fn closes_hole(self) -> bool {
        self.pace.with_value(|pace| pace.hole.is_some())
    }
}

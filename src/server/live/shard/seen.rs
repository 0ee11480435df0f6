//! Read positions on their way to the store: of each user's in each room only the newest, and not at once.

use std::time::{Duration, Instant};

use super::Shard;
use crate::{
    domain::{RoomId, Seq},
    server::store::{SocketId, UserId},
};

/// From one time that read positions go to the store to the next at least.
const PAUSE: Duration = Duration::from_millis(200);

impl Shard {
    pub(super) fn note_seen(&mut self, room: RoomId, user: UserId, seq: Seq, by: SocketId) {
        let newest = self.seen.entry((room, user)).or_insert((seq, by));
        if seq > newest.0 {
            *newest = (seq, by);
        }
    }

    /// When read positions go to the store next, if any wait.
    pub(super) fn seen_due(&self) -> Option<Instant> {
        (!self.seen.is_empty()).then_some(self.seen_at + PAUSE)
    }

    /// Hands the read positions to the store, where it is time.
    pub(super) fn tell_seen_in_time(&mut self) {
        let now = Instant::now();
        if self.seen_due().is_some_and(|due| due <= now) {
            self.seen_at = now;
            self.tell_seen();
        }
    }

    /// Hands the store at once what a user has read of a room: their next page may be on its way already.
    pub(super) fn tell_seen_of(&mut self, room: RoomId, user: UserId) {
        if let Some((seq, by)) = self.seen.remove(&(room, user)) {
            self.shared.note_seen(room, user, seq, by);
        }
    }

    pub(super) fn tell_seen(&mut self) {
        for ((room, user), (seq, by)) in std::mem::take(&mut self.seen) {
            self.shared.note_seen(room, user, seq, by);
        }
    }
}

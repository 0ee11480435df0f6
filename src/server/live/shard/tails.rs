//! Which rooms' tails a shard keeps in memory, and who is told so.

use std::time::Instant;

use super::{SHARD_TAILS_BYTES, Shard, TAILS_BYTES};
use crate::{
    domain::RoomId,
    server::{
        counts::traffic,
        live::{
            presence::Follows,
            room::{Log, Room},
            tail::{Newest, Tail},
        },
        store::StoreError,
    },
};

impl Shard {
    /// Rooms whose tail could not be read while somebody follows them are tried again.
    pub(super) fn read_what_failed(&mut self) {
        let failed = self
            .rooms
            .values_mut()
            .filter(|room| matches!(room.log, Log::Cold) && !room.readers.is_empty());
        for room in failed {
            room.log = Log::Loading(Vec::new());
            self.shared.load(room.id, self.number);
        }
    }

    /// Tells the others how closely this shard follows a room now.
    pub(super) fn follow(&mut self, id: RoomId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            let follows = room.follows();
            self.shared.presence.follow(id, self.number, follows);
        }
    }

    /// Forgets the tails that nobody has followed for a while, and the rooms that are nobody's here.
    pub(super) fn forget_rooms(&mut self, now: Instant) {
        let (shared, number) = (&self.shared, self.number);
        let mut bytes = 0;
        self.rooms.retain(|&id, room| {
            if room.cool_down(now) {
                shared.presence.follow(id, number, Follows::Nothing);
            }
            bytes += room.tail_bytes();
            !room.is_needless()
        });
        self.tails_bytes = bytes;
        traffic::tails_are(bytes);
    }

    /// Where all tails together have become too large, those that were not used for the longest time go, or, where
    /// somebody follows the room, shrink to their newest frame.
    pub(super) fn bound_tails(&mut self) {
        let most = (TAILS_BYTES / self.shared.shards().len().max(1)).max(SHARD_TAILS_BYTES);
        if self.tails_bytes <= most {
            return;
        }
        let mut warm: Vec<_> = self
            .rooms
            .values()
            .filter(|room| room.tail_bytes() > 0)
            .map(|room| (room.used, room.id))
            .collect();
        warm.sort_unstable();
        // Some more than is needed, so that not every room that is read costs another look at all.
        let enough = most / 4 * 3;
        let mut warm = warm.into_iter();
        while self.tails_bytes > enough
            && let Some((_, id)) = warm.next()
        {
            let Some(room) = self.rooms.get_mut(&id) else {
                continue;
            };
            let before = room.tail_bytes();
            match &mut room.log {
                Log::Warm(tail) if !room.readers.is_empty() => tail.shrink(),
                _ => room.cool(),
            }
            self.tails_bytes -= before
                .saturating_sub(room.tail_bytes())
                .min(self.tails_bytes);
            self.follow(id);
        }
    }

    /// Takes a room's tail, whether it was this shard that wanted it or another.
    pub(super) fn loaded(&mut self, id: RoomId, tail: Result<Newest, StoreError>) {
        self.shared.took(id, self.number);
        // A shard that has forgotten the room since this was left here has not been told of what came then.
        if self.shared.presence.follows(id, self.number) == Follows::Nothing {
            return;
        }
        let room = self.rooms.entry(id).or_insert_with(|| Room::new(id));
        let waiting = match &mut room.log {
            Log::Loading(waiting) => std::mem::take(waiting),
            Log::Cold => Vec::new(),
            Log::Warm(_) => return,
        };
        let error = match tail {
            Ok(newest) => {
                room.log = Log::Warm(Tail::read(&newest));
                room.used = self.next_tick;
                self.tails_bytes += room.tail_bytes();
                None
            }
            Err(error) => {
                room.log = Log::Cold;
                Some(error)
            }
        };
        self.follow(id);
        // Those who were let in before a hole was found go on.
        self.moved.push(id);
        for (key, after) in waiting {
            match error {
                None => self.let_in(key, id, after),
                Some(error) => self.refuse(key, Some(id), None, error.into()),
            }
        }
        self.bound_tails();
    }

    /// Something is missing between a room's tail and what came next: nobody is given anything until all of it
    /// has been read.
    pub(super) fn read_again(&mut self, id: RoomId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            tracing::warn!(room = id, "a hole in a room's log: reading it again");
            room.log = Log::Loading(Vec::new());
            self.shared.load(id, self.number);
        }
    }

    /// The store has another epoch.
    pub(super) fn begin_anew(&mut self) {
        self.send_away();
        let rooms: Vec<_> = self.rooms.keys().copied().collect();
        for id in rooms {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.cool();
                (room.head, room.said) = (0, 0);
            }
            self.follow(id);
        }
        self.tails_bytes = 0;
    }
}

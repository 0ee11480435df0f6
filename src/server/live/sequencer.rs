//! What of the rooms' logs a process takes, and when: each entry once, in the order of its seq, whatever way it came.
//!
//! Entries are said to it as they are heard of: what this process has committed itself, what others tell of theirs,
//! what was read from the store, late, twice, or not at all. The next one is taken, an older one is known already, and a
//! later one waits until what is missing has been read. Without I/O, and without a clock of its own.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::domain::{RoomId, Seq};

/// Entries that wait in a room, and in all, at most. Those past that are read again.
const HELD_IN_ROOM: usize = 256;
const HELD: usize = 8_192;
/// Rooms whose entries passed by that are remembered, at most …
const PASSED: usize = 16_384;
/// … and for how long at least: longer than it takes to learn where somebody is a member.
const PASSING: Duration = Duration::from_secs(15);
/// When what could not be read is tried again.
pub const AGAIN: Duration = Duration::from_millis(500);

/// An entry, as far as its order goes.
pub trait Numbered {
    fn room(&self) -> RoomId;
    fn seq(&self) -> Seq;
    /// Whether somebody is no member any more from there on.
    fn is_departure(&self) -> bool;
}

#[cfg_attr(test, derive(Clone))]
pub struct Sequencer<E> {
    rooms: HashMap<RoomId, Room<E>>,
    /// How many entries wait, over all rooms.
    held: usize,
    /// The newest entries of rooms that are nobody's here, now and before that: who is about to come may have been told
    /// where a room was before them.
    passed: [HashMap<RoomId, Seq>; 2],
    passing_since: Option<Instant>,
    counts: Counts,
}

#[cfg_attr(test, derive(Clone))]
struct Room<E> {
    /// The newest entry that was taken.
    head: Seq,
    /// The newest that is known to be there.
    newest: Seq,
    /// The newest taken by which somebody went.
    departed: Seq,
    /// Later ones than the next.
    held: BTreeMap<Seq, E>,
    /// Since when something is missing.
    since: Option<Instant>,
    /// Whether it is being read.
    reading: bool,
}

/// What has gone wrong so far, and goes wrong now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Holes that were found …
    pub holes: u64,
    /// … and reads that were needed to fill them.
    pub reads: u64,
    /// Rooms that wait for what is missing.
    pub held: usize,
}

/// Where a room's newest entries, as they were read, stand to what was taken of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Read<E> {
    /// They end where it is once these are taken.
    Here(Vec<E>),
    /// It goes on after them, once these are taken: what had come before waited for them.
    Old(Vec<E>),
    /// There is more between than they reach back. All after this has to be read first.
    Apart(Seq),
}

impl<E> Default for Sequencer<E> {
    fn default() -> Self {
        Self {
            rooms: HashMap::new(),
            held: 0,
            passed: Default::default(),
            passing_since: None,
            counts: Counts::default(),
        }
    }
}

impl<E: Numbered> Sequencer<E> {
    /// Takes a room's entries from the one after `head` on, if it did not already. Where it did, `head` is news like any
    /// other.
    pub fn follow(&mut self, room: RoomId, head: Seq, now: Instant) {
        self.rooms.entry(room).or_insert_with(|| Room {
            head,
            newest: head,
            departed: 0,
            held: BTreeMap::new(),
            since: None,
            reading: false,
        });
        let passed = self.passed.iter().filter_map(|passed| passed.get(&room));
        let newest = passed.copied().max().unwrap_or(head).max(head);
        self.hear_of(room, newest, now);
    }

    /// The newest entry that was taken of a room that it follows.
    pub fn head(&self, room: RoomId) -> Option<Seq> {
        self.rooms.get(&room).map(|room| room.head)
    }

    pub fn follows(&self, room: RoomId) -> bool {
        self.rooms.contains_key(&room)
    }

    /// Takes no more of a room.
    pub fn forget(&mut self, room: RoomId) {
        if let Some(room) = self.rooms.remove(&room) {
            self.held -= room.held.len();
        }
    }

    /// Keeps following these rooms only.
    pub fn keep(&mut self, needed: impl Fn(RoomId) -> bool) {
        let needless = self.rooms.keys().copied().filter(|room| !needed(*room));
        for room in needless.collect::<Vec<_>>() {
            self.forget(room);
        }
    }

    /// Takes no more of any room, and forgets which entries passed by.
    pub fn forget_all(&mut self) {
        self.keep(|_| false);
        self.passed = Default::default();
    }

    /// The rooms it follows.
    pub fn rooms(&self) -> Vec<RoomId> {
        self.rooms.keys().copied().collect()
    }

    /// Hears of an entry. Answers those that are to be taken now, in their order.
    #[must_use = "they are taken, and not answered again"]
    pub fn offer(&mut self, entry: E, now: Instant) -> Vec<E> {
        let (id, seq) = (entry.room(), entry.seq());
        let Some(room) = self.rooms.get_mut(&id) else {
            self.let_pass(id, seq, now);
            return Vec::new();
        };
        if seq <= room.head {
            return Vec::new();
        }
        let mut taken = Vec::new();
        if seq == room.head + 1 {
            room.take(entry, &mut taken);
            while let Some(next) = room.held.remove(&(room.head + 1)) {
                self.held -= 1;
                room.take(next, &mut taken);
            }
            // What is left of what waited is known by now.
            let later = room.held.split_off(&(room.head + 1));
            self.held -= room.held.len();
            room.held = later;
            room.newest = room.newest.max(room.head);
            if room.newest == room.head {
                room.since = None;
            }
        } else {
            room.newest = room.newest.max(seq);
            if self.held < HELD && room.held.len() < HELD_IN_ROOM {
                self.held += usize::from(room.held.insert(seq, entry).is_none());
            }
            self.miss(id, now);
        }
        taken
    }

    /// Hears that a room's newest entry is this one, or a later one.
    pub fn hear_of(&mut self, id: RoomId, newest: Seq, now: Instant) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.newest = room.newest.max(newest);
            if room.newest > room.head {
                self.miss(id, now);
            }
        }
    }

    /// Whether what was known of a room's members when its head was this may be too old: somebody has gone since.
    pub fn is_old(&self, room: RoomId, head: Seq) -> bool {
        let known = self.rooms.get(&room);
        known.is_some_and(|room| room.departed > head)
    }

    /// The rooms where something has been missing for so long that it is to be read now, each with the entry after
    /// which that begins. [`Self::fill`] is to be called for each.
    pub fn missing(&mut self, now: Instant, patience: Duration) -> Vec<(RoomId, Seq)> {
        if self.counts.held == 0 {
            return Vec::new();
        }
        let mut missing = Vec::new();
        let mut held = 0;
        for (&id, room) in &mut self.rooms {
            held += usize::from(room.since.is_some());
            if room.is_due(now, patience) {
                room.reading = true;
                self.counts.reads += 1;
                missing.push((id, room.head));
            }
        }
        self.counts.held = held;
        missing
    }

    /// What was read where something was missing, or that it could not be. Answers what is to be taken.
    #[must_use = "they are taken, and not answered again"]
    pub fn fill(
        &mut self,
        id: RoomId,
        entries: impl IntoIterator<Item = E>,
        now: Instant,
    ) -> Vec<E> {
        let taken: Vec<E> = entries
            .into_iter()
            .flat_map(|entry| self.offer(entry, now))
            .collect();
        if let Some(room) = self.rooms.get_mut(&id) {
            room.reading = false;
            // There may be more to read; where nothing was, it is tried again in a while.
            let next = if taken.is_empty() { now + AGAIN } else { now };
            room.since = room.since.map(|_| next);
        }
        taken
    }

    /// A room's newest entries, oldest first, as they were read at some moment not long ago; none where it has none. They
    /// may be handed to readers only where nothing has come since, and what came before has been taken.
    pub fn newest(&mut self, id: RoomId, entries: Vec<E>, now: Instant) -> Read<E> {
        let (first, last) = match (entries.first(), entries.last()) {
            (Some(first), Some(last)) => (first.seq(), last.seq()),
            _ => (1, 0),
        };
        let Some(room) = self.rooms.get(&id) else {
            self.follow(id, last, now);
            return Read::Here(Vec::new());
        };
        if last < room.head {
            return Read::Old(Vec::new());
        }
        if first > room.head + 1 {
            return Read::Apart(room.head);
        }
        let taken = entries
            .into_iter()
            .flat_map(|entry| self.offer(entry, now))
            .collect();
        let here = self.rooms.get(&id).is_none_or(|room| room.head == last);
        if here {
            Read::Here(taken)
        } else {
            Read::Old(taken)
        }
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn miss(&mut self, room: RoomId, now: Instant) {
        if let Some(room) = self.rooms.get_mut(&room)
            && room.since.is_none()
        {
            room.since = Some(now);
            self.counts.holes += 1;
            self.counts.held += 1;
        }
    }

    fn let_pass(&mut self, room: RoomId, seq: Seq, now: Instant) {
        let since = *self.passing_since.get_or_insert(now);
        let [current, before] = &mut self.passed;
        if now.saturating_duration_since(since) >= PASSING || current.len() >= PASSED {
            *before = std::mem::take(current);
            self.passing_since = Some(now);
        }
        let newest = current.entry(room).or_default();
        *newest = seq.max(*newest);
    }
}

impl<E: Numbered> Room<E> {
    fn take(&mut self, entry: E, taken: &mut Vec<E>) {
        self.head = entry.seq();
        if entry.is_departure() {
            self.departed = self.head;
        }
        taken.push(entry);
    }

    fn is_due(&self, now: Instant, patience: Duration) -> bool {
        let since = self.since.filter(|_| !self.reading);
        since.is_some_and(|since| now.saturating_duration_since(since) >= patience)
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

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

/// An entry, as far as its order goes.
pub trait Numbered {
    fn room(&self) -> RoomId;
    fn seq(&self) -> Seq;
    /// Whether somebody is no member any more from there on.
    fn is_departure(&self) -> bool;
}

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
        let taken = entries
            .into_iter()
            .flat_map(|entry| self.offer(entry, now))
            .collect();
        if let Some(room) = self.rooms.get_mut(&id) {
            room.reading = false;
            // There may be more to read; where nothing was, it is tried again in a while.
            room.since = room.since.map(|_| now);
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Entry {
        seq: Seq,
        departure: bool,
    }

    impl Numbered for Entry {
        fn room(&self) -> RoomId {
            1
        }

        fn seq(&self) -> Seq {
            self.seq
        }

        fn is_departure(&self) -> bool {
            self.departure
        }
    }

    fn entry(seq: Seq) -> Entry {
        Entry {
            seq,
            departure: seq.is_multiple_of(5),
        }
    }

    fn entries(seqs: impl IntoIterator<Item = Seq>) -> Vec<Entry> {
        seqs.into_iter().map(entry).collect()
    }

    const SOON: Duration = Duration::from_millis(50);

    #[test]
    fn the_next_is_taken_an_older_one_is_known_and_a_later_one_waits_for_what_is_missing() {
        let (mut sequencer, now) = (Sequencer::default(), Instant::now());
        sequencer.follow(1, 3, now);
        assert!(sequencer.offer(entry(3), now).is_empty(), "known");
        assert_eq!(sequencer.offer(entry(4), now), entries([4]));
        assert!(sequencer.offer(entry(6), now).is_empty(), "5 is missing");
        assert!(sequencer.offer(entry(6), now).is_empty(), "again");
        assert!(
            sequencer.missing(now, SOON).is_empty(),
            "it may be on its way"
        );
        assert_eq!(sequencer.missing(now + SOON, SOON), [(1, 4)]);
        assert!(
            sequencer.missing(now + SOON, SOON).is_empty(),
            "it is being read"
        );
        assert_eq!(sequencer.fill(1, entries([5]), now), entries([5, 6]));
        assert!(sequencer.missing(now + SOON, SOON).is_empty());
        let counts = sequencer.counts();
        assert_eq!((counts.holes, counts.reads, counts.held), (1, 1, 0));
    }

    #[test]
    fn what_could_not_be_read_is_read_again_after_a_while() {
        let (mut sequencer, now) = (Sequencer::default(), Instant::now());
        sequencer.follow(1, 0, now);
        assert!(sequencer.offer(entry(2), now).is_empty());
        assert_eq!(sequencer.missing(now + SOON, SOON), [(1, 0)]);
        let then = now + SOON;
        assert!(sequencer.fill(1, [], then).is_empty());
        assert!(sequencer.missing(then, SOON).is_empty());
        assert_eq!(sequencer.missing(then + SOON, SOON), [(1, 0)]);
    }

    #[test]
    fn what_passed_by_before_a_room_was_followed_is_known_to_be_missing() {
        let (mut sequencer, now) = (Sequencer::default(), Instant::now());
        assert!(sequencer.offer(entry(8), now).is_empty());
        sequencer.follow(1, 7, now);
        assert_eq!(sequencer.missing(now + SOON, SOON), [(1, 7)]);
        sequencer.forget(1);
        sequencer.follow(1, 8, now);
        assert!(sequencer.missing(now + SOON, SOON).is_empty());
    }

    #[test]
    fn a_list_of_members_from_before_somebody_went_is_old() {
        let (mut sequencer, now) = (Sequencer::default(), Instant::now());
        sequencer.follow(1, 3, now);
        for seq in 4..=7 {
            assert_eq!(sequencer.offer(entry(seq), now).len(), 1);
        }
        assert!(sequencer.is_old(1, 4) && !sequencer.is_old(1, 5) && !sequencer.is_old(2, 0));
    }

    #[test]
    fn newest_entries_are_handed_out_only_where_they_end_where_the_room_is() {
        let (mut sequencer, now) = (Sequencer::default(), Instant::now());
        sequencer.follow(1, 10, now);
        assert_eq!(sequencer.newest(1, entries(5..=9), now), Read::Old(vec![]));
        assert_eq!(
            sequencer.newest(1, entries(5..=10), now),
            Read::Here(vec![])
        );
        assert_eq!(
            sequencer.newest(1, entries(8..=12), now),
            Read::Here(entries([11, 12]))
        );
        assert_eq!(sequencer.newest(1, entries(14..=20), now), Read::Apart(12));
        assert_eq!(sequencer.newest(2, vec![], now), Read::Here(vec![]));
    }

    #[test]
    fn what_waits_is_bounded_and_read_again() {
        let (mut sequencer, mut now) = (Sequencer::default(), Instant::now());
        sequencer.follow(1, 0, now);
        for seq in 2..=1_000 {
            assert!(sequencer.offer(entry(seq), now).is_empty());
        }
        assert!(sequencer.held <= HELD_IN_ROOM);
        let mut taken = Vec::new();
        loop {
            now += SOON;
            let Some((room, after)) = sequencer.missing(now, SOON).pop() else {
                break;
            };
            taken.extend(sequencer.fill(room, entries((after + 1..=1_000).take(100)), now));
        }
        assert_eq!(taken, entries(1..=1_000));
        assert_eq!(sequencer.held, 0);
    }

    /// What may happen to a process.
    #[derive(Clone, Debug)]
    enum Happens {
        /// It hears of an entry that is in the log, any one.
        Hears(prop::sample::Index),
        /// It hears how far the log is.
        HearsOfHead,
        /// The log grows.
        Grows,
        /// Time passes, and what is missing is asked for.
        Reads,
        /// A read is answered with what was there when it was asked, or fails.
        Answers { well: bool },
        /// A room's newest entries that were read some entries ago come.
        Newest(u64),
        /// The process dies, and another begins where the log is, or was when it was asked.
        Dies(u64),
    }

    fn happens() -> impl Strategy<Value = Happens> {
        prop_oneof![
            6 => any::<prop::sample::Index>().prop_map(Happens::Hears),
            1 => Just(Happens::HearsOfHead),
            4 => Just(Happens::Grows),
            2 => Just(Happens::Reads),
            2 => any::<bool>().prop_map(|well| Happens::Answers { well }),
            1 => (0..4u64).prop_map(Happens::Newest),
            1 => (0..4u64).prop_map(Happens::Dies),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn whatever_is_lost_repeated_late_or_out_of_order_each_is_taken_once_in_its_order(
            story in prop::collection::vec(happens(), 0..120)
        ) {
            let mut now = Instant::now();
            let mut log: Seq = 3;
            let mut sequencer = Sequencer::default();
            sequencer.follow(1, log, now);
            let mut head = log;
            let mut asked: Vec<(Seq, Seq)> = Vec::new();
            let check = |head: &mut Seq, taken: Vec<Entry>| {
                for entry in taken {
                    prop_assert_eq!(entry.seq, *head + 1);
                    *head = entry.seq;
                }
                Ok(())
            };
            for happens in story {
                match happens {
                    Happens::Grows => log += 1,
                    Happens::Hears(which) => {
                        let seq = 1 + which.index(usize::try_from(log).unwrap_or(1)) as Seq;
                        check(&mut head, sequencer.offer(entry(seq), now))?;
                    }
                    Happens::HearsOfHead => sequencer.hear_of(1, log, now),
                    Happens::Reads => {
                        now += SOON;
                        asked.extend(sequencer.missing(now, SOON).iter().map(|(_, after)| (*after, log)));
                        prop_assert!(asked.len() <= 1, "it is read once at a time");
                    }
                    Happens::Answers { well } => if let Some((after, then)) = asked.pop() {
                        let read = entries((after + 1..=then).take(3 * usize::from(well)));
                        check(&mut head, sequencer.fill(1, read, now))?;
                    },
                    Happens::Newest(ago) => {
                        let then = log.saturating_sub(ago);
                        let newest = entries(then.saturating_sub(2).max(1)..=then);
                        match sequencer.newest(1, newest, now) {
                            Read::Here(taken) => {
                                check(&mut head, taken)?;
                                prop_assert_eq!(head, then, "a tail ends where the room is");
                            }
                            Read::Old(taken) => {
                                check(&mut head, taken)?;
                                prop_assert!(head > then);
                            }
                            Read::Apart(after) => prop_assert_eq!(after, head),
                        }
                    }
                    Happens::Dies(ago) => {
                        sequencer = Sequencer::default();
                        asked.clear();
                        let then = log.saturating_sub(ago);
                        for seq in then + 1..=log {
                            check(&mut head, sequencer.offer(entry(seq), now))?;
                        }
                        sequencer.follow(1, then, now);
                        head = then;
                    }
                }
            }
            // Once it hears how far the log is, it comes there by reading alone.
            sequencer.hear_of(1, log, now);
            for (after, then) in asked.drain(..) {
                check(&mut head, sequencer.fill(1, entries(after + 1..=then), now))?;
            }
            while head < log {
                now += SOON;
                let missing = sequencer.missing(now, SOON);
                prop_assert_eq!(&missing[..], &[(1, head)]);
                let read = entries((head + 1..=log).take(3));
                check(&mut head, sequencer.fill(1, read, now))?;
            }
        }
    }
}

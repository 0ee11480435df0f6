//! All that can happen in one room of a few entries, each step in every order, looked through by a model checker: the
//! log grows, a network that forgets, repeats and reorders tells of it, what is missing is read or cannot be, the process
//! dies and another begins. What one reader is given of it is right throughout. A sequencer that does not hold what comes
//! too early, or that is never compared with the store, is found out.

use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
};

use stateright::{Checker, Model, Property};

use self::checker::{History, Logged, Stream};
use super::{
    tests::{Entry, ROOM},
    *,
};

#[path = "../../../../tests/server/cluster/checker.rs"]
mod checker;

/// Entries of its log in the end.
const ENTRIES: Seq = 3;
/// Processes that die.
const DEATHS: u8 = 1;

/// What is left out of the program, to see that it is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeftOut {
    Nothing,
    /// Whatever is newer than what was taken is taken at once.
    Holding,
    /// How far the room is is heard from the network alone.
    Comparing,
}

struct House {
    left_out: LeftOut,
    /// The entry that shows the reader out, where one does.
    removal: Option<Seq>,
    /// Of every reading of the clock: what is missing has always been for long enough.
    now: Instant,
}

#[derive(Clone)]
struct State {
    /// The newest entry in the store.
    log: Seq,
    /// Entries that may be heard of, any number of times.
    on_their_way: BTreeSet<Seq>,
    sequencer: Sequencer<Entry>,
    /// After what is being read, and what was the newest when that was asked.
    reading: Option<(Seq, Seq)>,
    /// Where the room was when the process asked, before it followed it.
    standing: Option<Seq>,
    reader: Reader,
    deaths: u8,
}

/// Somebody who reads from the first entry on, and comes back after each death.
#[derive(Clone, Debug, Default)]
struct Reader {
    given: Seq,
    /// All of that, in the order in which it came.
    stream: Vec<Seq>,
    shown_out: bool,
    /// Something came twice, too early, or not at all before what followed it.
    out_of_order: bool,
    /// Something came of what followed their removal.
    after_removal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Commit,
    Hear(Seq),
    Lose(Seq),
    /// The process asks the store where the room is, and follows it some time after that.
    AskWhere,
    Follow,
    Compare,
    /// What is missing is asked for, and answered or not.
    Read,
    Answer {
        well: bool,
    },
    Die,
}

impl House {
    fn with(left_out: LeftOut, removal: Option<Seq>) -> Self {
        let now = Instant::now();
        Self {
            left_out,
            removal,
            now,
        }
    }

    fn entry(&self, seq: Seq) -> Entry {
        let departure = self.removal == Some(seq);
        Entry { seq, departure }
    }

    /// When whatever is missing is due.
    fn later(&self) -> Instant {
        self.now + 2 * AGAIN
    }

    fn offer(&self, state: &mut State, seq: Seq) {
        let entry = self.entry(seq);
        let taken = match state.sequencer.rooms.get_mut(&ROOM) {
            Some(room) if self.left_out == LeftOut::Holding => {
                let is_newer = seq > room.head;
                room.head = room.head.max(seq);
                is_newer.then_some(entry).into_iter().collect()
            }
            _ => state.sequencer.offer(entry, self.now),
        };
        self.give(&mut state.reader, taken);
    }

    fn give(&self, reader: &mut Reader, taken: Vec<Entry>) {
        for entry in taken {
            if reader.shown_out {
                return;
            }
            reader.out_of_order |= entry.seq != reader.given + 1;
            reader.after_removal |= self.removal.is_some_and(|removal| entry.seq > removal);
            reader.given = entry.seq;
            reader.stream.push(entry.seq);
            reader.shown_out = entry.departure;
        }
    }

    /// The reader is let in, and given what is in the store; or is not, where they were shown out.
    fn follow(&self, state: &mut State) {
        let Some(standing) = state.standing else {
            return;
        };
        state.sequencer.follow(ROOM, standing, self.now);
        let missed = state.reader.given + 1..=standing;
        self.give(
            &mut state.reader,
            missed.map(|seq| self.entry(seq)).collect(),
        );
    }

    fn answer(&self, state: &mut State, well: bool) {
        let Some((after, newest)) = state.reading.take() else {
            return;
        };
        let read = (after + 1..=newest).filter(|_| well);
        let read: Vec<_> = read.map(|seq| self.entry(seq)).collect();
        let taken = state.sequencer.fill(ROOM, read, self.now);
        self.give(&mut state.reader, taken);
    }

    fn read(&self, state: &mut State) {
        let missing = state.sequencer.missing(self.later(), AGAIN);
        for (_, after) in missing {
            state.reading = Some((after, state.log));
        }
    }

    /// Whether the reader has all that is theirs once nothing more happens, and nothing more is heard of.
    fn heals(&self, state: &State) -> bool {
        let mut state = state.clone();
        if !state.sequencer.follows(ROOM) {
            state.standing = Some(state.log);
            self.follow(&mut state);
        }
        self.answer(&mut state, true);
        if self.left_out != LeftOut::Comparing {
            state.sequencer.hear_of(ROOM, state.log, self.now);
        }
        for _ in 0..2 * ENTRIES {
            self.read(&mut state);
            self.answer(&mut state, true);
        }
        let Reader {
            given, shown_out, ..
        } = state.reader;
        shown_out || given == state.log
    }
}

impl Model for House {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            log: 0,
            on_their_way: BTreeSet::new(),
            sequencer: Sequencer::default(),
            reading: None,
            standing: None,
            reader: Reader::default(),
            deaths: 0,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.log < ENTRIES {
            steps.push(Step::Commit);
        }
        for &seq in &state.on_their_way {
            steps.extend([Step::Hear(seq), Step::Lose(seq)]);
        }
        match (state.sequencer.follows(ROOM), state.standing) {
            (true, _) => steps.extend([Step::Compare, Step::Read]),
            (false, None) => steps.push(Step::AskWhere),
            (false, Some(_)) => steps.push(Step::Follow),
        }
        if state.reading.is_some() {
            steps.extend([true, false].map(|well| Step::Answer { well }));
        }
        if state.deaths < DEATHS {
            steps.push(Step::Die);
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Commit => {
                state.log += 1;
                state.on_their_way.insert(state.log);
            }
            Step::Hear(seq) => self.offer(&mut state, seq),
            Step::Lose(seq) => _ = state.on_their_way.remove(&seq),
            Step::AskWhere => state.standing = Some(state.log),
            Step::Follow => self.follow(&mut state),
            Step::Compare if self.left_out == LeftOut::Comparing => return None,
            Step::Compare => state.sequencer.hear_of(ROOM, state.log, self.now),
            Step::Read => self.read(&mut state),
            Step::Answer { well } => self.answer(&mut state, well),
            Step::Die => {
                state.sequencer = Sequencer::default();
                (state.reading, state.standing) = (None, None);
                state.deaths += 1;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(IN_ORDER, |_, state: &State| !state.reader.out_of_order),
            Property::always(NOTHING_AFTER, |_, state: &State| {
                !state.reader.after_removal
            }),
            Property::always(ALL, |house: &House, state: &State| house.heals(state)),
            // That there is anything to see.
            Property::sometimes("all is given", |_, state: &State| {
                state.reader.given == ENTRIES || state.reader.shown_out
            }),
            Property::sometimes("something waits while it is read", |_, state: &State| {
                state.sequencer.held > 0 && state.reading.is_some()
            }),
            Property::sometimes("it is read again", |_, state: &State| {
                state.sequencer.counts.reads > 1
            }),
        ]
    }
}

const IN_ORDER: &str = "each entry is given once, in its order";
const NOTHING_AFTER: &str = "nothing is given after a removal";
const ALL: &str = "all is given in the end";

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.known() == other.known()
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.known().hash(hasher);
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.known().fmt(f)
    }
}

impl State {
    /// All that what happens next depends on.
    fn known(&self) -> impl PartialEq + Hash + std::fmt::Debug + use<'_> {
        let Sequencer { rooms, passed, .. } = &self.sequencer;
        let room = rooms.get(&ROOM).map(|room| {
            let held: Vec<_> = room.held.keys().copied().collect();
            let flags = (room.since.is_some(), room.reading);
            (room.head, room.newest, room.departed, held, flags)
        });
        let passed = [0, 1].map(|age: usize| passed[age].get(&ROOM).copied());
        let reads = self.sequencer.counts.reads.min(2);
        let Reader {
            given,
            shown_out,
            out_of_order,
            after_removal,
            ..
        } = self.reader;
        let reader = (given, shown_out, out_of_order, after_removal);
        (
            (self.log, &self.on_their_way, self.reading, self.standing),
            (room, passed, reads, self.sequencer.counts.held),
            (reader, self.deaths),
        )
    }
}

/// What was found not to be so, and what the reader was given on the way there.
fn wrong(house: House) -> Vec<(&'static str, Vec<Seq>)> {
    let checker = house.checker().spawn_bfs().join();
    let wrong = [IN_ORDER, NOTHING_AFTER, ALL];
    let found = wrong.into_iter().filter_map(|it| {
        let way_there = checker.discovery(it)?;
        Some((it, way_there.last_state().reader.stream.clone()))
    });
    found.collect()
}

/// What the one who decides over a cluster's bad days says of a reader who was given this.
fn faults(stream: &[Seq], removal: Option<Seq>, to_the_end: bool) -> Vec<String> {
    let id = |seq: Seq| seq.to_string();
    let logged = |seq: Seq| Logged {
        seq,
        id: id(seq),
        by: "alice".to_owned(),
        at: 0,
        removes: (removal == Some(seq)).then(|| "bob".to_owned()),
    };
    let stream = Stream {
        room: ROOM,
        who: "bob".to_owned(),
        from: 1,
        entries: stream.iter().map(|&seq| (seq, Some(id(seq)))).collect(),
        to_the_end,
    };
    checker::faults(&History {
        logs: [(ROOM, (1..=ENTRIES).map(logged).collect())].into(),
        asked: Vec::new(),
        streams: vec![stream],
    })
}

#[test]
fn a_reader_is_given_each_entry_once_in_its_order_up_to_their_removal_and_all_in_the_end() {
    for removal in [None, Some(1), Some(2), Some(3)] {
        let house = House::with(LeftOut::Nothing, removal);
        let checker = house.checker().spawn_bfs().join();
        checker.assert_properties();
        let states = checker.unique_state_count();
        println!("{states} states, removal {removal:?}");
        assert!(states > 1_000);
    }
}

#[test]
fn without_holding_back_what_comes_too_early_readers_are_given_what_they_must_not() {
    let wrong = wrong(House::with(LeftOut::Holding, Some(2)));
    let names: Vec<_> = wrong.iter().map(|(name, _)| *name).collect();
    assert!(
        names.contains(&IN_ORDER) && names.contains(&NOTHING_AFTER),
        "{names:?}"
    );
    for (name, stream) in wrong.iter().filter(|(name, _)| *name != ALL) {
        let found = faults(stream, Some(2), false);
        assert!(!found.is_empty(), "{name}: {stream:?}");
    }
    assert_eq!(faults(&[1, 2], Some(2), false), [""; 0]);
}

#[test]
fn without_comparing_with_the_store_a_last_entry_that_was_lost_stays_lost() {
    let wrong = wrong(House::with(LeftOut::Comparing, None));
    let [(ALL, stream)] = &wrong[..] else {
        panic!("{wrong:?}");
    };
    assert!(!faults(stream, None, true).is_empty(), "{stream:?}");
    assert_eq!(faults(&[1, 2, 3], None, true), [""; 0]);
}

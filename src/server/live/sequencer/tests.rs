//! Whatever happens on the way, each entry is taken once and in its order.

use proptest::prelude::*;

use super::*;

/// The room of all entries.
pub(super) const ROOM: RoomId = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seq: Seq,
    pub(super) departure: bool,
}

impl Numbered for Entry {
    fn room(&self) -> RoomId {
        ROOM
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
    assert!(sequencer.missing(then + SOON, SOON).is_empty());
    assert_eq!(sequencer.missing(then + AGAIN + SOON, SOON), [(1, 0)]);
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
            now += AGAIN + SOON;
            let missing = sequencer.missing(now, SOON);
            prop_assert_eq!(&missing[..], &[(1, head)]);
            let read = entries((head + 1..=log).take(3));
            check(&mut head, sequencer.fill(1, read, now))?;
        }
    }
}

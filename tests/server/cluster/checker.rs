//! Decides whether what people saw while things went wrong can have been: a room's log, what was confirmed of it, and what
//! every reader was given.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

/// An entry of a room's log, as the database has it in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub seq: u64,
    pub id: String,
    pub by: String,
    pub at: i64,
    /// Whom it shows out, where it does.
    pub removes: Option<String>,
}

/// What somebody asked for, and what came of it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub room: i64,
    pub by: String,
    pub id: String,
    /// When it was first asked for.
    pub at: Instant,
    /// When it was first confirmed, as which entry, and all that it was confirmed as after that.
    pub confirmed: Option<(Instant, u64)>,
    pub again: Vec<u64>,
    /// Whether nothing of it may be there.
    pub refused: bool,
}

/// What one socket was given of one room, between `opened` and its end or the next `opened`.
#[derive(Clone, Debug)]
pub struct Stream {
    pub room: i64,
    pub who: String,
    /// What the first entry was to be.
    pub from: u64,
    /// Seq, and the id where it is a message.
    pub entries: Vec<(u64, Option<String>)>,
    /// Whether it must have come to the log's end.
    pub to_the_end: bool,
}

#[derive(Clone, Debug, Default)]
pub struct History {
    pub logs: BTreeMap<i64, Vec<Logged>>,
    pub asked: Vec<Asked>,
    pub streams: Vec<Stream>,
}

/// All that is wrong; nothing where it can have been.
pub fn faults(history: &History) -> Vec<String> {
    let mut faults = Vec::new();
    for (room, log) in &history.logs {
        logs_have_no_hole(*room, log, &mut faults);
    }
    what_was_confirmed_is_there_once(history, &mut faults);
    what_came_before_is_before(history, &mut faults);
    for stream in &history.streams {
        streams_are_runs_of_the_log(history, stream, &mut faults);
    }
    faults
}

fn logs_have_no_hole(room: i64, log: &[Logged], faults: &mut Vec<String>) {
    for (place, entry) in (1..).zip(log) {
        if entry.seq != place {
            faults.push(format!(
                "room {room}: a hole in the log before {}",
                entry.seq
            ));
            return;
        }
    }
    for pair in log.windows(2) {
        if pair[1].at < pair[0].at {
            faults.push(format!(
                "room {room}: time runs backwards at {}",
                pair[1].seq
            ));
        }
    }
    let mut ids = HashSet::new();
    for entry in log {
        if !ids.insert((&entry.by, &entry.id)) {
            faults.push(format!("room {room}: {} is there twice", entry.id));
        }
    }
}

fn what_was_confirmed_is_there_once(history: &History, faults: &mut Vec<String>) {
    let mut known = HashMap::new();
    for (room, log) in &history.logs {
        for entry in log {
            known.insert((*room, entry.by.as_str(), entry.id.as_str()), entry.seq);
        }
    }
    for asked in &history.asked {
        let there = known.get(&(asked.room, asked.by.as_str(), asked.id.as_str()));
        let confirmed = asked.confirmed.iter().map(|(_, seq)| seq);
        for seq in confirmed.chain(&asked.again) {
            if there != Some(seq) {
                let (room, id) = (asked.room, &asked.id);
                faults.push(format!(
                    "room {room}: {id} was confirmed as {seq} and is {there:?}"
                ));
            }
        }
        if asked.refused && asked.confirmed.is_none() && there.is_some() {
            faults.push(format!(
                "room {}: {} was refused and is there",
                asked.room, asked.id
            ));
        }
    }
}

/// What was confirmed before another was asked for comes before it in the room.
fn what_came_before_is_before(history: &History, faults: &mut Vec<String>) {
    let mut rooms: BTreeMap<i64, Vec<&Asked>> = BTreeMap::new();
    for asked in history
        .asked
        .iter()
        .filter(|asked| asked.confirmed.is_some())
    {
        rooms.entry(asked.room).or_default().push(asked);
    }
    for (room, mut asked) in rooms {
        // By seq: whoever comes later must not have been confirmed before an earlier one was asked for.
        asked.sort_by_key(|asked| asked.confirmed.map(|(_, seq)| seq));
        let mut first_confirmed = None::<(Instant, u64)>;
        for asked in asked.iter().rev() {
            if let Some((at, seq)) = first_confirmed
                && at < asked.at
            {
                let id = &asked.id;
                faults.push(format!(
                    "room {room}: {seq} was confirmed before {id} was asked for, and comes after it"
                ));
            }
            if let Some(confirmed) = asked.confirmed
                && first_confirmed.is_none_or(|(at, _)| confirmed.0 < at)
            {
                first_confirmed = Some(confirmed);
            }
        }
    }
}

fn streams_are_runs_of_the_log(history: &History, stream: &Stream, faults: &mut Vec<String>) {
    let Stream {
        room,
        who,
        from,
        entries,
        to_the_end,
    } = stream;
    let nothing = Vec::new();
    let log = history.logs.get(room).unwrap_or(&nothing);
    let mut removed = None;
    for (expected, (seq, id)) in (*from..).zip(entries) {
        if *seq != expected {
            faults.push(format!(
                "room {room}: {who} was given {seq} where {expected} was next"
            ));
            return;
        }
        if let Some(gone) = removed {
            faults.push(format!(
                "room {room}: {who} was given {seq} after {gone} showed them out"
            ));
            return;
        }
        let Some(logged) = usize::try_from(*seq)
            .ok()
            .and_then(|seq| log.get(seq.checked_sub(1)?))
        else {
            faults.push(format!(
                "room {room}: {who} was given {seq}, which is not there"
            ));
            return;
        };
        if id.as_ref().is_some_and(|id| *id != logged.id) {
            faults.push(format!(
                "room {room}: {who} was given something else as {seq}"
            ));
        }
        if logged.removes.as_ref() == Some(who) {
            removed = Some(*seq);
        }
    }
    let last = entries.last().map_or(from - 1, |(seq, _)| *seq);
    if *to_the_end && last < log.len() as u64 {
        faults.push(format!("room {room}: {who} has {last} of {}", log.len()));
    }
}

/// The checker finds what is wrong: each of these was right before one thing was changed.
mod tests {
    use std::time::Duration;

    use super::*;

    fn right() -> History {
        let begun = Instant::now();
        let at = |millis| begun + Duration::from_millis(millis);
        let entry = |seq, id: &str, by: &str| Logged {
            seq,
            id: id.to_owned(),
            by: by.to_owned(),
            at: 100 + seq as i64,
            removes: None,
        };
        let mut log = vec![
            entry(1, "a", "alice"),
            entry(2, "b", "bob"),
            entry(3, "c", "alice"),
            entry(4, "d", "alice"),
            entry(5, "e", "alice"),
        ];
        log[3].removes = Some("bob".to_owned());
        let asked = |id: &str, by: &str, asked, confirmed, seq| Asked {
            room: 1,
            by: by.to_owned(),
            id: id.to_owned(),
            at: at(asked),
            confirmed: Some((at(confirmed), seq)),
            again: Vec::new(),
            refused: false,
        };
        let stream = |who: &str, seqs: std::ops::RangeInclusive<u64>, to_the_end| Stream {
            room: 1,
            who: who.to_owned(),
            from: *seqs.start(),
            entries: seqs
                .map(|seq| (seq, Some(log[seq as usize - 1].id.clone())))
                .collect(),
            to_the_end,
        };
        History {
            streams: vec![stream("alice", 1..=5, true), stream("bob", 2..=4, false)],
            asked: vec![
                asked("a", "alice", 0, 10, 1),
                asked("b", "bob", 5, 20, 2),
                asked("c", "alice", 15, 25, 3),
                asked("e", "alice", 30, 40, 5),
            ],
            logs: [(1, log)].into(),
        }
    }

    fn is_wrong(what: &str, change: impl FnOnce(&mut History)) {
        let mut history = right();
        change(&mut history);
        let found = faults(&history);
        assert!(
            found.iter().any(|fault| fault.contains(what)),
            "{what}: {found:?}"
        );
    }

    #[test]
    fn what_can_have_been_is_right() {
        assert_eq!(faults(&right()), [""; 0]);
    }

    #[test]
    fn whatever_cannot_have_been_is_found() {
        is_wrong("a hole in the log", |it| {
            it.logs.get_mut(&1).expect("it").remove(1);
        });
        is_wrong("time runs backwards", |it| {
            it.logs.get_mut(&1).expect("it")[2].at = 0
        });
        is_wrong("is there twice", |it| {
            let log = it.logs.get_mut(&1).expect("it");
            log[4].id = "a".to_owned();
        });
        is_wrong("was confirmed as 5 and is None", |it| {
            it.logs.get_mut(&1).expect("it").pop();
        });
        is_wrong("was confirmed as 4", |it| it.asked[3].again.push(4));
        is_wrong("was refused and is there", |it| {
            (it.asked[3].refused, it.asked[3].confirmed) = (true, None);
        });
        is_wrong("comes after it", |it| {
            it.asked[0].at = it.asked[1].confirmed.expect("it").0 + Duration::from_millis(1)
        });
        is_wrong("where 3 was next", |it| {
            it.streams[0].entries.remove(2);
        });
        is_wrong("where 3 was next", |it| {
            let again = it.streams[0].entries[1].clone();
            it.streams[0].entries.insert(2, again);
        });
        is_wrong("something else as 2", |it| {
            it.streams[0].entries[1].1 = Some("x".to_owned())
        });
        is_wrong("after 4 showed them out", |it| {
            it.streams[1].entries.push((5, Some("e".to_owned())));
        });
        is_wrong("which is not there", |it| {
            it.streams[0].entries.push((6, None))
        });
        is_wrong("has 4 of 5", |it| {
            it.streams[0].entries.pop();
        });
    }
}

//! What goes out comes back, and what is spoilt does not come in.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use proptest::prelude::*;
use uuid::Uuid;

use super::{super::dump::dump, *};
use crate::{
    domain::{Posting, Role, RoomId, Seq},
    server::transfer::{Entry, Given, ImportError, Line, Of, VERSION},
};

const PEOPLE: i64 = 4;

/// A folder that goes with its test.
struct Place(std::path::PathBuf);

impl Place {
    fn new() -> Self {
        let place = std::env::temp_dir().join(Uuid::now_v7().to_string());
        std::fs::create_dir(&place).expect("a folder");
        Self(place)
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.join("latchkey.db")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn names() -> Vec<Line> {
    let name = |id| Line::Name {
        id,
        name: format!("person{id}"),
        held: id != PEOPLE,
        since: id,
        used: 10 * id,
        passphrase: (id == 2).then(|| "$argon2id$…".to_owned()),
    };
    let session = |id| Line::Session {
        id,
        of: id,
        token: BASE64.encode([u8::try_from(id).expect("few"); 32]),
        since: id,
        used: id,
        browser: "Firefox on Linux".to_owned(),
    };
    let pass = Line::Pass {
        of: 1,
        token: BASE64.encode([9; 32]),
        expires: i64::MAX,
    };
    (1..=PEOPLE)
        .map(name)
        .chain((1..PEOPLE).map(session))
        .chain([pass])
        .collect()
}

/// What happens in a room, one number an entry: whatever it is, a log that could have come to be.
fn room(id: RoomId, happenings: &[u32]) -> Vec<Line> {
    let mut lines = vec![Line::Room {
        id,
        name: format!("Room {id}"),
        topic: if id % 2 == 0 { "of late" } else { "" }.to_owned(),
        owner: 1 + id % 3,
        key: "$argon2id$…".to_owned(),
        posting: [Posting::Everyone, Posting::Moderators][usize::from(id % 3 == 0)],
        keep: (id % 2 == 1).then_some(30),
        erased: 0,
        since: id,
    }];
    for who in 1..PEOPLE {
        lines.push(Line::Member {
            room: id,
            who,
            role: if who == 1 + id % 3 {
                Role::Owner
            } else if who == 1 {
                Role::Moderator
            } else {
                Role::Member
            },
            since: who,
            seen: 0,
        });
    }
    let mut said: Vec<Seq> = Vec::new();
    for (n, &random) in happenings.iter().enumerate() {
        let seq = n as Seq + 1;
        let about = said.get(random as usize % said.len().max(1)).copied();
        let (kind, about) = match (random % 8, about) {
            (0, Some(about)) => ("edited", Some(about)),
            (1, Some(about)) => ("reacted", Some(about)),
            (2, _) => ("joined", None),
            (3, _) => ("topic", None),
            (4, about) => ("said", about),
            _ => ("said", None),
        };
        let deleted = kind == "said" && random % 11 == 0;
        if kind == "said" {
            said.push(seq);
        }
        let given = Given {
            emoji: "👍".to_owned(),
            by: 1 + i64::from(random % 3),
            entry: seq + 1,
            since: seq + 1,
        };
        let says = kind == "said" && !deleted;
        lines.push(Line::Entry(Entry {
            room: id,
            seq,
            kind: kind.to_owned(),
            by: 1 + i64::from(random % 4),
            id: Uuid::from_u128(u128::from(random) << 64 | u128::from(seq)),
            at: 1_000 + n as i64,
            body: match kind {
                "said" if says => format!("word{random} \u{1f511} \"quoted\"\nand a line"),
                "topic" => "of late".to_owned(),
                "reacted" => "👍".to_owned(),
                _ => String::new(),
            },
            about: about.filter(|_| !deleted),
            whom: None,
            edited: (says && random % 5 == 0).then_some(5_000),
            deleted,
            reactions: if says && random % 3 == 0 {
                vec![given]
            } else {
                Vec::new()
            },
            mentions: if says && random % 7 == 0 {
                vec![1, 2]
            } else {
                Vec::new()
            },
        }));
    }
    lines
}

fn whole(of: Of, between: Vec<Line>) -> Vec<Line> {
    let first = Line::Latchkey {
        version: VERSION,
        of,
        at: 0,
    };
    let lines = between.len() as u64 + 1;
    let ends = [Line::End { lines }];
    [first].into_iter().chain(between).chain(ends).collect()
}

fn text(lines: &[Line]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line).expect("JSON");
        text.push(b'\n');
    }
    text
}

fn dumped(file: &Path) -> Vec<Line> {
    let mut lines = Vec::new();
    let take = |line: &Line| {
        lines.push(line.clone());
        Ok(())
    };
    dump(file, None, take).expect("an export");
    if let Line::Latchkey { at, .. } = &mut lines[0] {
        *at = 0;
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_exported_comes_back_as_it_was(
        rooms in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..60), 0..4),
    ) {
        let rooms = (1..).zip(&rooms).flat_map(|(id, happenings)| room(id, happenings));
        let lines = whole(Of::Server, names().into_iter().chain(rooms).collect());
        let place = Place::new();
        load(&place.file(), &text(&lines)[..], |_| ()).expect("an import");
        prop_assert_eq!(dumped(&place.file()), lines);
        let sound = super::super::check::check(&place.file()).expect("is read");
        prop_assert!(sound.is_sound(), "{:?}", sound.faults);
    }

    #[test]
    fn a_line_that_is_spoilt_or_missing_is_named_and_nothing_is_there(
        happenings in prop::collection::vec(any::<u32>(), 5..30),
        at in any::<prop::sample::Index>(),
        missing in any::<bool>(),
    ) {
        let lines = whole(Of::Server, [names(), room(1, &happenings)].concat());
        let bytes = text(&lines);
        let mut each: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let at = at.index(each.len());
        if missing {
            each.remove(at);
        } else {
            each[at] = b"{\"t\":\"entry\",\"room\":1}\n";
        }
        let place = Place::new();
        let failed = load(&place.file(), &each.concat()[..], |_| ());
        let failed = failed.expect_err("it is not whole");
        if !missing {
            let named = matches!(&failed, ImportError::Line { line, .. } if *line == at as u64 + 1);
            prop_assert!(named, "{failed} at {}", at + 1);
        }
        prop_assert_eq!(std::fs::read_dir(&place.0).expect("a folder").count(), 0);
    }
}

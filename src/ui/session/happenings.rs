//! What happened to the room between two messages, told in quiet lines: one for all who came and went meanwhile, and
//! one for each change.

use crate::{
    domain::{Happened, Happening},
    protocol::{ServerFrame, What},
};

/// Names that are told at most; of the others their number is.
const NAMED: usize = 3;

/// What a frame says that happened to the room itself, where it says that.
pub fn of(frame: &ServerFrame) -> Option<Happening> {
    let (seq, what, by, who, to) = match frame {
        ServerFrame::Joined { seq, who, .. } => (seq, Happened::Joined, who, None, None),
        ServerFrame::Left { seq, who, .. } => (seq, Happened::Left, who, None, None),
        ServerFrame::Removed { seq, who, by, .. } => {
            (seq, Happened::Removed, by, Some(who.clone()), None)
        }
        ServerFrame::Changed {
            seq,
            by,
            what,
            to,
            who,
            ..
        } => (seq, changed(*what), by, who.clone(), to.clone()),
        ServerFrame::Erased { seq, of, by, .. } => {
            (seq, Happened::Erased, by, None, Some(of.to_string()))
        }
        _ => return None,
    };
    Some((*seq, what, by.clone(), who, to).into())
}

fn changed(what: What) -> Happened {
    match what {
        What::Name => Happened::Name,
        What::Topic => Happened::Topic,
        What::Key => Happened::Key,
        What::Role => Happened::Role,
        What::Posting => Happened::Posting,
        What::Keep => Happened::Keep,
    }
}

/// The lines, in the order in which things happened; empty for none.
pub fn told(happenings: &[Happening]) -> String {
    let mut lines = Vec::new();
    let alike = happenings.chunk_by(|a, b| match (a.what, b.what) {
        (Happened::Joined | Happened::Left, Happened::Joined | Happened::Left) => true,
        (Happened::Removed, Happened::Removed) => a.by == b.by,
        _ => false,
    });
    for alike in alike {
        let [first, ..] = alike else { continue };
        lines.extend(match first.what {
            Happened::Joined | Happened::Left => Some(came_and_went(alike)),
            Happened::Removed => {
                let removed = alike.iter().filter_map(|it| it.who.as_deref());
                let removed = list(&removed.collect::<Vec<_>>());
                Some([&*first.by, " removed ", &removed].concat())
            }
            _ => change(first),
        });
    }
    lines.join("\n")
}

/// One line for all of them, in the order in which they first came or went.
fn came_and_went(comings: &[Happening]) -> String {
    let mut people: Vec<(&str, bool, bool)> = Vec::new();
    for Happening { by, what, .. } in comings {
        let joined = *what == Happened::Joined;
        match people.iter_mut().find(|(name, ..)| name == by) {
            // Whether they are here now, and whether that is how it began.
            Some((_, _, last)) => *last = joined,
            None => people.push((by, joined, joined)),
        }
    }
    let of = |first: bool, last: bool| -> Vec<&str> {
        let people = people.iter().filter(|(_, a, b)| (*a, *b) == (first, last));
        people.map(|(name, ..)| *name).collect()
    };
    let told = [
        (of(true, true), "joined"),
        (of(true, false), "came and went"),
        (of(false, true), "left and came back"),
        (of(false, false), "left"),
    ];
    let told = told.into_iter().filter(|(names, _)| !names.is_empty());
    let told: Vec<_> = told
        .map(|(names, did)| [&*list(&names), " ", did].concat())
        .collect();
    told.join(" · ")
}

/// What somebody changed; `None` where that is not told.
fn change(it: &Happening) -> Option<String> {
    let (who, to) = (
        it.who.as_deref().unwrap_or_default(),
        it.to.as_deref().unwrap_or_default(),
    );
    let did: &[&str] = match (it.what, to) {
        (Happened::Name, _) => &["renamed the room to ", to],
        (Happened::Topic, "") => &["took the topic away"],
        (Happened::Topic, _) => &["changed the topic to ", to],
        (Happened::Key, _) => &["changed the key"],
        (Happened::Role, "owner") => &["handed the room over to ", who],
        (Happened::Role, _) => &["made ", who, " a ", to],
        (Happened::Posting, "everyone") => &["lets everyone write"],
        (Happened::Posting, _) => &["lets only moderators write"],
        (Happened::Keep, "") => &["has messages kept for good"],
        (Happened::Keep, "1") => &["has messages kept for a day"],
        (Happened::Keep, _) => &["has messages kept for ", to, " days"],
        _ => return None,
    };
    Some([&*it.by, " ", &did.concat()].concat())
}

/// `alice`, `alice and bob`, `alice, bob and runa`, `alice, bob, runa and 4 others`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] if names.len() <= NAMED => {
            [&*before.join(", "), " and ", last].concat()
        }
        _ => {
            let (named, others) = (names[..NAMED].join(", "), names.len() - NAMED);
            let others = match others {
                1 => "1 other".to_owned(),
                more => [&*more.to_string(), " others"].concat(),
            };
            [&*named, " and ", &others].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happening(what: Happened, by: &str, who: Option<&str>, to: Option<&str>) -> Happening {
        let (who, to) = (who.map(str::to_owned), to.map(str::to_owned));
        (1, what, by.to_owned(), who, to).into()
    }

    fn of(comings: &[(&str, bool)]) -> String {
        let coming = |&(who, joined): &(&str, bool)| {
            let what = if joined {
                Happened::Joined
            } else {
                Happened::Left
            };
            happening(what, who, None, None)
        };
        told(&comings.iter().map(coming).collect::<Vec<_>>())
    }

    #[test]
    fn who_came_and_went_is_one_line() {
        assert_eq!(of(&[]), "");
        assert_eq!(of(&[("runa", true)]), "runa joined");
        assert_eq!(
            of(&[("runa", true), ("bob", true), ("eve", false)]),
            "runa and bob joined · eve left"
        );
        assert_eq!(of(&[("runa", true), ("runa", false)]), "runa came and went");
        assert_eq!(
            of(&[("runa", false), ("runa", true)]),
            "runa left and came back"
        );
        let five = ["a", "b", "c", "d", "e"].map(|name| (name, true));
        assert_eq!(of(&five), "a, b, c and 2 others joined");
        assert_eq!(of(&five[..4]), "a, b, c and 1 other joined");
    }

    #[test]
    fn whom_one_person_removed_is_one_line_where_nothing_else_happened_between() {
        let removed = |by, who| happening(Happened::Removed, by, Some(who), None);
        let joined = happening(Happened::Joined, "runa", None, None);
        let told = told(&[
            removed("alice", "bob"),
            removed("alice", "runa"),
            removed("eve", "tom"),
            joined,
            removed("eve", "kim"),
        ]);
        let lines = [
            "alice removed bob and runa",
            "eve removed tom",
            "runa joined",
            "eve removed kim",
        ];
        assert_eq!(told, lines.join("\n"));
    }

    #[test]
    fn each_change_is_a_line_that_says_who_made_it() {
        for (what, who, to, line) in [
            (
                Happened::Name,
                None,
                Some("Garden"),
                "alice renamed the room to Garden",
            ),
            (
                Happened::Topic,
                None,
                Some("bulbs"),
                "alice changed the topic to bulbs",
            ),
            (Happened::Topic, None, Some(""), "alice took the topic away"),
            (Happened::Key, None, None, "alice changed the key"),
            (
                Happened::Role,
                Some("bob"),
                Some("moderator"),
                "alice made bob a moderator",
            ),
            (
                Happened::Role,
                Some("bob"),
                Some("member"),
                "alice made bob a member",
            ),
            (
                Happened::Role,
                Some("bob"),
                Some("owner"),
                "alice handed the room over to bob",
            ),
            (
                Happened::Posting,
                None,
                Some("moderators"),
                "alice lets only moderators write",
            ),
            (
                Happened::Posting,
                None,
                Some("everyone"),
                "alice lets everyone write",
            ),
            (
                Happened::Keep,
                None,
                Some("30"),
                "alice has messages kept for 30 days",
            ),
            (
                Happened::Keep,
                None,
                Some("1"),
                "alice has messages kept for a day",
            ),
            (
                Happened::Keep,
                None,
                Some(""),
                "alice has messages kept for good",
            ),
            (Happened::Erased, None, Some("812"), ""),
        ] {
            assert_eq!(told(&[happening(what, "alice", who, to)]), line);
        }
    }
}

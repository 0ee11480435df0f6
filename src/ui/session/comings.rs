//! Who came and who went, between two messages: told in one line, however many they were.

use crate::domain::Coming;

/// Names that are told at most; of the others their number is.
const NAMED: usize = 3;

/// One line for all of them, in the order in which they first came or went; empty for none.
pub fn told(comings: &[Coming]) -> String {
    let mut people: Vec<(&str, bool, bool)> = Vec::new();
    for Coming { who, joined, .. } in comings {
        match people.iter_mut().find(|(name, ..)| name == who) {
            // Whether they are here now, and whether that is how it began.
            Some((_, _, last)) => *last = *joined,
            None => people.push((who, *joined, *joined)),
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
        .map(|(names, did)| format!("{} {did}", list(&names)))
        .collect();
    told.join(" · ")
}

/// `alice`, `alice and bob`, `alice, bob and runa`, `alice, bob, runa and 4 others`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] if names.len() <= NAMED => format!("{} and {last}", before.join(", ")),
        _ => match names.len() - NAMED {
            1 => format!("{} and 1 other", names[..NAMED].join(", ")),
            more => format!("{} and {more} others", names[..NAMED].join(", ")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(comings: &[(&str, bool)]) -> String {
        let coming = |&(who, joined): &(&str, bool)| Coming {
            seq: 1,
            who: who.to_owned(),
            joined,
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
}

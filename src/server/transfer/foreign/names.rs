//! Names that are valid here and that nobody has yet, as near as can be to what people and rooms were called.

use std::collections::HashSet;

use crate::domain::{RoomName, Username, limits};

/// The names of one kind that are taken.
pub struct Taken {
    folded: HashSet<String>,
    /// The form in which two are the same; none of what can be no name.
    fold: fn(&str) -> Option<String>,
    /// What stands where a name cannot have what it had.
    gap: char,
    chars: usize,
}

impl Taken {
    pub fn people() -> Self {
        Self {
            folded: HashSet::new(),
            fold: |name| {
                let name = Username::parse(name).ok()?;
                Some(name.folded().as_str().to_owned())
            },
            gap: '.',
            chars: limits::USERNAME_CHARS,
        }
    }

    pub fn rooms() -> Self {
        Self {
            folded: HashSet::new(),
            fold: |name| {
                let name = RoomName::parse(name).ok()?;
                Some(name.folded().as_str().to_owned())
            },
            gap: ' ',
            chars: limits::ROOM_NAME_CHARS,
        }
    }

    /// Takes the first of the wanted names that can be had, else one like it, else one like `else_named`; and says
    /// whether it is another than the first.
    pub fn free(&mut self, wanted: &[&str], else_named: &str) -> (String, bool) {
        let wanted: Vec<&str> = wanted.iter().map(|name| name.trim()).collect();
        let first = wanted.first().copied().unwrap_or_default();
        let like = wanted.iter().copied();
        let mut like: Vec<String> = like.filter_map(|name| self.like(name)).collect();
        if like.is_empty() {
            like.push(else_named.to_owned());
        }
        let as_it_is = like.iter().find(|name| self.can_be_had(name));
        let name = match as_it_is {
            Some(name) => name.clone(),
            None => self.numbered(&like[0], else_named),
        };
        self.folded.extend((self.fold)(&name));
        let changed = name != first;
        (name, changed)
    }

    fn can_be_had(&self, name: &str) -> bool {
        (self.fold)(name).is_some_and(|folded| !self.folded.contains(&folded))
    }

    /// The name with whatever it cannot have taken out of it.
    fn like(&self, name: &str) -> Option<String> {
        let words: Vec<String> = name
            .split(|c: char| c.is_whitespace() || c.is_control())
            .map(|word| {
                let fits = |c: &char| (self.fold)(c.encode_utf8(&mut [0; 4])).is_some();
                word.chars().filter(fits).collect::<String>()
            })
            .filter(|word| !word.is_empty())
            .collect();
        let like: String = words
            .join(self.gap.encode_utf8(&mut [0; 4]))
            .chars()
            .take(self.chars)
            .collect();
        // What each character may have, all of them together may not.
        [name.to_owned(), like.trim().to_owned()]
            .into_iter()
            .find(|name| (self.fold)(name).is_some())
    }

    /// The name with a number after it, or else another: there are some that can have none.
    fn numbered(&self, name: &str, else_named: &str) -> String {
        let apart = if self.gap == ' ' { ' ' } else { '-' };
        let mut stem = name;
        let mut number = 2_u64;
        loop {
            let end = format!("{apart}{number}");
            let start: String = stem.chars().take(self.chars - end.len()).collect();
            let name = format!("{}{end}", start.trim_end());
            if self.can_be_had(&name) {
                return name;
            }
            if (self.fold)(&name).is_none() {
                stem = else_named;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_kept_or_come_as_near_as_they_can() {
        let mut people = Taken::people();
        let free = |people: &mut Taken, names: &[&str]| people.free(names, "someone").0;
        assert_eq!(people.free(&["alice"], "someone"), ("alice".into(), false));
        assert_eq!(free(&mut people, &["Alice Smith"]), "Alice.Smith");
        assert_eq!(free(&mut people, &["ALICE", "asmith"]), "asmith");
        assert_eq!(free(&mut people, &["Alice"]), "Alice-2");
        assert_eq!(free(&mut people, &["Zoë 🎉", ""]), "Zoë");
        assert_eq!(free(&mut people, &["🎉", ""]), "someone");
        assert_eq!(free(&mut people, &[]), "someone-2");
        let mut rooms = Taken::rooms();
        let mut free = |name: &str| rooms.free(&[name], "room").0;
        assert_eq!(free("All hands!"), "All hands!");
        assert_eq!(free("all  HANDS!"), "all  HANDS! 2");
        assert_eq!(free(".."), "room");
        assert_eq!(free("two\nlines"), "two lines");
    }

    proptest! {
        #[test]
        fn whatever_they_were_called_all_get_a_valid_name_of_their_own(
            wanted in prop::collection::vec(any::<String>(), 1..20),
        ) {
            let (mut people, mut rooms) = (Taken::people(), Taken::rooms());
            for name in wanted.iter().chain(&wanted) {
                let (person, _) = people.free(&[name], "someone");
                let (room, _) = rooms.free(&[name], "room");
                prop_assert!(Username::parse(&person).is_ok(), "{:?}", person);
                prop_assert!(RoomName::parse(&room).is_ok(), "{:?}", room);
            }
            prop_assert_eq!(people.folded.len(), 2 * wanted.len());
            prop_assert_eq!(rooms.folded.len(), 2 * wanted.len());
        }
    }
}

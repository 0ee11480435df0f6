//! Usernames, room names and keys.
//!
//! Uniqueness follows PRECIS: usernames as `UsernameCaseMapped` (RFC 8265), room names as `Nickname`
//! (RFC 8266). Its tables stay on the server: the browser only ever sees names the server has let through,
//! so it checks the length and leaves the rest to the answer.

use std::fmt;

use super::{ApiError, Code, limits};

/// A username as its holder typed it, trimmed: 1–32 characters that PRECIS allows in an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// [`Code::InvalidUsername`] where the name is empty, too long, or has a character that an identifier
    /// may not have (spaces, controls, invisible or direction-changing characters …).
    pub fn parse(typed: &str) -> Result<Self, ApiError> {
        let typed = typed.trim();
        let fail = |why: String| Err(ApiError::new(Code::InvalidUsername, why));
        match typed.chars().count() {
            0 => return fail("Type a username.".into()),
            1..=limits::USERNAME_CHARS => {}
            _ => {
                return fail(format!(
                    "A username has at most {} characters.",
                    limits::USERNAME_CHARS
                ));
            }
        }
        let name = Self(typed.to_owned());
        #[cfg(feature = "ssr")]
        if precis::username(typed).is_none() {
            return fail(
                "A username is letters, digits and plain punctuation, without spaces.".into(),
            );
        }
        Ok(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two usernames are the same name.
    #[cfg(feature = "ssr")]
    pub fn folded(&self) -> Folded {
        Folded(precis::username(&self.0).unwrap_or_else(|| self.0.clone()))
    }
}

/// A room's name as its owner typed it, trimmed: 1–64 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoomName(String);

impl RoomName {
    /// # Errors
    /// [`Code::InvalidRoomName`] where the name is empty, too long, has a line break or an invisible
    /// character, or is `.` or `..`, which no URL can carry as a path segment.
    pub fn parse(typed: &str) -> Result<Self, ApiError> {
        let typed = typed.trim();
        let fail = |why: String| Err(ApiError::new(Code::InvalidRoomName, why));
        match typed.chars().count() {
            0 => return fail("Type a room name.".into()),
            1..=limits::ROOM_NAME_CHARS => {}
            _ => {
                return fail(format!(
                    "A room name has at most {} characters.",
                    limits::ROOM_NAME_CHARS
                ));
            }
        }
        if typed == "." || typed == ".." {
            return fail("A room cannot be called that. Try another name.".into());
        }
        let name = Self(typed.to_owned());
        #[cfg(feature = "ssr")]
        if precis::room_name(typed).is_none_or(|folded| folded == "." || folded == "..") {
            return fail("A room name is one line of letters, digits, symbols and spaces.".into());
        }
        Ok(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two room names are the same name.
    #[cfg(feature = "ssr")]
    pub fn folded(&self) -> Folded {
        Folded(precis::room_name(&self.0).unwrap_or_else(|| self.0.clone()))
    }
}

/// A name in the form that uniqueness is decided in: case-folded, width-mapped, composed.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folded(String);

#[cfg(feature = "ssr")]
impl Folded {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What opens a room: 1–128 characters, exactly as typed. Never printed: its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// # Errors
    /// [`Code::InvalidKey`] where it is empty or too long.
    pub fn parse(typed: &str) -> Result<Self, ApiError> {
        match typed.chars().count() {
            0 => Err(ApiError::new(Code::InvalidKey, "Type a room key.")),
            1..=limits::KEY_CHARS => Ok(Self(typed.to_owned())),
            _ => Err(ApiError::new(
                Code::InvalidKey,
                format!("A room key has at most {} characters.", limits::KEY_CHARS),
            )),
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What a room is about: at most 200 characters on one line; none where nobody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic(String);

impl Topic {
    /// # Errors
    /// [`Code::InvalidTopic`] where it is too long, or has a line break or another control character.
    pub fn parse(typed: &str) -> Result<Self, ApiError> {
        let typed = typed.trim();
        if typed.chars().count() > limits::TOPIC_CHARS {
            return Err(ApiError::new(
                Code::InvalidTopic,
                format!("A topic has at most {} characters.", limits::TOPIC_CHARS),
            ));
        }
        if typed.chars().any(turns_or_breaks) {
            return Err(ApiError::new(
                Code::InvalidTopic,
                "A topic is one line of text.",
            ));
        }
        Ok(Self(typed.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character breaks a line, or turns the direction of what follows it beyond its own line.
fn turns_or_breaks(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What lets somebody into their name from any browser: 12–128 characters, exactly as typed. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

impl Passphrase {
    /// # Errors
    /// [`Code::InvalidPassphrase`] where it is too short or too long.
    pub fn parse(typed: &str) -> Result<Self, ApiError> {
        let (least, most) = limits::PASSPHRASE_CHARS;
        let chars = typed.chars().count();
        if (least..=most).contains(&chars) {
            return Ok(Self(typed.to_owned()));
        }
        Err(ApiError::new(
            Code::InvalidPassphrase,
            format!("A passphrase has {least} to {most} characters."),
        ))
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(feature = "ssr")]
mod precis {
    use precis_core::profile::{Profile, Rules, stabilize};
    use precis_profiles::{Nickname, UsernameCaseMapped};
    use unicode_normalization::UnicodeNormalization;

    // Both profiles look at the characters before they compose them, and so would refuse what some systems
    // type decomposed (Hangul on macOS). Composed first, it is the name it looks like.

    pub fn username(typed: &str) -> Option<String> {
        let typed: String = typed.nfc().collect();
        UsernameCaseMapped::new()
            .enforce(typed)
            .ok()
            .map(Into::into)
    }

    /// `Nickname`'s comparison form: the profile offers the comparison itself, not the form it compares.
    pub fn room_name(typed: &str) -> Option<String> {
        let profile = Nickname::new();
        let typed: String = typed.nfc().collect();
        let folded = stabilize(typed, |s| {
            let s = profile.prepare(s)?;
            let s = profile.additional_mapping_rule(s)?;
            let s = profile.case_mapping_rule(s)?;
            profile.normalization_rule(s)
        });
        folded
            .ok()
            .map(|s| s.into_owned())
            .filter(|s| !s.is_empty())
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn username(typed: &str) -> Option<Folded> {
        Username::parse(typed).ok().map(|name| name.folded())
    }

    fn room_name(typed: &str) -> Option<Folded> {
        RoomName::parse(typed).ok().map(|name| name.folded())
    }

    /// The full-width twins of ASCII.
    fn wide(text: &str) -> String {
        text.chars()
            .map(|c| match c {
                '!'..='~' => char::from_u32(c as u32 + 0xFEE0).unwrap_or(c),
                _ => c,
            })
            .collect()
    }

    proptest! {
        #[test]
        fn no_text_makes_a_name_panic(text in any::<String>()) {
            let _ = (username(&text), room_name(&text), Key::parse(&text));
        }

        #[test]
        fn a_valid_name_is_what_was_typed_trimmed_and_within_its_limit(text in "\\PC{0,70}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(name.as_str(), text.trim());
                prop_assert!((1..=limits::USERNAME_CHARS).contains(&name.as_str().chars().count()));
                prop_assert!(!name.as_str().contains(char::is_whitespace));
            }
            if let Ok(name) = RoomName::parse(&text) {
                prop_assert_eq!(name.as_str(), text.trim());
                prop_assert!((1..=limits::ROOM_NAME_CHARS).contains(&name.as_str().chars().count()));
            }
        }

        #[test]
        fn folding_a_folded_name_changes_nothing(text in "\\PC{1,32}") {
            if let Some(folded) = username(&text)
                && let Some(again) = username(folded.as_str())
            {
                prop_assert_eq!(folded, again);
            }
            if let Some(folded) = room_name(&text)
                && let Some(again) = room_name(folded.as_str())
            {
                prop_assert_eq!(folded, again);
            }
        }

        #[test]
        fn case_and_width_make_no_other_name(text in "[a-zA-Z0-9äöüéñçøåßжщяαβδ._-]{1,16}") {
            for variant in [text.to_lowercase(), wide(&text), wide(&text.to_lowercase())] {
                prop_assert_eq!(username(&variant), username(&text), "{} and {}", variant, text);
            }
            prop_assert_eq!(room_name(&text.to_lowercase()), room_name(&text));
        }

        #[test]
        fn control_and_invisible_characters_are_in_no_name(
            before in "[a-z]{1,5}",
            c in "[\\x00-\\x1f\\x7f-\u{9f}\u{200b}\u{200e}\u{200f}\u{2028}-\u{202e}\u{2060}-\u{2069}\u{feff}]",
            after in "[a-z]{1,5}",
        ) {
            let name = format!("{before}{c}{after}");
            prop_assert!(username(&name).is_none(), "{:?}", name);
            prop_assert!(room_name(&name).is_none(), "{:?}", name);
        }

        #[test]
        fn a_key_is_taken_as_it_is(text in "\\PC{1,128}") {
            let key = Key::parse(&text).expect("a key within its limit");
            prop_assert_eq!(key.as_bytes(), text.as_bytes());
            prop_assert_eq!(format!("{key:?}"), "Key(…)");
        }
    }

    #[test]
    fn composition_makes_no_other_name() {
        for (composed, decomposed) in [
            ("zoë", "zoe\u{308}"),
            ("Ångström", "A\u{30a}ngstro\u{308}m"),
            ("가", "\u{1100}\u{1161}"),
            ("ệ", "e\u{323}\u{302}"),
        ] {
            assert!(username(composed).is_some());
            assert_eq!(username(composed), username(decomposed), "{composed}");
            assert_eq!(room_name(composed), room_name(decomposed), "{composed}");
        }
    }

    #[test]
    fn different_names_stay_different() {
        for (one, other) in [
            ("alice", "al1ce"),
            ("o", "ö"),
            ("strasse", "straße"),
            ("a.b", "ab"),
        ] {
            assert_ne!(username(one), username(other));
        }
        assert_ne!(room_name("red room"), room_name("redroom"));
    }

    #[test]
    fn limits_count_characters_and_not_bytes() {
        let long = |count| "ä".repeat(count);
        assert!(Username::parse(&long(32)).is_ok() && Username::parse(&long(33)).is_err());
        assert!(RoomName::parse(&long(64)).is_ok() && RoomName::parse(&long(65)).is_err());
        assert!(Key::parse(&long(128)).is_ok() && Key::parse(&long(129)).is_err());
        assert!(Key::parse("").is_err() && Key::parse(" ").is_ok());
    }
}

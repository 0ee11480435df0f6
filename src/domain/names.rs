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

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(feature = "ssr")]
mod precis {
    use precis_core::profile::{Profile, Rules, stabilize};
    use precis_profiles::{Nickname, UsernameCaseMapped};

    pub fn username(typed: &str) -> Option<String> {
        UsernameCaseMapped::new()
            .enforce(typed)
            .ok()
            .map(Into::into)
    }

    /// `Nickname`'s comparison form: the profile offers the comparison itself, not the form it compares.
    pub fn room_name(typed: &str) -> Option<String> {
        let profile = Nickname::new();
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

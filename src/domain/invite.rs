//! Invites: what lets a number of people into a room until a time, without the room's key.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::Key;
use super::Millis;

/// An invite's number; never used again.
pub type InviteId = i64;

/// What every invite begins with.
pub const MARK: &str = "inv_";

/// An invite that has just been made: the only time that it is told whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInvite {
    /// `inv_<id>_<secret>`: is accepted wherever the room's key is.
    pub invite: String,
    /// How many people it lets in; any number where there is none.
    pub uses: Option<u32>,
    /// Until when; for ever where there is no time.
    pub expires: Option<Millis>,
}

/// An invite in the list of a room's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    pub id: InviteId,
    /// `inv_<id>`: enough to end it by, and to no other end.
    pub invite: String,
    /// Who made it.
    pub by: String,
    pub uses: Option<u32>,
    /// How many more it lets in.
    pub left: Option<u32>,
    pub expires: Option<Millis>,
}

/// What the list calls an invite.
#[cfg(feature = "ssr")]
pub fn listed(id: InviteId) -> String {
    format!("{MARK}{id}")
}

/// An invite, whole.
#[cfg(feature = "ssr")]
pub fn whole(id: InviteId, secret: &str) -> String {
    format!("{MARK}{id}_{secret}")
}

/// The number and the secret of what looks like an invite.
#[cfg(feature = "ssr")]
pub fn parts(key: &Key) -> Option<(InviteId, &str)> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?.trim();
    let (id, secret) = text.strip_prefix(MARK)?.split_once('_')?;
    Some((number(id)?, secret))
}

/// Which invite is meant by its number, by what the list calls it, or by all of it.
#[cfg(feature = "ssr")]
pub fn meant(text: &str) -> Option<InviteId> {
    let text = text.trim();
    let rest = text.strip_prefix(MARK).unwrap_or(text);
    number(rest.split_once('_').map_or(rest, |(id, _)| id))
}

#[cfg(feature = "ssr")]
fn number(text: &str) -> Option<InviteId> {
    text.parse().ok().filter(|id| *id > 0)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_known_whole_and_meant_by_its_number() {
        let invite = whole(17, "a_b-c");
        let key = Key::parse(&invite).expect("a key");
        assert_eq!(parts(&key), Some((17, "a_b-c")));
        for text in [invite.as_str(), &listed(17), "17", " inv_17 "] {
            assert_eq!(meant(text), Some(17), "{text}");
        }
    }

    #[test]
    fn what_is_no_invite_is_taken_for_none() {
        for text in ["sesame", "inv_", "inv_17", "inv_x_y", "inv_-1_a", "INV_1_a"] {
            let key = Key::parse(text).expect("a key");
            assert_eq!(parts(&key), None, "{text}");
        }
        for text in ["", "inv_", "sesame", "0", "-3", "inv_x"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }
}

//! Rooms and their members, as the API shows them.

use serde::{Deserialize, Serialize};

use super::{History, Message, Posting, Role, RoomId, Seq};

/// A room as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Room {
    pub id: RoomId,
    pub name: String,
    /// What it is about; empty where nobody has said.
    pub topic: String,
    /// The owner's username.
    pub owner: String,
    /// Whether *me* is the owner.
    pub owned: bool,
    /// What *me* is in it.
    pub role: Role,
    /// Who may post.
    #[serde(default, skip_serializing_if = "Posting::is_open")]
    pub posting: Posting,
    /// For how many days messages are kept; for ever where there is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u32>,
    /// Seq of the newest entry; 0 where nothing has happened yet.
    pub head: Seq,
    /// Seq up to which *me* has read.
    pub seen: Seq,
    /// Messages up to `head`.
    pub said: u64,
    /// Messages up to `seen`: the rest are unread.
    pub read: u64,
    /// Unread messages that name *me*.
    pub mentions: u64,
    /// Members who are connected now.
    pub online: usize,
}

impl Room {
    /// How many messages *me* has not read.
    pub fn unread(&self) -> u64 {
        self.said.saturating_sub(self.read)
    }
}

/// A room on the dashboard: the room and its newest message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoomSummary {
    pub room: Room,
    pub last: Option<Message>,
}

/// Someone whom the key has let into a room.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Member {
    pub name: String,
    pub online: bool,
    pub role: Role,
}

/// Everything the page of one room starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPage {
    pub room: Room,
    /// All members, by name.
    pub members: Vec<Member>,
    pub history: History,
    /// Which life of the server's data it was read from, or one before that.
    #[serde(default)]
    pub epoch: String,
}

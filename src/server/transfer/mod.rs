//! A server's data as lines of JSON: what `latchkey export` writes and `latchkey import` reads.
//!
//! The first line is [`Line::Latchkey`] and says which version of this form follows; the last is [`Line::End`], so that a
//! file that was cut off is known as such. A line stands after all that it points to: names, then each room with its
//! members and invites, and its log from the first entry to the newest. Numbers of names and rooms hold within one file.
//!
//! Of whole servers the lines hold what lets people and browsers in, as hashes: they are to be kept as secret as the
//! database. Of one room they hold no more than its members could read, and the hash of its key.

pub mod foreign;
pub mod page;
pub mod read;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Millis, Posting, Role, RoomId, Seq};

use super::store::{SessionId, UserId};

/// The version of this form that is written, and the newest that is read.
pub const VERSION: u32 = 2;

/// What a file is an export of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    Server,
    Room,
}

/// One line. Times are UTC milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    Latchkey {
        version: u32,
        of: Of,
        at: Millis,
    },
    /// A username. One that is not `held` was given up: only what was done under it is left.
    Name {
        id: UserId,
        name: String,
        held: bool,
        since: Millis,
        used: Millis,
        /// PHC string of the passphrase's hash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passphrase: Option<String>,
    },
    /// `token` is the base64 of its SHA-256.
    Session {
        id: SessionId,
        of: UserId,
        token: String,
        since: Millis,
        used: Millis,
        browser: String,
    },
    /// Lets one browser in, once. `token` is the base64 of its SHA-256. Since version 2.
    Pass {
        of: UserId,
        token: String,
        expires: Millis,
    },
    /// `id` is the credential's, in base64; `passkey` its public key and counter.
    Passkey {
        id: String,
        of: UserId,
        passkey: String,
        name: String,
        since: Millis,
        used: Millis,
    },
    /// `key` is the PHC string of its hash.
    Room {
        id: RoomId,
        name: String,
        topic: String,
        owner: UserId,
        key: String,
        posting: Posting,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<u32>,
        /// Messages up to there are erased.
        #[serde(default, skip_serializing_if = "is_zero")]
        erased: Seq,
        since: Millis,
    },
    /// A name that the room had until then, and that no other has taken.
    Former {
        room: RoomId,
        name: String,
        until: Millis,
    },
    Member {
        room: RoomId,
        who: UserId,
        role: Role,
        since: Millis,
        seen: Seq,
    },
    /// `token` is the base64 of its SHA-256.
    Invite {
        id: i64,
        room: RoomId,
        by: UserId,
        token: String,
        since: Millis,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Millis>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left: Option<u32>,
    },
    Entry(Entry),
    /// How many lines there are before it.
    End {
        lines: u64,
    },
}

/// An entry of a room's log. What later entries did to a message is in it already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub room: RoomId,
    pub seq: Seq,
    /// `said`, `edited`, `deleted`, `reacted`, `took_back`, `joined`, `left`, `removed`, `renamed`, `topic`, `rekeyed`,
    /// `role`, `posting`, `keep`, `erased`.
    pub kind: String,
    pub by: UserId,
    pub id: Uuid,
    pub at: Millis,
    /// What a message says, the emoji of a reaction, or what was changed to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The message that it is about, or that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Seq>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whom: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Millis>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// The reactions that a message has now, in the order in which they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Given>,
    /// Whom a message names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
}

/// A reaction: by the entry `entry`, the first of its kind by the entry `since`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    pub emoji: String,
    pub by: UserId,
    pub entry: Seq,
    pub since: Seq,
}

/// Where lines go. Says what is wrong with one that cannot be taken.
pub type Take<'a> = dyn FnMut(Line) -> Result<(), String> + 'a;

/// Why an import was not made. Nothing of it is there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("line {line}: {why}")]
    Line { line: u64, why: String },
    #[error("{0}")]
    Whole(String),
    #[error(transparent)]
    Open(#[from] super::store::OpenError),
    #[error("cannot write the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

fn is_zero(seq: &Seq) -> bool {
    *seq == 0
}

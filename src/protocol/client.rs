//! What a browser says.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{RoomId, Seq};

/// Browser → server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Follow a room from just after `after`; from its head where there is none.
    Open {
        room: RoomId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
    },
    /// Stop following a room.
    Shut { room: RoomId },
    /// Post, or answer the message `re`. `id` is the sender's own, here and below: repeating it is safe.
    Send {
        room: RoomId,
        id: Uuid,
        body: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        re: Option<Seq>,
    },
    /// Give one's own message `of` another body.
    Edit {
        room: RoomId,
        id: Uuid,
        of: Seq,
        body: String,
    },
    /// Erase the message `of`.
    Delete { room: RoomId, id: Uuid, of: Seq },
    /// Give the message `of` a reaction, or take it back.
    React {
        room: RoomId,
        id: Uuid,
        of: Seq,
        emoji: String,
        on: bool,
    },
    /// *me* is typing. At most one every 3 s.
    Typing { room: RoomId },
    /// *me* has read up to here.
    Seen { room: RoomId, seq: Seq },
}

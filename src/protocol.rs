//! The frames of the live socket: JSON text, one object each, `t` first.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Code, Message, Millis, RoomId, Seq};

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
    /// Post. `id` is the sender's own: repeating it is safe.
    Send {
        room: RoomId,
        id: Uuid,
        body: String,
    },
    /// *me* is typing. At most one every 3 s.
    Typing { room: RoomId },
    /// *me* has read up to here.
    Seen { room: RoomId, seq: Seq },
}

/// Server → browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame of every socket.
    Hello { me: String },
    /// Messages follow from `from`; where `from` > `after` + 1, the hole is in history.
    Opened { room: RoomId, head: Seq, from: Seq },
    /// In seq order, each once.
    Message(Message),
    /// Durable; also for a repeat.
    Sent {
        room: RoomId,
        id: Uuid,
        seq: Seq,
        at: Millis,
    },
    /// Nothing was stored. `room` and `id` are missing where the frame could not be understood.
    Refused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        code: Code,
        message: String,
    },
    /// Latest value: how many members are connected, and the first 200 of them by name.
    Presence {
        room: RoomId,
        count: usize,
        online: Vec<String>,
    },
    /// Latest value; empty when nobody is.
    Typing { room: RoomId, who: Vec<String> },
    /// A room of *me*'s that this socket has not opened moved on.
    Head { room: RoomId, seq: Seq },
    /// The room is gone.
    Deleted { room: RoomId },
    /// A close frame follows. [`Code::Restarting`] asks to come back.
    Bye { code: Code, message: String },
}

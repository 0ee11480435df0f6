//! What the server says.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    flat::{Flat, Kind},
    what::What,
};
use crate::domain::{Code, Message, Millis, RoomId, Seq};

/// Server → browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", try_from = "Flat")]
pub enum ServerFrame {
    /// The first frame of every socket. `build` is another one whenever the site is; `notice` is what is announced to
    /// everybody, where something is.
    Hello {
        me: String,
        build: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<String>,
    },
    /// Entries follow from `from`; where `from` > `after` + 1, `changes` has what is between. Another `epoch` is another
    /// log: of what a reader has of the room from before nothing needs to be in it.
    Opened {
        room: RoomId,
        head: Seq,
        from: Seq,
        epoch: String,
    },
    /// Somebody said something. This and the entries below come in seq order, each once; one that was erased
    /// before a reader came to it is already without its words.
    Message(Message),
    /// The message `of` has another body. What was quoted of it has changed with it.
    Edited {
        room: RoomId,
        seq: Seq,
        of: Seq,
        by: String,
        at: Millis,
        body: String,
    },
    /// The message `of` is erased, and whatever was quoted of it.
    DeletedMessage {
        room: RoomId,
        seq: Seq,
        of: Seq,
        by: String,
        at: Millis,
    },
    /// The message `of` was given a reaction, or it was taken back.
    Reacted {
        room: RoomId,
        seq: Seq,
        of: Seq,
        by: String,
        at: Millis,
        emoji: String,
        on: bool,
    },
    /// Somebody has become a member.
    Joined {
        room: RoomId,
        seq: Seq,
        who: String,
        at: Millis,
    },
    /// Somebody is no longer a member.
    Left {
        room: RoomId,
        seq: Seq,
        who: String,
        at: Millis,
    },
    /// A member was shown out. For their own sockets the last of the room.
    Removed {
        room: RoomId,
        seq: Seq,
        who: String,
        by: String,
        at: Millis,
    },
    /// The room has another name, topic, key or rule, or the member `who` another role; `to` is what it is now, a
    /// key apart. Who hands a room over, by making another the owner, is a moderator from then on.
    Changed {
        room: RoomId,
        seq: Seq,
        by: String,
        at: Millis,
        what: What,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who: Option<String>,
    },
    /// All messages up to `of` are erased: the room keeps them no longer.
    Erased {
        room: RoomId,
        seq: Seq,
        of: Seq,
        by: String,
        at: Millis,
    },
    /// What had this id is durable, as this entry; also for a repeat.
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
    /// A room of *me*'s that this socket has not opened moved on; `said` counts the messages up to there. Said
    /// after `hello` too, once for each of *me*'s rooms in which anything has happened: what a page holds may be
    /// older than its socket.
    Head { room: RoomId, seq: Seq, said: u64 },
    /// *me* has read up to here, as another socket or *me*'s own words say; `read` counts the messages up to
    /// there.
    Read { room: RoomId, seq: Seq, read: u64 },
    /// The message `seq` names *me*, whether the room is open or not.
    Mention { room: RoomId, seq: Seq, by: String },
    /// *me*'s list of rooms has changed: ask for it.
    Rooms,
    /// Where *me* is signed in has changed: a session began or ended.
    Sessions,
    /// The room is gone.
    Deleted { room: RoomId },
    /// What is announced to everybody from now on; nothing where it is empty.
    Notice { text: String },
    /// A close frame follows. [`Code::Restarting`] asks to come back.
    Bye { code: Code, message: String },
}

impl ServerFrame {
    /// The room that it is about, where it is about one.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Message(message) => Some(message.room),
            Self::Refused { room, .. } => *room,
            Self::Opened { room, .. }
            | Self::Edited { room, .. }
            | Self::DeletedMessage { room, .. }
            | Self::Reacted { room, .. }
            | Self::Joined { room, .. }
            | Self::Left { room, .. }
            | Self::Removed { room, .. }
            | Self::Changed { room, .. }
            | Self::Erased { room, .. }
            | Self::Sent { room, .. }
            | Self::Presence { room, .. }
            | Self::Typing { room, .. }
            | Self::Head { room, .. }
            | Self::Read { room, .. }
            | Self::Mention { room, .. }
            | Self::Deleted { room } => Some(*room),
            Self::Hello { .. }
            | Self::Rooms
            | Self::Sessions
            | Self::Notice { .. }
            | Self::Bye { .. } => None,
        }
    }
}

impl TryFrom<Flat> for ServerFrame {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let room = flat.room.ok_or("a frame without its room");
        let id = flat.id.ok_or("a frame without its id");
        let code = flat.code.ok_or("a frame without its code");
        let (seq, of, at, by) = (flat.seq, flat.of, flat.at, flat.by);
        let message = flat.message;
        Ok(match flat.t {
            Kind::Hello => Self::Hello {
                me: flat.me,
                build: flat.build,
                notice: flat.notice,
            },
            Kind::Opened => Self::Opened {
                room: room?,
                head: flat.head,
                from: flat.from,
                epoch: flat.epoch,
            },
            Kind::Message => Self::Message(Message {
                room: room?,
                seq,
                id: id?,
                by,
                at,
                body: flat.body,
                re: flat.re,
                edited: flat.edited,
                deleted: flat.deleted,
                reactions: flat.reactions,
            }),
            Kind::Edited => Self::Edited {
                room: room?,
                seq,
                of,
                by,
                at,
                body: flat.body,
            },
            Kind::Removed => Self::Removed {
                room: room?,
                seq,
                who: flat.who.one()?,
                by,
                at,
            },
            Kind::Changed => Self::Changed {
                room: room?,
                seq,
                by,
                at,
                what: flat.what.ok_or("a change without its what")?,
                to: flat.to,
                who: flat.who.one().ok(),
            },
            Kind::Erased => Self::Erased {
                room: room?,
                seq,
                of,
                by,
                at,
            },
            Kind::Sessions => Self::Sessions,
            Kind::DeletedMessage => Self::DeletedMessage {
                room: room?,
                seq,
                of,
                by,
                at,
            },
            Kind::Reacted => Self::Reacted {
                room: room?,
                seq,
                of,
                by,
                at,
                emoji: flat.emoji,
                on: flat.on,
            },
            Kind::Joined => Self::Joined {
                room: room?,
                seq,
                who: flat.who.one()?,
                at,
            },
            Kind::Left => Self::Left {
                room: room?,
                seq,
                who: flat.who.one()?,
                at,
            },
            Kind::Sent => Self::Sent {
                room: room?,
                id: id?,
                seq,
                at,
            },
            Kind::Refused => Self::Refused {
                room: flat.room,
                id: flat.id,
                code: code?,
                message,
            },
            Kind::Presence => Self::Presence {
                room: room?,
                count: flat.count,
                online: flat.online,
            },
            Kind::Typing => Self::Typing {
                room: room?,
                who: flat.who.0,
            },
            Kind::Head => Self::Head {
                room: room?,
                seq,
                said: flat.said,
            },
            Kind::Read => Self::Read {
                room: room?,
                seq,
                read: flat.read,
            },
            Kind::Mention => Self::Mention {
                room: room?,
                seq,
                by,
            },
            Kind::Rooms => Self::Rooms,
            Kind::Deleted => Self::Deleted { room: room? },
            Kind::Notice => Self::Notice { text: flat.text },
            Kind::Bye => Self::Bye {
                code: code?,
                message,
            },
        })
    }
}

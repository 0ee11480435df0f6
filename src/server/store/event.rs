//! What a store tells of each change that it has committed.

use serde::{Deserialize, Serialize};

use super::{SessionId, SocketId, UserId, kind::Kind};
use crate::{
    domain::{RoomId, Seq},
    protocol::ServerFrame,
};

/// What moves a read position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// A live socket said so.
    Socket(SocketId),
    /// A page was shown.
    Page,
    /// Who had read everything said something.
    OwnWords,
}

/// Something that has been committed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly all are entries")]
pub enum Event {
    /// A room has another entry.
    Entry(Entry),
    /// There is another room, `user`'s, whose log is empty.
    Created {
        room: RoomId,
        user: UserId,
    },
    /// A read position moved: `read` counts the messages up to `seq`.
    Seen {
        room: RoomId,
        user: UserId,
        seq: Seq,
        read: u64,
        by: Reading,
    },
    Deleted {
        room: RoomId,
    },
    /// A session of the user's began, or what else lets them in has changed: their sockets are told.
    WaysChanged {
        user: UserId,
    },
    /// A session ended, and whatever it had under way.
    SessionEnded {
        user: UserId,
        session: SessionId,
    },
    /// The username was given up, after its memberships ended.
    GaveUp {
        user: UserId,
    },
}

/// One entry of a room's log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub room: RoomId,
    pub seq: Seq,
    /// Messages up to this one.
    pub said: u64,
    /// As readers are given it.
    pub frame: ServerFrame,
    /// Members whom it names for the first time.
    pub mentioned: Vec<UserId>,
    /// Who came or went by it.
    pub crossing: Option<Crossing>,
}

/// Somebody has become a member of a room, or is none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Crossing {
    Joined {
        user: UserId,
    },
    /// `heir` is who owns the room from now on, where it was the owner who left.
    Left {
        user: UserId,
        heir: Option<UserId>,
    },
    /// They were shown out. The entry is their sockets' last of the room.
    Removed {
        user: UserId,
    },
}

impl Crossing {
    /// What an entry of that kind was to its author and whom it is about. Who inherited a room then is not known later.
    pub(super) fn of(kind: Kind, author: UserId, subject: Option<UserId>) -> Option<Self> {
        match kind {
            Kind::Joined => Some(Self::Joined { user: author }),
            Kind::Left => Some(Self::Left {
                user: author,
                heir: None,
            }),
            Kind::Removed => subject.map(|user| Self::Removed { user }),
            _ => None,
        }
    }

    /// Who came or went, and what the entry is that says so.
    pub(super) fn noted_as(self) -> (UserId, Kind) {
        match self {
            Self::Joined { user } => (user, Kind::Joined),
            Self::Left { user, .. } => (user, Kind::Left),
            Self::Removed { user } => (user, Kind::Removed),
        }
    }
}

/// Is told of every committed change, in commit order, before the change's caller gets its answer.
pub trait Journal: Send + Sync + 'static {
    fn committed(&self, event: Event);
    /// A whole commit has been told and answered: whoever was left asleep until then may be woken.
    fn settled(&self);
    /// What was told so far may not be so: from here on the store has another epoch.
    fn anew(&self);
}

/// Tells nobody.
#[cfg(test)]
pub struct Silent;

#[cfg(test)]
impl Journal for Silent {
    fn committed(&self, _: Event) {}
    fn settled(&self) {}
    fn anew(&self) {}
}

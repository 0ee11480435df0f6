//! Entries of a room's log that say nothing themselves, as they are stored.

use super::{UserId, kind::Kind};
use crate::{
    domain::{Millis, RoomId, Seq},
    protocol::{ServerFrame, What},
};

/// Such an entry, with what is beside it.
pub struct Noted {
    pub room: RoomId,
    pub seq: Seq,
    pub at: Millis,
    pub by: String,
    /// The message that it is about, where it is about one, and what that says now.
    pub of: Option<Seq>,
    pub says: Option<String>,
    /// Whom it is about.
    pub who: Option<String>,
    /// The emoji of a reaction, or what was changed to.
    pub body: String,
}

/// Such an entry on its way in.
pub struct NewNoted<'a> {
    pub kind: Kind,
    /// The message that it is about, where it is about one.
    pub about: Option<Seq>,
    /// Whom it is about.
    pub subject: Option<UserId>,
    pub body: &'a str,
}

impl NewNoted<'_> {
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            about: None,
            subject: None,
            body: "",
        }
    }

    pub fn about(kind: Kind, message: Seq) -> Self {
        Self {
            about: Some(message),
            ..Self::of(kind)
        }
    }
}

impl Noted {
    /// The entry as a reader is given it; `None` for a message, which is more than this.
    pub fn frame(self, kind: Kind) -> Option<ServerFrame> {
        let Self {
            room,
            seq,
            at,
            by,
            of,
            says,
            who,
            body,
        } = self;
        let of = of.unwrap_or_default();
        Some(match kind {
            Kind::Said => return None,
            Kind::Edited => ServerFrame::Edited {
                room,
                seq,
                of,
                by,
                at,
                body: says.unwrap_or_default(),
            },
            Kind::Deleted => ServerFrame::DeletedMessage {
                room,
                seq,
                of,
                by,
                at,
            },
            Kind::Reacted | Kind::TookBack => ServerFrame::Reacted {
                room,
                seq,
                of,
                by,
                at,
                emoji: body,
                on: kind == Kind::Reacted,
            },
            Kind::Joined => ServerFrame::Joined {
                room,
                seq,
                who: by,
                at,
            },
            Kind::Left => ServerFrame::Left {
                room,
                seq,
                who: by,
                at,
            },
            Kind::Removed => ServerFrame::Removed {
                room,
                seq,
                who: who.unwrap_or_default(),
                by,
                at,
            },
            Kind::Erased => ServerFrame::Erased {
                room,
                seq,
                of,
                by,
                at,
            },
            Kind::Renamed
            | Kind::Topic
            | Kind::Rekeyed
            | Kind::Role
            | Kind::Posting
            | Kind::Keep => {
                let what = kind.what().unwrap_or(What::Key);
                ServerFrame::Changed {
                    room,
                    seq,
                    by,
                    at,
                    what,
                    to: (what != What::Key).then_some(body),
                    who,
                }
            }
        })
    }
}

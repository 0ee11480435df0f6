//! What somebody does in a room, as the store is asked for it.

use uuid::Uuid;

use super::users::Actor;
use crate::domain::{
    Body, Deed, Emoji, Folded, Millis, Posting, Role, RoomId, RoomName, Seq, Topic,
};

/// An entry on its way in. What it says is valid; whether the author may do it is for the store to say.
#[derive(Debug)]
pub struct NewEntry {
    pub room: RoomId,
    pub by: Actor,
    pub id: Uuid,
    pub act: Act,
}

/// What somebody does in a room.
#[derive(Debug)]
pub enum Act {
    Say { body: Body, re: Option<Seq> },
    Edit { of: Seq, body: Body },
    Delete { of: Seq },
    React { of: Seq, emoji: Emoji, on: bool },
}

impl Act {
    /// Bytes of what is said.
    pub fn text_bytes(&self) -> usize {
        match self {
            Self::Say { body, .. } | Self::Edit { body, .. } => body.as_str().len(),
            Self::Delete { .. } | Self::React { .. } => 0,
        }
    }
}

/// What may be changed in a room besides what is said there. Who may is for the store to say.
#[derive(Debug)]
pub enum Setting {
    Name(RoomName),
    Topic(Topic),
    Key {
        /// PHC string of the new key's Argon2id hash.
        hash: String,
        /// Whether all others are shown out and all invites end in the same breath.
        everyone_out: bool,
    },
    /// Gives a member another role. Who makes another the owner is a moderator from then on.
    Role {
        who: Folded,
        role: Role,
    },
    /// Shows a member out.
    Out {
        who: Folded,
    },
    Posting(Posting),
    /// For how many days messages are kept.
    Keep(Option<u32>),
}

impl Setting {
    /// What its author must be allowed to do.
    pub fn deed(&self) -> Deed {
        match self {
            Self::Name(_) => Deed::Rename,
            Self::Topic(_) => Deed::SetTopic,
            Self::Key { .. } => Deed::ChangeKey,
            Self::Role { .. } => Deed::SetRole,
            // Whom, is looked at later: who may remove nobody need not learn who is a member.
            Self::Out { .. } => Deed::Remove { whom: Role::Member },
            Self::Posting(_) => Deed::SetPosting,
            Self::Keep(_) => Deed::SetKeep,
        }
    }
}

/// How many people an invite lets in, and until when; any number and for ever where there is none.
#[derive(Clone, Copy, Debug)]
pub struct InviteTerms {
    pub uses: Option<u32>,
    pub expires: Option<Millis>,
}

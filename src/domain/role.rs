//! Who may do what in a room: one table, which the server, the pages and the tests all read.

use serde::{Deserialize, Serialize};

use super::Code;

/// What a member is in a room, and so what they may do there.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Member,
    Moderator,
    Owner,
}

/// Who may post in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posting {
    #[default]
    Everyone,
    Moderators,
}

impl Posting {
    /// As the API has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Moderators => "moderators",
        }
    }

    pub fn is_open(&self) -> bool {
        *self == Self::Everyone
    }
}

/// What somebody may want to do to a room or in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Post {
        posting: Posting,
    },
    /// Change what a message says; `own` says whether who wants to wrote it. So in what follows.
    Edit {
        own: bool,
    },
    Erase {
        own: bool,
    },
    Rename,
    SetTopic,
    /// Make invites, see them and end them.
    Invite,
    /// Show somebody of that role out.
    Remove {
        whom: Role,
    },
    ChangeKey,
    SetRole,
    SetPosting,
    SetKeep,
    DeleteRoom,
}

impl Role {
    /// The role of that name, as the API has it.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Member, Self::Moderator, Self::Owner]
            .into_iter()
            .find(|role| role.as_str() == name)
    }

    /// As the API has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    /// Who may do what.
    pub fn may(self, deed: Deed) -> bool {
        match deed {
            Deed::Post { posting } => posting.is_open() || self >= Self::Moderator,
            // Nobody puts words into another's mouth.
            Deed::Edit { own } => own,
            Deed::Erase { own } => own || self >= Self::Moderator,
            Deed::Rename | Deed::SetTopic | Deed::Invite => self >= Self::Moderator,
            // Nobody removes their equals, or themselves.
            Deed::Remove { whom } => self >= Self::Moderator && self > whom,
            Deed::ChangeKey
            | Deed::SetRole
            | Deed::SetPosting
            | Deed::SetKeep
            | Deed::DeleteRoom => self == Self::Owner,
        }
    }
}

impl Deed {
    /// What somebody is told who may not.
    pub fn refusal(self) -> Code {
        match self {
            Self::Edit { .. } => Code::NotAuthor,
            Self::Post { .. }
            | Self::Erase { .. }
            | Self::Rename
            | Self::SetTopic
            | Self::Invite
            | Self::Remove { .. } => Code::NotAllowed,
            Self::ChangeKey
            | Self::SetRole
            | Self::SetPosting
            | Self::SetKeep
            | Self::DeleteRoom => Code::NotOwner,
        }
    }
}

//! What an entry of a room's log is.

use crate::{domain::Happened, protocol::What};

/// What an entry is, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Said = 0,
    Edited = 1,
    Deleted = 2,
    Reacted = 3,
    TookBack = 4,
    Joined = 5,
    Left = 6,
    Removed = 7,
    Renamed = 8,
    Topic = 9,
    Rekeyed = 10,
    Role = 11,
    Posting = 12,
    Keep = 13,
    Erased = 14,
}

/// All kinds, and what they are called where entries are exported.
const KINDS: [(Kind, &str); 15] = [
    (Kind::Said, "said"),
    (Kind::Edited, "edited"),
    (Kind::Deleted, "deleted"),
    (Kind::Reacted, "reacted"),
    (Kind::TookBack, "took_back"),
    (Kind::Joined, "joined"),
    (Kind::Left, "left"),
    (Kind::Removed, "removed"),
    (Kind::Renamed, "renamed"),
    (Kind::Topic, "topic"),
    (Kind::Rekeyed, "rekeyed"),
    (Kind::Role, "role"),
    (Kind::Posting, "posting"),
    (Kind::Keep, "keep"),
    (Kind::Erased, "erased"),
];

impl Kind {
    /// The kind of that number, where there is one.
    pub fn numbered(number: i64) -> Option<Self> {
        let mut kinds = KINDS.into_iter().map(|(kind, _)| kind);
        kinds.find(|kind| *kind as i64 == number)
    }

    pub fn name(self) -> &'static str {
        let mut kinds = KINDS.into_iter();
        kinds
            .find_map(|(kind, name)| (kind == self).then_some(name))
            .unwrap_or_default()
    }

    pub fn named(name: &str) -> Option<Self> {
        let mut kinds = KINDS.into_iter();
        kinds.find_map(|(kind, known)| (known == name).then_some(kind))
    }

    /// The entry that says that this has changed.
    pub fn of(what: What) -> Self {
        match what {
            What::Name => Self::Renamed,
            What::Topic => Self::Topic,
            What::Key => Self::Rekeyed,
            What::Role => Self::Role,
            What::Posting => Self::Posting,
            What::Keep => Self::Keep,
        }
    }

    /// What it says that happened to the room itself, where it says that.
    pub fn happened(self) -> Option<Happened> {
        Some(match self {
            Self::Said | Self::Edited | Self::Deleted | Self::Reacted | Self::TookBack => {
                return None;
            }
            Self::Joined => Happened::Joined,
            Self::Left => Happened::Left,
            Self::Removed => Happened::Removed,
            Self::Renamed => Happened::Name,
            Self::Topic => Happened::Topic,
            Self::Rekeyed => Happened::Key,
            Self::Role => Happened::Role,
            Self::Posting => Happened::Posting,
            Self::Keep => Happened::Keep,
            Self::Erased => Happened::Erased,
        })
    }

    /// What it says that has changed, where it says that.
    pub fn what(self) -> Option<What> {
        Some(match self {
            Self::Renamed => What::Name,
            Self::Topic => What::Topic,
            Self::Rekeyed => What::Key,
            Self::Role => What::Role,
            Self::Posting => What::Posting,
            Self::Keep => What::Keep,
            _ => return None,
        })
    }
}

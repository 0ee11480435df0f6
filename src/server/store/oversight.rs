//! What the keeper of a server sees and does: rooms and names by their figures, never a word of what was said.

use async_trait::async_trait;

use super::{SessionId, StoreError, UserId};
use crate::domain::{Millis, RoomId};

/// Rows of a list at most; one more says that there are more.
pub const PAGE: usize = 50;

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub names: u64,
    pub sessions: u64,
    pub rooms: u64,
}

/// Which stretch of a list: those whose folded names begin so, the newest first, after the one of that number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// All where it is empty.
    pub begins: String,
    pub before: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomFigures {
    pub id: RoomId,
    pub name: String,
    pub owner: String,
    pub members: u64,
    /// Messages that were ever said, erased ones included.
    pub said: u64,
    /// Bytes of a message, on average over the newest.
    pub bytes_each: u64,
    /// When anything last happened.
    pub last: Option<Millis>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameFigures {
    pub id: UserId,
    pub name: String,
    pub since: Millis,
    /// To a few minutes.
    pub used: Millis,
    pub sessions: u64,
    pub rooms: u64,
}

/// All that is said of a [`super::Store`] holds here too.
#[async_trait]
pub trait Oversight: Send + Sync + 'static {
    async fn totals(&self) -> Result<Totals, StoreError>;
    /// [`PAGE`] rooms, and one more where there are more.
    async fn room_figures(&self, wanted: Wanted) -> Result<Vec<RoomFigures>, StoreError>;
    /// The same of names that are held.
    async fn name_figures(&self, wanted: Wanted) -> Result<Vec<NameFigures>, StoreError>;
    /// One of them.
    async fn figures_of(&self, user: UserId) -> Result<Option<NameFigures>, StoreError>;

    /// Ends a session of a user's, whoever asks, and all passes. One that is none of theirs is let be.
    async fn cut_session(&self, user: UserId, session: SessionId) -> Result<(), StoreError>;
    /// Frees a name as if it had been given up. One that nobody holds is free.
    async fn free_name(&self, user: UserId) -> Result<(), StoreError>;
    /// Takes a room away as if its owner had. One that is not there is gone.
    async fn take_room(&self, room: RoomId) -> Result<(), StoreError>;
}

impl Wanted {
    /// What comes after all names that begin so; a name has no such character.
    pub fn end(&self) -> String {
        format!("{}\u{10ffff}", self.begins)
    }

    /// The number that comes after all that are wanted.
    pub fn below(&self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }
}

//! What several processes of one server need of the store that they share.

use async_trait::async_trait;
use uuid::Uuid;

use super::{Event, SessionId, Standing, Store, StoreError, UserId};
use crate::domain::{Millis, RoomId};

/// What a store that several processes work with is asked besides, by each of them that may have missed something.
#[async_trait]
pub trait SharedStore: Store {
    /// What tells it from all others: letters, digits and hyphens.
    async fn name(&self) -> Result<String, StoreError>;
    /// How far these rooms are, those that are there.
    async fn standings(&self, rooms: &[RoomId]) -> Result<Vec<Standing>, StoreError>;
    /// Where these users are members, and how far those rooms are.
    async fn memberships(&self, users: &[UserId]) -> Result<Vec<(UserId, Standing)>, StoreError>;
    /// Those of these sessions that have not ended.
    async fn sessions_of(&self, sessions: &[SessionId]) -> Result<Vec<SessionId>, StoreError>;
    /// Keeps something until then for whoever is given its id. Of very many, the oldest go.
    async fn put_aside(&self, id: Uuid, value: String, until: Millis) -> Result<(), StoreError>;
    async fn find_aside(&self, id: Uuid) -> Result<Option<String>, StoreError>;
    /// Whoever takes it first has it.
    async fn take_aside(&self, id: Uuid) -> Result<Option<String>, StoreError>;
    /// Keeps files for all processes, some weeks after the last that has them began.
    async fn share_files(&self, files: Vec<(String, Vec<u8>)>) -> Result<(), StoreError>;
    /// The first of these that is there, and what is in it.
    async fn shared_file(&self, paths: &[String]) -> Result<Option<(String, Vec<u8>)>, StoreError>;
    /// Hears of another process's change, for what is remembered here.
    fn heard(&self, event: &Event);
    /// Something may have been missed: what is remembered here may not be so any more.
    fn forget(&self);
}

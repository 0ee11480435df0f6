//! What somebody asks for in a room, by whatever store it is kept.

use uuid::Uuid;

use super::UserId;
use crate::domain::RoomId;

/// What somebody asks for in a room, and the id that they gave it.
#[derive(Clone, Copy)]
pub struct Asked {
    pub room: RoomId,
    pub user: UserId,
    pub id: Uuid,
}

impl Asked {
    /// Something that nobody has an id for.
    pub fn newly(room: RoomId, user: UserId) -> Self {
        let id = Uuid::now_v7();
        Self { room, user, id }
    }
}

//! What the questions are made of: where a room's log ends, and whether somebody may read it.

use rusqlite::Connection;

use crate::{
    domain::RoomId,
    server::store::{StoreError, UserId},
};

/// A room's head, as an expression: the seq of its newest entry, 0 where there is none.
macro_rules! head {
    ($room:literal) => {
        concat!(
            "coalesce((SELECT max(seq) FROM entries WHERE room_id = ",
            $room,
            "), 0)"
        )
    };
}
pub(super) use head;

/// Messages of a room up to its head, as an expression.
macro_rules! said {
    ($room:literal) => {
        concat!(
            "coalesce((SELECT seq - silent FROM entries WHERE room_id = ",
            $room,
            " ORDER BY seq DESC LIMIT 1), 0)"
        )
    };
}
pub(super) use said;

/// # Errors
/// [`StoreError::NoSuchRoom`] where the user is no member of the room.
pub(super) fn require_member(
    connection: &Connection,
    room: RoomId,
    user: UserId,
) -> Result<(), StoreError> {
    let member = connection
        .prepare_cached("SELECT 1 FROM members WHERE room_id = ?1 AND user_id = ?2")?
        .exists([room, user])?;
    if member {
        Ok(())
    } else {
        Err(StoreError::NoSuchRoom)
    }
}

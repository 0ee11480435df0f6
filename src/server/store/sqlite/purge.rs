//! What is deleted for good, step by step: the entries of rooms that are gone, and what rooms keep no longer.

use rusqlite::{OptionalExtension, params};

use super::{
    change::{Change, Changed},
    index, keeping,
};
use crate::domain::RoomId;

/// Deletes at most so many entries of rooms that are gone, or else erases what is kept no longer; answers whether there are more.
pub fn step(change: &mut Change<'_>, entries: usize) -> Changed<bool> {
    let room: Option<RoomId> = change
        .connection
        .prepare_cached("SELECT room_id FROM purges LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(room) = room else {
        return keeping::erase_step(change, entries);
    };
    index::forget(change.connection, room, entries)?;
    let deleted = change
        .connection
        .prepare_cached(
            "DELETE FROM entries WHERE room_id = ?1 AND seq IN
             (SELECT seq FROM entries WHERE room_id = ?1 ORDER BY seq LIMIT ?2)",
        )?
        .execute(params![room, entries])?;
    if deleted < entries {
        for rest in [
            "DELETE FROM reactions WHERE room_id = ?1",
            "DELETE FROM mentions WHERE room_id = ?1",
            "DELETE FROM indexed WHERE room_id = ?1",
            "DELETE FROM purges WHERE room_id = ?1",
        ] {
            change.connection.execute(rest, [room])?;
        }
    }
    change.purged = true;
    Ok(true)
}

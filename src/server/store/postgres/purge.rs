//! The entries of rooms that are gone, deleted step by step.

use deadpool_postgres::Transaction;
use tokio_postgres::Error;

use super::basics::{limit, row, run};
use crate::domain::RoomId;

/// Deletes at most so many entries of a room that is gone; answers whether there are more. Whatever another process is
/// at is left to it.
pub async fn step(change: &Transaction<'_>, entries: usize) -> Result<bool, Error> {
    let room = "SELECT room_id FROM purges LIMIT 1 FOR UPDATE SKIP LOCKED";
    let Some(room) = row(change, room, &[]).await? else {
        return Ok(false);
    };
    let room: RoomId = room.get(0);
    let gone = run(
        change,
        "DELETE FROM entries WHERE room_id = $1 AND seq IN
             (SELECT seq FROM entries WHERE room_id = $1 ORDER BY seq LIMIT $2)",
        &[&room, &limit(entries)],
    )
    .await?;
    if gone < entries as u64 {
        for rest in [
            "DELETE FROM reactions WHERE room_id = $1",
            "DELETE FROM mentions WHERE room_id = $1",
            "DELETE FROM purges WHERE room_id = $1",
        ] {
            run(change, rest, &[&room]).await?;
        }
    }
    Ok(true)
}

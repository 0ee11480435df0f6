//! Rooms that keep messages for so many days: what is older is nobody's to read any more, and then erased as deletions
//! are, step by step.

use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::Error;

use super::{
    basics::{bound, limit, number, row, rows, run},
    change::Change,
    notes::erased,
};
use crate::{
    domain::{Millis, RoomId, Seq},
    server::store::{UserId, now, stop::Changed},
};

const DAY: Millis = 24 * 60 * 60 * 1000;

/// The next rooms after that one that may have messages to keep no longer, so many at most.
pub async fn due(
    client: &impl GenericClient,
    after: RoomId,
    most: usize,
) -> Result<Vec<RoomId>, Error> {
    let keepers = rows(
        client,
        "SELECT id FROM rooms WHERE id > $1 AND keep_days IS NOT NULL ORDER BY id LIMIT $2",
        &[&after, &limit(most)],
    )
    .await?;
    Ok(keepers.iter().map(|row| row.get(0)).collect())
}

/// Puts what a room keeps no longer out of reach.
pub async fn expire(change: &mut Change, room: RoomId) -> Changed<()> {
    let keeper = row(
        &change.client,
        "SELECT owner_id, keep_days, erased_to, head FROM rooms
         WHERE id = $1 AND keep_days IS NOT NULL",
        &[&room],
    )
    .await?;
    let Some(keeper) = keeper else {
        return Ok(());
    };
    let (owner, days): (UserId, i32) = (keeper.get(0), keeper.get(1));
    let (erased_to, head) = (number(&keeper, 2), number(&keeper, 3));
    let limit = now() - Millis::from(days) * DAY;
    let to = older(&change.client, room, limit, erased_to, head).await?;
    if to <= erased_to {
        return Ok(());
    }
    let message = row(
        &change.client,
        "SELECT seq FROM entries WHERE room_id = $1 AND seq > $2 AND seq <= $3 AND kind = 0
         ORDER BY seq DESC LIMIT 1",
        &[&room, &bound(erased_to), &bound(to)],
    )
    .await?;
    let put = "UPDATE rooms SET erased_to = $2 WHERE id = $1";
    run(&change.client, put, &[&room, &bound(to)]).await?;
    // What says nothing is not worth an entry, which would become old in its turn.
    let Some(message) = message else {
        return Ok(());
    };
    run(
        &change.client,
        "INSERT INTO erasures (room_id, after) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        &[&room, &bound(erased_to)],
    )
    .await?;
    erased(change, room, owner, number(&message, 0)).await?;
    change.purged = true;
    Ok(())
}

/// The seq of the newest entry that is too old: time does not run backwards in a room.
async fn older(
    client: &impl GenericClient,
    room: RoomId,
    limit: Millis,
    erased_to: Seq,
    head: Seq,
) -> Result<Seq, Error> {
    let (mut old, mut young) = (erased_to, head + 1);
    while old + 1 < young {
        let seq = old + (young - old) / 2;
        let at = "SELECT at FROM entries WHERE room_id = $1 AND seq = $2";
        let at = row(client, at, &[&room, &bound(seq)]).await?;
        if at.is_some_and(|row| row.get::<_, Millis>(0) < limit) {
            old = seq;
        } else {
            young = seq;
        }
    }
    Ok(old)
}

/// Erases at most so many entries that are out of reach; answers whether there are more. Whatever another process is at
/// is left to it.
pub async fn erase_step(change: &Transaction<'_>, entries: usize) -> Result<bool, Error> {
    let next = row(
        change,
        "SELECT erasures.room_id, erasures.after, rooms.erased_to
         FROM erasures JOIN rooms ON rooms.id = erasures.room_id
         LIMIT 1 FOR UPDATE OF erasures SKIP LOCKED",
        &[],
    )
    .await?;
    let Some(next) = next else {
        return Ok(false);
    };
    let (room, after, to): (RoomId, _, _) = (next.get(0), number(&next, 1), number(&next, 2));
    let done = to.min(after.saturating_add(entries as u64));
    let (after, done, to) = (bound(after), bound(done), bound(to));
    for erase in [
        "UPDATE entries
         SET body = '', about = NULL, edited_at = NULL, deleted = true, terms = NULL
         WHERE room_id = $1 AND seq > $2 AND seq <= $3 AND kind = 0 AND body <> ''",
        "DELETE FROM reactions WHERE room_id = $1 AND seq > $2 AND seq <= $3",
        "DELETE FROM mentions WHERE room_id = $1 AND seq > $2 AND seq <= $3",
    ] {
        run(change, erase, &[&room, &after, &done]).await?;
    }
    if done >= to {
        run(change, "DELETE FROM erasures WHERE room_id = $1", &[&room]).await?;
    } else {
        let go_on = "UPDATE erasures SET after = $2 WHERE room_id = $1";
        run(change, go_on, &[&room, &done]).await?;
    }
    Ok(true)
}

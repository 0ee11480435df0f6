//! Rooms that keep messages for so many days: what is older is nobody's to read any more, and then erased as deletions
//! are, step by step.

use rusqlite::{OptionalExtension, params};

use super::{
    basics::head,
    change::{Change, Changed},
    index, invites,
    notes::erased,
};
use crate::{
    domain::{Millis, RoomId, Seq},
    server::store::{UserId, now},
};

const DAY: Millis = 24 * 60 * 60 * 1000;
/// Rooms that one step looks at.
const ROOMS: usize = 64;
/// Entries that one step erases at most: their bodies are in memory together.
const ENTRIES: usize = 256;

/// A room, and how long it keeps messages.
struct Keeper {
    room: RoomId,
    owner: UserId,
    days: Millis,
    erased_to: Seq,
    head: Seq,
}

/// Looks at the next rooms after that one, and puts what they keep no longer out of reach. Answers after which room to
/// go on.
pub fn expire_step(change: &mut Change<'_>, after: RoomId) -> Changed<Option<RoomId>> {
    if after == 0 {
        invites::forget_old(change)?;
    }
    let rooms: Vec<Keeper> = change
        .connection
        .prepare_cached(concat!(
            "SELECT id, owner_id, keep_days, erased_to, ",
            head!("rooms.id"),
            " FROM rooms WHERE id > ?1 AND keep_days IS NOT NULL ORDER BY id LIMIT ?2"
        ))?
        .query_map(params![after, ROOMS], |row| {
            Ok(Keeper {
                room: row.get(0)?,
                owner: row.get(1)?,
                days: row.get(2)?,
                erased_to: row.get(3)?,
                head: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    for keeper in &rooms {
        expire(change, keeper)?;
    }
    let last = rooms.last().filter(|_| rooms.len() == ROOMS);
    Ok(last.map(|keeper| keeper.room))
}

fn expire(change: &mut Change<'_>, keeper: &Keeper) -> Changed<()> {
    let &Keeper {
        room,
        owner,
        erased_to,
        ..
    } = keeper;
    let to = older(change, keeper)?;
    if to <= erased_to {
        return Ok(());
    }
    let connection = change.connection;
    let message: Option<Seq> = connection
        .prepare_cached(
            "SELECT seq FROM entries WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3 AND kind = 0
             ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![room, erased_to, to], |row| row.get(0))
        .optional()?;
    connection.execute(
        "UPDATE rooms SET erased_to = ?2 WHERE id = ?1",
        params![room, to],
    )?;
    // What says nothing is not worth an entry, which would become old in its turn.
    let Some(message) = message else {
        return Ok(());
    };
    connection.execute(
        "INSERT INTO erasures (room_id, after) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![room, erased_to],
    )?;
    erased(change, room, owner, message)?;
    change.purged = true;
    Ok(())
}

/// The seq of the newest entry that is too old: time does not run backwards in a room.
fn older(change: &Change<'_>, keeper: &Keeper) -> Changed<Seq> {
    let limit = now() - keeper.days * DAY;
    let mut at = change
        .connection
        .prepare_cached("SELECT at FROM entries WHERE room_id = ?1 AND seq = ?2")?;
    let (mut old, mut young) = (keeper.erased_to, keeper.head + 1);
    while old + 1 < young {
        let seq = old + (young - old) / 2;
        let at: Millis = at.query_row(params![keeper.room, seq], |row| row.get(0))?;
        if at < limit {
            old = seq;
        } else {
            young = seq;
        }
    }
    Ok(old)
}

/// A message that is to be erased.
struct Old {
    seq: Seq,
    author: UserId,
    /// Empty where there is nothing to erase.
    body: String,
}

/// Erases at most so many entries that are out of reach; answers whether there are more.
pub fn erase_step(change: &mut Change<'_>, entries: usize) -> Changed<bool> {
    let connection = change.connection;
    let next: Option<(RoomId, Seq, Seq)> = connection
        .prepare_cached(
            "SELECT room_id, after, erased_to FROM erasures JOIN rooms ON rooms.id = room_id LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((room, after, to)) = next else {
        return Ok(false);
    };
    let entries: Vec<Old> = connection
        .prepare_cached(
            "SELECT seq, author_id, iif(kind = 0, body, '') FROM entries
             WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4",
        )?
        .query_map(params![room, after, to, entries.min(ENTRIES)], |row| {
            Ok(Old {
                seq: row.get(0)?,
                author: row.get(1)?,
                body: row.get(2)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    for Old { seq, author, body } in entries.iter().filter(|old| !old.body.is_empty()) {
        if index::replace(connection, room, *seq, *author, body, None)? {
            change.recall.replaced();
        }
        connection
            .prepare_cached(
                "UPDATE entries SET body = '', about = NULL, edited_at = NULL, deleted = 1
                 WHERE room_id = ?1 AND seq = ?2",
            )?
            .execute(params![room, seq])?;
    }
    let done = entries.last().map_or(to, |last| last.seq);
    for rest in [
        "DELETE FROM reactions WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3",
        "DELETE FROM mentions WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3",
    ] {
        connection
            .prepare_cached(rest)?
            .execute(params![room, after, done])?;
    }
    if done >= to {
        connection.execute("DELETE FROM erasures WHERE room_id = ?1", [room])?;
    } else {
        connection.execute(
            "UPDATE erasures SET after = ?2 WHERE room_id = ?1",
            params![room, done],
        )?;
    }
    change.purged = true;
    Ok(true)
}

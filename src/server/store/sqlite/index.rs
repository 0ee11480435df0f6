//! The index of what was said: what it holds of a message, and when it gets it.
//!
//! Messages go into it many at once: one at a time would cost a post more than storing it does. Those that are not in
//! it yet are few, and a search looks through them itself, in the same snapshot: so it misses nothing. What is edited
//! or deleted is taken out at once.
//!
//! What one transaction puts in is a part of the index of its own, and a search has to look into all parts: so they
//! are merged, eight into one. Indexing and merging are done in the transactions that people's posts are in, in steps
//! so small that nobody notices.

use std::collections::BTreeSet;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::basics::head;
use crate::{
    domain::{RoomId, Seq},
    server::store::{UserId, search::each_term},
};

/// Messages that wait for a step of indexing. So few in unit tests that what they do with a disk comes to that.
const WAITING: usize = if cfg!(test) { 8 } else { 512 };
/// Messages that wait at most: what is beyond is indexed at once, however long it takes.
const TOO_MANY: usize = 4 * WAITING;
/// What one transaction indexes while others wait for it: a millisecond's work or two.
const STEP: Step = Step {
    messages: WAITING,
    bytes: 64 * 1024,
};
/// The same while nobody does.
const LONG_STEP: Step = Step {
    messages: 20_000,
    bytes: 4 * 1024 * 1024,
};
/// Pages that one transaction merges, and in the end does for a step: each page is merged two or three times.
const MERGED: usize = 16;
const MERGED_FOR_A_STEP: usize = 32;
/// The same for a message that was replaced.
const MERGED_FOR_A_REPLACED: usize = 4;

/// How much is indexed at most.
#[derive(Clone, Copy)]
struct Step {
    messages: usize,
    /// Of their text.
    bytes: usize,
}

/// What is not in the index yet.
#[derive(Default)]
pub struct Backlog {
    messages: usize,
    /// In their order: numbers that grow make one part of the index, others several.
    rooms: BTreeSet<RoomId>,
    /// Whether that is all: not after a start, or a transaction that was lost.
    known: bool,
    /// Pages that are still to be merged for what was put in.
    to_merge: usize,
}

impl Backlog {
    pub fn said(&mut self, room: RoomId) {
        self.messages += 1;
        self.rooms.insert(room);
    }

    /// A message in the index says something else.
    pub fn replaced(&mut self) {
        self.to_merge += MERGED_FOR_A_REPLACED;
    }

    /// A room is gone.
    pub fn forget(&mut self, room: RoomId) {
        self.rooms.remove(&room);
    }

    /// Does a step, where there is one to do.
    pub fn settle(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.known {
            *self = Self::of(connection)?;
        }
        if self.messages >= WAITING {
            let step = match self.messages.saturating_sub(TOO_MANY) {
                0 => STEP,
                messages => Step {
                    messages,
                    bytes: usize::MAX,
                },
            };
            self.index(connection, step)?;
            self.to_merge += MERGED_FOR_A_STEP;
        } else if self.to_merge > 0 {
            merge(connection, MERGED)?;
            self.to_merge = self.to_merge.saturating_sub(MERGED);
        }
        Ok(())
    }

    /// Indexes so much. Answers how many messages that were.
    fn index(&mut self, connection: &Connection, mut step: Step) -> rusqlite::Result<usize> {
        let most = step.messages;
        while let Some(&room) = self.rooms.first() {
            if !index(connection, room, &mut step)? {
                break;
            }
            self.rooms.remove(&room);
        }
        let indexed = most - step.messages;
        self.messages = match self.rooms.is_empty() {
            true => 0,
            false => self.messages.saturating_sub(indexed),
        };
        Ok(indexed)
    }

    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut query = connection.prepare_cached(concat!(
            "SELECT rooms.id, ",
            head!("rooms.id"),
            " - coalesce(indexed.seq, 0) AS behind
             FROM rooms LEFT JOIN indexed ON indexed.room_id = rooms.id WHERE behind > 0"
        ))?;
        let behind = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut backlog = Self {
            known: true,
            ..Self::default()
        };
        for room in behind {
            let (room, entries): (RoomId, usize) = room?;
            backlog.rooms.insert(room);
            backlog.messages += entries;
        }
        Ok(backlog)
    }
}

/// Indexes what there is, as after it was brought up to date. Says how far it is, where that takes a while.
pub fn catch_up(connection: &mut Connection) -> rusqlite::Result<()> {
    let mut backlog = Backlog::of(connection)?;
    let (mut done, all) = (0, backlog.messages);
    while backlog.messages >= WAITING {
        let change = connection.transaction()?;
        done += backlog.index(&change, LONG_STEP)?;
        // As much as there is to merge.
        merge(&change, usize::MAX)?;
        change.commit()?;
        if !backlog.rooms.is_empty() {
            tracing::info!("indexed {done} of about {all} messages");
        }
    }
    Ok(())
}

/// Puts a room's next messages into the index, as long as `step` allows it. Answers whether those were all.
fn index(connection: &Connection, room: RoomId, step: &mut Step) -> rusqlite::Result<bool> {
    let from = indexed(connection, room)?;
    let mut query = connection.prepare_cached(
        "SELECT seq, author_id, body, kind = 0, deleted FROM entries
         WHERE room_id = ?1 AND seq > ?2 ORDER BY seq",
    )?;
    let mut insert = insertion(connection)?;
    let mut rows = query.query(params![room, from])?;
    let mut to = from;
    let all = loop {
        if step.messages == 0 || step.bytes == 0 {
            break false;
        }
        let Some(row) = rows.next()? else { break true };
        to = row.get(0)?;
        let (said, deleted): (bool, bool) = (row.get(3)?, row.get(4)?);
        if said && !deleted {
            let body = row.get_ref(2)?.as_str()?;
            insert.execute(params![number(room, to), keys(room, row.get(1)?, body)])?;
            step.bytes = step.bytes.saturating_sub(body.len());
        }
        step.messages -= usize::from(said);
    };
    connection
        .prepare_cached(
            "INSERT INTO indexed (room_id, seq) VALUES (?1, ?2)
             ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq",
        )?
        .execute(params![room, to])?;
    Ok(all)
}

/// Merges so many pages of the index's parts, where there are enough parts of a size.
fn merge(connection: &Connection, pages: usize) -> rusqlite::Result<()> {
    let pages = i32::try_from(pages).unwrap_or(i32::MAX);
    connection
        .prepare_cached("INSERT INTO words (words, rank) VALUES ('merge', ?1)")?
        .execute([pages])?;
    Ok(())
}

/// Up to where a room's messages are in the index.
pub fn indexed(connection: &Connection, room: RoomId) -> rusqlite::Result<Seq> {
    let mut query = connection.prepare_cached("SELECT seq FROM indexed WHERE room_id = ?1")?;
    let seq = query.query_row([room], |row| row.get(0)).optional()?;
    Ok(seq.unwrap_or_default())
}

fn insertion(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    connection.prepare_cached("INSERT INTO words (rowid, terms) VALUES (?1, ?2)")
}

/// A message says something else now, or nothing any more. Answers whether it was in the index.
pub fn replace(
    connection: &Connection,
    room: RoomId,
    seq: Seq,
    author: UserId,
    before: &str,
    now: Option<&str>,
) -> rusqlite::Result<bool> {
    if seq > indexed(connection, room)? {
        return Ok(false);
    }
    remove(connection, room, seq, author, before)?;
    if let Some(body) = now {
        insertion(connection)?.execute(params![number(room, seq), keys(room, author, body)])?;
    }
    Ok(true)
}

fn remove(
    connection: &Connection,
    room: RoomId,
    seq: Seq,
    author: UserId,
    body: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO words (words, rowid, terms) VALUES ('delete', ?1, ?2)")?
        .execute(params![number(room, seq), keys(room, author, body)])?;
    Ok(())
}

/// Takes the oldest entries of a room that is gone out of the index, so many at most.
pub fn forget(connection: &Connection, room: RoomId, entries: usize) -> rusqlite::Result<()> {
    let mut query = connection.prepare_cached(
        "SELECT seq, author_id, body FROM
             (SELECT * FROM entries WHERE room_id = ?1 ORDER BY seq LIMIT ?2)
         WHERE kind = 0 AND NOT deleted AND seq <= ?3",
    )?;
    let mut rows = query.query(params![room, entries, indexed(connection, room)?])?;
    while let Some(row) = rows.next()? {
        let body = row.get_ref(2)?.as_str()?;
        remove(connection, room, row.get(0)?, row.get(1)?, body)?;
    }
    Ok(())
}

/// A message's number in the index.
pub fn number(room: RoomId, seq: Seq) -> i64 {
    (room << 40) | i64::try_from(seq).unwrap_or_default()
}

/// What a message is found by: its terms, and who said it.
fn keys(room: RoomId, author: UserId, body: &str) -> String {
    let (mut keys, mark) = (author_key(room, author), room_mark(room));
    keys.reserve(3 * body.len());
    each_term(body, |term| {
        keys.push(' ');
        keys.push_str(&mark);
        keys.push_str(term);
    });
    keys
}

/// No term begins with this sign, which the index takes for a letter.
pub fn author_key(room: RoomId, author: UserId) -> String {
    format!("{room}‹{author}")
}

/// What a room's terms begin with.
pub fn room_mark(room: RoomId) -> String {
    format!("{room}·")
}

//! The index of what was said, and searching in it.
//!
//! Messages go into the index many at once: one at a time would cost a post more than storing it does. Those that
//! are not in it yet are few, and a search looks through them itself, in the same snapshot: so it misses nothing.
//! What is edited or deleted is taken out of the index at once.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
    fmt::Write,
};

use rusqlite::{Connection, OptionalExtension, params};

use super::{basics::head, entries};
use crate::{
    domain::{Found, Hit, Millis, RoomId, Seq},
    server::store::{
        StoreError, UserId,
        search::{Place, Query, Search, terms},
    },
};

/// Messages that wait for the index at most.
const WAITING: usize = 512;
/// Messages that are indexed in one transaction when there are many.
const STEP: usize = 20_000;

/// What is not in the index yet.
#[derive(Default)]
pub struct Backlog {
    messages: usize,
    rooms: HashSet<RoomId>,
    /// Whether that is all: not after a start, or a transaction that was lost.
    known: bool,
}

impl Backlog {
    pub fn said(&mut self, room: RoomId) {
        self.messages += 1;
        self.rooms.insert(room);
    }

    /// A room is gone.
    pub fn forget(&mut self, room: RoomId) {
        self.rooms.remove(&room);
    }

    /// Indexes what waits, once it is enough.
    pub fn settle(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.known {
            *self = Self::of(connection)?;
        }
        if self.messages >= WAITING {
            for room in self.rooms.drain() {
                index(connection, room, usize::MAX)?;
            }
            self.messages = 0;
        }
        Ok(())
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
    let backlog = Backlog::of(connection)?;
    if backlog.messages < WAITING {
        return Ok(());
    }
    let (mut done, mut step) = (0, 0);
    let mut change = connection.transaction()?;
    for room in backlog.rooms {
        loop {
            let indexed = index(&change, room, STEP - step)?;
            (done, step) = (done + indexed, step + indexed);
            if step < STEP {
                break;
            }
            change.commit()?;
            tracing::info!("indexed {done} of about {} messages", backlog.messages);
            change = connection.transaction()?;
            step = 0;
        }
    }
    change.commit()
}

/// Puts the next messages of a room into the index, so many at most. Answers how many.
fn index(connection: &Connection, room: RoomId, most: usize) -> rusqlite::Result<usize> {
    let from = indexed(connection, room)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut query = connection.prepare_cached(
        "SELECT seq, author_id, body, kind = 0 AND NOT deleted FROM entries
         WHERE room_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = query.query(params![room, from, most])?;
    let (mut to, mut entries) = (from, 0);
    while let Some(row) = rows.next()? {
        to = row.get(0)?;
        entries += 1;
        if row.get(3)? {
            add(connection, room, to, row.get(1)?, row.get_ref(2)?.as_str()?)?;
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO indexed (room_id, seq) VALUES (?1, ?2)
             ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq",
        )?
        .execute(params![room, to])?;
    Ok(entries)
}

/// Up to where a room's messages are in the index.
fn indexed(connection: &Connection, room: RoomId) -> rusqlite::Result<Seq> {
    let seq = connection
        .prepare_cached("SELECT seq FROM indexed WHERE room_id = ?1")?
        .query_row([room], |row| row.get(0))
        .optional()?;
    Ok(seq.unwrap_or(0))
}

fn add(
    connection: &Connection,
    room: RoomId,
    seq: Seq,
    author: UserId,
    body: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO words (rowid, terms) VALUES (?1, ?2)")?
        .execute(params![number(room, seq), keys(room, author, body)])?;
    Ok(())
}

/// A message says something else now, or nothing any more.
pub fn replace(
    connection: &Connection,
    room: RoomId,
    seq: Seq,
    author: UserId,
    before: &str,
    now: Option<&str>,
) -> rusqlite::Result<()> {
    if seq > indexed(connection, room)? {
        return Ok(());
    }
    remove(connection, room, seq, author, before)?;
    match now {
        Some(body) => add(connection, room, seq, author, body),
        None => Ok(()),
    }
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
fn number(room: RoomId, seq: Seq) -> i64 {
    (room << 40) | i64::try_from(seq).unwrap_or_default()
}

/// What a message is found by: its terms, and who said it.
fn keys(room: RoomId, author: UserId, body: &str) -> String {
    let mut keys = author_key(room, author);
    for term in terms(body) {
        keys.push(' ');
        push_key(&mut keys, room, &term);
    }
    keys
}

/// No term begins with this sign, which the index takes for a letter.
fn author_key(room: RoomId, author: UserId) -> String {
    format!("{room}‹{author}")
}

fn push_key(keys: &mut String, room: RoomId, term: &str) {
    // Writing to a string cannot fail.
    let _ = write!(keys, "{room}·{term}");
}

/// A search in one room, as FTS5 has expressions: whatever was typed is inside quotes, and holds none.
fn expression(query: &Query, room: RoomId, by: Option<UserId>) -> String {
    let mut expression = String::new();
    for part in query.parts() {
        if !expression.is_empty() {
            expression.push_str(" AND ");
        }
        expression.push('"');
        for (n, term) in part.terms.iter().enumerate() {
            if n > 0 {
                expression.push(' ');
            }
            push_key(&mut expression, room, term);
        }
        expression.push('"');
        if part.prefix {
            expression.push_str(" *");
        }
    }
    if let Some(author) = by {
        let _ = write!(expression, " AND \"{}\"", author_key(room, author));
    }
    expression
}

/// A room to search in.
struct Searched {
    room: RoomId,
    name: String,
    head: Seq,
    /// When its newest entry was committed.
    at: Millis,
}

/// The newest that were found so far, one more than are wanted: that tells whether there are more.
struct Newest {
    found: BinaryHeap<Reverse<Place>>,
    wanted: usize,
}

impl Newest {
    /// Whether something this old could still be among them.
    fn reach(&self, at: Millis) -> bool {
        self.found.len() <= self.wanted
            || self
                .found
                .peek()
                .is_some_and(|Reverse(oldest)| at >= oldest.at)
    }

    fn add(&mut self, place: Place) {
        self.found.push(Reverse(place));
        if self.found.len() > self.wanted + 1 {
            self.found.pop();
        }
    }
}

pub fn search(connection: &Connection, user: UserId, search: &Search) -> Result<Found, StoreError> {
    let snapshot = connection.unchecked_transaction()?;
    let mut rooms = rooms(&snapshot, user, search.room)?;
    if search.room.is_some() && rooms.is_empty() {
        return Err(StoreError::NoSuchRoom);
    }
    let by = match &search.by {
        None => None,
        Some(name) => {
            let author = snapshot
                .prepare_cached("SELECT id FROM users WHERE folded = ?1")?
                .query_row([name.as_str()], |row| row.get(0))
                .optional()?;
            let Some(author) = author else {
                return Ok(Found::default());
            };
            Some(author)
        }
    };
    // What was said last is most likely found first, and ends the search in older rooms.
    rooms.sort_by_key(|room| Reverse(room.at));
    let mut newest = Newest {
        found: BinaryHeap::new(),
        wanted: search.limit,
    };
    for room in &rooms {
        if newest.reach(room.at) {
            search_room(&snapshot, room, search, by, &mut newest)?;
        }
    }
    let mut places = newest.found.into_sorted_vec();
    let more = places.len() > search.limit;
    places.truncate(search.limit);
    let next = places.last().filter(|_| more);
    let next = next.map(|Reverse(place)| place.to_string());
    let mut hits = Vec::with_capacity(places.len());
    for Reverse(Place { room, seq, .. }) in places {
        let name = rooms.iter().find(|searched| searched.room == room);
        if let (Some(Searched { name, .. }), Some(message)) =
            (name, entries::message(&snapshot, room, seq)?)
        {
            hits.push(Hit {
                room,
                name: name.clone(),
                message,
            });
        }
    }
    Ok(Found { hits, next })
}

fn rooms(
    connection: &Connection,
    user: UserId,
    only: Option<RoomId>,
) -> rusqlite::Result<Vec<Searched>> {
    let mut query = connection.prepare_cached(
        "SELECT rooms.id, rooms.name, entries.seq, entries.at FROM members
         JOIN rooms ON rooms.id = members.room_id
         LEFT JOIN entries ON entries.room_id = rooms.id
             AND entries.seq = (SELECT max(seq) FROM entries WHERE room_id = rooms.id)
         WHERE members.user_id = ?1 AND (?2 IS NULL OR rooms.id = ?2)",
    )?;
    let rooms = query.query_map(params![user, only], |row| {
        Ok(Searched {
            room: row.get(0)?,
            name: row.get(1)?,
            head: row.get::<_, Option<Seq>>(2)?.unwrap_or_default(),
            at: row.get::<_, Option<Millis>>(3)?.unwrap_or(Millis::MIN),
        })
    })?;
    rooms.collect()
}

fn search_room(
    connection: &Connection,
    searched: &Searched,
    search: &Search,
    by: Option<UserId>,
    newest: &mut Newest,
) -> Result<(), StoreError> {
    let room = searched.room;
    let below = match search.before {
        None => searched.head + 1,
        Some(before) => first_from(connection, searched, before)?,
    };
    let indexed = indexed(connection, room)?;
    let mut waiting = connection.prepare_cached(
        "SELECT seq, at, author_id, body FROM entries
         WHERE room_id = ?1 AND seq > ?2 AND seq < ?3 AND kind = 0 AND NOT deleted ORDER BY seq DESC",
    )?;
    let mut rows = waiting.query(params![room, indexed, below])?;
    while let Some(row) = rows.next()? {
        let (seq, at, author): (Seq, Millis, UserId) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if !newest.reach(at) {
            return Ok(());
        }
        let body = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
        if by.is_none_or(|by| by == author) && search.query.matches(&terms(body)) {
            newest.add(Place { at, room, seq });
        }
    }
    let mut found = connection.prepare_cached(
        "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid > ?2 AND rowid < ?3 ORDER BY rowid DESC",
    )?;
    let mut at =
        connection.prepare_cached("SELECT at FROM entries WHERE room_id = ?1 AND seq = ?2")?;
    let mut rows = found.query(params![
        expression(&search.query, room, by),
        number(room, 0),
        number(room, below.min(indexed + 1))
    ])?;
    while let Some(row) = rows.next()? {
        let seq = row.get::<_, i64>(0)? ^ number(room, 0);
        let at: Millis = at.query_row(params![room, seq], |row| row.get(0))?;
        if !newest.reach(at) {
            return Ok(());
        }
        let seq = Seq::try_from(seq).unwrap_or_default();
        newest.add(Place { at, room, seq });
    }
    Ok(())
}

/// The first seq of a room that does not stand before a place: time does not run backwards in a room.
fn first_from(connection: &Connection, searched: &Searched, place: Place) -> rusqlite::Result<Seq> {
    let room = searched.room;
    let mut at =
        connection.prepare_cached("SELECT at FROM entries WHERE room_id = ?1 AND seq = ?2")?;
    let (mut low, mut high) = (1, searched.head + 1);
    while low < high {
        let seq = low + (high - low) / 2;
        let at = at.query_row(params![room, seq], |row| row.get(0))?;
        if (Place { at, room, seq }) < place {
            low = seq + 1;
        } else {
            high = seq;
        }
    }
    Ok(low)
}

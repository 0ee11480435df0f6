//! Searching what was said: room by room, the newest first, from one snapshot.

use std::{cmp::Reverse, fmt::Write};

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    entries,
    index::{author_key, indexed, number, room_mark},
};
use crate::{
    domain::{Found, Hit, Millis, RoomId, Seq},
    server::store::{
        StoreError, UserId,
        newest::Newest,
        search::{Place, Query, Search, terms},
    },
};

/// A search in one room, as FTS5 has expressions: whatever was typed is inside quotes, and holds none.
fn expression(query: &Query, room: RoomId, by: Option<UserId>) -> String {
    let (mut expression, mark) = (String::new(), room_mark(room));
    for part in query.parts() {
        if !expression.is_empty() {
            expression.push_str(" AND ");
        }
        expression.push('"');
        for (n, term) in part.terms.iter().enumerate() {
            if n > 0 {
                expression.push(' ');
            }
            expression.push_str(&mark);
            expression.push_str(term);
        }
        expression.push('"');
        if part.prefix {
            expression.push_str(" *");
        }
    }
    if let Some(author) = by {
        // Writing to a string cannot fail.
        let _ = write!(expression, " AND \"{}\"", author_key(room, author));
    }
    expression
}

/// A room to search in.
struct Searched {
    room: RoomId,
    name: String,
    head: Seq,
    /// Messages up to there are kept no longer.
    erased_to: Seq,
    /// When its newest entry was committed.
    at: Millis,
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
    let mut newest = Newest::new(search.limit);
    for room in &rooms {
        if newest.reach(room.at) {
            search_room(&snapshot, room, search, by, &mut newest)?;
        }
    }
    let (places, next) = newest.into_page();
    let mut hits = Vec::with_capacity(places.len());
    for Place { room, seq, .. } in places {
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
        "SELECT rooms.id, rooms.name, entries.seq, entries.at, rooms.erased_to FROM members
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
            erased_to: row.get(4)?,
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
    let from = indexed.max(searched.erased_to);
    let mut rows = waiting.query(params![room, from, below])?;
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
        number(room, searched.erased_to),
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

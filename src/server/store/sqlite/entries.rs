//! A room's log as it is read: the messages that its entries come to, and its newest entries as frames.

use std::collections::BTreeSet;

use rusqlite::{
    Connection, OptionalExtension, Row, ToSql, params,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use uuid::Uuid;

use super::basics::{head, require_member};
pub use crate::server::store::kind::Kind;
use crate::{
    domain::{
        Changes, Happened, Happening, History, Message, Quote, Reaction, RoomId, Seq, limits,
    },
    protocol::ServerFrame,
    server::store::{Crossing, Entry, StoreError, Stretch, UserId, noted::Noted},
};

/// Entries that are looked at for each message that is wanted, at most: a long run of others must end, too.
const ENTRIES_PER_MESSAGE: usize = 10;

impl ToSql for Kind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        Self::numbered(number).ok_or(FromSqlError::OutOfRange(number))
    }
}

/// Whether an entry is a message that its room keeps no longer, as an expression: its body may still be there.
macro_rules! gone {
    () => {
        "(entries.kind = 0 AND entries.seq <= rooms.erased_to)"
    };
}

/// Columns of [`message_of`] and [`frame_of`]: entries of the room `?1`, and the messages they are about.
macro_rules! entries {
    ($which:literal) => {
        concat!(
            "SELECT entries.seq, entries.id, users.name, entries.at, iif(",
            gone!(),
            ", '', entries.body), iif(",
            gone!(),
            ", NULL, entries.edited_at), entries.deleted OR ",
            gone!(),
            ", iif(",
            gone!(),
            ", NULL, entries.about), entries.kind,
                    iif(entries.about <= rooms.erased_to, '', others.body), authors.name, subjects.name,
                    entries.author_id, entries.subject, entries.silent
             FROM rooms
             CROSS JOIN entries ON entries.room_id = rooms.id
             JOIN users ON users.id = entries.author_id
             LEFT JOIN users AS subjects ON subjects.id = entries.subject
             LEFT JOIN entries AS others
                 ON others.room_id = entries.room_id AND others.seq = entries.about
             LEFT JOIN users AS authors ON authors.id = others.author_id
             WHERE rooms.id = ?1 AND ",
            $which
        )
    };
}

/// A message but for its reactions.
fn message_of(room: RoomId, row: &Row<'_>) -> rusqlite::Result<Message> {
    let id = Uuid::from_bytes(row.get(1)?);
    let about: Option<Seq> = row.get(7)?;
    let re = match about {
        Some(seq) => Some(Quote::new(seq, row.get(10)?, row.get_ref(9)?.as_str()?)),
        None => None,
    };
    Ok(Message {
        re,
        edited: row.get(5)?,
        deleted: row.get(6)?,
        ..Message::new(room, row.get(0)?, id, row.get(2)?, row.get(3)?, row.get(4)?)
    })
}

/// An entry as a reader is given it now. Reactions come after the messages they were given to, each by itself.
fn frame_of(room: RoomId, row: &Row<'_>) -> rusqlite::Result<ServerFrame> {
    let kind = row.get(8)?;
    let noted = Noted {
        room,
        seq: row.get(0)?,
        at: row.get(3)?,
        by: row.get(2)?,
        of: row.get(7)?,
        says: row.get(9)?,
        who: row.get(11)?,
        body: row.get(4)?,
    };
    match noted.frame(kind) {
        Some(frame) => Ok(frame),
        None => Ok(ServerFrame::Message(message_of(room, row)?)),
    }
}

/// Adds the reactions that a message has now.
fn react(connection: &Connection, message: &mut Message) -> rusqlite::Result<()> {
    let mut query = connection.prepare_cached(
        "SELECT reactions.emoji, users.name FROM reactions
         JOIN users ON users.id = reactions.user_id
         WHERE reactions.room_id = ?1 AND reactions.seq = ?2
         ORDER BY reactions.since, reactions.entry",
    )?;
    let mut rows = query.query(params![message.room, message.seq])?;
    while let Some(row) = rows.next()? {
        let (emoji, by): (String, String) = (row.get(0)?, row.get(1)?);
        match message.reactions.last_mut() {
            Some(kind) if kind.emoji == emoji => kind.by.push(by),
            _ => message.reactions.push(Reaction {
                emoji,
                by: vec![by],
            }),
        }
    }
    Ok(())
}

/// One message, whole; `None` where that entry is none, or is not there.
pub fn message(
    connection: &Connection,
    room: RoomId,
    seq: Seq,
) -> rusqlite::Result<Option<Message>> {
    whole(
        connection,
        entries!("entries.kind = 0 AND entries.seq > rooms.erased_to AND entries.seq = ?2"),
        room,
        seq,
    )
}

/// The newest message.
pub fn newest(connection: &Connection, room: RoomId) -> rusqlite::Result<Option<Message>> {
    let newest = entries!(
        "entries.kind = 0 AND entries.seq > rooms.erased_to AND entries.seq <= ?2 ORDER BY entries.seq DESC LIMIT 1"
    );
    whole(connection, newest, room, Seq::MAX)
}

fn whole(
    connection: &Connection,
    sql: &str,
    room: RoomId,
    seq: Seq,
) -> rusqlite::Result<Option<Message>> {
    let mut message = connection
        .prepare_cached(sql)?
        .query_row(params![room, bound(seq)], |row| message_of(room, row))
        .optional()?;
    if let Some(message) = &mut message {
        react(connection, message)?;
    }
    Ok(message)
}

/// A seq that a caller names, as SQLite has integers.
fn bound(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

pub fn history(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    from: Stretch,
    limit: usize,
) -> Result<History, StoreError> {
    // One snapshot for the membership and the messages: nobody reads on after they have left.
    let snapshot = connection.unchecked_transaction()?;
    require_member(&snapshot, room, user)?;
    let (mut messages, more, newer) = match from {
        Stretch::Newest => reversed(page(&snapshot, BEFORE, room, Seq::MAX, limit)?, None),
        Stretch::Before(seq) => reversed(page(&snapshot, BEFORE, room, seq, limit)?, None),
        Stretch::After(seq) => {
            let (messages, more) = page(&snapshot, AFTER, room, seq, limit)?;
            (messages, more, None)
        }
        Stretch::Around(seq) => {
            let (after, newer) = page(&snapshot, AFTER, room, seq, limit / 2)?;
            let up_to = seq.saturating_add(1);
            let before = page(&snapshot, BEFORE, room, up_to, limit - limit / 2)?;
            let (mut messages, more, newer) = reversed(before, Some(newer));
            messages.extend(after);
            (messages, more, newer)
        }
    };
    for message in &mut messages {
        react(&snapshot, message)?;
    }
    let head = head_of(&snapshot, room)?;
    // The stretch of the log that these messages are the messages of, neither edge included.
    let (first, last) = (messages.first(), messages.last());
    let older = first.filter(|_| more).map_or(0, |first| first.seq);
    let (after, before) = match from {
        Stretch::Newest => (older, Seq::MAX),
        Stretch::Before(seq) => (older, seq),
        Stretch::After(seq) => (seq, last.filter(|_| more).map_or(Seq::MAX, |last| last.seq)),
        Stretch::Around(_) => {
            let newer = last.filter(|_| newer == Some(true));
            (older, newer.map_or(Seq::MAX, |last| last.seq))
        }
    };
    let before = before.min(head + 1);
    let within = |message: &&Message| after < message.seq && message.seq < before;
    let said = messages.iter().filter(within).count() as Seq;
    // Where all of it is messages nothing else happened.
    let happenings = if before.saturating_sub(after).saturating_sub(1) > said {
        happenings(&snapshot, room, after, before)?
    } else {
        Vec::new()
    };
    Ok(History {
        messages,
        more,
        newer,
        head,
        happenings,
    })
}

/// What happened to the room itself between two seqs, the newest of it, oldest first.
fn happenings(
    connection: &Connection,
    room: RoomId,
    after: Seq,
    before: Seq,
) -> rusqlite::Result<Vec<Happening>> {
    let mut happenings = Vec::new();
    let mut query = connection.prepare_cached(
        "SELECT entries.seq, entries.kind, users.name, subjects.name, entries.body, entries.about
         FROM entries
         JOIN users ON users.id = entries.author_id
         LEFT JOIN users AS subjects ON subjects.id = entries.subject
         WHERE room_id = ?1 AND seq > ?2 AND seq < ?3 AND kind >= 5
         ORDER BY seq DESC LIMIT ?4",
    )?;
    let within = params![room, bound(after), bound(before), limits::HAPPENINGS];
    let mut rows = query.query(within)?;
    while let Some(row) = rows.next()? {
        let Some(what) = row.get::<_, Kind>(1)?.happened() else {
            continue;
        };
        let to = match what {
            Happened::Joined | Happened::Left | Happened::Removed | Happened::Key => None,
            Happened::Erased => row.get::<_, Option<Seq>>(5)?.map(|seq| seq.to_string()),
            _ => Some(row.get(4)?),
        };
        happenings.push(Happening {
            seq: row.get(0)?,
            what,
            by: row.get(2)?,
            who: row.get(3)?,
            to,
        });
    }
    happenings.reverse();
    Ok(happenings)
}

const BEFORE: &str = entries!(
    "entries.kind = 0 AND entries.seq > rooms.erased_to AND entries.seq < ?2 ORDER BY entries.seq DESC LIMIT ?3"
);
const AFTER: &str = entries!(
    "entries.kind = 0 AND entries.seq > max(?2, rooms.erased_to) ORDER BY entries.seq LIMIT ?3"
);

/// At most so many messages in the order of `sql`, without their reactions, and whether there are more.
fn page(
    connection: &Connection,
    sql: &str,
    room: RoomId,
    from: Seq,
    limit: usize,
) -> rusqlite::Result<(Vec<Message>, bool)> {
    // One more than asked for tells whether there are more.
    let mut messages: Vec<Message> = connection
        .prepare_cached(sql)?
        .query_map(params![room, bound(from), limit + 1], |row| {
            message_of(room, row)
        })?
        .collect::<Result<_, _>>()?;
    let more = messages.len() > limit;
    messages.truncate(limit);
    Ok((messages, more))
}

fn reversed(
    (mut messages, more): (Vec<Message>, bool),
    newer: Option<bool>,
) -> (Vec<Message>, bool, Option<bool>) {
    messages.reverse();
    (messages, more, newer)
}

/// The messages that the entries after `since` made or touched.
pub fn changes(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    since: Seq,
    limit: usize,
) -> Result<Changes, StoreError> {
    let snapshot = connection.unchecked_transaction()?;
    require_member(&snapshot, room, user)?;
    let head = head_of(&snapshot, room)?;
    let (mut touched, mut to) = (BTreeSet::new(), since.min(head));
    let mut any_happened = false;
    let mut query = snapshot.prepare_cached(
        "SELECT seq, kind, about FROM entries WHERE room_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = query.query(params![room, bound(since), limit * ENTRIES_PER_MESSAGE])?;
    while touched.len() < limit
        && let Some(row) = rows.next()?
    {
        to = row.get(0)?;
        let message = match row.get(1)? {
            Kind::Said => Some(to),
            Kind::Edited | Kind::Deleted | Kind::Reacted | Kind::TookBack => row.get(2)?,
            _ => {
                any_happened = true;
                None
            }
        };
        touched.extend(message);
    }
    let messages = touched
        .into_iter()
        .filter_map(|seq| message(&snapshot, room, seq).transpose())
        .collect::<Result<_, _>>()?;
    let happenings = if any_happened {
        happenings(&snapshot, room, since, to + 1)?
    } else {
        Vec::new()
    };
    Ok(Changes {
        messages,
        to,
        more: to < head,
        head,
        happenings,
    })
}

/// The first entries after a seq, or else the newest, oldest first.
pub fn log(
    connection: &Connection,
    room: RoomId,
    after: Option<Seq>,
    limit: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let entry = |row: &Row<'_>| entry_of(room, row);
    let mut entries: Vec<_> = match after {
        Some(after) => connection
            .prepare_cached(entries!("entries.seq > ?2 ORDER BY entries.seq LIMIT ?3"))?
            .query_map(params![room, after, limit], entry)?
            .collect::<Result<_, _>>()?,
        None => connection
            .prepare_cached(entries!(
                "entries.seq > 0 ORDER BY entries.seq DESC LIMIT ?2"
            ))?
            .query_map(params![room, limit], entry)?
            .collect::<Result<_, _>>()?,
    };
    if after.is_none() {
        entries.reverse();
    }
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Ok(entries);
    };
    let (first, last) = (first.seq, last.seq);
    let mut named = connection.prepare_cached(
        "SELECT seq, user_id FROM mentions WHERE room_id = ?1 AND seq BETWEEN ?2 AND ?3",
    )?;
    let mut named = named.query(params![room, first, last])?;
    while let Some(row) = named.next()? {
        let seq: Seq = row.get(0)?;
        if let Ok(at) = entries.binary_search_by_key(&seq, |entry| entry.seq) {
            entries[at].mentioned.push(row.get(1)?);
        }
    }
    Ok(entries)
}

fn entry_of(room: RoomId, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let seq: Seq = row.get(0)?;
    Ok(Entry {
        room,
        seq,
        said: seq - row.get::<_, Seq>(14)?,
        frame: frame_of(room, row)?,
        mentioned: Vec::new(),
        crossing: Crossing::of(row.get(8)?, row.get(12)?, row.get(13)?),
    })
}

fn head_of(connection: &Connection, room: RoomId) -> rusqlite::Result<Seq> {
    connection
        .prepare_cached(concat!("SELECT ", head!("?1")))?
        .query_row([room], |row| row.get(0))
}

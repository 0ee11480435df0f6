//! The changes, each inside a transaction that others share: check first, write last.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{reads::head, recall::Recall};
use crate::{
    domain::{Message, Posted, RoomId, RoomName, Seq, Username},
    server::store::{Event, NewMessage, Reading, StoreError, TokenHash, User, UserId, now},
};

/// The transaction at hand and what has happened in it.
pub struct Change<'t> {
    pub connection: &'t Connection,
    pub recall: &'t mut Recall,
    pub events: Vec<Event>,
    /// Whether messages were deleted, or are to be, so that the log has to forget them too.
    pub purged: bool,
}

impl<'t> Change<'t> {
    pub fn new(connection: &'t Connection, recall: &'t mut Recall) -> Self {
        Self {
            connection,
            recall,
            events: Vec::new(),
            purged: false,
        }
    }
}

/// Why a change was not made.
pub enum Stop {
    /// By the rules, before anything was written: the others in the transaction are not concerned.
    Refused(StoreError),
    /// By the storage: the whole transaction is lost.
    Failed(StoreError),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

type Changed<T> = Result<T, Stop>;

pub fn claim(change: &mut Change<'_>, name: &Username, token: TokenHash) -> Changed<User> {
    let folded = name.folded();
    let taken = exists(
        change,
        "SELECT 1 FROM users WHERE folded = ?1",
        params![folded.as_str()],
    )?;
    if taken {
        return Err(Stop::Refused(StoreError::UsernameTaken));
    }
    change
        .connection
        .prepare_cached("INSERT INTO users (name, folded, created_at) VALUES (?1, ?2, ?3)")?
        .execute(params![name.as_str(), folded.as_str(), now()])?;
    let id = change.connection.last_insert_rowid();
    change
        .connection
        .prepare_cached(
            "INSERT INTO sessions (token_hash, user_id, created_at) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![token.0, id, now()])?;
    Ok(User {
        id,
        name: name.as_str().to_owned(),
    })
}

pub fn give_up(change: &mut Change<'_>, user: UserId) -> Changed<()> {
    let held = exists(
        change,
        "SELECT 1 FROM sessions WHERE user_id = ?1",
        params![user],
    )?;
    if !held {
        return Err(Stop::Refused(StoreError::NotMe));
    }
    let rooms: Vec<RoomId> = change
        .connection
        .prepare_cached("SELECT room_id FROM members WHERE user_id = ?1")?
        .query_map([user], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for &room in &rooms {
        leave(change, room, user)?;
    }
    change
        .connection
        .execute("DELETE FROM sessions WHERE user_id = ?1", [user])?;
    change
        .connection
        .execute("UPDATE users SET folded = NULL WHERE id = ?1", [user])?;
    change.events.push(Event::GaveUp { user });
    Ok(())
}

pub fn create_room(
    change: &mut Change<'_>,
    owner: UserId,
    name: &RoomName,
    key_hash: &str,
) -> Changed<RoomId> {
    require_user(change, owner)?;
    let folded = name.folded();
    let taken = exists(
        change,
        "SELECT 1 FROM rooms WHERE folded = ?1",
        params![folded.as_str()],
    )?;
    if taken {
        return Err(Stop::Refused(StoreError::RoomTaken));
    }
    change.connection.execute(
        "INSERT INTO rooms (name, folded, owner_id, key_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![name.as_str(), folded.as_str(), owner, key_hash, now()],
    )?;
    let room = change.connection.last_insert_rowid();
    add_member(change, room, owner, 0)?;
    Ok(room)
}

pub fn join(change: &mut Change<'_>, room: RoomId, user: UserId) -> Changed<()> {
    require_user(change, user)?;
    let head: Option<Seq> = change
        .connection
        .prepare_cached(concat!(
            "SELECT ",
            head!("rooms.id"),
            " FROM rooms WHERE id = ?1"
        ))?
        .query_row([room], |row| row.get(0))
        .optional()?;
    let head = head.ok_or(Stop::Refused(StoreError::NoSuchRoom))?;
    if is_member(change, room, user)? {
        return Ok(());
    }
    // What was said before somebody came is history to them, not news.
    add_member(change, room, user, head)
}

pub fn leave(change: &mut Change<'_>, room: RoomId, user: UserId) -> Changed<()> {
    if !is_member(change, room, user)? {
        return Err(Stop::Refused(StoreError::NoSuchRoom));
    }
    let owned = owner(change, room)? == Some(user);
    let heir: Option<UserId> = change
        .connection
        .prepare_cached(
            "SELECT user_id FROM members WHERE room_id = ?1 AND user_id <> ?2
             ORDER BY joined_at, user_id LIMIT 1",
        )?
        .query_row([room, user], |row| row.get(0))
        .optional()?;
    match heir {
        None => return remove_room(change, room),
        Some(heir) if owned => {
            change
                .connection
                .execute("UPDATE rooms SET owner_id = ?2 WHERE id = ?1", [room, heir])?;
        }
        Some(_) => {}
    }
    change.connection.execute(
        "DELETE FROM members WHERE room_id = ?1 AND user_id = ?2",
        [room, user],
    )?;
    change.recall.forget(room);
    change.events.push(Event::Left {
        room,
        user,
        heir: heir.filter(|_| owned),
    });
    Ok(())
}

pub fn delete_room(change: &mut Change<'_>, room: RoomId, by: UserId) -> Changed<()> {
    if !is_member(change, room, by)? {
        return Err(Stop::Refused(StoreError::NoSuchRoom));
    }
    if owner(change, room)? != Some(by) {
        return Err(Stop::Refused(StoreError::NotOwner));
    }
    remove_room(change, room)
}

pub fn seen(
    change: &mut Change<'_>,
    room: RoomId,
    user: UserId,
    seq: Seq,
    by: Reading,
) -> Changed<()> {
    // Up to the next message of another: one's own are not news. A position past the head would hide messages
    // that are yet to come.
    let moved: Option<Seq> = change
        .connection
        .prepare_cached(concat!(
            "UPDATE members SET seen = coalesce(
                 (SELECT seq - 1 FROM messages
                  WHERE room_id = ?1 AND seq > ?3 AND author_id <> ?2 ORDER BY seq LIMIT 1),
                 ",
            head!("?1"),
            ")
             WHERE room_id = ?1 AND user_id = ?2 AND seen < ?3
             RETURNING seen"
        ))?
        .query_row(
            params![room, user, i64::try_from(seq).unwrap_or(i64::MAX)],
            |row| row.get(0),
        )
        .optional()?;
    match moved {
        Some(seq) => change.events.push(Event::Seen {
            room,
            user,
            seq,
            read: seq,
            by,
        }),
        None if is_member(change, room, user)? => {}
        None => return Err(Stop::Refused(StoreError::NoSuchRoom)),
    }
    Ok(())
}

pub fn post(change: &mut Change<'_>, message: NewMessage) -> Changed<Posted> {
    let NewMessage {
        room,
        author,
        id,
        body,
    } = message;
    let connection = change.connection;
    let author_of = change.recall.author(connection, room, author)?;
    let (head, by) = author_of.ok_or(Stop::Refused(StoreError::NoSuchRoom))?;
    let (seq, at, by) = (head + 1, now(), by.to_owned());
    let inserted = connection
        .prepare_cached(
            "INSERT INTO messages (room_id, seq, author_id, id, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id, author_id, room_id) DO NOTHING",
        )?
        .execute(params![room, seq, author, id.as_bytes(), at, body.as_str()])?;
    if inserted == 0 {
        return repeated(change, room, author, id);
    }
    change.recall.posted(room, author, seq);
    change.events.push(Event::Posted {
        message: Message::new(room, seq, id, by, at, body.into_string()),
        said: seq,
    });
    Ok(Posted { id, seq, at })
}

/// What became of the message when it was posted first.
fn repeated(change: &Change<'_>, room: RoomId, author: UserId, id: Uuid) -> Changed<Posted> {
    let mut query = change.connection.prepare_cached(
        "SELECT seq, at FROM messages WHERE room_id = ?1 AND author_id = ?2 AND id = ?3",
    )?;
    Ok(
        query.query_row(params![room, author, id.as_bytes()], |row| {
            Ok(Posted {
                id,
                seq: row.get(0)?,
                at: row.get(1)?,
            })
        })?,
    )
}

/// Deletes at most so many messages of rooms that are gone; answers whether there are more.
pub fn purge_step(change: &mut Change<'_>, messages: usize) -> Changed<bool> {
    let room: Option<RoomId> = change
        .connection
        .prepare_cached("SELECT room_id FROM purges LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(room) = room else { return Ok(false) };
    let deleted = change
        .connection
        .prepare_cached(
            "DELETE FROM messages WHERE room_id = ?1 AND seq IN
             (SELECT seq FROM messages WHERE room_id = ?1 ORDER BY seq LIMIT ?2)",
        )?
        .execute(params![room, messages])?;
    if deleted < messages {
        change
            .connection
            .execute("DELETE FROM purges WHERE room_id = ?1", [room])?;
    }
    change.purged = true;
    Ok(true)
}

/// Takes a room away. Its messages go later, in steps: a long room's would hold up everybody else's.
fn remove_room(change: &mut Change<'_>, room: RoomId) -> Changed<()> {
    let members = change
        .connection
        .prepare_cached("SELECT user_id FROM members WHERE room_id = ?1")?
        .query_map([room], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    change
        .connection
        .execute("DELETE FROM rooms WHERE id = ?1", [room])?;
    change
        .connection
        .execute("INSERT INTO purges (room_id) VALUES (?1)", [room])?;
    change.recall.forget(room);
    change.events.push(Event::Deleted { room, members });
    change.purged = true;
    Ok(())
}

fn add_member(change: &mut Change<'_>, room: RoomId, user: UserId, seen: Seq) -> Changed<()> {
    change
        .connection
        .prepare_cached(
            "INSERT INTO members (room_id, user_id, joined_at, seen) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![room, user, now(), seen])?;
    change.events.push(Event::Joined { room, user });
    Ok(())
}

/// The request proved who asks before it came here; the name may have been given up since.
fn require_user(change: &mut Change<'_>, user: UserId) -> Changed<()> {
    match exists(
        change,
        "SELECT 1 FROM sessions WHERE user_id = ?1",
        params![user],
    )? {
        true => Ok(()),
        false => Err(Stop::Refused(StoreError::NotMe)),
    }
}

fn is_member(change: &Change<'_>, room: RoomId, user: UserId) -> Changed<bool> {
    exists(
        change,
        "SELECT 1 FROM members WHERE room_id = ?1 AND user_id = ?2",
        params![room, user],
    )
}

fn owner(change: &Change<'_>, room: RoomId) -> Changed<Option<UserId>> {
    let mut query = change
        .connection
        .prepare_cached("SELECT owner_id FROM rooms WHERE id = ?1")?;
    Ok(query.query_row([room], |row| row.get(0)).optional()?)
}

fn exists(change: &Change<'_>, sql: &str, with: impl rusqlite::Params) -> Changed<bool> {
    Ok(change.connection.prepare_cached(sql)?.exists(with)?)
}

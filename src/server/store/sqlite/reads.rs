//! The questions, each answered from one snapshot.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::{
    domain::{Folded, History, Message, Role, Room, RoomId, RoomSummary, Seq},
    server::store::{
        Lock, Membership, Standing, StoreError, Stretch, Surroundings, TokenHash, User, UserId,
    },
};

/// Reads a page of the file.
pub fn any(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM rooms LIMIT 1")?
        .exists([])
}

pub fn user(connection: &Connection, token: TokenHash) -> rusqlite::Result<Option<User>> {
    connection
        .prepare_cached(
            "SELECT users.id, users.name FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE sessions.token_hash = ?1",
        )?
        .query_row([token.0], |row| {
            Ok(User {
                id: row.get(0)?,
                name: row.get(1)?,
            })
        })
        .optional()
}

pub fn membership(
    connection: &Connection,
    token: TokenHash,
) -> rusqlite::Result<Option<Membership>> {
    let Some(user) = user(connection, token)? else {
        return Ok(None);
    };
    let rooms = connection
        .prepare_cached(concat!(
            "SELECT room_id, ",
            head!("members.room_id"),
            " FROM members WHERE user_id = ?1"
        ))?
        .query_map([user.id], |row| {
            let head = row.get(1)?;
            Ok(Standing {
                room: row.get(0)?,
                head,
                said: head,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Some(Membership { user, rooms }))
}

pub fn lock(connection: &Connection, name: &Folded) -> rusqlite::Result<Option<Lock>> {
    connection
        .prepare_cached("SELECT id, key_hash FROM rooms WHERE folded = ?1")?
        .query_row([name.as_str()], |row| {
            Ok(Lock {
                room: row.get(0)?,
                key_hash: row.get(1)?,
            })
        })
        .optional()
}

/// A room's head, as an expression: the seq of its newest message, 0 where there is none.
macro_rules! head {
    ($room:literal) => {
        concat!(
            "coalesce((SELECT max(seq) FROM messages WHERE room_id = ",
            $room,
            "), 0)"
        )
    };
}
pub(super) use head;

fn head_of(connection: &Connection, room: RoomId) -> rusqlite::Result<Seq> {
    connection
        .prepare_cached(concat!("SELECT ", head!("?1")))?
        .query_row([room], |row| row.get(0))
}

/// Columns of [`room_of`], from rooms joined with *me*'s membership and the owner.
macro_rules! room_columns {
    () => {
        concat!(
            "SELECT rooms.id, rooms.name, owners.name, rooms.owner_id = members.user_id, ",
            head!("rooms.id"),
            ", members.seen
             FROM members
             JOIN rooms ON rooms.id = members.room_id
             JOIN users AS owners ON owners.id = rooms.owner_id "
        )
    };
}

fn room_of(row: &Row<'_>) -> rusqlite::Result<Room> {
    let owned = row.get(3)?;
    let (head, seen) = (row.get(4)?, row.get(5)?);
    Ok(Room {
        id: row.get(0)?,
        name: row.get(1)?,
        topic: String::new(),
        owner: row.get(2)?,
        owned,
        role: if owned { Role::Owner } else { Role::Member },
        head,
        seen,
        said: head,
        read: seen,
        mentions: 0,
        online: 0,
    })
}

pub fn room(connection: &Connection, room: RoomId, user: UserId) -> Result<Room, StoreError> {
    connection
        .prepare_cached(concat!(
            room_columns!(),
            "WHERE members.room_id = ?1 AND members.user_id = ?2"
        ))?
        .query_row([room, user], room_of)
        .optional()?
        .ok_or(StoreError::NoSuchRoom)
}

pub fn surroundings(
    connection: &Connection,
    name: &Folded,
    user: UserId,
) -> Result<Surroundings, StoreError> {
    let snapshot = connection.unchecked_transaction()?;
    let room = room_by_name(&snapshot, name, user)?;
    Ok(Surroundings {
        members: members(&snapshot, room.id, user)?,
        rooms: rooms(&snapshot, user)?,
        room,
    })
}

fn room_by_name(connection: &Connection, name: &Folded, user: UserId) -> Result<Room, StoreError> {
    connection
        .prepare_cached(concat!(
            room_columns!(),
            "WHERE rooms.folded = ?1 AND members.user_id = ?2"
        ))?
        .query_row(params![name.as_str(), user], room_of)
        .optional()?
        .ok_or(StoreError::NoSuchRoom)
}

pub fn rooms(connection: &Connection, user: UserId) -> rusqlite::Result<Vec<RoomSummary>> {
    let mut newest = connection.prepare_cached(MESSAGE_AT)?;
    let mut rooms: Vec<(i64, RoomSummary)> = connection
        .prepare_cached(concat!(room_columns!(), "WHERE members.user_id = ?1"))?
        .query_map([user], room_of)?
        .map(|room| {
            let room = room?;
            let last = newest
                .query_row(params![room.id, room.head], |row| message_of(room.id, row))
                .optional()?;
            let active = match &last {
                Some(message) => message.at,
                None => connection
                    .prepare_cached("SELECT created_at FROM rooms WHERE id = ?1")?
                    .query_row([room.id], |row| row.get(0))?,
            };
            Ok((active, RoomSummary { room, last }))
        })
        .collect::<rusqlite::Result<_>>()?;
    rooms.sort_by_key(|(active, summary)| std::cmp::Reverse((*active, summary.room.id)));
    Ok(rooms.into_iter().map(|(_, summary)| summary).collect())
}

pub fn members(
    connection: &Connection,
    room: RoomId,
    user: UserId,
) -> Result<Vec<(User, bool)>, StoreError> {
    require_member(connection, room, user)?;
    let members = connection
        .prepare_cached(
            "SELECT users.id, users.name, users.id = rooms.owner_id FROM members
             JOIN users ON users.id = members.user_id
             JOIN rooms ON rooms.id = members.room_id
             WHERE members.room_id = ?1 ORDER BY users.folded",
        )?
        .query_map([room], |row| {
            Ok((
                User {
                    id: row.get(0)?,
                    name: row.get(1)?,
                },
                row.get(2)?,
            ))
        })?
        .collect::<Result<_, _>>()?;
    Ok(members)
}

/// Columns of [`message_of`].
macro_rules! message_columns {
    () => {
        "SELECT messages.seq, messages.id, users.name, messages.at, messages.body
         FROM messages JOIN users ON users.id = messages.author_id "
    };
}

const MESSAGE_AT: &str = concat!(
    message_columns!(),
    "WHERE messages.room_id = ?1 AND messages.seq = ?2"
);

fn message_of(room: RoomId, row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message::new(
        room,
        row.get(0)?,
        Uuid::from_bytes(row.get(1)?),
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    ))
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
    Ok(stretch(&snapshot, room, from, limit)?)
}

fn stretch(
    connection: &Connection,
    room: RoomId,
    from: Stretch,
    limit: usize,
) -> rusqlite::Result<History> {
    let (sql, from, newest_first) = match from {
        Stretch::Newest => (BEFORE, i64::MAX, true),
        Stretch::Before(seq) => (BEFORE, i64::try_from(seq).unwrap_or(i64::MAX), true),
        Stretch::After(seq) => (AFTER, i64::try_from(seq).unwrap_or(i64::MAX), false),
    };
    // One more than asked for tells whether there are more.
    let mut messages: Vec<Message> = connection
        .prepare_cached(sql)?
        .query_map(params![room, from, limit + 1], |row| message_of(room, row))?
        .collect::<Result<_, _>>()?;
    let more = messages.len() > limit;
    messages.truncate(limit);
    if newest_first {
        messages.reverse();
    }
    Ok(History {
        messages,
        more,
        newer: None,
        head: head_of(connection, room)?,
    })
}

const BEFORE: &str = concat!(
    message_columns!(),
    "WHERE messages.room_id = ?1 AND messages.seq < ?2 ORDER BY messages.seq DESC LIMIT ?3"
);
const AFTER: &str = concat!(
    message_columns!(),
    "WHERE messages.room_id = ?1 AND messages.seq > ?2 ORDER BY messages.seq LIMIT ?3"
);

pub fn tail(connection: &Connection, room: RoomId, limit: usize) -> rusqlite::Result<Vec<Message>> {
    Ok(stretch(connection, room, Stretch::Newest, limit)?.messages)
}

fn require_member(connection: &Connection, room: RoomId, user: UserId) -> Result<(), StoreError> {
    let member = connection
        .prepare_cached("SELECT 1 FROM members WHERE room_id = ?1 AND user_id = ?2")?
        .exists([room, user])?;
    if member {
        Ok(())
    } else {
        Err(StoreError::NoSuchRoom)
    }
}

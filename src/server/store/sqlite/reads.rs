//! The questions, each answered from one snapshot.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    basics::{head, require_member, role, said},
    entries,
};
use crate::{
    domain::{Folded, Role, Room, RoomId, RoomSummary},
    server::store::{
        Lock, Membership, Session, Standing, StoreError, Surroundings, TokenHash, User, UserId,
        sessions::Stored,
    },
};

/// Reads a page of the file.
pub fn any(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM rooms LIMIT 1")?
        .exists([])
}

/// A session and when it was used, by its token.
pub fn stored(connection: &Connection, token: TokenHash) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(
            "SELECT sessions.id, users.id, users.name, sessions.used_at, users.used_at
             FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE sessions.token_hash = ?1",
        )?
        .query_row([token.0], |row| {
            let user = User {
                id: row.get(1)?,
                name: row.get(2)?,
            };
            Ok(Stored {
                session: Session {
                    id: row.get(0)?,
                    user,
                },
                used_at: row.get(3)?,
                name_used_at: row.get(4)?,
            })
        })
        .optional()
}

pub fn membership(
    connection: &Connection,
    token: TokenHash,
) -> rusqlite::Result<Option<Membership>> {
    let Some(Stored { session, .. }) = stored(connection, token)? else {
        return Ok(None);
    };
    let rooms = connection
        .prepare_cached(concat!(
            "SELECT room_id, ",
            head!("members.room_id"),
            ", ",
            said!("members.room_id"),
            " FROM members WHERE user_id = ?1"
        ))?
        .query_map([session.user.id], |row| {
            Ok(Standing {
                room: row.get(0)?,
                head: row.get(1)?,
                said: row.get(2)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Some(Membership { session, rooms }))
}

/// The room that the name `?1` leads to, as an expression: who has it, or else had it last.
macro_rules! named {
    () => {
        "coalesce((SELECT id FROM rooms WHERE folded = ?1),
                  (SELECT room_id FROM former_names WHERE folded = ?1))"
    };
}

pub fn lock(connection: &Connection, name: &Folded) -> rusqlite::Result<Option<Lock>> {
    connection
        .prepare_cached(concat!(
            "SELECT id, key_hash FROM rooms WHERE id = ",
            named!()
        ))?
        .query_row([name.as_str()], |row| {
            Ok(Lock {
                room: row.get(0)?,
                key_hash: row.get(1)?,
            })
        })
        .optional()
}

/// Columns of [`room_of`], from rooms joined with *me*'s membership and the owner. What a room keeps no longer is not
/// unread.
macro_rules! room_columns {
    () => {
        concat!(
            "SELECT rooms.id, rooms.name, owners.name, ",
            role!(),
            ", ",
            head!("rooms.id"),
            ", max(members.seen, rooms.erased_to), ",
            said!("rooms.id"),
            ", coalesce((SELECT seq - silent FROM entries
                         WHERE room_id = members.room_id
                         AND seq = max(members.seen, rooms.erased_to)), 0),
               (SELECT count(*) FROM mentions
                WHERE mentions.user_id = members.user_id AND mentions.room_id = members.room_id
                AND mentions.seq > max(members.seen, rooms.erased_to)),
               rooms.topic, rooms.posting, rooms.keep_days
             FROM members
             JOIN rooms ON rooms.id = members.room_id
             JOIN users AS owners ON owners.id = rooms.owner_id "
        )
    };
}

fn room_of(row: &Row<'_>) -> rusqlite::Result<Room> {
    let role = row.get(3)?;
    Ok(Room {
        id: row.get(0)?,
        name: row.get(1)?,
        topic: row.get(9)?,
        owner: row.get(2)?,
        owned: role == Role::Owner,
        role,
        posting: row.get(10)?,
        keep: row.get(11)?,
        head: row.get(4)?,
        seen: row.get(5)?,
        said: row.get(6)?,
        read: row.get(7)?,
        mentions: row.get(8)?,
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

pub fn room_by_name(
    connection: &Connection,
    name: &Folded,
    user: UserId,
) -> Result<Room, StoreError> {
    connection
        .prepare_cached(concat!(
            room_columns!(),
            "WHERE rooms.id = ",
            named!(),
            " AND members.user_id = ?2"
        ))?
        .query_row(params![name.as_str(), user], room_of)
        .optional()?
        .ok_or(StoreError::NoSuchRoom)
}

pub fn rooms(connection: &Connection, user: UserId) -> rusqlite::Result<Vec<RoomSummary>> {
    let mut rooms: Vec<(i64, RoomSummary)> = connection
        .prepare_cached(concat!(room_columns!(), "WHERE members.user_id = ?1"))?
        .query_map([user], room_of)?
        .map(|room| {
            let room = room?;
            let last = entries::newest(connection, room.id)?;
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
) -> Result<Vec<(User, Role)>, StoreError> {
    require_member(connection, room, user)?;
    let members = connection
        .prepare_cached(concat!(
            "SELECT users.id, users.name, ",
            role!(),
            " FROM members
             JOIN users ON users.id = members.user_id
             JOIN rooms ON rooms.id = members.room_id
             WHERE members.room_id = ?1 ORDER BY users.folded"
        ))?
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

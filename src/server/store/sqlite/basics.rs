//! What the questions are made of: where a room's log ends, and whether somebody may read it.

use rusqlite::{
    Connection, OptionalExtension, Params, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

use crate::{
    domain::{Posting, Role, RoomId},
    server::store::{StoreError, UserId},
};

/// A room's head, as an expression: the seq of its newest entry, 0 where there is none.
macro_rules! head {
    ($room:literal) => {
        concat!(
            "coalesce((SELECT max(seq) FROM entries WHERE room_id = ",
            $room,
            "), 0)"
        )
    };
}
pub(super) use head;

/// Messages of a room up to its head, as an expression.
macro_rules! said {
    ($room:literal) => {
        concat!(
            "coalesce((SELECT seq - silent FROM entries WHERE room_id = ",
            $room,
            " ORDER BY seq DESC LIMIT 1), 0)"
        )
    };
}
pub(super) use said;

/// What a member is, as an expression over `rooms` joined with `members`: a [`Role`] by its number.
macro_rules! role {
    () => {
        "CASE WHEN rooms.owner_id = members.user_id THEN 2 ELSE members.role END"
    };
}
pub(super) use role;

/// What somebody is in a room; `None` where they are no member.
pub(super) fn role_of(
    connection: &Connection,
    room: RoomId,
    user: UserId,
) -> rusqlite::Result<Option<Role>> {
    connection
        .prepare_cached(concat!(
            "SELECT ",
            role!(),
            " FROM members JOIN rooms ON rooms.id = members.room_id
             WHERE members.room_id = ?1 AND members.user_id = ?2"
        ))?
        .query_row([room, user], |row| row.get(0))
        .optional()
}

impl ToSql for Role {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for Role {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Member),
            1 => Ok(Self::Moderator),
            2 => Ok(Self::Owner),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}

impl ToSql for Posting {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

impl FromSql for Posting {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self::Everyone),
            1 => Ok(Self::Moderators),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}

pub(super) fn exists(
    connection: &Connection,
    sql: &str,
    with: impl Params,
) -> rusqlite::Result<bool> {
    connection.prepare_cached(sql)?.exists(with)
}

/// # Errors
/// [`StoreError::NoSuchRoom`] where the user is no member of the room.
pub(super) fn require_member(
    connection: &Connection,
    room: RoomId,
    user: UserId,
) -> Result<(), StoreError> {
    let member = "SELECT 1 FROM members WHERE room_id = ?1 AND user_id = ?2";
    if exists(connection, member, [room, user])? {
        Ok(())
    } else {
        Err(StoreError::NoSuchRoom)
    }
}

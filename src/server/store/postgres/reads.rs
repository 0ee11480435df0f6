//! The questions about rooms and who is in them. Those that ask several times do it in one snapshot, which `client` has.

use deadpool_postgres::GenericClient;
use tokio_postgres::{Error, Row};

use super::{
    basics::{
        named, number, posting_of, require_member, role, role_of, row, rows, said_at,
        user as user_at,
    },
    entries,
};
use crate::{
    domain::{Folded, Millis, Role, Room, RoomId, RoomSummary},
    server::store::{
        Lock, Membership, Session, Standing, StoreError, Surroundings, TokenHash, User, UserId,
        sessions::Stored,
    },
};

/// A session and when it was used, by its token.
pub async fn stored(
    client: &impl GenericClient,
    token: TokenHash,
) -> Result<Option<Stored>, Error> {
    let token: &[u8] = &token.0;
    let found = row(
        client,
        "SELECT sessions.id, users.id, users.name, sessions.used_at, users.used_at
         FROM sessions JOIN users ON users.id = sessions.user_id
         WHERE sessions.token_hash = $1",
        &[&token],
    )
    .await?;
    Ok(found.map(|row| Stored {
        session: Session {
            id: row.get(0),
            user: user_at(&row, 1),
        },
        used_at: row.get(3),
        name_used_at: row.get(4),
    }))
}

pub async fn membership(
    client: &impl GenericClient,
    token: TokenHash,
) -> Result<Option<Membership>, Error> {
    let Some(Stored { session, .. }) = stored(client, token).await? else {
        return Ok(None);
    };
    let found = rows(
        client,
        "SELECT rooms.id, rooms.head, rooms.said FROM members
         JOIN rooms ON rooms.id = members.room_id WHERE members.user_id = $1",
        &[&session.user.id],
    )
    .await?;
    let standing = |row: &Row| Standing {
        room: row.get(0),
        head: number(row, 1),
        said: number(row, 2),
    };
    let rooms = found.iter().map(standing).collect();
    Ok(Some(Membership { session, rooms }))
}

pub async fn lock(client: &impl GenericClient, name: &Folded) -> Result<Option<Lock>, Error> {
    let found = row(
        client,
        concat!("SELECT id, key_hash FROM rooms WHERE id = ", named!()),
        &[&name.as_str()],
    )
    .await?;
    Ok(found.map(|row| Lock {
        room: row.get(0),
        key_hash: row.get(1),
    }))
}

/// Columns of [`room_of`], from rooms joined with *me*'s membership and the owner. What a room keeps no longer is not
/// unread.
macro_rules! room_columns {
    () => {
        concat!(
            "SELECT rooms.id, rooms.name, owners.name, ",
            role!(),
            ", rooms.head, greatest(members.seen, rooms.erased_to), rooms.said, ",
            said_at!("members.room_id", "greatest(members.seen, rooms.erased_to)"),
            ", (SELECT count(*) FROM mentions
                WHERE mentions.user_id = members.user_id AND mentions.room_id = members.room_id
                AND mentions.seq > greatest(members.seen, rooms.erased_to)),
               rooms.topic, rooms.posting, rooms.keep_days, rooms.created_at
             FROM members
             JOIN rooms ON rooms.id = members.room_id
             JOIN users AS owners ON owners.id = rooms.owner_id "
        )
    };
}

fn room_of(row: &Row) -> Room {
    let role = role_of(row, 3);
    let keep: Option<i32> = row.get(11);
    Room {
        id: row.get(0),
        name: row.get(1),
        topic: row.get(9),
        owner: row.get(2),
        owned: role == Role::Owner,
        role,
        posting: posting_of(row, 10),
        keep: keep.and_then(|days| u32::try_from(days).ok()),
        head: number(row, 4),
        seen: number(row, 5),
        said: number(row, 6),
        read: number(row, 7),
        mentions: number(row, 8),
        online: 0,
    }
}

pub async fn room(
    client: &impl GenericClient,
    room: RoomId,
    user: UserId,
) -> Result<Room, StoreError> {
    let found = row(
        client,
        concat!(
            room_columns!(),
            "WHERE members.room_id = $1 AND members.user_id = $2"
        ),
        &[&room, &user],
    )
    .await?;
    let found = found.ok_or(StoreError::NoSuchRoom)?;
    Ok(room_of(&found))
}

pub async fn room_by_name(
    client: &impl GenericClient,
    name: &Folded,
    user: UserId,
) -> Result<Room, StoreError> {
    let found = row(
        client,
        concat!(
            room_columns!(),
            "WHERE rooms.id = ",
            named!(),
            " AND members.user_id = $2"
        ),
        &[&name.as_str(), &user],
    )
    .await?;
    let found = found.ok_or(StoreError::NoSuchRoom)?;
    Ok(room_of(&found))
}

pub async fn surroundings(
    client: &impl GenericClient,
    name: &Folded,
    user: UserId,
) -> Result<Surroundings, StoreError> {
    let room = room_by_name(client, name, user).await?;
    Ok(Surroundings {
        members: members(client, room.id, user).await?,
        rooms: rooms_of(client, user).await?,
        room,
    })
}

pub async fn rooms_of(
    client: &impl GenericClient,
    user: UserId,
) -> Result<Vec<RoomSummary>, Error> {
    let found = rows(
        client,
        concat!(room_columns!(), "WHERE members.user_id = $1"),
        &[&user],
    )
    .await?;
    let ids: Vec<RoomId> = found.iter().map(|row| row.get(0)).collect();
    let mut newest = entries::newest(client, &ids).await?;
    let summary = |row: &Row| {
        let room = room_of(row);
        let last = newest.remove(&room.id);
        let active: Millis = last.as_ref().map_or(row.get(12), |message| message.at);
        (active, RoomSummary { room, last })
    };
    let mut rooms: Vec<(Millis, RoomSummary)> = found.iter().map(summary).collect();
    rooms.sort_by_key(|(active, summary)| std::cmp::Reverse((*active, summary.room.id)));
    Ok(rooms.into_iter().map(|(_, summary)| summary).collect())
}

pub async fn members(
    client: &impl GenericClient,
    room: RoomId,
    user: UserId,
) -> Result<Vec<(User, Role)>, StoreError> {
    require_member(client, room, user).await?;
    let found = rows(
        client,
        concat!(
            "SELECT users.id, users.name, ",
            role!(),
            " FROM members
             JOIN users ON users.id = members.user_id
             JOIN rooms ON rooms.id = members.room_id
             WHERE members.room_id = $1 ORDER BY users.folded"
        ),
        &[&room],
    )
    .await?;
    Ok(found
        .iter()
        .map(|row| (user_at(row, 0), role_of(row, 2)))
        .collect())
}

/// What somebody is in a room; `None` where they are no member.
pub async fn role_in(
    client: &impl GenericClient,
    room: RoomId,
    user: UserId,
) -> Result<Option<Role>, Error> {
    let found = row(
        client,
        concat!(
            "SELECT ",
            role!(),
            " FROM members JOIN rooms ON rooms.id = members.room_id
             WHERE members.room_id = $1 AND members.user_id = $2"
        ),
        &[&room, &user],
    )
    .await?;
    Ok(found.map(|row| role_of(&row, 0)))
}

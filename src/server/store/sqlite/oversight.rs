//! What the keeper sees and does, in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Sqlite,
    basics::{exists, said},
    change::{Change, Changed},
    people, writes,
};
use crate::{
    domain::RoomId,
    server::store::{
        NameFigures, Oversight, RoomFigures, SessionId, StoreError, Totals, UserId, Wanted,
        oversight::PAGE,
    },
};

#[async_trait]
impl Oversight for Sqlite {
    async fn totals(&self) -> Result<Totals, StoreError> {
        self.readers
            .read(|connection| Ok(totals(connection)?))
            .await
    }

    async fn room_figures(&self, wanted: Wanted) -> Result<Vec<RoomFigures>, StoreError> {
        self.readers
            .read(move |connection| Ok(rooms(connection, &wanted)?))
            .await
    }

    async fn name_figures(&self, wanted: Wanted) -> Result<Vec<NameFigures>, StoreError> {
        self.readers
            .read(move |connection| Ok(names(connection, &wanted)?))
            .await
    }

    async fn figures_of(&self, user: UserId) -> Result<Option<NameFigures>, StoreError> {
        self.readers
            .read(move |connection| Ok(name(connection, user)?))
            .await
    }

    async fn cut_session(&self, user: UserId, session: SessionId) -> Result<(), StoreError> {
        self.write(move |change| {
            people::end(change, user, session)?;
            people::end_passes(change, user)
        })
        .await
    }

    async fn free_name(&self, user: UserId) -> Result<(), StoreError> {
        self.write(move |change| free(change, user)).await
    }

    async fn take_room(&self, room: RoomId) -> Result<(), StoreError> {
        self.write(move |change| take(change, room)).await
    }
}

fn free(change: &mut Change<'_>, user: UserId) -> Changed<()> {
    let held = "SELECT 1 FROM users WHERE id = ?1 AND folded IS NOT NULL";
    match exists(change.connection, held, [user])? {
        true => people::free(change, user),
        false => Ok(()),
    }
}

fn take(change: &mut Change<'_>, room: RoomId) -> Changed<()> {
    match exists(
        change.connection,
        "SELECT 1 FROM rooms WHERE id = ?1",
        [room],
    )? {
        true => writes::remove_room(change, room),
        false => Ok(()),
    }
}

fn totals(connection: &Connection) -> rusqlite::Result<Totals> {
    connection.query_row(
        "SELECT (SELECT count(*) FROM users WHERE folded IS NOT NULL), (SELECT count(*) FROM sessions),
                (SELECT count(*) FROM rooms)",
        [],
        |row| {
            Ok(Totals {
                names: row.get(0)?,
                sessions: row.get(1)?,
                rooms: row.get(2)?,
            })
        },
    )
}

fn rooms(connection: &Connection, wanted: &Wanted) -> rusqlite::Result<Vec<RoomFigures>> {
    connection
        .prepare_cached(concat!(
            "SELECT id, name, (SELECT name FROM users WHERE users.id = owner_id),
                    (SELECT count(*) FROM members WHERE room_id = rooms.id), ",
            said!("rooms.id"),
            ", (SELECT coalesce(CAST(avg(length(CAST(body AS BLOB))) AS INTEGER), 0) FROM
                    (SELECT body FROM entries WHERE room_id = rooms.id AND kind = 0 ORDER BY seq DESC LIMIT 100)),
                (SELECT at FROM entries WHERE room_id = rooms.id ORDER BY seq DESC LIMIT 1)
             FROM rooms WHERE id < ?1 AND folded >= ?2 AND folded < ?3 ORDER BY id DESC LIMIT ?4"
        ))?
        .query_map(
            params![wanted.below(), wanted.begins, wanted.end(), PAGE + 1],
            |row| {
                Ok(RoomFigures {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    owner: row.get(2)?,
                    members: row.get(3)?,
                    said: row.get(4)?,
                    bytes_each: row.get(5)?,
                    last: row.get(6)?,
                })
            },
        )?
        .collect()
}

macro_rules! names {
    ($which:literal) => {
        concat!(
            "SELECT id, name, created_at, used_at, (SELECT count(*) FROM sessions WHERE user_id = users.id),
                    (SELECT count(*) FROM members WHERE user_id = users.id)
             FROM users WHERE folded IS NOT NULL AND ",
            $which
        )
    };
}

fn names(connection: &Connection, wanted: &Wanted) -> rusqlite::Result<Vec<NameFigures>> {
    connection
        .prepare_cached(names!(
            "id < ?1 AND folded >= ?2 AND folded < ?3 ORDER BY id DESC LIMIT ?4"
        ))?
        .query_map(
            params![wanted.below(), wanted.begins, wanted.end(), PAGE + 1],
            name_of,
        )?
        .collect()
}

fn name(connection: &Connection, user: UserId) -> rusqlite::Result<Option<NameFigures>> {
    connection
        .prepare_cached(names!("id = ?1"))?
        .query_row([user], name_of)
        .optional()
}

fn name_of(row: &Row<'_>) -> rusqlite::Result<NameFigures> {
    Ok(NameFigures {
        id: row.get(0)?,
        name: row.get(1)?,
        since: row.get(2)?,
        used: row.get(3)?,
        sessions: row.get(4)?,
        rooms: row.get(5)?,
    })
}

//! What the keeper sees and does, in PostgreSQL.

use async_trait::async_trait;
use deadpool_postgres::GenericClient;
use tokio_postgres::{Error, Row};

use super::{
    Postgres,
    basics::{exists, limit, number, row, rows},
    change::Change,
    needs::Needs,
    people, writes,
};
use crate::{
    domain::RoomId,
    server::store::{
        NameFigures, Oversight, RoomFigures, SessionId, StoreError, Totals, UserId, Wanted,
        oversight::PAGE, stop::Changed,
    },
};

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
#[async_trait]
impl Oversight for Postgres {
    async fn totals(&self) -> Result<Totals, StoreError> {
        Ok(totals(&self.reader().await?).await?)
    }

    async fn room_figures(&self, wanted: Wanted) -> Result<Vec<RoomFigures>, StoreError> {
        Ok(rooms_of(&self.reader().await?, &wanted).await?)
    }

    async fn name_figures(&self, wanted: Wanted) -> Result<Vec<NameFigures>, StoreError> {
        Ok(names_of(&self.reader().await?, &wanted).await?)
    }

    async fn figures_of(&self, user: UserId) -> Result<Option<NameFigures>, StoreError> {
        let found = row(&self.reader().await?, names!("id = $1"), &[&user]).await?;
        Ok(found.as_ref().map(name_of))
    }

    async fn cut_session(&self, user: UserId, session: SessionId) -> Result<(), StoreError> {
        self.write(Needs::user(user), async move |change: &mut Change| {
            people::end(change, user, session).await?;
            people::end_passes(change, user).await
        })
        .await
    }

    async fn free_name(&self, user: UserId) -> Result<(), StoreError> {
        self.write(Needs::leaver(user), async move |change: &mut Change| {
            free(change, user).await
        })
        .await
    }

    async fn take_room(&self, room: RoomId) -> Result<(), StoreError> {
        self.write(Needs::room(room), async move |change: &mut Change| {
            take(change, room).await
        })
        .await
    }
}

async fn free(change: &mut Change, user: UserId) -> Changed<()> {
    let held = "SELECT 1 FROM users WHERE id = $1 AND folded IS NOT NULL";
    match exists(&change.client, held, &[&user]).await? {
        true => people::free(change, user).await,
        false => Ok(()),
    }
}

async fn take(change: &mut Change, room: RoomId) -> Changed<()> {
    let there = "SELECT 1 FROM rooms WHERE id = $1";
    match exists(&change.client, there, &[&room]).await? {
        true => writes::remove_room(change, room).await,
        false => Ok(()),
    }
}

async fn totals(client: &impl GenericClient) -> Result<Totals, Error> {
    let sql = "SELECT (SELECT count(*) FROM users WHERE folded IS NOT NULL), (SELECT count(*) FROM sessions),
                      (SELECT count(*) FROM rooms)";
    let found = row(client, sql, &[]).await?;
    let count = |column| found.as_ref().map_or(0, |row| number(row, column));
    Ok(Totals {
        names: count(0),
        sessions: count(1),
        rooms: count(2),
    })
}

async fn rooms_of(client: &impl GenericClient, wanted: &Wanted) -> Result<Vec<RoomFigures>, Error> {
    let found = rows(
        client,
        "SELECT id, name, (SELECT name FROM users WHERE users.id = owner_id),
                (SELECT count(*) FROM members WHERE room_id = rooms.id), said,
                (SELECT coalesce(avg(octet_length(body)), 0)::bigint FROM
                    (SELECT body FROM entries WHERE room_id = rooms.id AND kind = 0 ORDER BY seq DESC LIMIT 100) AS newest),
                CASE WHEN head > 0 THEN head_at END
         FROM rooms WHERE id < $1 AND folded >= $2 COLLATE \"C\" AND folded < $3 COLLATE \"C\"
         ORDER BY id DESC LIMIT $4",
        &[&wanted.below(), &wanted.begins, &wanted.end(), &limit(PAGE + 1)],
    )
    .await?;
    let figures = found.iter().map(|row| RoomFigures {
        id: row.get(0),
        name: row.get(1),
        owner: row.get(2),
        members: number(row, 3),
        said: number(row, 4),
        bytes_each: number(row, 5),
        last: row.get(6),
    });
    Ok(figures.collect())
}

async fn names_of(client: &impl GenericClient, wanted: &Wanted) -> Result<Vec<NameFigures>, Error> {
    let sql = names!(
        "id < $1 AND folded >= $2 COLLATE \"C\" AND folded < $3 COLLATE \"C\" ORDER BY id DESC LIMIT $4"
    );
    let found = rows(
        client,
        sql,
        &[
            &wanted.below(),
            &wanted.begins,
            &wanted.end(),
            &limit(PAGE + 1),
        ],
    )
    .await?;
    Ok(found.iter().map(name_of).collect())
}

fn name_of(row: &Row) -> NameFigures {
    NameFigures {
        id: row.get(0),
        name: row.get(1),
        since: row.get(2),
        used: row.get(3),
        sessions: number(row, 4),
        rooms: number(row, 5),
    }
}

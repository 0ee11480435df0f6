//! What the questions are made of.

use deadpool_postgres::{Client, GenericClient, Transaction};
use tokio_postgres::{
    Error, IsolationLevel, Row,
    types::{FromSql, ToSql},
};

use crate::{
    domain::{Posting, Role, RoomId, Seq},
    server::store::{StoreError, User, UserId},
};

/// What a member is, as an expression over `rooms` joined with `members`: a [`Role`] by its number.
macro_rules! role {
    () => {
        "(CASE WHEN rooms.owner_id = members.user_id THEN 2 ELSE members.role END)::smallint"
    };
}
pub(super) use role;

/// Messages up to a seq, as an expression.
macro_rules! said_at {
    ($room:literal, $seq:literal) => {
        concat!(
            "coalesce((SELECT past.seq - past.silent FROM entries AS past WHERE past.room_id = ",
            $room,
            " AND past.seq = ",
            $seq,
            "), 0)"
        )
    };
}
pub(super) use said_at;

/// The room that the name `$1` leads to, as an expression: who has it, or else had it last.
macro_rules! named {
    () => {
        "coalesce((SELECT id FROM rooms WHERE folded = $1),
                  (SELECT room_id FROM former_names WHERE folded = $1))"
    };
}
pub(super) use named;

/// What a question is asked with.
pub type With<'a> = &'a [&'a (dyn ToSql + Sync)];

pub async fn rows(
    client: &impl GenericClient,
    sql: &str,
    with: With<'_>,
) -> Result<Vec<Row>, Error> {
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, with).await
}

pub async fn row(
    client: &impl GenericClient,
    sql: &str,
    with: With<'_>,
) -> Result<Option<Row>, Error> {
    let statement = client.prepare_cached(sql).await?;
    client.query_opt(&statement, with).await
}

/// Changes rows; answers how many.
pub async fn run(client: &impl GenericClient, sql: &str, with: With<'_>) -> Result<u64, Error> {
    let statement = client.prepare_cached(sql).await?;
    client.execute(&statement, with).await
}

pub async fn exists(client: &impl GenericClient, sql: &str, with: With<'_>) -> Result<bool, Error> {
    Ok(row(client, sql, with).await?.is_some())
}

/// One moment of the database, for several questions.
pub async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, StoreError> {
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true);
    Ok(transaction.start().await?)
}

/// A number that is never negative, as PostgreSQL has integers.
pub fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What a query limits itself to.
pub fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A seq, or another number that is never negative.
pub fn number(row: &Row, column: usize) -> u64 {
    u64::try_from(row.get::<_, i64>(column)).unwrap_or_default()
}

pub fn optional<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Option<T> {
    row.get(column)
}

pub fn optional_seq(row: &Row, column: usize) -> Option<Seq> {
    optional::<i64>(row, column).and_then(|seq| Seq::try_from(seq).ok())
}

/// A user whose number and name stand from that column on.
pub fn user(row: &Row, column: usize) -> User {
    User {
        id: row.get(column),
        name: row.get(column + 1),
    }
}

pub fn role_of(row: &Row, column: usize) -> Role {
    match row.get::<_, i16>(column) {
        2 => Role::Owner,
        1 => Role::Moderator,
        _ => Role::Member,
    }
}

pub fn posting_of(row: &Row, column: usize) -> Posting {
    match row.get::<_, i16>(column) {
        1 => Posting::Moderators,
        _ => Posting::Everyone,
    }
}

/// # Errors
/// [`StoreError::NoSuchRoom`] where the user is no member of the room.
pub async fn require_member(
    client: &impl GenericClient,
    room: RoomId,
    user: UserId,
) -> Result<(), StoreError> {
    let member = "SELECT 1 FROM members WHERE room_id = $1 AND user_id = $2";
    if exists(client, member, &[&room, &user]).await? {
        Ok(())
    } else {
        Err(StoreError::NoSuchRoom)
    }
}

//! Whom messages name.

use rusqlite::{OptionalExtension, params};

use super::change::{Change, Changed};
use crate::{
    domain::{RoomId, Seq, Username, mentions},
    server::store::UserId,
};

/// The members whom a message names, besides its author.
pub fn members_named(
    change: &Change<'_>,
    room: RoomId,
    author: UserId,
    body: &str,
) -> Changed<Vec<UserId>> {
    if !body.contains('@') {
        return Ok(Vec::new());
    }
    let mut query = change.connection.prepare_cached(
        "SELECT users.id FROM users
         JOIN members ON members.user_id = users.id AND members.room_id = ?1
         WHERE users.folded = ?2",
    )?;
    let mut member = |name: &str| -> rusqlite::Result<Option<UserId>> {
        let Ok(name) = Username::parse(name) else {
            return Ok(None);
        };
        query
            .query_row(params![room, name.folded().as_str()], |row| row.get(0))
            .optional()
    };
    let mut failed = Ok(());
    let names = mentions::named(body, |name| match member(name) {
        Ok(found) => found.is_some(),
        Err(error) => {
            failed = Err(error);
            false
        }
    });
    failed?;
    let mut named = Vec::with_capacity(names.len());
    for name in names {
        let found = member(&name)?;
        named.extend(found.filter(|user| *user != author && !named.contains(user)));
    }
    Ok(named)
}

/// Notes whom a message names.
pub fn mention(change: &Change<'_>, room: RoomId, seq: Seq, named: &[UserId]) -> Changed<()> {
    for user in named {
        change
            .connection
            .prepare_cached("INSERT INTO mentions (user_id, room_id, seq) VALUES (?1, ?2, ?3)")?
            .execute(params![user, room, seq])?;
    }
    Ok(())
}

/// A message names nobody any more. Answers whom it had named.
pub fn forget_mentions(change: &Change<'_>, room: RoomId, seq: Seq) -> Changed<Vec<UserId>> {
    let mut delete = change
        .connection
        .prepare_cached("DELETE FROM mentions WHERE room_id = ?1 AND seq = ?2 RETURNING user_id")?;
    let named = delete.query_map(params![room, seq], |row| row.get(0))?;
    Ok(named.collect::<Result<_, _>>()?)
}

//! What is kept of passkeys, and which ways into a name there are.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    change::{Change, Changed, Stop},
    permit::require_session,
};
use crate::{
    domain::limits,
    server::store::{Actor, Event, StoreError, StoredPasskey, User, UserId, WaysIn},
};

pub fn add(change: &mut Change<'_>, by: Actor, new: &StoredPasskey) -> Changed<()> {
    require_session(change, by)?;
    let count: usize = change.connection.query_row(
        "SELECT count(*) FROM passkeys WHERE user_id = ?1",
        [by.user],
        |row| row.get(0),
    )?;
    if count >= limits::PASSKEYS {
        return Err(Stop::Refused(StoreError::TooManyPasskeys));
    }
    // A credential belongs to one name only: whoever registers another's id gets nothing by it.
    change.connection.execute(
        "INSERT OR IGNORE INTO passkeys (id, user_id, passkey, name, created_at, used_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            new.id,
            by.user,
            new.passkey,
            new.name,
            new.created_at,
            new.used_at
        ],
    )?;
    change.events.push(Event::WaysChanged { user: by.user });
    Ok(())
}

pub fn end(change: &mut Change<'_>, by: Actor, id: &[u8]) -> Changed<()> {
    require_session(change, by)?;
    change.connection.execute(
        "DELETE FROM passkeys WHERE id = ?1 AND user_id = ?2",
        params![id, by.user],
    )?;
    change.events.push(Event::WaysChanged { user: by.user });
    Ok(())
}

pub fn find(connection: &Connection, id: &[u8]) -> rusqlite::Result<Option<(User, StoredPasskey)>> {
    connection
        .prepare_cached(
            "SELECT passkeys.id, passkey, passkeys.name, passkeys.created_at, passkeys.used_at, users.id, users.name
             FROM passkeys JOIN users ON users.id = passkeys.user_id WHERE passkeys.id = ?1",
        )?
        .query_row([id], |row| {
            let user = User {
                id: row.get(5)?,
                name: row.get(6)?,
            };
            Ok((user, passkey_of(row)?))
        })
        .optional()
}

pub fn ways_in(connection: &Connection, user: UserId) -> rusqlite::Result<WaysIn> {
    let passkeys = connection
        .prepare_cached(
            "SELECT id, passkey, name, created_at, used_at FROM passkeys WHERE user_id = ?1
             ORDER BY created_at",
        )?
        .query_map([user], passkey_of)?
        .collect::<Result<_, _>>()?;
    let ways = connection
        .prepare_cached("SELECT passphrase_hash IS NOT NULL, created_at FROM users WHERE id = ?1")?
        .query_row([user], |row| {
            Ok(WaysIn {
                passphrase: row.get(0)?,
                since: row.get(1)?,
                passkeys,
            })
        })
        .optional()?;
    Ok(ways.unwrap_or_default())
}

fn passkey_of(row: &Row<'_>) -> rusqlite::Result<StoredPasskey> {
    Ok(StoredPasskey {
        id: row.get(0)?,
        passkey: row.get(1)?,
        name: row.get(2)?,
        created_at: row.get(3)?,
        used_at: row.get(4)?,
    })
}

//! What is kept of passkeys, and which ways into a name there are.

use deadpool_postgres::GenericClient;
use tokio_postgres::{Error, Row};

use super::{
    basics::{number, row, rows, run, user as user_at},
    change::Change,
    permit::require_session,
};
use crate::{
    domain::limits,
    server::store::{
        Actor, Event, StoreError, StoredPasskey, User, UserId, WaysIn,
        stop::{Changed, Stop},
    },
};

pub async fn add(change: &mut Change, by: Actor, new: &StoredPasskey) -> Changed<()> {
    require_session(change, by).await?;
    let count = "SELECT count(*) FROM passkeys WHERE user_id = $1";
    let count = row(&change.client, count, &[&by.user]).await?;
    let most = u64::try_from(limits::PASSKEYS).unwrap_or(u64::MAX);
    if count.is_some_and(|row| number(&row, 0) >= most) {
        return Err(Stop::Refused(StoreError::TooManyPasskeys));
    }
    // A credential belongs to one name only: whoever registers another's id gets nothing by it.
    run(
        &change.client,
        "INSERT INTO passkeys (id, user_id, passkey, name, created_at, used_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
        &[
            &new.id,
            &by.user,
            &new.passkey,
            &new.name,
            &new.created_at,
            &new.used_at,
        ],
    )
    .await?;
    change.events.push(Event::WaysChanged { user: by.user });
    Ok(())
}

pub async fn end(change: &mut Change, by: Actor, id: &[u8]) -> Changed<()> {
    require_session(change, by).await?;
    let end = "DELETE FROM passkeys WHERE id = $1 AND user_id = $2";
    run(&change.client, end, &[&id, &by.user]).await?;
    change.events.push(Event::WaysChanged { user: by.user });
    Ok(())
}

pub async fn find(
    client: &impl GenericClient,
    id: &[u8],
) -> Result<Option<(User, StoredPasskey)>, Error> {
    let found = row(
        client,
        "SELECT passkeys.id, passkey, passkeys.name, passkeys.created_at, passkeys.used_at,
                users.id, users.name
         FROM passkeys JOIN users ON users.id = passkeys.user_id WHERE passkeys.id = $1",
        &[&id],
    )
    .await?;
    Ok(found.map(|row| (user_at(&row, 5), passkey_of(&row))))
}

pub async fn ways_in(client: &impl GenericClient, user: UserId) -> Result<WaysIn, Error> {
    let passkeys = rows(
        client,
        "SELECT id, passkey, name, created_at, used_at FROM passkeys WHERE user_id = $1
         ORDER BY created_at",
        &[&user],
    )
    .await?;
    let ways = "SELECT passphrase_hash IS NOT NULL, created_at FROM users WHERE id = $1";
    let ways = row(client, ways, &[&user]).await?;
    let ways = ways.map(|row| WaysIn {
        passphrase: row.get(0),
        since: row.get(1),
        passkeys: passkeys.iter().map(passkey_of).collect(),
    });
    Ok(ways.unwrap_or_default())
}

fn passkey_of(row: &Row) -> StoredPasskey {
    StoredPasskey {
        id: row.get(0),
        passkey: row.get(1),
        name: row.get(2),
        created_at: row.get(3),
        used_at: row.get(4),
    }
}

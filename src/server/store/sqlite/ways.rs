//! The ways into names, in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Sqlite, passkeys, people};
use crate::{
    domain::{Folded, Millis},
    server::store::{
        Actor, Entrance, Held, NewSession, Rest, Session, SessionId, StoreError, StoredPasskey,
        TokenHash, Unused, User, UserId, Way, Ways, WaysIn, now,
    },
};

/// Names, and sessions, that one step forgets at most: whoever posts may be waiting for it.
const STEP: usize = 16;
/// Sessions that are noted as in use in one step.
const NOTED: usize = 256;

#[async_trait]
impl Ways for Sqlite {
    async fn enter(
        &self,
        way: Way,
        new: NewSession,
        held: Vec<SessionId>,
    ) -> Result<Session, StoreError> {
        let token = new.token;
        let session = self
            .write(move |change| people::enter(change, &way, &new, &held))
            .await?;
        // Where it is one that goes on, its former token is nobody's.
        self.sessions.end(session.id);
        self.sessions.began(token);
        Ok(session)
    }

    async fn log_out(&self, by: Actor) -> Result<(), StoreError> {
        self.write(move |change| people::log_out(change, by)).await
    }

    async fn end_session(&self, by: Actor, session: SessionId) -> Result<(), StoreError> {
        self.write(move |change| people::end_session(change, by, session))
            .await
    }

    async fn end_other_sessions(&self, by: Actor) -> Result<(), StoreError> {
        self.write(move |change| people::end_other_sessions(change, by))
            .await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<Held>, StoreError> {
        self.readers
            .read(move |connection| Ok(held(connection, user)?))
            .await
    }

    async fn new_pass(
        &self,
        by: Actor,
        pass: TokenHash,
        expires: Millis,
    ) -> Result<(), StoreError> {
        self.write(move |change| people::new_pass(change, by, pass, expires))
            .await
    }

    async fn pass(&self, pass: TokenHash) -> Result<Option<User>, StoreError> {
        self.readers
            .read(move |connection| Ok(whose_pass(connection, pass)?))
            .await
    }

    async fn set_passphrase(&self, by: Actor, phc: Option<String>) -> Result<(), StoreError> {
        self.write(move |change| people::set_passphrase(change, by, phc.as_deref()))
            .await
    }

    async fn entrance(&self, name: Folded) -> Result<Option<Entrance>, StoreError> {
        self.readers
            .read(move |connection| Ok(entrance(connection, &name)?))
            .await
    }

    async fn add_passkey(&self, by: Actor, new: StoredPasskey) -> Result<(), StoreError> {
        self.write(move |change| passkeys::add(change, by, &new))
            .await
    }

    async fn end_passkey(&self, by: Actor, id: Vec<u8>) -> Result<(), StoreError> {
        self.write(move |change| passkeys::end(change, by, &id))
            .await
    }

    async fn passkey(&self, id: Vec<u8>) -> Result<Option<(User, StoredPasskey)>, StoreError> {
        self.readers
            .read(move |connection| Ok(passkeys::find(connection, &id)?))
            .await
    }

    async fn ways_in(&self, user: UserId) -> Result<WaysIn, StoreError> {
        self.readers
            .read(move |connection| Ok(passkeys::ways_in(connection, user)?))
            .await
    }

    fn rest(&self, token: TokenHash) -> Rest {
        self.sessions.rest(token, now())
    }

    fn note_used(&self, sessions: Vec<SessionId>) {
        for some in sessions.chunks(NOTED) {
            let some = some.to_vec();
            self.writer.submit(
                move |change| {
                    some.iter()
                        .try_for_each(|&session| people::used(change, session))
                },
                Box::new(|noted| {
                    if let Err(error) = noted {
                        tracing::debug!(%error, "not noted which sessions are in use");
                    }
                }),
            );
        }
    }

    async fn forget_unused(&self, unused: Unused) -> Result<bool, StoreError> {
        let mut more = false;
        if let Some(since) = unused.sessions {
            let found = self
                .readers
                .read(move |connection| Ok(unused_sessions(connection, since)?));
            let found: Vec<SessionId> = found.await?;
            more |= found.len() == STEP;
            self.write(move |change| people::end_unused(change, &found, since))
                .await?;
        }
        if let Some(since) = unused.names {
            let found = self
                .readers
                .read(move |connection| Ok(unused_names(connection, since)?));
            let found: Vec<UserId> = found.await?;
            more |= found.len() == STEP;
            self.write(move |change| people::free_unused(change, &found, since))
                .await?;
        }
        Ok(more)
    }
}

fn held(connection: &Connection, user: UserId) -> rusqlite::Result<Vec<Held>> {
    connection
        .prepare_cached(
            "SELECT id, created_at, used_at, browser FROM sessions WHERE user_id = ?1
             ORDER BY used_at DESC, id DESC",
        )?
        .query_map([user], |row| {
            Ok(Held {
                id: row.get(0)?,
                since: row.get(1)?,
                last: row.get(2)?,
                browser: row.get(3)?,
            })
        })?
        .collect()
}

fn whose_pass(connection: &Connection, pass: TokenHash) -> rusqlite::Result<Option<User>> {
    connection
        .prepare_cached(
            "SELECT users.id, users.name FROM passes JOIN users ON users.id = passes.user_id
             WHERE passes.token_hash = ?1 AND passes.expires_at > ?2",
        )?
        .query_row(params![pass.0, now()], |row| {
            Ok(User {
                id: row.get(0)?,
                name: row.get(1)?,
            })
        })
        .optional()
}

fn entrance(connection: &Connection, name: &Folded) -> rusqlite::Result<Option<Entrance>> {
    connection
        .prepare_cached("SELECT id, passphrase_hash FROM users WHERE folded = ?1")?
        .query_row([name.as_str()], |row| {
            Ok(Entrance {
                user: row.get(0)?,
                phc: row.get(1)?,
            })
        })
        .optional()
}

fn unused_sessions(connection: &Connection, since: Millis) -> rusqlite::Result<Vec<SessionId>> {
    connection
        .prepare_cached("SELECT id FROM sessions WHERE used_at < ?1 LIMIT ?2")?
        .query_map(params![since, STEP], |row| row.get(0))?
        .collect()
}

fn unused_names(connection: &Connection, since: Millis) -> rusqlite::Result<Vec<UserId>> {
    connection
        .prepare_cached("SELECT id FROM users WHERE used_at < ?1 AND folded IS NOT NULL LIMIT ?2")?
        .query_map(params![since, STEP], |row| row.get(0))?
        .collect()
}

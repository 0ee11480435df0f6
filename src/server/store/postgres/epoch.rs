//! Which database this is, and which life of it: another one where it was restored or made anew, or where a standby has
//! taken its place, as entries that readers were given may not be in it.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use deadpool_postgres::Client;
use sha2::{Digest, Sha256};
use tokio_postgres::{Error, error::SqlState};

/// What tells them apart: the cluster, the database in it, the tables in that, and how often a standby of the cluster was
/// promoted or it was taken back to an earlier moment.
const MARKS: [&str; 4] = [
    "SELECT system_identifier::text FROM pg_control_system()",
    "SELECT oid::text FROM pg_database WHERE datname = current_database()",
    "SELECT 'rooms'::regclass::oid::text",
    "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)",
];

/// The epoch of the database that changes go to.
pub struct Epoch(Mutex<Arc<str>>);

impl Epoch {
    pub async fn of(client: &Client) -> Result<Self, Error> {
        Ok(Self(Mutex::new(find(client).await?)))
    }

    pub fn now(&self) -> Arc<str> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Asks again, on another connection. Answers whether another one has begun.
    pub async fn has_changed(&self, client: &Client) -> Result<bool, Error> {
        let found = find(client).await?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::replace(&mut *known, found.clone()) != found)
    }
}

/// What this role may not ask, or this kind of PostgreSQL does not know, is left out.
async fn find(client: &Client) -> Result<Arc<str>, Error> {
    let mut digest = Sha256::new();
    for mark in MARKS {
        match client.query_one(mark, &[]).await {
            Ok(row) => digest.update(row.get::<_, &str>(0)),
            Err(error) if is_kept_from_us(&error) => {}
            Err(error) => return Err(error),
        }
        digest.update(" ");
    }
    Ok(BASE64_URL_SAFE_NO_PAD
        .encode(&digest.finalize()[..9])
        .into())
}

fn is_kept_from_us(error: &Error) -> bool {
    let kept = [
        SqlState::INSUFFICIENT_PRIVILEGE,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::FEATURE_NOT_SUPPORTED,
    ];
    error.code().is_some_and(|code| kept.contains(code))
}

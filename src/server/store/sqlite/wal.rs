//! Looking after the write-ahead log: what is in it is carried over into the database now and then, and it is
//! emptied where something in it was to be forgotten.
//!
//! Neither ever waits for a reader, who may be another program that makes a backup for an hour: what a reader
//! is in the way of is tried again.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::open::PATIENCE;
use crate::server::store::StoreError;

/// Frames (pages of 4 KiB, so 64 MiB) after which the log is carried over: a room's newest page is written
/// there many times, and then into the database once.
const LONG: usize = 16_000;
/// The same while a deleted room is purged, which changes no page twice: small portions hold up no post.
const LONG_WHILE_PURGING: usize = 1_000;
/// From one try to the next at least.
const AGAIN: Duration = Duration::from_millis(100);
/// The same where the next is likely to be in vain, as on a full disk.
const SELDOM: Duration = Duration::from_secs(1);
/// How long the last try of all waits for a reader.
const LAST: Duration = Duration::from_millis(250);

pub struct Wal {
    /// Whether something in it is to be forgotten.
    to_empty: bool,
    not_emptied_before: Instant,
    not_carried_before: Instant,
}

impl Wal {
    /// One that may hold what was deleted before the last stop.
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            to_empty: true,
            not_emptied_before: now,
            not_carried_before: now,
        }
    }

    /// Something in it was deleted for good.
    pub fn forget(&mut self) {
        self.to_empty = true;
    }

    /// When there will be something to do, whether or not anything is committed until then.
    pub fn due(&self) -> Option<Instant> {
        self.to_empty.then_some(self.not_emptied_before)
    }

    /// Does what is due.
    ///
    /// # Errors
    /// Those of the database; it is tried again later.
    pub fn look_after(&mut self, connection: &Connection, purging: bool) -> Result<(), StoreError> {
        let now = Instant::now();
        let outcome = if self.to_empty && self.not_emptied_before <= now {
            // A purge writes more that is to be forgotten all the while.
            self.not_emptied_before = now + if purging { SELDOM } else { AGAIN };
            empty(connection, Duration::ZERO).map(|emptied| self.to_empty = !emptied)
        } else if self.not_carried_before <= now {
            self.carry_over(connection, if purging { LONG_WHILE_PURGING } else { LONG })
        } else {
            return Ok(());
        };
        outcome.map_err(|error| {
            self.not_emptied_before = now + SELDOM;
            self.not_carried_before = now + SELDOM;
            error.into()
        })
    }

    /// Carries it over where it is too long. Once all of it is, the next commit begins it again from the front,
    /// unless a reader still needs it: then it goes on growing, and is looked at again.
    fn carry_over(&mut self, connection: &Connection, too_long: usize) -> rusqlite::Result<()> {
        if frames(connection)? >= too_long {
            self.not_carried_before = Instant::now() + AGAIN;
            checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
        }
        Ok(())
    }

    /// Empties it a last time, where nobody else is reading.
    pub fn close(self, connection: &Connection) {
        match empty(connection, LAST) {
            Ok(true) => {}
            Ok(false) => tracing::info!("somebody reads the database: its log stays as it is"),
            Err(error) => tracing::warn!(%error, "cannot empty the write-ahead log"),
        }
    }
}

/// Carries all of it over and cuts it to nothing. `false` where somebody was in the way for so long.
fn empty(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    connection.busy_timeout(patience)?;
    let emptied = checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    connection.busy_timeout(PATIENCE)?;
    emptied
}

/// Answers whether nobody was in the way.
fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<bool> {
    let busy: i64 = connection
        .prepare_cached(how)?
        .query_row([], |row| row.get(0))?;
    Ok(busy == 0)
}

/// How long the log is.
fn frames(connection: &Connection) -> rusqlite::Result<usize> {
    let frames: i64 = connection
        .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
        .query_row([], |row| row.get(1))?;
    // -1 where there is no log.
    Ok(usize::try_from(frames).unwrap_or(0))
}

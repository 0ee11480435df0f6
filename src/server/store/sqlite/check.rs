//! Whether a database file is sound, and what is in it: asked of a file at rest, of a copy, and of one in use alike.

use std::path::Path;

use rusqlite::{Connection, types::FromSql};

use super::{
    migrate::{self, STEPS},
    open,
};

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkup {
    /// How many of this program's steps the file has seen.
    pub version: usize,
    /// What is wrong with it, a sentence each; empty where it is sound.
    pub faults: Vec<String>,
    /// What is counted, and how many there are.
    pub counts: Vec<(&'static str, u64)>,
}

/// Faults that are told of at most.
const FAULTS: usize = 20;

/// Since which step a room's log is in `entries`, and not in `messages`.
const ENTRIES_SINCE: usize = 4;

/// A name, and the rows that it counts.
const COUNTS: &[(&str, &str)] = &[
    ("names", "users WHERE folded IS NOT NULL"),
    ("sessions", "sessions"),
    ("rooms", "rooms"),
    ("memberships", "members"),
];

impl Checkup {
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Steps that this program would take the file through as it opens it.
    pub fn steps_to_go(&self) -> usize {
        STEPS.len().saturating_sub(self.version)
    }

    /// Whether a newer program has had it.
    pub fn is_too_new(&self) -> bool {
        self.version > STEPS.len()
    }
}

/// Looks through a whole file. Nothing in it is changed.
///
/// # Errors
/// Where it cannot be read at all, or is no database of this program's.
pub fn check(file: &Path) -> rusqlite::Result<Checkup> {
    let connection = open::reader(file)?;
    // One snapshot for all that follows.
    let connection = connection.unchecked_transaction()?;
    let version = migrate::version(&connection)?;
    let mut found = Checkup {
        version,
        faults: strings(&connection, &format!("PRAGMA integrity_check({FAULTS})"))?,
        counts: Vec::new(),
    };
    found.faults.retain(|line| line != "ok");
    if found.faults.is_empty() && version > 0 && !found.is_too_new() {
        found.faults = inconsistencies(&connection, version)?;
        for (name, rows) in COUNTS {
            found.counts.push((name, count(&connection, rows)?));
        }
        let log = log_of(version);
        found.counts.push((log, count(&connection, log)?));
    }
    Ok(found)
}

/// What SQLite cannot know: which rows go together.
fn inconsistencies(connection: &Connection, version: usize) -> rusqlite::Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut ask = |sql: &str, fault: &dyn Fn(i64) -> String| {
        let rows: Vec<i64> = all(connection, sql)?;
        faults.extend(rows.into_iter().map(fault));
        Ok::<_, rusqlite::Error>(())
    };
    ask(
        "SELECT count(*) FROM pragma_foreign_key_check HAVING count(*) > 0",
        &|rows| format!("{rows} rows point to nothing"),
    )?;
    ask(
        "SELECT rooms.id FROM rooms LEFT JOIN members
         ON members.room_id = rooms.id AND members.user_id = rooms.owner_id
         WHERE members.user_id IS NULL LIMIT 20",
        &|room| format!("the owner of room {room} is no member of it"),
    )?;
    let log = log_of(version);
    ask(
        &format!(
            "SELECT rooms.id FROM rooms JOIN {log} AS log ON log.room_id = rooms.id
             GROUP BY rooms.id HAVING count(*) <> max(seq) OR min(seq) <> 1 LIMIT 20"
        ),
        &|room| format!("the log of room {room} has a hole"),
    )?;
    ask(
        &format!(
            "SELECT DISTINCT room_id FROM {log}
             WHERE room_id NOT IN (SELECT id FROM rooms) AND room_id NOT IN (SELECT room_id FROM purges)
             LIMIT 20"
        ),
        &|room| format!("{log} of room {room} are left, which is gone"),
    )?;
    if version >= ENTRIES_SINCE {
        ask(
            "SELECT rooms.id FROM rooms JOIN entries ON entries.room_id = rooms.id
             GROUP BY rooms.id HAVING sum(kind <> 0) <> max(silent) LIMIT 20",
            &|room| format!("the messages of room {room} are counted wrong"),
        )?;
    }
    Ok(faults)
}

/// The table that rooms' logs are in.
fn log_of(version: usize) -> &'static str {
    if version < ENTRIES_SINCE {
        "messages"
    } else {
        "entries"
    }
}

fn count(connection: &Connection, rows: &str) -> rusqlite::Result<u64> {
    connection.query_row(&format!("SELECT count(*) FROM {rows}"), [], |row| {
        row.get(0)
    })
}

fn strings(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    all(connection, sql)
}

fn all<T: FromSql>(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<T>> {
    let mut query = connection.prepare(sql)?;
    let rows = query.query_map([], |row| row.get(0))?;
    rows.collect()
}

//! Which life of its data a file holds. A copy begins another: whoever is served from it may have been given entries that
//! are not in it.

use rusqlite::{Connection, Result};

use super::migrate;

/// Since which step a file knows.
const SINCE: usize = 8;

pub fn of(connection: &Connection) -> Result<String> {
    connection.query_row("SELECT value FROM epoch", [], |row| row.get(0))
}

/// Begins another. A file of an earlier version does so when it is opened.
pub fn renew(connection: &Connection) -> Result<()> {
    if migrate::version(connection)? >= SINCE {
        connection.execute("UPDATE epoch SET value = lower(hex(randomblob(8)))", [])?;
    }
    Ok(())
}

//! Brings a database file up to what this program expects, one step at a time.

use rusqlite::Connection;

use super::OpenError;

/// Step N takes a database from version N-1 to N. A step that has been released is never changed.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_start.sql"),
    include_str!("../migrations/0002_messages_by_id.sql"),
];

/// # Errors
/// [`OpenError::TooNew`] for a database that has seen steps this program does not know.
pub fn to_newest(connection: &mut Connection) -> Result<(), OpenError> {
    let found: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > STEPS.len() {
        return Err(OpenError::TooNew {
            found,
            known: STEPS.len(),
        });
    }
    for (step, sql) in STEPS.iter().enumerate().skip(found) {
        let change = connection.transaction()?;
        change.execute_batch(sql)?;
        change.pragma_update(None, "user_version", step + 1)?;
        change.commit()?;
    }
    Ok(())
}

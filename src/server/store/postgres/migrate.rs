//! Brings a database up to what this program expects, one step at a time, whoever else is about to.

use deadpool_postgres::Client;

use super::OpenError;

/// Step N takes a database from version N-1 to N. A step that has been released is never changed.
pub const STEPS: &[&str] = &[
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_aside.sql"),
];

/// The advisory lock that whoever changes the schema holds: the letters of Latchkey as a number.
const LOCK: i64 = i64::from_be_bytes(*b"latchkey");

/// # Errors
/// [`OpenError::TooNew`] for a database that has seen steps this program does not know.
pub async fn to_newest(client: &mut Client) -> Result<(), OpenError> {
    let change = client.transaction().await?;
    // However long others take to do the same.
    change.batch_execute("SET LOCAL lock_timeout = 0").await?;
    change
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    change
        .batch_execute("CREATE TABLE IF NOT EXISTS latchkey (version integer NOT NULL)")
        .await?;
    let found = change
        .query_opt("SELECT version FROM latchkey", &[])
        .await?;
    let version: i32 = found.as_ref().map_or(0, |row| row.get(0));
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    if version > known {
        return Err(OpenError::TooNew {
            found: version,
            known,
        });
    }
    if version == known {
        return Ok(());
    }
    for step in &STEPS[usize::try_from(version).unwrap_or_default()..] {
        change.batch_execute(step).await?;
    }
    let note = match found {
        Some(_) => "UPDATE latchkey SET version = $1",
        None => "INSERT INTO latchkey (version) VALUES ($1)",
    };
    change.execute(note, &[&known]).await?;
    change.commit().await?;
    Ok(())
}

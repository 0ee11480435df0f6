//! A copy of the database as it is at one moment, made while it is in use: whole, checked, and only then put where it
//! was asked for.

use std::{path::Path, thread, time::Duration};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{check, epoch, open};
use crate::server::aside::{Aside, AsideError};

/// Pages that are copied at a time: the disk is not taken from whoever is served for longer.
const PAGES: i32 = 512;
/// How long one who finds the file locked waits until the next try.
const PAUSE: Duration = Duration::from_millis(20);

/// Why there is no copy. What was there under its name is there still.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("cannot read the database: {0}")]
    Source(rusqlite::Error),
    #[error(transparent)]
    File(#[from] AsideError),
    #[error("cannot write the copy: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the copy is not sound: {0}")]
    Unsound(String),
}

/// How far a copy is, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub of: u64,
}

/// Copies the database `from` to `to`, replacing what is there, and tells how far it is. Whoever writes meanwhile is
/// not kept waiting, and what they write is not in it.
///
/// # Errors
/// [`CopyError`]; what was begun is taken away again.
pub fn copy(
    from: &Path,
    to: &Path,
    mut tell: impl FnMut(Progress),
) -> Result<check::Checkup, CopyError> {
    let aside = Aside::new(to)?;
    let source = open::reader(from).map_err(CopyError::Source)?;
    // Held to the end: the copy is of this moment, and need not begin again for what is written meanwhile.
    let moment = source.unchecked_transaction().map_err(CopyError::Source)?;
    let _: i64 = moment
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .map_err(CopyError::Source)?;
    let mut copied = Connection::open_with_flags(aside.path(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let backup = Backup::new(&moment, &mut copied)?;
    loop {
        let step = backup.step(PAGES)?;
        let at = backup.progress();
        let pages = |count: i32| u64::try_from(count).unwrap_or(0);
        tell(Progress {
            done: pages(at.pagecount - at.remaining),
            of: pages(at.pagecount),
        });
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => thread::sleep(PAUSE),
        }
    }
    drop(backup);
    // One file from here on, without a log beside it.
    copied.pragma_update(None, "journal_mode", "DELETE")?;
    epoch::renew(&copied)?;
    drop(copied);
    let found = check::check(aside.path())?;
    if let Some(fault) = found.faults.first() {
        return Err(CopyError::Unsound(fault.clone()));
    }
    aside.put_in_place()?;
    Ok(found)
}

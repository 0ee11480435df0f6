//! What SQLite's errors mean to whoever asked for something.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

use rusqlite::{ErrorCode, ffi};

use crate::server::store::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let meaning = meaning(&error);
        if meaning != Self::Full {
            tracing::error!(%error, "storage failed");
        }
        meaning
    }
}

fn meaning(error: &rusqlite::Error) -> StoreError {
    let Some(error) = error.sqlite_error() else {
        return StoreError::Unavailable;
    };
    match (error.code, error.extended_code) {
        // The index of the log, a file beside it, could not grow.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full,
        // Of memory and of an index that can be made again: the disk is well.
        (_, ffi::SQLITE_IOERR_NOMEM | ffi::SQLITE_IOERR_SHMMAP | ffi::SQLITE_CORRUPT_VTAB) => {
            StoreError::Unavailable
        }
        (
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ReadOnly,
            _,
        ) => StoreError::Broken,
        _ => StoreError::Unavailable,
    }
}

/// Whether a commit that failed like this may be found after a crash all the same. A write that failed left
/// the commit without its end, which tells a whole one; where the sync after it failed, nobody knows.
pub fn leaves_doubt(error: &rusqlite::Error) -> bool {
    let wrote = error
        .sqlite_error()
        .is_none_or(|error| error.extended_code != ffi::SQLITE_IOERR_WRITE);
    wrote && meaning(error) == StoreError::Broken
}

/// Whether there is no room beside this file. SQLite tells a full disk from one that fails, but not what a quota
/// or a limit on the size of files forbids.
pub fn no_room_beside(file: &Path) -> bool {
    let mut probe = file.as_os_str().to_owned();
    probe.push("-probe");
    let written = File::create(&probe).and_then(|mut file| file.write_all(&vec![0; 1 << 20]));
    // What could not be made cannot be removed.
    let _ = fs::remove_file(&probe);
    written.is_err_and(|error| {
        matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
        )
    })
}

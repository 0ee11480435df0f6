//! Files that one process at a time has.

use std::{
    fs::{File, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Opens a file that only its owner can read, made where there is none, and takes it for as long as it is open. An
/// advisory lock.
///
/// # Errors
/// Where another has it, and where it cannot be opened.
pub fn take(path: &Path) -> Result<File, TryLockError> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

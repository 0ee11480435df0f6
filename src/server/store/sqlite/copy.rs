//! A copy of the database as it is at one moment, made while it is in use: whole, checked, and only then put where it
//! was asked for.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{check, open};

/// Pages that are copied at a time: the disk is not taken from whoever is served for longer.
const PAGES: i32 = 512;
/// How long one who finds the file locked waits until the next try.
const PAUSE: Duration = Duration::from_millis(20);

/// Why there is no copy. What was there under its name is there still.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("cannot read the database: {0}")]
    Source(rusqlite::Error),
    #[error("cannot write {path}: {why}")]
    Io { path: PathBuf, why: io::Error },
    #[error("cannot write the copy: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("another backup is being written to {0}")]
    Busy(PathBuf),
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
    let mut copied = Connection::open_with_flags(&aside.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
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
    drop(copied);
    let found = check::check(&aside.path)?;
    if let Some(fault) = found.faults.first() {
        return Err(CopyError::Unsound(fault.clone()));
    }
    aside.put_in_place()?;
    Ok(found)
}

/// The file that is written beside the one that is wanted.
struct Aside<'a> {
    path: PathBuf,
    to: &'a Path,
    /// Locked for as long as this one is written.
    file: File,
    in_place: bool,
}

impl<'a> Aside<'a> {
    fn new(to: &'a Path) -> Result<Self, CopyError> {
        let mut name = OsString::from(".");
        name.push(to.file_name().unwrap_or_default());
        name.push(".part");
        let path = to.with_file_name(name);
        let io = |why| CopyError::Io {
            path: path.clone(),
            why,
        };
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(CopyError::Busy(to.to_owned())),
            Err(fs::TryLockError::Error(why)) => return Err(io(why)),
        }
        // What one that was killed has left.
        file.set_len(0).map_err(io)?;
        Ok(Self {
            path,
            to,
            file,
            in_place: false,
        })
    }

    /// Makes it durable, and then the one that is wanted.
    fn put_in_place(mut self) -> Result<(), CopyError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            |why| CopyError::Io { path, why }
        };
        self.file.sync_all().map_err(io(&self.path))?;
        fs::rename(&self.path, self.to).map_err(io(self.to))?;
        self.in_place = true;
        let folder = self.to.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(io(folder))
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        if !self.in_place {
            let _ = fs::remove_file(&self.path);
        }
    }
}

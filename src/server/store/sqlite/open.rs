//! Opening the file: for one server only, readable by its owner only, and set so that a commit is durable.

use std::{
    fs::{File, TryLockError},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, types::Value};

use crate::server::locked;

/// How long a transaction waits for another program that writes.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// What must be so, read back: a name, what is asked for, and how SQLite calls it.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", "2"),
    ("foreign_keys", "ON", "1"),
    ("secure_delete", "ON", "1"),
];

/// On macOS a sync alone leaves it in the drive's own memory.
#[cfg(target_os = "macos")]
const SYNCED_THROUGH: &[(&str, &str, &str)] = &[
    ("fullfsync", "ON", "1"),
    ("checkpoint_fullfsync", "ON", "1"),
];
#[cfg(not(target_os = "macos"))]
const SYNCED_THROUGH: &[(&str, &str, &str)] = &[];

/// Why a database file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the database {path}: {why}")]
    Io { path: PathBuf, why: io::Error },
    #[error("the database must be a file, which {0} does not name; ./{0} would")]
    NoPath(PathBuf),
    #[error("another Latchkey is using the database {0}")]
    InUse(PathBuf),
    #[error(
        "the database was made by a newer Latchkey (its version is {found}, this program knows {known})"
    )]
    TooNew { found: usize, known: usize },
    #[error(
        "the database cannot be kept safely where it is: its {setting} is {found}, not {wanted}"
    )]
    Unsafe {
        setting: &'static str,
        found: String,
        wanted: &'static str,
    },
    #[error("cannot start the store: {0}")]
    Thread(io::Error),
    #[error("cannot open the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// Takes the file for this process, and makes it where there is none. An advisory lock: tools that read or back
/// up the file are not kept off.
pub fn lock(path: &Path) -> Result<File, OpenError> {
    // SQLite would take these for a URI, with settings of its own, and for no file at all.
    let name = path.as_os_str().as_encoded_bytes();
    if name.starts_with(b"file:") || name == b":memory:" {
        return Err(OpenError::NoPath(path.to_owned()));
    }
    let io = |why| OpenError::Io {
        path: path.to_owned(),
        why,
    };
    let file = locked::take(path).map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse(path.to_owned()),
        TryLockError::Error(why) => io(why),
    })?;
    let mode = file.metadata().map_err(io)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(
            "others on this machine may read the database {}: chmod 600 keeps it to its owner",
            path.display()
        );
    }
    // A new file is durable once the folder that names it is.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(io)?;
    Ok(file)
}

/// The connection that writes.
pub fn writer(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    for &(setting, value, wanted) in SETTINGS.iter().chain(SYNCED_THROUGH) {
        set(&connection, setting, value)?;
        let found: Value = connection.pragma_query_value(None, setting, |row| row.get(0))?;
        let found = match found {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text,
            _ => String::new(),
        };
        if found != wanted {
            return Err(OpenError::Unsafe {
                setting,
                found,
                wanted,
            });
        }
    }
    // Asked for its journal mode, SQLite says what it means to do: whether it does, its log shows.
    let frames: i64 = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))?;
    if frames < 0 {
        return Err(OpenError::Unsafe {
            setting: "journal_mode",
            found: "without a log".to_owned(),
            wanted: "wal",
        });
    }
    // The writer carries the log over itself.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

/// Reads on to the end: where there is something to commit, that is when it is, and when it fails.
fn set(connection: &Connection, setting: &str, value: &str) -> rusqlite::Result<()> {
    let mut pragma = connection.prepare(&format!("PRAGMA {setting} = {value}"))?;
    let mut rows = pragma.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// One that reads, beside it.
pub fn reader(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    // Else a statement with a limit is prepared anew each time, for the limit that it is given.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

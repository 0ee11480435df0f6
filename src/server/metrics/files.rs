//! How large the database file is, how much room its disk has left, and when it was last copied.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use nix::sys::statvfs::statvfs;
use prometheus_client::{
    metrics::gauge::ConstGauge,
    registry::{Registry, Unit},
};

use crate::server::backup;

/// Where they are.
#[derive(Clone, Default)]
pub struct Files {
    /// The database, where it is a file.
    pub data: Option<PathBuf>,
    /// The folder of its scheduled copies.
    pub backups: Option<PathBuf>,
}

/// How they are now. What cannot be said is left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Of the database file, its write-ahead log included.
    pub bytes: Option<u64>,
    /// Room that is left on its disk.
    pub free: Option<u64>,
    /// When the newest scheduled copy was made, where some are to be; `None` in it where there is none.
    pub backup: Option<Option<SystemTime>>,
}

impl Files {
    /// Looks at the disk, and so may block.
    pub fn look(&self) -> Found {
        Found {
            bytes: self
                .data
                .as_ref()
                .map(|data| size(data) + size(&log_of(data))),
            free: self.data.as_ref().and_then(|data| free(data)),
            backup: self.backups.as_ref().map(|folder| backup::newest(folder)),
        }
    }
}

pub fn register(all: &mut Registry, files: &Files) {
    let found = files.look();
    if let Some(bytes) = found.bytes {
        let help = "The database file, its write-ahead log included";
        all.register_with_unit("data", help, Unit::Bytes, ConstGauge::new(bytes));
    }
    if let Some(bytes) = found.free {
        let help = "Room that is left on the disk of the database file";
        all.register_with_unit("data_free", help, Unit::Bytes, ConstGauge::new(bytes));
    }
    if let Some(newest) = found.backup {
        let newest = newest.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let at = ConstGauge::new(newest.unwrap_or_default().as_secs_f64());
        let help = "When the newest scheduled backup was made, since 1970; 0 where there is none";
        all.register_with_unit("last_backup_timestamp", help, Unit::Seconds, at);
    }
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |it| it.len())
}

fn log_of(data: &Path) -> PathBuf {
    let mut name = OsString::from(data);
    name.push("-wal");
    name.into()
}

/// Bytes that may still be written, by whoever the server runs as.
#[allow(
    clippy::useless_conversion,
    reason = "how wide they are is the system's"
)]
fn free(data: &Path) -> Option<u64> {
    let disk = statvfs(data).ok()?;
    Some(u64::from(disk.blocks_available()) * u64::from(disk.fragment_size()))
}

//! How large the database file is, how much room its disk has left, and when it was last copied.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
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

pub fn register(all: &mut Registry, files: &Files) {
    if let Some(data) = &files.data {
        let bytes = size(data) + size(&log_of(data));
        let help = "The database file, its write-ahead log included";
        all.register_with_unit("data", help, Unit::Bytes, ConstGauge::new(bytes));
        if let Some(bytes) = free(data) {
            let help = "Room that is left on the disk of the database file";
            all.register_with_unit("data_free", help, Unit::Bytes, ConstGauge::new(bytes));
        }
    }
    if let Some(folder) = &files.backups {
        let newest = backup::newest(folder).and_then(|time| time.duration_since(UNIX_EPOCH).ok());
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

//! Copies of the database: one on demand, and one every so often, of which the newest are kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

use super::{
    aside::AsideError,
    config::Backups,
    store::{CopyError, Progress, copy},
};

/// What scheduled copies are called: `latchkey-2026-11-27T08-00-00Z.db`, so that names sort as times do.
const PREFIX: &str = "latchkey-";
const SUFFIX: &str = ".db";
/// After a copy that failed.
const AGAIN: Duration = Duration::from_secs(60);

/// Makes copies for as long as the process is there.
///
/// # Errors
/// Where the folder cannot be made or read, or there is no thread to be had.
pub fn keep_making(data: &Path, backups: Backups) -> io::Result<()> {
    fs::create_dir_all(&backups.to)?;
    // A folder that cannot be read now could not be later.
    made_in(&backups.to)?;
    let age = newest(&backups.to).and_then(|made| made.elapsed().ok());
    // One that is due while the server is down is made when it is back.
    let mut wait = age.map_or(Duration::ZERO, |age| backups.every.saturating_sub(age));
    let data = data.to_owned();
    let run = move || {
        loop {
            thread::sleep(wait);
            wait = match make(&data, &backups) {
                Ok(path) => {
                    tracing::info!(backup = %path.display(), "made a backup");
                    backups.every
                }
                Err(error) => {
                    tracing::error!(%error, "no backup was made");
                    AGAIN.min(backups.every)
                }
            };
        }
    };
    thread::Builder::new().name("backup".into()).spawn(run)?;
    Ok(())
}

/// Makes one more, and takes the oldest away that are too many.
fn make(data: &Path, backups: &Backups) -> Result<PathBuf, CopyError> {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let name = format!("{PREFIX}{}{SUFFIX}", now.replace(':', "-"));
    let path = backups.to.join(name);
    copy(data, &path, |_: Progress| ())?;
    let io = |why| AsideError::Io {
        path: backups.to.clone(),
        why,
    };
    let made = made_in(&backups.to).map_err(io)?;
    let excess = made.len().saturating_sub(backups.keep.get());
    for old in &made[..excess] {
        fs::remove_file(old).map_err(io)?;
    }
    Ok(path)
}

/// When the newest copy was made; `None` where there is none, or the folder cannot be read.
pub fn newest(folder: &Path) -> Option<SystemTime> {
    let newest = made_in(folder).ok()?.pop()?;
    fs::metadata(newest).ok()?.modified().ok()
}

/// The copies that were made before, the oldest first.
fn made_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(is_ours) {
            made.push(path);
        }
    }
    made.sort();
    Ok(made)
}

/// Whether a file is a scheduled copy, by its name: no other is ever taken away.
fn is_ours(name: &str) -> bool {
    let time = name
        .strip_prefix(PREFIX)
        .and_then(|name| name.strip_suffix(SUFFIX));
    let Some((date, time)) = time.and_then(|time| time.split_once('T')) else {
        return false;
    };
    humantime::parse_rfc3339(&format!("{date}T{}", time.replace('-', ":"))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheduled_copies_are_taken_for_such() {
        assert!(is_ours("latchkey-2026-11-27T08-00-00Z.db"));
        for other in [
            "latchkey.db",
            "latchkey-monday.db",
            "latchkey-2026-11-27.db",
            ".latchkey-2026-11-27T08-00-00Z.db.part",
            "latchkey-2026-11-27T08-00-00Z.db-wal",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}

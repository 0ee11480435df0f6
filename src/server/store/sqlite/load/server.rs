//! A whole server's lines into a database that has nobody in it.

use std::{io::BufRead, path::Path};

use super::{
    super::{index, migrate, open},
    lines::{Load, Loaded},
};
use crate::server::transfer::{ImportError, Of, Take, read::Lines};

/// Fills a database that has nobody in it, or is not there yet, with a server's lines. All of them, or none.
///
/// # Errors
/// [`ImportError`], with the number of the line that is wrong.
pub fn load(
    file: &Path,
    input: impl BufRead,
    tell: impl FnMut(u64),
) -> Result<Loaded, ImportError> {
    let (of, lines) = Lines::begin(input)?;
    if of == Of::Room {
        return Err(ImportError::Whole(
            "this is an export of one room: say as what it is to come in, with --as".to_owned(),
        ));
    }
    load_from(file, move |take| feed(lines, take), tell)
}

fn feed(mut lines: Lines<impl BufRead>, take: &mut Take<'_>) -> Result<(), ImportError> {
    while let Some(line) = lines.next()? {
        take(line).map_err(|why| lines.wrong(why))?;
    }
    Ok(())
}

/// The same with lines from elsewhere: `feed` gives them out one by one.
///
/// # Errors
/// Those of `feed`, and [`ImportError`].
pub fn load_from(
    file: &Path,
    feed: impl FnOnce(&mut Take<'_>) -> Result<(), ImportError>,
    tell: impl FnMut(u64),
) -> Result<Loaded, ImportError> {
    let is_new = !file.exists();
    let loaded = fill(file, feed, tell);
    if is_new && loaded.is_err() {
        for end in ["", "-wal", "-shm"] {
            let mut path = file.as_os_str().to_owned();
            path.push(end);
            let _ = std::fs::remove_file(path);
        }
    }
    loaded
}

fn fill(
    file: &Path,
    feed: impl FnOnce(&mut Take<'_>) -> Result<(), ImportError>,
    mut tell: impl FnMut(u64),
) -> Result<Loaded, ImportError> {
    let _lock = open::lock(file)?;
    let mut connection = open::writer(file)?;
    migrate::to_newest(&mut connection)?;
    let empty: bool = connection.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM users) AND NOT EXISTS (SELECT 1 FROM rooms)",
        [],
        |row| row.get(0),
    )?;
    if !empty {
        return Err(ImportError::Whole(
            "the database has people in it: an import begins with an empty one".to_owned(),
        ));
    }
    let change = connection.transaction()?;
    let mut load = Load::new(&change);
    feed(&mut |line| {
        load.take(line)?;
        if load.loaded.entries.is_multiple_of(1_000) {
            tell(load.loaded.entries);
        }
        Ok(())
    })?;
    let loaded = load.end()?;
    change.commit()?;
    if let Err(error) = index::catch_up(&mut connection) {
        // All of it is there; what is not indexed yet is when the server starts.
        tracing::warn!(%error, "what was imported is not searchable yet");
    }
    Ok(loaded)
}

//! A database file that a server is moved out of: nobody else has it meanwhile.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{dump, open};
use crate::server::{
    store::{DumpError, OpenError},
    transfer::Line,
};

pub struct Source {
    path: PathBuf,
    /// Keeps servers off the file.
    _lock: File,
}

impl Source {
    /// # Errors
    /// Where there is no such file, or a server has it open.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let path = path.to_owned();
        if !path.exists() {
            let why = io::ErrorKind::NotFound.into();
            return Err(OpenError::Io { path, why });
        }
        let lock = open::lock(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// How many entries there are, at most.
    pub fn entries(&self) -> rusqlite::Result<u64> {
        let connection = open::reader(&self.path)?;
        connection.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))
    }

    /// The highest numbers that were ever given out, by what they are numbers of.
    pub fn numbers(&self) -> rusqlite::Result<Vec<(String, i64)>> {
        let connection = open::reader(&self.path)?;
        let mut query = connection.prepare("SELECT name, seq FROM sqlite_sequence")?;
        let numbers = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        numbers.collect()
    }

    /// All that is to be moved, line by line.
    pub fn lines(&self, take: impl FnMut(&Line) -> io::Result<()>) -> Result<(), DumpError> {
        dump::dump(&self.path, None, take)
    }
}

//! A file that is written aside and then moved into place, so that what is there is always whole.

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::locked;

/// Why there is no file. What was there under its name is there still.
#[derive(Debug, thiserror::Error)]
pub enum AsideError {
    #[error("cannot write {path}: {why}")]
    Io { path: PathBuf, why: io::Error },
    #[error("another is being written to {0}")]
    Busy(PathBuf),
}

/// The file that is written beside the one that is wanted; one that is dropped before it is in place is gone.
pub struct Aside<'a> {
    path: PathBuf,
    to: &'a Path,
    /// Locked for as long as this one is written.
    file: File,
    in_place: bool,
}

impl<'a> Aside<'a> {
    /// # Errors
    /// Where it cannot be written, or another is being written to the same place.
    pub fn new(to: &'a Path) -> Result<Self, AsideError> {
        let mut name = OsString::from(".");
        name.push(to.file_name().unwrap_or_default());
        name.push(".part");
        let path = to.with_file_name(name);
        let io = |why| AsideError::Io {
            path: path.clone(),
            why,
        };
        let file = locked::take(&path).map_err(|error| match error {
            TryLockError::WouldBlock => AsideError::Busy(to.to_owned()),
            TryLockError::Error(why) => io(why),
        })?;
        // What one that was killed has left.
        file.set_len(0).map_err(io)?;
        Ok(Self {
            path,
            to,
            file,
            in_place: false,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Makes it durable, and then the one that is wanted.
    ///
    /// # Errors
    /// Where it cannot be written; what was there is there still.
    pub fn put_in_place(mut self) -> Result<(), AsideError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            |why| AsideError::Io { path, why }
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

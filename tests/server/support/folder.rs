//! A folder of a test's own, gone when the test is.

use std::{
    fs,
    path::{Path, PathBuf},
};

pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(super::new_id());
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the build's own folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

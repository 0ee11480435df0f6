//! A folder of a test's own, gone when the test is.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::postgres::{Database, Postgres};

/// Where servers under test keep their data: in a file, or, where it is `postgres`, in PostgreSQL.
const DATA: &str = "LATCHKEY_TEST_DATA";

pub struct Folder {
    path: PathBuf,
    /// Made for the first server here that keeps its data there.
    database: OnceLock<Database<'static>>,
}

impl Folder {
    pub fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(super::new_id());
        fs::create_dir_all(&path).expect("a folder");
        Self {
            path,
            database: OnceLock::new(),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a server that runs here keeps its data, as a flag says it.
    pub fn data(&self) -> OsString {
        if std::env::var(DATA).is_ok_and(|data| data == "postgres") {
            let database = || Postgres::shared().database();
            self.database.get_or_init(database).url().into()
        } else {
            self.path.join("latchkey.db").into()
        }
    }

    /// The database in PostgreSQL, where it is there.
    pub fn database(&self) -> Option<&Database<'static>> {
        self.database.get()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the build's own folder.
        let _ = fs::remove_dir_all(&self.path);
    }
}

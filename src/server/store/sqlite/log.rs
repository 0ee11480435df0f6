//! The write-ahead log's file, written once a commit.
//!
//! SQLite writes its log a frame's header and a page at a time: two system calls for each page that a commit
//! changes, which under load cost more than anything else about storing a message. This is a
//! [VFS](https://www.sqlite.org/vfs.html) that is the system's own but for the log. There it joins writes that
//! follow one another, and has them written before whatever is done to the file next, which for a commit is
//! its sync. Nobody misses them before: with `synchronous=FULL`, SQLite tells its other connections of a commit
//! only when that sync has succeeded.

use std::{
    ffi::{CStr, c_int, c_void},
    ptr, slice,
    sync::Once,
};

use rusqlite::ffi::{
    SQLITE_ERROR, SQLITE_OK, SQLITE_OPEN_WAL, sqlite3_file, sqlite3_filename, sqlite3_initialize,
    sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

/// Bytes that are joined at most. SQLite's VFS for Unix keeps 17 bits of a write's length.
const JOINED: usize = 128 * 1024 - 1;

/// What SQLite holds of an open log. The system's own file follows it in the same allocation.
#[repr(C)]
struct Log {
    base: sqlite3_file,
    unwritten: Vec<u8>,
    /// Where in the file `unwritten` begins.
    at: sqlite3_int64,
}

/// The VFS's name; it is registered the first time. Had SQLite not taken it, opening a file says that there is
/// no such VFS.
pub fn vfs() -> &'static CStr {
    const NAME: &CStr = c"latchkey";
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: SQLite's list of VFSs is read once SQLite is initialized. What is in the list is valid and
        // stays where it is; ours is leaked. A copy has all that the system's methods look for in a VFS.
        unsafe {
            if sqlite3_initialize() != SQLITE_OK {
                return;
            }
            let Some(system) = sqlite3_vfs_find(ptr::null()).as_ref() else {
                return;
            };
            let ours = Box::new(sqlite3_vfs {
                szOsFile: system.szOsFile + size_of::<Log>() as c_int,
                pNext: ptr::null_mut(),
                zName: NAME.as_ptr(),
                xOpen: Some(open),
                ..*system
            });
            sqlite3_vfs_register(Box::leak(ours), 0);
        }
    });
    NAME
}

/// Opens a file as the system does, and a log behind a [`Log`].
///
/// # Safety
/// SQLite's contract for `xOpen`: `file` has `szOsFile` bytes.
unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: ours is not the default, so this is the system's, which was there when ours was registered; and
    // `file` has room for a `Log` and the system's file behind it.
    unsafe {
        let system = sqlite3_vfs_find(ptr::null());
        let Some(system_open) = system.as_ref().and_then(|system| system.xOpen) else {
            return SQLITE_ERROR;
        };
        if flags & SQLITE_OPEN_WAL == 0 {
            return system_open(system, name, file, flags, out);
        }
        // Without methods it is not open, and nothing will be done to it.
        (*file).pMethods = ptr::null();
        let code = system_open(system, name, inner(file), flags, out);
        if code == SQLITE_OK {
            file.cast::<Log>().write(Log {
                base: sqlite3_file { pMethods: &METHODS },
                unwritten: Vec::new(),
                at: 0,
            });
        }
        code
    }
}

/// The system's file behind ours.
///
/// # Safety
/// `file` was given to [`open`] as a log.
unsafe fn inner(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: `szOsFile` has it that there is another file.
    unsafe { file.cast::<Log>().add(1).cast() }
}

/// Calls a method of the system's file behind ours.
macro_rules! call {
    ($file:ident.$method:ident($($argument:expr),*)) => {{
        let inner = inner($file);
        match (*inner).pMethods.as_ref().and_then(|methods| methods.$method) {
            Some(method) => method(inner $(, $argument)*),
            None => SQLITE_ERROR,
        }
    }};
}

/// Methods that are the system's, once what is unwritten has been written.
macro_rules! written_first {
    ($($name:ident is $method:ident($($argument:ident: $type:ty),*);)*) => {$(
        /// # Safety
        /// SQLite's contract for the method; `file` was opened as a log and is not closed.
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($argument: $type),*) -> c_int {
            // SAFETY: as above; the arguments are handed on as they are.
            unsafe {
                match write_out(file) {
                    SQLITE_OK => call!(file.$method($($argument),*)),
                    failed => failed,
                }
            }
        }
    )*};
}

written_first! {
    read is xRead(data: *mut c_void, amount: c_int, at: sqlite3_int64);
    truncate is xTruncate(size: sqlite3_int64);
    sync is xSync(flags: c_int);
    size is xFileSize(size: *mut sqlite3_int64);
    lock is xLock(level: c_int);
    unlock is xUnlock(level: c_int);
    reserved is xCheckReservedLock(reserved: *mut c_int);
    control is xFileControl(what: c_int, argument: *mut c_void);
}

/// # Safety
/// SQLite's contract for `xWrite`; `file` was opened as a log and is not closed.
unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    data: *const c_void,
    amount: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: as above; SQLite uses a file from one thread at a time.
    unsafe {
        let data = slice::from_raw_parts(data.cast::<u8>(), amount as usize);
        let log = &mut *file.cast::<Log>();
        let follows = log.at + log.unwritten.len() as sqlite3_int64 == at;
        if !follows || log.unwritten.len() + data.len() > JOINED {
            let code = write_out(file);
            if code != SQLITE_OK {
                return code;
            }
        }
        let log = &mut *file.cast::<Log>();
        if log.unwritten.is_empty() {
            log.at = at;
        }
        log.unwritten.extend_from_slice(data);
        SQLITE_OK
    }
}

/// Writes what is unwritten. Where that fails it is forgotten, as what a failed write left undone is: SQLite
/// takes back the transaction it was of.
///
/// # Safety
/// `file` was opened as a log and is not closed.
unsafe fn write_out(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as above; the bytes are not touched while they are written.
    unsafe {
        let log = &mut *file.cast::<Log>();
        if log.unwritten.is_empty() {
            return SQLITE_OK;
        }
        let (data, amount) = (log.unwritten.as_ptr().cast(), log.unwritten.len() as c_int);
        let code = call!(file.xWrite(data, amount, log.at));
        log.unwritten.clear();
        code
    }
}

/// # Safety
/// SQLite's contract for `xClose`; `file` was opened as a log and is not closed.
unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as above; nothing of it is used afterwards.
    unsafe {
        let written = write_out(file);
        let closed = call!(file.xClose());
        file.cast::<Log>().drop_in_place();
        if written == SQLITE_OK {
            closed
        } else {
            written
        }
    }
}

/// # Safety
/// SQLite's contract for `xSectorSize`; `file` was opened as a log and is not closed.
unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as above.
    unsafe { call!(file.xSectorSize()) }
}

/// # Safety
/// SQLite's contract for `xDeviceCharacteristics`; `file` was opened as a log and is not closed.
unsafe extern "C" fn characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as above.
    unsafe { call!(file.xDeviceCharacteristics()) }
}

/// Version 1: a log is neither mapped nor does it have an index of its own.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use proptest::prelude::*;
    use rusqlite::{Connection, OpenFlags};

    use super::*;

    fn connect(path: &Path) -> Connection {
        let connection =
            Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs()).expect("opens");
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
            .expect("is told how");
        connection
    }

    fn sizes(connection: &Connection) -> Vec<usize> {
        let intact: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .expect("is checked");
        assert_eq!(intact, "ok");
        connection
            .prepare("SELECT length(body) FROM bodies ORDER BY id")
            .and_then(|mut query| query.query_map([], |row| row.get(0))?.collect())
            .expect("is read")
    }

    /// Inserts bodies of these sizes in one transaction, and ends it.
    fn transact(connection: &Connection, sizes: &[usize], end: &str) {
        connection.execute_batch("BEGIN IMMEDIATE").expect("begins");
        for size in sizes {
            connection
                .execute("INSERT INTO bodies (body) VALUES (randomblob(?1))", [size])
                .expect("is written");
        }
        connection.execute_batch(end).expect("ends");
    }

    #[derive(Clone, Debug)]
    enum Step {
        Commit(Vec<usize>),
        Rollback(Vec<usize>),
        Checkpoint(&'static str),
    }

    fn step() -> impl Strategy<Value = Step> {
        // Bodies from a few to more than are joined, in transactions that do not fit the cache.
        let bodies = || prop::collection::vec(prop_oneof![1..200usize, 1..200_000usize], 0..20);
        prop_oneof![
            4 => bodies().prop_map(Step::Commit),
            1 => bodies().prop_map(Step::Rollback),
            1 => prop::sample::select(vec!["PASSIVE", "RESTART", "TRUNCATE"]).prop_map(Step::Checkpoint),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_was_committed_is_in_the_files_at_once_and_what_was_not_is_not(
            steps in prop::collection::vec(step(), 1..12)
        ) {
            let folder = std::env::temp_dir().join(format!("latchkey-log-{}", uuid::Uuid::now_v7()));
            fs::create_dir(&folder).expect("is made");
            let (path, copy) = (folder.join("it.db"), folder.join("copy.db"));
            let connection = connect(&path);
            connection
                .execute_batch("PRAGMA cache_size = 8; CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB)")
                .expect("is made");
            let other = connect(&path);
            let mut committed = Vec::new();
            for step in steps {
                match step {
                    Step::Commit(bodies) => {
                        transact(&connection, &bodies, "COMMIT");
                        committed.extend(bodies);
                    }
                    Step::Rollback(bodies) => transact(&connection, &bodies, "ROLLBACK"),
                    Step::Checkpoint(mode) => connection
                        .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
                        .expect("is carried over"),
                }
                prop_assert_eq!(&sizes(&other), &committed);
                // What a crash at this moment would leave, read by the system's VFS.
                for end in ["", "-wal"] {
                    let from = folder.join(format!("it.db{end}"));
                    fs::copy(from, folder.join(format!("copy.db{end}"))).expect("is copied");
                }
                prop_assert_eq!(&sizes(&Connection::open(&copy).expect("opens")), &committed);
            }
            drop((connection, other));
            prop_assert_eq!(&sizes(&Connection::open(&path).expect("opens")), &committed);
            fs::remove_dir_all(folder).expect("is removed");
        }
    }
}

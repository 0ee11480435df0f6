//! [`Disk`] as a [VFS](https://www.sqlite.org/vfs.html): SQLite's default one from here on, which hands files that
//! are on no such disk to the system's.

use std::{
    collections::HashMap,
    ffi::{CStr, c_char, c_int, c_void},
    path::Path,
    ptr, slice,
    sync::{
        Arc, Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicUsize, Ordering, fence},
    },
};

use rusqlite::ffi::*;

use super::disk::{Disk, Error};

/// By the folder whose files they hold.
static DISKS: Mutex<Option<HashMap<String, Mounted>>> = Mutex::new(None);
static SYSTEM: AtomicUsize = AtomicUsize::new(0);
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// A disk, and what the processes that use it share.
#[derive(Clone)]
struct Mounted {
    disk: Disk,
    shared: Arc<Mutex<Shared>>,
}

/// Locks on the database, and the memory of the log's index.
#[derive(Default)]
struct Shared {
    levels: HashMap<usize, c_int>,
    regions: Vec<Region>,
    /// Holders of each of the index's locks; -1 where it is one alone.
    slots: [i32; SQLITE_SHM_NLOCK as usize],
}

struct Region(*mut [u64]);

// SAFETY: only SQLite touches what is in it, under its own rules for shared memory.
unsafe impl Send for Region {}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: made from a box, and nothing uses it after the last file of the disk was closed.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// What SQLite holds of an open file.
#[repr(C)]
struct Opened {
    base: sqlite3_file,
    file: *mut File,
}

struct File {
    id: usize,
    name: String,
    mounted: Mounted,
    /// Of the index's locks, those that this holds.
    alone: u32,
    with_others: u32,
}

/// Puts the disk where this folder is, until it is taken away.
pub fn mount(folder: &Path, disk: &Disk) {
    register();
    let mounted = Mounted {
        disk: disk.clone(),
        shared: Arc::default(),
    };
    disks()
        .get_or_insert_default()
        .insert(folder.to_string_lossy().into_owned(), mounted);
}

pub fn unmount(folder: &Path) {
    if let Some(disks) = disks().as_mut() {
        disks.remove(&*folder.to_string_lossy());
    }
}

fn disks() -> MutexGuard<'static, Option<HashMap<String, Mounted>>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: SQLite is initialized before its list of VFSs is read; what is in it stays; ours is leaked.
        unsafe {
            assert_eq!(sqlite3_initialize(), SQLITE_OK);
            let system = sqlite3_vfs_find(ptr::null());
            SYSTEM.store(system as usize, Ordering::SeqCst);
            let ours = Box::new(sqlite3_vfs {
                szOsFile: (*system).szOsFile.max(size_of::<Opened>() as c_int),
                pNext: ptr::null_mut(),
                zName: c"crash".as_ptr(),
                xOpen: Some(open),
                xDelete: Some(delete),
                xAccess: Some(access),
                ..*system
            });
            assert_eq!(sqlite3_vfs_register(Box::leak(ours), 1), SQLITE_OK);
        }
    });
}

fn system() -> *mut sqlite3_vfs {
    SYSTEM.load(Ordering::SeqCst) as *mut sqlite3_vfs
}

/// The disk that a file is on, and its name there.
///
/// # Safety
/// `name` is null or a C string.
unsafe fn place(name: *const c_char) -> Option<(Mounted, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: as above.
    let path = Path::new(unsafe { CStr::from_ptr(name) }.to_str().ok()?);
    let folder = path.parent()?.to_str()?;
    let mounted = disks().as_ref()?.get(folder)?.clone();
    Some((mounted, path.file_name()?.to_str()?.to_owned()))
}

/// # Safety
/// SQLite's contract for `xOpen`: `file` has `szOsFile` bytes.
unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: as above; the system's files fit too.
    unsafe {
        let Some((mounted, name)) = place(name) else {
            return ((*system()).xOpen.expect("opens"))(system(), name, file, flags, out);
        };
        (*file).pMethods = ptr::null();
        if !mounted.disk.open(&name, flags & SQLITE_OPEN_CREATE != 0) {
            return SQLITE_CANTOPEN;
        }
        let opened = Box::new(File {
            id: NEXT.fetch_add(1, Ordering::SeqCst),
            name,
            mounted,
            alone: 0,
            with_others: 0,
        });
        file.cast::<Opened>().write(Opened {
            base: sqlite3_file { pMethods: &METHODS },
            file: Box::into_raw(opened),
        });
        if !out.is_null() {
            *out = flags;
        }
        SQLITE_OK
    }
}

/// # Safety
/// SQLite's contract for `xDelete`.
unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: as above.
    unsafe {
        match place(name) {
            Some((mounted, name)) => {
                code(mounted.disk.delete(&name, sync != 0), SQLITE_IOERR_DELETE)
            }
            None => ((*system()).xDelete.expect("deletes"))(system(), name, sync),
        }
    }
}

/// # Safety
/// SQLite's contract for `xAccess`.
unsafe extern "C" fn access(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        match place(name) {
            Some((mounted, name)) => {
                *out = c_int::from(mounted.disk.has(&name));
                SQLITE_OK
            }
            None => ((*system()).xAccess.expect("looks"))(system(), name, flags, out),
        }
    }
}

fn code(outcome: Result<(), Error>, io: c_int) -> c_int {
    match outcome {
        Ok(()) => SQLITE_OK,
        // As the system's VFS has it: only of a write does it say that the disk is full.
        Err(Error::Full) if io == SQLITE_IOERR_WRITE => SQLITE_FULL,
        Err(_) => io,
    }
}

/// # Safety
/// `file` was opened here and is not closed; SQLite uses it from one thread at a time.
unsafe fn of<'a>(file: *mut sqlite3_file) -> &'a mut File {
    // SAFETY: as above.
    unsafe { &mut *(*file.cast::<Opened>()).file }
}

/// Methods of a file, whose contracts are SQLite's.
macro_rules! methods {
    ($($name:ident($file:ident $(, $argument:ident: $type:ty)*) $body:block)*) => {$(
        /// # Safety
        /// SQLite's contract for the method; `file` was opened here and is not closed.
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $type)*) -> c_int {
            // SAFETY: as above.
            let $file = unsafe { of(file) };
            $body
        }
    )*};
}

methods! {
    read(file, into: *mut c_void, amount: c_int, at: sqlite3_int64) {
        // SAFETY: SQLite's buffer has that many bytes.
        let into = unsafe { slice::from_raw_parts_mut(into.cast::<u8>(), amount as usize) };
        match file.mounted.disk.read(&file.name, at as usize, into) {
            Ok(read) if read == into.len() => SQLITE_OK,
            Ok(read) => {
                into[read..].fill(0);
                SQLITE_IOERR_SHORT_READ
            }
            Err(_) => SQLITE_IOERR_READ,
        }
    }
    write(file, bytes: *const c_void, amount: c_int, at: sqlite3_int64) {
        // SAFETY: SQLite's buffer has that many bytes.
        let bytes = unsafe { slice::from_raw_parts(bytes.cast::<u8>(), amount as usize) };
        code(file.mounted.disk.write(&file.name, at as usize, bytes), SQLITE_IOERR_WRITE)
    }
    truncate(file, size: sqlite3_int64) {
        code(file.mounted.disk.truncate(&file.name, size as usize), SQLITE_IOERR_TRUNCATE)
    }
    sync(file, _flags: c_int) {
        code(file.mounted.disk.sync(&file.name), SQLITE_IOERR_FSYNC)
    }
    size(file, out: *mut sqlite3_int64) {
        // SAFETY: SQLite's place for it.
        unsafe { *out = file.mounted.disk.size(&file.name) as sqlite3_int64 };
        SQLITE_OK
    }
    lock(file, level: c_int) {
        let mut shared = file.shared();
        let others = shared.levels.iter().filter(|(id, _)| **id != file.id);
        let (mut highest, mut count) = (SQLITE_LOCK_NONE, 0);
        for (_, level) in others {
            highest = highest.max(*level);
            count += usize::from(*level >= SQLITE_LOCK_SHARED);
        }
        let mine = shared.levels.get(&file.id).copied().unwrap_or(SQLITE_LOCK_NONE);
        if mine >= level {
            return SQLITE_OK;
        }
        let (free, pending) = match level {
            SQLITE_LOCK_SHARED => (highest < SQLITE_LOCK_PENDING, false),
            SQLITE_LOCK_RESERVED => (highest < SQLITE_LOCK_RESERVED, false),
            _ => (count == 0, highest < SQLITE_LOCK_RESERVED),
        };
        if free {
            shared.levels.insert(file.id, level);
            return SQLITE_OK;
        }
        if pending {
            shared.levels.insert(file.id, SQLITE_LOCK_PENDING);
        }
        SQLITE_BUSY
    }
    unlock(file, level: c_int) {
        file.shared().levels.insert(file.id, level);
        SQLITE_OK
    }
    reserved(file, out: *mut c_int) {
        let held = file.shared().levels.values().any(|level| *level >= SQLITE_LOCK_RESERVED);
        // SAFETY: SQLite's place for it.
        unsafe { *out = c_int::from(held) };
        SQLITE_OK
    }
    control(_file, _what: c_int, _argument: *mut c_void) {
        SQLITE_NOTFOUND
    }
    sector(_file) {
        4_096
    }
    characteristics(_file) {
        SQLITE_IOCAP_POWERSAFE_OVERWRITE
    }
    shm_map(file, page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) {
        let mut shared = file.shared();
        let page = page as usize;
        while extend != 0 && shared.regions.len() <= page {
            let region = vec![0_u64; size as usize / 8].into_boxed_slice();
            shared.regions.push(Region(Box::into_raw(region)));
        }
        let region = shared.regions.get(page).map_or(ptr::null_mut(), |region| region.0.cast());
        // SAFETY: SQLite's place for it.
        unsafe { *out = region };
        SQLITE_OK
    }
    shm_lock(file, first: c_int, count: c_int, flags: c_int) {
        let slots = first as usize..(first + count) as usize;
        let mask = slots.clone().fold(0, |mask, slot| mask | 1_u32 << slot);
        let mounted = file.mounted.clone();
        let mut shared = mounted.shared();
        if flags & SQLITE_SHM_UNLOCK != 0 {
            for slot in slots {
                if file.alone & 1 << slot != 0 {
                    shared.slots[slot] = 0;
                } else if file.with_others & 1 << slot != 0 {
                    shared.slots[slot] -= 1;
                }
            }
            file.alone &= !mask;
            file.with_others &= !mask;
        } else if flags & SQLITE_SHM_SHARED != 0 {
            if file.with_others & mask != 0 {
                return SQLITE_OK;
            }
            if shared.slots[first as usize] < 0 {
                return SQLITE_BUSY;
            }
            shared.slots[first as usize] += 1;
            file.with_others |= mask;
        } else {
            if shared.slots[slots.clone()].iter().any(|holders| *holders != 0) {
                return SQLITE_BUSY;
            }
            shared.slots[slots].fill(-1);
            file.alone |= mask;
        }
        SQLITE_OK
    }
    shm_unmap(_file, _delete: c_int) {
        SQLITE_OK
    }
}

/// # Safety
/// SQLite's contract for `xShmBarrier`.
unsafe extern "C" fn barrier(_: *mut sqlite3_file) {
    fence(Ordering::SeqCst);
}

/// # Safety
/// SQLite's contract for `xClose`; `file` was opened here and is not closed.
unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as above; nothing uses it afterwards.
    let file = unsafe { Box::from_raw((*file.cast::<Opened>()).file) };
    let mut shared = file.shared();
    shared.levels.remove(&file.id);
    if shared.levels.is_empty() {
        // The index goes with the last who has the database open, and is made anew from the log.
        shared.regions.clear();
        shared.slots.fill(0);
    }
    SQLITE_OK
}

impl File {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.mounted.shared()
    }
}

impl Mounted {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
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
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

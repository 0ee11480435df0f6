//! The embedded store: one SQLite file, one thread that writes it, readers beside it.

mod alarm;
#[allow(unsafe_code, reason = "SQLite takes a VFS as C functions")]
mod log;
mod migrate;
mod queue;
mod reads;
mod recall;
mod sessions;
mod writer;
mod writes;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{Semaphore, oneshot};

use self::{alarm::Alarm, sessions::Sessions, writer::Writer};
use super::{
    Failure, Journal, Lock, Membership, NewMessage, Reading, Reply, SocketId, Store, StoreError,
    Stretch, Surroundings, TokenHash, User, UserId,
};
use crate::domain::{
    Folded, History, Message, Posted, Room, RoomId, RoomName, RoomSummary, Seq, Username,
};

/// Connections that read at the same time at most.
const READERS: usize = 4;

/// What is answered later than that is not answered.
const GOOD_TIME: Duration = Duration::from_secs(2);

/// A store in one SQLite file (WAL, `synchronous=FULL`).
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
    sessions: Arc<Sessions>,
    alarm: Alarm,
    /// Holds the lock that keeps a second server off the file.
    _lock: File,
}

/// Why a database file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the database {path}: {why}")]
    Io { path: PathBuf, why: std::io::Error },
    #[error("another Latchkey is using the database {0}")]
    InUse(PathBuf),
    #[error(
        "the database was made by a newer Latchkey (its version is {found}, this program knows {known})"
    )]
    TooNew { found: usize, known: usize },
    #[error("cannot open the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl Sqlite {
    /// Opens the file, or makes it, and brings it up to date.
    ///
    /// # Errors
    /// Where the file cannot be opened or is not a database, where another server has it open, and where a
    /// newer program made it.
    pub fn open(path: &Path, journal: Arc<dyn Journal>) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        migrate::to_newest(&mut connection)?;
        let (sessions, alarm) = (Arc::new(Sessions::default()), Alarm::default());
        Ok(Self {
            writer: Writer::start(connection, journal, sessions.clone(), alarm.clone()),
            sessions,
            alarm,
            readers: Readers {
                path: path.to_owned(),
                idle: Arc::default(),
                free: Semaphore::new(READERS),
            },
            _lock: lock,
        })
    }

    /// Has the writer do it and waits for the answer.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut writes::Change<'_>) -> Result<T, writes::Stop> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writer.submit(
            work,
            Box::new(move |result| {
                let _ = reply.send(result);
            }),
        );
        answer.await.unwrap_or(Err(StoreError::Unavailable))
    }
}

/// Takes the file for this process. An advisory lock: tools that read or back up the file are not kept off.
fn lock(path: &Path) -> Result<File, OpenError> {
    let io = |why| OpenError::Io {
        path: path.to_owned(),
        why,
    };
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(std::fs::TryLockError::Error(why)) => Err(io(why)),
    }
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let access = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(path, access, log::vfs())?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    // 64 MiB of log before it is carried over: a room's newest page is written there many times, here once.
    connection.pragma_update(None, "wal_autocheckpoint", 16_000)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// A few read-only connections, made as they are needed and kept.
struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Semaphore,
}

impl Readers {
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = self
            .free
            .acquire()
            .await
            .map_err(|_| StoreError::Unavailable)?;
        let (path, idle) = (self.path.clone(), self.idle.clone());
        let task = tokio::task::spawn_blocking(move || {
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match kept {
                Some(connection) => connection,
                None => connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
            };
            let result = work(&connection);
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            result
        });
        task.await.unwrap_or(Err(StoreError::Unavailable))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => {
                tracing::error!(%error, "storage failed");
                Self::Unavailable
            }
        }
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn claim(&self, name: &Username, token: TokenHash) -> Result<User, StoreError> {
        let name = name.clone();
        self.write(move |change| writes::claim(change, &name, token))
            .await
    }

    async fn give_up(&self, user: UserId) -> Result<(), StoreError> {
        self.write(move |change| writes::give_up(change, user))
            .await
    }

    async fn user(&self, token: TokenHash) -> Result<Option<User>, StoreError> {
        let missed = match self.sessions.user(token) {
            Ok(user) => return Ok(Some(user)),
            Err(missed) => missed,
        };
        let found = self
            .readers
            .read(move |connection| Ok(reads::user(connection, token)?))
            .await?;
        if let Some(user) = &found {
            self.sessions.keep(token, user, missed);
        }
        Ok(found)
    }

    async fn create_room(
        &self,
        owner: UserId,
        name: &RoomName,
        key_hash: String,
    ) -> Result<RoomId, StoreError> {
        let name = name.clone();
        self.write(move |change| writes::create_room(change, owner, &name, &key_hash))
            .await
    }

    async fn lock(&self, name: Folded) -> Result<Option<Lock>, StoreError> {
        self.readers
            .read(move |connection| Ok(reads::lock(connection, &name)?))
            .await
    }

    async fn join(&self, room: RoomId, user: UserId) -> Result<(), StoreError> {
        self.write(move |change| writes::join(change, room, user))
            .await
    }

    async fn leave(&self, room: RoomId, user: UserId) -> Result<(), StoreError> {
        self.write(move |change| writes::leave(change, room, user))
            .await
    }

    async fn delete_room(&self, room: RoomId, by: UserId) -> Result<(), StoreError> {
        self.write(move |change| writes::delete_room(change, room, by))
            .await
    }

    async fn room(&self, room: RoomId, user: UserId) -> Result<Room, StoreError> {
        self.readers
            .read(move |connection| reads::room(connection, room, user))
            .await
    }

    async fn surroundings(&self, name: Folded, user: UserId) -> Result<Surroundings, StoreError> {
        self.readers
            .read(move |connection| reads::surroundings(connection, &name, user))
            .await
    }

    async fn rooms(&self, user: UserId) -> Result<Vec<RoomSummary>, StoreError> {
        self.readers
            .read(move |connection| Ok(reads::rooms(connection, user)?))
            .await
    }

    async fn members(&self, room: RoomId, user: UserId) -> Result<Vec<(User, bool)>, StoreError> {
        self.readers
            .read(move |connection| reads::members(connection, room, user))
            .await
    }

    async fn history(
        &self,
        room: RoomId,
        user: UserId,
        from: Stretch,
        limit: usize,
    ) -> Result<History, StoreError> {
        self.readers
            .read(move |connection| reads::history(connection, room, user, from, limit))
            .await
    }

    async fn seen(&self, room: RoomId, user: UserId, seq: Seq) -> Result<(), StoreError> {
        self.write(move |change| writes::seen(change, room, user, seq, Reading::Page))
            .await
    }

    fn post(&self, messages: Vec<NewMessage>, reply: Reply<Vec<Result<Posted, StoreError>>>) {
        self.writer.post(messages, reply);
    }

    fn note_seen(&self, room: RoomId, user: UserId, seq: Seq, by: SocketId) {
        self.writer.submit(
            move |change| writes::seen(change, room, user, seq, Reading::Socket(by)),
            Box::new(|_| {}),
        );
    }

    fn membership(&self, token: TokenHash, reply: Reply<Option<Membership>>) {
        self.writer.submit(
            move |change| Ok(reads::membership(change.connection, token)?),
            reply,
        );
    }

    fn tail(&self, room: RoomId, limit: usize, reply: Reply<Vec<Message>>) {
        self.writer.submit(
            move |change| Ok(reads::tail(change.connection, room, limit)?),
            reply,
        );
    }

    async fn alive(&self) -> Result<(), StoreError> {
        let asked = async {
            tokio::try_join!(
                self.write(|_| Ok(())),
                self.readers.read(|connection| Ok(reads::any(connection)?)),
            )
        };
        match tokio::time::timeout(GOOD_TIME, asked).await {
            Ok(answered) => answered.map(|_| ()),
            Err(_) => Err(StoreError::Unavailable),
        }
    }

    async fn failure(&self) -> Failure {
        self.alarm.rung().await
    }

    fn close(&self) {
        self.writer.close();
    }
}

//! The embedded store: one SQLite file, one thread that writes it, readers beside it.

mod append;
mod basics;
mod change;
mod check;
mod committer;
mod copy;
#[cfg(test)]
#[allow(unsafe_code, reason = "SQLite takes a VFS as C functions")]
mod crash;
mod dump;
mod entries;
mod epoch;
mod errors;
mod index;
mod invites;
mod job;
mod keeping;
mod load;
mod locks;
mod mentions;
mod migrate;
mod notes;
mod open;
mod oversight;
mod passkeys;
mod people;
mod permit;
mod purge;
mod readers;
mod reads;
mod recall;
mod search;
mod source;
mod wal;
mod ways;
mod writer;
mod writes;

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::oneshot;
use uuid::Uuid;

pub use self::{
    check::{Checkup, check},
    copy::{CopyError, Progress, copy},
    dump::{DumpError, dump},
    load::{Loaded, load, load_from, load_room},
    open::OpenError,
    source::Source,
};
use self::{readers::Readers, writer::Writer};
use super::{
    Actor, Entry, Failure, InviteTerms, Journal, LaneFigures, Lock, Membership, NewEntry,
    NewSession, Reading, Reply, Session, Setting, SocketId, Store, StoreError, Stretch,
    Surroundings, TokenHash, User, UserId, Ways, alarm::Alarm, now, search::Search,
    sessions::Sessions,
};
use crate::domain::{
    Changes, Folded, Found, History, Invite, InviteId, Posted, Role, Room, RoomId, RoomName,
    RoomSummary, Seq, Username,
};

/// What is answered later than that is not answered.
const GOOD_TIME: Duration = Duration::from_secs(2);

/// A store in one SQLite file (WAL, `synchronous=FULL`).
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
    sessions: Arc<Sessions>,
    alarm: Alarm,
    epoch: Arc<str>,
    /// Holds the lock that keeps a second server off the file.
    _lock: File,
}

impl Sqlite {
    /// Opens the file, or makes it, and brings it up to date.
    ///
    /// # Errors
    /// Where the file cannot be opened or is not a database, where another server has it open, and where a
    /// newer program made it.
    pub fn open(path: &Path, journal: Arc<dyn Journal>) -> Result<Self, OpenError> {
        let lock = open::lock(path)?;
        let mut connection = open::writer(path)?;
        migrate::to_newest(&mut connection)?;
        index::catch_up(&mut connection)?;
        let epoch = epoch::of(&connection)?.into();
        let (sessions, alarm) = (Arc::new(Sessions::default()), Alarm::default());
        let writer = Writer::start(
            connection,
            path.to_owned(),
            journal,
            sessions.clone(),
            alarm.clone(),
        );
        Ok(Self {
            writer: writer.map_err(OpenError::Thread)?,
            readers: Readers::new(path.to_owned(), alarm.clone()),
            sessions,
            alarm,
            epoch,
            _lock: lock,
        })
    }

    /// Has the writer do it and waits for the answer.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut change::Change<'_>) -> Result<T, change::Stop> + Send + 'static,
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

#[async_trait]
impl Store for Sqlite {
    async fn claim(&self, name: &Username, new: NewSession) -> Result<Session, StoreError> {
        let (name, token) = (name.clone(), new.token);
        let session = self
            .write(move |change| people::claim(change, &name, &new))
            .await?;
        self.sessions.began(token);
        Ok(session)
    }

    async fn give_up(&self, by: Actor) -> Result<(), StoreError> {
        self.write(move |change| people::give_up(change, by)).await
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Session>, StoreError> {
        let asked_at = now();
        let missed = match self.sessions.find(token, asked_at) {
            Ok(None) => return Ok(None),
            Ok(Some(known)) => {
                if known.due {
                    self.note_used(vec![known.session.id]);
                }
                return Ok(Some(known.session));
            }
            Err(missed) => missed,
        };
        let found = self
            .readers
            .read(move |connection| Ok(reads::stored(connection, token)?))
            .await?;
        let due = self.sessions.keep(token, found.as_ref(), missed, asked_at);
        let session = found.map(|stored| stored.session);
        if let Some(session) = session.as_ref().filter(|_| due) {
            self.note_used(vec![session.id]);
        }
        Ok(session)
    }

    async fn create_room(
        &self,
        owner: Actor,
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

    async fn join(&self, lock: Lock, by: Actor) -> Result<(), StoreError> {
        self.write(move |change| writes::join(change, &lock, by))
            .await
    }

    async fn leave(&self, room: RoomId, by: Actor) -> Result<(), StoreError> {
        self.write(move |change| writes::leave_by(change, room, by))
            .await
    }

    async fn delete_room(&self, room: RoomId, by: Actor) -> Result<(), StoreError> {
        self.write(move |change| writes::delete_room(change, room, by))
            .await
    }

    async fn set(
        &self,
        room: RoomId,
        by: Actor,
        id: Uuid,
        setting: Setting,
    ) -> Result<(), StoreError> {
        self.write(move |change| locks::set(change, room, by, id, setting))
            .await
    }

    async fn new_invite(
        &self,
        room: RoomId,
        by: Actor,
        secret: TokenHash,
        terms: InviteTerms,
    ) -> Result<InviteId, StoreError> {
        self.write(move |change| invites::make(change, room, by, secret, terms))
            .await
    }

    async fn invites(&self, room: RoomId, user: UserId) -> Result<Vec<Invite>, StoreError> {
        self.readers
            .read(move |connection| invites::list(connection, room, user))
            .await
    }

    async fn end_invite(&self, room: RoomId, by: Actor, id: InviteId) -> Result<(), StoreError> {
        self.write(move |change| invites::end(change, room, by, id))
            .await
    }

    async fn join_by_invite(
        &self,
        room: RoomId,
        by: Actor,
        id: InviteId,
        secret: TokenHash,
    ) -> Result<(), StoreError> {
        self.write(move |change| invites::join(change, room, by, id, secret))
            .await
    }

    async fn room(&self, room: RoomId, user: UserId) -> Result<Room, StoreError> {
        self.readers
            .read(move |connection| reads::room(connection, room, user))
            .await
    }

    async fn room_named(&self, name: Folded, user: UserId) -> Result<Room, StoreError> {
        self.readers
            .read(move |connection| reads::room_by_name(connection, &name, user))
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

    async fn members(&self, room: RoomId, user: UserId) -> Result<Vec<(User, Role)>, StoreError> {
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
            .read(move |connection| entries::history(connection, room, user, from, limit))
            .await
    }

    async fn changes(
        &self,
        room: RoomId,
        user: UserId,
        since: Seq,
        limit: usize,
    ) -> Result<Changes, StoreError> {
        self.readers
            .read(move |connection| entries::changes(connection, room, user, since, limit))
            .await
    }

    async fn search(&self, user: UserId, search: Search) -> Result<Found, StoreError> {
        self.readers
            .read(move |connection| search::search(connection, user, &search))
            .await
    }

    async fn seen(&self, room: RoomId, user: UserId, seq: Seq) -> Result<(), StoreError> {
        self.write(move |change| writes::seen(change, room, user, seq, Reading::Page))
            .await
    }

    fn append(&self, entries: Vec<NewEntry>, reply: Reply<Vec<Result<Posted, StoreError>>>) {
        self.writer.append(entries, reply);
    }

    fn note_seen(&self, room: RoomId, user: UserId, seq: Seq, by: SocketId) {
        self.writer.note_seen(room, user, seq, by);
    }

    fn membership(&self, token: TokenHash, reply: Reply<Option<Membership>>) {
        self.writer.submit(
            move |change| Ok(reads::membership(change.connection, token)?),
            reply,
        );
    }

    fn log(&self, room: RoomId, after: Option<Seq>, limit: usize, reply: Reply<Vec<Entry>>) {
        self.writer.submit(
            move |change| Ok(entries::log(change.connection, room, after, limit)?),
            reply,
        );
    }

    fn epoch(&self) -> Arc<str> {
        self.epoch.clone()
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

    fn lanes(&self) -> Vec<LaneFigures> {
        vec![self.writer.meter()]
    }

    fn close(&self) {
        self.writer.close();
    }
}

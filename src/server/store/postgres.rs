//! The store for those who have PostgreSQL: a lane that writes, readers beside it.
//!
//! It keeps all that [`Store`] promises. Where PostgreSQL cannot be reached, changes and reads are answered at once with
//! [`StoreError::Unavailable`], and it is tried again and again. Where the connection was lost while something was
//! committed, its callers wait until PostgreSQL says what became of it: they are told the truth, or nothing.
//!
//! What is deleted is gone from every answer, from its row and from the index at once; PostgreSQL itself overwrites
//! it on the disk when it vacuums, and a word as such may stand in the index until that is made anew.

mod address;
mod append;
mod basics;
mod change;
mod chores;
mod committer;
mod connect;
mod copy_in;
mod entries;
mod epoch;
mod errors;
mod facts;
mod hot;
mod invites;
mod job;
mod keeping;
mod lane;
mod locks;
mod migrate;
mod move_error;
mod moving;
mod needs;
mod notes;
mod open;
mod oversight;
mod passkeys;
mod people;
mod permit;
mod purge;
mod reads;
mod rows;
mod search;
#[cfg(test)]
#[path = "../../../tests/server/support/postgres.rs"]
pub mod server;
mod shared;
mod tls;
mod ways;
mod writes;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use deadpool_postgres::{Client, Pool};
use tokio::{
    sync::{Notify, oneshot},
    task::AbortHandle,
};
use uuid::Uuid;

pub use self::{
    address::{Address, AddressError},
    moving::move_all,
    open::OpenError,
};
use self::{
    basics::snapshot,
    change::Change,
    chores::Chores,
    connect::{Purpose, pool},
    epoch::Epoch,
    lane::Lane,
    needs::Needs,
};
use super::{
    Actor, Entry, Failure, InviteTerms, Journal, LaneFigures, Lock, Membership, NewEntry,
    NewSession, Reply, Session, Setting, SocketId, Store, StoreError, Stretch, Surroundings,
    TokenHash, User, UserId, Ways, alarm::Alarm, now, search::Search, sessions::Sessions,
    stop::Changed,
};
use crate::domain::{
    Changes, Folded, Found, History, Invite, InviteId, Posted, Role, Room, RoomId, RoomName,
    RoomSummary, Seq, Username,
};

/// What is answered later than that is not answered.
const GOOD_TIME: Duration = Duration::from_secs(2);
/// A store in a PostgreSQL database.
pub struct Postgres {
    lane: Arc<Lane>,
    readers: Pool,
    aside: Pool,
    sessions: Arc<Sessions>,
    alarm: Alarm,
    epoch: Arc<Epoch>,
    chores: AbortHandle,
}

impl Postgres {
    /// Opens the database and brings it up to date.
    ///
    /// # Errors
    /// Where it cannot be reached, is none that will do, or is one that a newer program made.
    pub async fn open(address: &Address, journal: Arc<dyn Journal>) -> Result<Self, OpenError> {
        let writers = || pool(address, Purpose::Write);
        let odd_jobs = writers()?;
        let mut client = open::client(&odd_jobs, address).await?;
        migrate::to_newest(&mut client).await?;
        let epoch = Arc::new(Epoch::of(&client).await?);
        drop(client);
        let (sessions, alarm) = (Arc::new(Sessions::default()), Alarm::default());
        let purge = Arc::new(Notify::new());
        let lane = Lane::start(
            writers()?,
            journal,
            sessions.clone(),
            alarm.clone(),
            purge.clone(),
            epoch.clone(),
        )?;
        let lane = Arc::new(lane);
        let chores = Chores {
            pool: odd_jobs,
            lane: lane.clone(),
            asked: purge,
        };
        let chores = tokio::spawn(chores.run());
        Ok(Self {
            lane,
            readers: pool(address, Purpose::Read)?,
            aside: pool(address, Purpose::Aside)?,
            sessions,
            alarm,
            epoch,
            chores: chores.abort_handle(),
        })
    }

    /// Has the lane do it and waits for the answer.
    async fn write<T: Send + 'static>(
        &self,
        needs: Needs,
        work: impl AsyncFnOnce(&mut Change) -> Changed<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.lane.submit(
            needs,
            work,
            Box::new(move |result| {
                let _ = reply.send(result);
            }),
        );
        answer.await.unwrap_or(Err(StoreError::Unavailable))
    }

    async fn reader(&self) -> Result<Client, StoreError> {
        Ok(self.readers.get().await?)
    }
}

#[async_trait]
impl Store for Postgres {
    async fn claim(&self, name: &Username, new: NewSession) -> Result<Session, StoreError> {
        let (name, token) = (name.clone(), new.token);
        let session = self
            .write(Needs::default(), async move |change: &mut Change| {
                people::claim(change, &name, &new).await
            })
            .await?;
        self.sessions.began(token);
        Ok(session)
    }

    async fn give_up(&self, by: Actor) -> Result<(), StoreError> {
        self.write(Needs::leaver(by.user), async move |change: &mut Change| {
            people::give_up(change, by).await
        })
        .await
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
        let found = reads::stored(&self.reader().await?, token).await?;
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
        self.write(Needs::user(owner.user), async move |change: &mut Change| {
            writes::create_room(change, owner, &name, &key_hash).await
        })
        .await
    }

    async fn lock(&self, name: Folded) -> Result<Option<Lock>, StoreError> {
        Ok(reads::lock(&self.reader().await?, &name).await?)
    }

    async fn join(&self, lock: Lock, by: Actor) -> Result<(), StoreError> {
        let needs = Needs {
            users: vec![by.user],
            ..Needs::room(lock.room)
        };
        self.write(needs, async move |change: &mut Change| {
            writes::join(change, &lock, by).await
        })
        .await
    }

    async fn leave(&self, room: RoomId, by: Actor) -> Result<(), StoreError> {
        self.write(Needs::room(room), async move |change: &mut Change| {
            writes::leave_by(change, room, by).await
        })
        .await
    }

    async fn delete_room(&self, room: RoomId, by: Actor) -> Result<(), StoreError> {
        self.write(Needs::room(room), async move |change: &mut Change| {
            writes::delete_room(change, room, by).await
        })
        .await
    }

    async fn set(
        &self,
        room: RoomId,
        by: Actor,
        id: Uuid,
        setting: Setting,
    ) -> Result<(), StoreError> {
        self.write(Needs::room(room), async move |change: &mut Change| {
            locks::set(change, room, by, id, setting).await
        })
        .await
    }

    async fn new_invite(
        &self,
        room: RoomId,
        by: Actor,
        secret: TokenHash,
        terms: InviteTerms,
    ) -> Result<InviteId, StoreError> {
        self.write(Needs::room(room), async move |change: &mut Change| {
            invites::make(change, room, by, secret, terms).await
        })
        .await
    }

    async fn invites(&self, room: RoomId, user: UserId) -> Result<Vec<Invite>, StoreError> {
        let mut client = self.reader().await?;
        invites::list(&snapshot(&mut client).await?, room, user).await
    }

    async fn end_invite(&self, room: RoomId, by: Actor, id: InviteId) -> Result<(), StoreError> {
        self.write(Needs::room(room), async move |change: &mut Change| {
            invites::end(change, room, by, id).await
        })
        .await
    }

    async fn join_by_invite(
        &self,
        room: RoomId,
        by: Actor,
        id: InviteId,
        secret: TokenHash,
    ) -> Result<(), StoreError> {
        let needs = Needs {
            users: vec![by.user],
            ..Needs::room(room)
        };
        self.write(needs, async move |change: &mut Change| {
            invites::join(change, room, by, id, secret).await
        })
        .await
    }

    async fn room(&self, room: RoomId, user: UserId) -> Result<Room, StoreError> {
        reads::room(&self.reader().await?, room, user).await
    }

    async fn room_named(&self, name: Folded, user: UserId) -> Result<Room, StoreError> {
        reads::room_by_name(&self.reader().await?, &name, user).await
    }

    async fn surroundings(&self, name: Folded, user: UserId) -> Result<Surroundings, StoreError> {
        let mut client = self.reader().await?;
        reads::surroundings(&snapshot(&mut client).await?, &name, user).await
    }

    async fn rooms(&self, user: UserId) -> Result<Vec<RoomSummary>, StoreError> {
        let mut client = self.reader().await?;
        Ok(reads::rooms_of(&snapshot(&mut client).await?, user).await?)
    }

    async fn members(&self, room: RoomId, user: UserId) -> Result<Vec<(User, Role)>, StoreError> {
        let mut client = self.reader().await?;
        reads::members(&snapshot(&mut client).await?, room, user).await
    }

    async fn history(
        &self,
        room: RoomId,
        user: UserId,
        from: Stretch,
        limit: usize,
    ) -> Result<History, StoreError> {
        let mut client = self.reader().await?;
        entries::history(&snapshot(&mut client).await?, room, user, from, limit).await
    }

    async fn changes(
        &self,
        room: RoomId,
        user: UserId,
        since: Seq,
        limit: usize,
    ) -> Result<Changes, StoreError> {
        let mut client = self.reader().await?;
        entries::changes(&snapshot(&mut client).await?, room, user, since, limit).await
    }

    async fn search(&self, user: UserId, search: Search) -> Result<Found, StoreError> {
        let mut client = self.reader().await?;
        search::search(&snapshot(&mut client).await?, user, &search).await
    }

    async fn seen(&self, room: RoomId, user: UserId, seq: Seq) -> Result<(), StoreError> {
        self.write(Needs::room(room), async move |change: &mut Change| {
            writes::seen(change, room, user, seq).await
        })
        .await
    }

    fn append(&self, entries: Vec<NewEntry>, reply: Reply<Vec<Result<Posted, StoreError>>>) {
        self.lane.append(entries, reply);
    }

    fn note_seen(&self, room: RoomId, user: UserId, seq: Seq, by: SocketId) {
        self.lane.note_seen(room, user, seq, by);
    }

    fn membership(&self, token: TokenHash, reply: Reply<Option<Membership>>) {
        self.lane.submit(
            Needs::default(),
            async move |change: &mut Change| Ok(reads::membership(&change.client, token).await?),
            reply,
        );
    }

    fn log(&self, room: RoomId, after: Option<Seq>, limit: usize, reply: Reply<Vec<Entry>>) {
        self.lane.submit(
            Needs::room(room),
            async move |change: &mut Change| {
                Ok(entries::log(&change.client, room, after, limit).await?)
            },
            reply,
        );
    }

    fn epoch(&self) -> Arc<str> {
        self.epoch.now()
    }

    async fn alive(&self) -> Result<(), StoreError> {
        let asked = async {
            tokio::try_join!(
                self.write(Needs::default(), async |_: &mut Change| Ok(())),
                async { Ok(search::any(&self.reader().await?).await?) },
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
        vec![self.lane.meter()]
    }

    fn close(&self) {
        self.chores.abort();
        self.lane.close();
    }
}

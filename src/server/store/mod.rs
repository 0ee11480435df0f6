//! What the server needs from a place that keeps its data, and the two it has: SQLite, in a file, and PostgreSQL.
//!
//! All changes are put in one order. A [`Store`] commits them, possibly many at once, and only then tells
//! its [`Journal`] what happened and answers the callers, change by change, in that order. What must see
//! changes in their order (a socket that attaches, a room's tail that is read) asks through the same door.
//!
//! Who may do a thing is looked at where it gets its place in that order, by the one table of the domain, so that
//! nothing is done by somebody who was removed, or had another role, or another key, just before. A change of several
//! things is one: a new key with everybody shown out, an invite's use with the coming of whom it lets in.
//!
//! An answer is true: of what is confirmed all is stored, for good; of what is answered with an error, nothing. Where
//! the disk fails so that nobody can say which it is, a change is not answered at all, and the store ends
//! ([`Store::failure`]): whoever asked finds out as after a power cut, by asking again under the same id.
//! Where it is PostgreSQL that cannot be asked, they wait for the answer until it can.

mod act;
mod alarm;
mod answer;
mod asked;
mod error;
mod event;
mod kind;
mod meter;
mod newest;
mod noted;
mod oversight;
mod place;
mod postgres;
mod queue;
pub mod search;
mod seen;
mod sessions;
mod shared;
mod sqlite;
mod stop;
#[cfg(test)]
mod suite;
mod users;
mod ways;

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

#[cfg(test)]
pub use self::event::Silent;
use self::search::Search;
pub use self::{
    act::{Act, InviteTerms, NewEntry, Setting},
    error::{Failure, StoreError},
    event::{Crossing, Entry, Event, Journal, Reading},
    oversight::{NameFigures, Oversight, PAGE, RoomFigures, Totals, Wanted},
    place::Data,
    postgres::{OpenError as PostgresError, Postgres, move_all},
    queue::LaneFigures,
    shared::SharedStore,
    sqlite::{
        Checkup, CopyError, DumpError, Loaded, OpenError, Progress, Source, Sqlite, check, copy,
        dump, load, load_from, load_room,
    },
    users::{Actor, NewSession, Session, SessionId, SocketId, TokenHash, User, UserId},
    ways::{Entrance, Held, Rest, StoredPasskey, Unused, Way, Ways, WaysIn},
};
use crate::domain::{
    Changes, Folded, Found, History, Invite, InviteId, Millis, Posted, Role, Room, RoomId,
    RoomName, RoomSummary, Seq, Username,
};

/// Takes an answer on the store's own thread: it must be short and must not block.
pub type Reply<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// Which stretch of a room's messages to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    Newest,
    Before(Seq),
    After(Seq),
    /// Half of it up to there, half of it after.
    Around(Seq),
}

/// What a socket starts from.
#[derive(Clone, Debug)]
pub struct Membership {
    pub session: Session,
    pub rooms: Vec<Standing>,
}

/// How far a room is: its head, and how many messages there are up to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub room: RoomId,
    pub head: Seq,
    pub said: u64,
}

/// What stands around a room's messages on its page. The `online` of rooms is 0: the store does not know.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub room: Room,
    /// By name.
    pub members: Vec<(User, Role)>,
    /// All rooms of *me*'s, the latest active first.
    pub rooms: Vec<RoomSummary>,
}

/// A room and what its key must match.
#[derive(Clone, Debug)]
pub struct Lock {
    pub room: RoomId,
    /// PHC string of the key's Argon2id hash.
    pub key_hash: String,
}

/// Where users, rooms and messages are kept.
#[async_trait]
pub trait Store: Ways + Oversight {
    /// Claims a free username for the session with this token.
    async fn claim(&self, name: &Username, new: NewSession) -> Result<Session, StoreError>;
    /// Ends all of the user's sessions and memberships, frees the name and passes owned rooms on.
    async fn give_up(&self, by: Actor) -> Result<(), StoreError>;
    /// The session of that token.
    async fn session(&self, token: TokenHash) -> Result<Option<Session>, StoreError>;

    async fn create_room(
        &self,
        owner: Actor,
        name: &RoomName,
        key_hash: String,
    ) -> Result<RoomId, StoreError>;
    /// The room that this name leads to, for its key to be tried; `None` where there is none. A name that a room once had
    /// leads to it as long as no other has it; so everywhere.
    async fn lock(&self, name: Folded) -> Result<Option<Lock>, StoreError>;
    /// Adds a member whose key was tried on that lock; for one who is a member already, nothing happens.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] where the lock has been changed since.
    async fn join(&self, lock: Lock, by: Actor) -> Result<(), StoreError>;
    async fn leave(&self, room: RoomId, by: Actor) -> Result<(), StoreError>;
    async fn delete_room(&self, room: RoomId, by: Actor) -> Result<(), StoreError>;
    /// Changes a room, all or nothing. What is so already stays as it is; `id` is as an entry's.
    async fn set(
        &self,
        room: RoomId,
        by: Actor,
        id: Uuid,
        setting: Setting,
    ) -> Result<(), StoreError>;

    async fn new_invite(
        &self,
        room: RoomId,
        by: Actor,
        secret: TokenHash,
        terms: InviteTerms,
    ) -> Result<InviteId, StoreError>;
    /// A room's invites that still let somebody in, the newest first.
    async fn invites(&self, room: RoomId, user: UserId) -> Result<Vec<Invite>, StoreError>;
    /// Ends an invite. One that is not there has ended.
    async fn end_invite(&self, room: RoomId, by: Actor, id: InviteId) -> Result<(), StoreError>;
    /// Adds a member by an invite, and counts that; for one who is a member already, nothing happens.
    ///
    /// # Errors
    /// [`StoreError::WrongKey`] where there is no such invite to that room, or it lets in nobody any more.
    async fn join_by_invite(
        &self,
        room: RoomId,
        by: Actor,
        id: InviteId,
        secret: TokenHash,
    ) -> Result<(), StoreError>;

    /// One of the user's rooms. Its `online` is 0: the store does not know.
    async fn room(&self, room: RoomId, user: UserId) -> Result<Room, StoreError>;
    /// One of the user's rooms by its name. Its `online` is 0, too.
    async fn room_named(&self, name: Folded, user: UserId) -> Result<Room, StoreError>;
    /// One of the user's rooms by its name, with what stands around it, as of one moment.
    async fn surroundings(&self, name: Folded, user: UserId) -> Result<Surroundings, StoreError>;
    /// The user's rooms with their newest messages, the latest active first.
    async fn rooms(&self, user: UserId) -> Result<Vec<RoomSummary>, StoreError>;
    /// The members of one of the user's rooms, by name.
    async fn members(&self, room: RoomId, user: UserId) -> Result<Vec<(User, Role)>, StoreError>;
    async fn history(
        &self,
        room: RoomId,
        user: UserId,
        from: Stretch,
        limit: usize,
    ) -> Result<History, StoreError>;
    /// Messages that entries after `since` made or touched, so many at most.
    async fn changes(
        &self,
        room: RoomId,
        user: UserId,
        since: Seq,
        limit: usize,
    ) -> Result<Changes, StoreError>;
    /// Messages of the user's rooms, newest first.
    async fn search(&self, user: UserId, search: Search) -> Result<Found, StoreError>;
    async fn seen(&self, room: RoomId, user: UserId, seq: Seq) -> Result<(), StoreError>;

    /// Stores entries, or finds those that they repeat, and answers for each when all are durable. One that would
    /// change nothing is answered with the entry that made it so.
    fn append(&self, entries: Vec<NewEntry>, reply: Reply<Vec<Result<Posted, StoreError>>>);
    /// Remembers a read position. Losing one costs nothing but an unread mark, so nobody waits for it.
    /// `by` is the socket that asked.
    fn note_seen(&self, room: RoomId, user: UserId, seq: Seq, by: SocketId);
    /// Whose session this is and where they are a member, in order with all changes.
    fn membership(&self, token: TokenHash, reply: Reply<Option<Membership>>);
    /// Entries of a room's log as readers are given them now, oldest first, in order with all changes: the first after
    /// a seq, or else the newest; so many at most.
    fn log(&self, room: RoomId, after: Option<Seq>, limit: usize, reply: Reply<Vec<Entry>>);

    /// Which life of the data this is: another one where what was committed, and told, may not be there. What is read
    /// before or while this is asked is of this one or of a later one; what [`Self::log`] answers is of this one.
    fn epoch(&self) -> Arc<str>;

    /// Whether changes and reads are answered in good time, asked of those who do them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where they are not, and what a change or a read meets now.
    async fn alive(&self) -> Result<(), StoreError>;
    /// Returns, with the reason, once the store can do no more; whoever runs the server stops it then.
    async fn failure(&self) -> Failure;

    /// What waits to be committed and how commits went, of each way in.
    fn lanes(&self) -> Vec<LaneFigures>;

    /// Commits what waits and closes.
    fn close(&self);
}

/// The time by this machine's clock.
pub fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| {
        Millis::try_from(d.as_millis()).unwrap_or(Millis::MAX)
    })
}

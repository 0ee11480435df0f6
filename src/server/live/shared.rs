//! What the shards share, and the way from one of them, or from the store, to those whom a change concerns.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicU64},
};

use tokio::sync::Notify;

use super::{
    mailbox::{Command, Mailbox},
    presence::{Changed, Presence, ShardNumber, Shards},
    sequencer::Sequencer,
};
use crate::{
    domain::{Posted, RoomId, Seq},
    server::{
        announced::Announced,
        rates::Limits,
        store::{Entry, NewEntry, Reply, SocketId, Store, StoreError, UserId},
    },
};

pub struct Shared {
    pub presence: Presence,
    pub limits: Arc<Limits>,
    /// The number of the last socket that was attached, on whatever shard.
    pub last_socket: AtomicU64,
    /// Which entries it is the turn of. Locked before anything else here is.
    pub sequencer: Mutex<Sequencer<Entry>>,
    /// Rings where some are missing.
    pub holes: Notify,
    /// Who has begun to type since the other processes were told, where there may be any.
    pub typed: Mutex<Option<Vec<(RoomId, String)>>>,
    /// What all sockets are told first, and when it changes.
    pub announced: Announced,
    /// Rooms whose tail is on its way.
    loading: Mutex<HashMap<RoomId, Loading>>,
    running: OnceLock<Running>,
}

pub enum Loading {
    /// The store was asked.
    Asked,
    /// It has answered; these shards have not taken it yet.
    LeftFor(Shards),
}

struct Running {
    store: Arc<dyn Store>,
    shards: Vec<Arc<Mailbox>>,
}

impl Shared {
    pub fn new(limits: Arc<Limits>) -> Self {
        Self {
            presence: Presence::default(),
            limits,
            last_socket: AtomicU64::new(0),
            sequencer: Mutex::default(),
            holes: Notify::new(),
            typed: Mutex::default(),
            announced: Announced::default(),
            loading: Mutex::default(),
            running: OnceLock::new(),
        }
    }

    /// From here on there are shards, and a store to ask.
    pub fn run(&self, store: Arc<dyn Store>, shards: Vec<Arc<Mailbox>>) {
        let _ = self.running.set(Running { store, shards });
    }

    pub fn store(&self) -> Option<&dyn Store> {
        self.running.get().map(|running| &*running.store)
    }

    pub fn shards(&self) -> &[Arc<Mailbox>] {
        self.running.get().map_or(&[], |running| &running.shards)
    }

    /// Leaves a command with each of these shards. They are woken later.
    pub fn leave_for(
        &self,
        shards: impl IntoIterator<Item = ShardNumber>,
        command: impl Fn() -> Command,
    ) {
        let all = self.shards();
        for shard in shards.into_iter().filter_map(|shard| all.get(shard)) {
            shard.leave(command());
        }
    }

    /// Tells each of these shards at once.
    pub fn tell(
        &self,
        shards: impl IntoIterator<Item = ShardNumber>,
        command: impl Fn() -> Command,
    ) {
        let all = self.shards();
        for shard in shards.into_iter().filter_map(|shard| all.get(shard)) {
            shard.send(command());
        }
    }

    /// A shard has one socket less of a user.
    pub fn disconnect(&self, user: UserId, shard: ShardNumber) {
        for Changed { room, readers } in self.presence.disconnect(user, shard) {
            self.tell(readers, || Command::Presence { room });
        }
    }

    pub fn append(&self, entries: Vec<NewEntry>, reply: Reply<Vec<Result<Posted, StoreError>>>) {
        if let Some(running) = self.running.get() {
            running.store.append(entries, reply);
        }
    }

    pub fn note_seen(&self, room: RoomId, user: UserId, seq: Seq, by: SocketId) {
        if let Some(running) = self.running.get() {
            running.store.note_seen(room, user, seq, by);
        }
    }

    /// A shard has taken a tail that was left for it.
    pub fn took(&self, room: RoomId, shard: ShardNumber) {
        let mut loading = self.loading();
        if let Some(Loading::LeftFor(shards)) = loading.get_mut(&room) {
            shards.retain(|other| *other != shard);
            if shards.is_empty() {
                loading.remove(&room);
            }
        }
    }

    pub fn loading(&self) -> MutexGuard<'_, HashMap<RoomId, Loading>> {
        self.loading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

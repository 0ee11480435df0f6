//! What the shards share, and the way from one of them, or from the store, to those whom a change concerns.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::AtomicU64},
};

use super::{
    frames,
    mailbox::{Arrival, Command, Mailbox},
    presence::{Changed, Presence, ShardNumber, Shards},
};
use crate::{
    domain::{Posted, RoomId, Seq},
    protocol::ServerFrame,
    server::{
        rates::Limits,
        store::{NewEntry, Reply, SocketId, Store, StoreError, TokenHash, UserId},
    },
};

/// Entries of a room that are read when its first reader comes.
const TAIL: usize = 256;

pub struct Shared {
    pub presence: Presence,
    pub limits: Arc<Limits>,
    /// The number of the last socket that was attached, on whatever shard.
    pub last_socket: AtomicU64,
    /// Rooms whose tail is on its way.
    loading: Mutex<HashMap<RoomId, Loading>>,
    running: OnceLock<Running>,
}

enum Loading {
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
            loading: Mutex::default(),
            running: OnceLock::new(),
        }
    }

    /// From here on there are shards, and a store to ask.
    pub fn run(&self, store: Arc<dyn Store>, shards: Vec<Arc<Mailbox>>) {
        let _ = self.running.set(Running { store, shards });
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

    /// Attaches a socket to one of the shards, if its token proves an identity.
    pub fn attach(self: &Arc<Self>, number: ShardNumber, arrival: Arrival, token: TokenHash) {
        let Some(running) = self.running.get() else {
            return;
        };
        let shared = self.clone();
        // Asked in order with all changes: from here on, the shard hears of every one.
        running.store.membership(
            token,
            Box::new(move |membership| {
                if let Ok(Some(membership)) = membership {
                    for Changed { room, readers } in shared.presence.connect(&membership, number) {
                        shared.leave_for(readers, || Command::Presence { room });
                    }
                    if let Some(shard) = shared.shards().get(number) {
                        shard.leave(Command::Attach {
                            arrival,
                            membership,
                        });
                    }
                }
            }),
        );
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

    /// Has a room's tail read and handed to every shard: each keeps it for a while, so that the store is asked once
    /// for a crowd, wherever it comes. The shard that asks follows the room already.
    pub fn load(self: &Arc<Self>, room: RoomId, shard: ShardNumber) {
        let Some(running) = self.running.get() else {
            return;
        };
        let mut loading = self.loading();
        match loading.get(&room) {
            Some(Loading::Asked) => return,
            Some(Loading::LeftFor(shards)) if shards.contains(&shard) => return,
            _ => loading.insert(room, Loading::Asked),
        };
        drop(loading);
        tracing::debug!(room, "reading a room's tail");
        let shared = self.clone();
        let loaded = move |tail: Result<Vec<(Seq, ServerFrame)>, StoreError>| {
            let tail = tail.map(|entries| {
                let head = entries.last().map_or(0, |(seq, _)| *seq);
                let frames = entries.iter().map(|(_, entry)| frames::logged(entry));
                (head, frames.collect::<Arc<[_]>>())
            });
            let mut loading = shared.loading();
            if tail.is_ok() {
                // They hear of what comes after it.
                shared
                    .presence
                    .follow_everywhere(room, shared.shards().len());
            }
            let shards = shared.presence.concerned(room);
            shared.leave_for(shards.iter().copied(), || Command::Loaded {
                room,
                tail: tail.clone(),
            });
            if tail.is_err() || shards.is_empty() {
                loading.remove(&room);
            } else {
                loading.insert(room, Loading::LeftFor(shards));
            }
        };
        running.store.tail(room, TAIL, Box::new(loaded));
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

    fn loading(&self) -> MutexGuard<'_, HashMap<RoomId, Loading>> {
        self.loading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

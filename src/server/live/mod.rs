//! The live engine: one log a room, a cursor a reader.
//!
//! Sockets are spread over shards, one thread each. Whatever is committed is told to every shard in commit
//! order; a shard writes a room's new frames to those of its sockets that follow the room. Delivery, catching
//! up and a slow reader are the same thing: write from the cursor to the head.

mod frames;
mod presence;
mod room;
mod shard;
mod socket;
mod tail;
mod upgrade;

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    net::{IpAddr, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

#[cfg(feature = "fuzz")]
pub use self::socket::fuzz as fuzz_socket;
pub use self::upgrade::upgrade;
use self::{
    presence::Presence,
    shard::{Command, Mailbox, Shard},
};
use super::{
    guard::Limits,
    store::{Event, Journal, NewMessage, Reply, SocketId, Store, StoreError, TokenHash, UserId},
};
use crate::{
    domain::{Message, Posted, RoomId, Seq},
    protocol::ServerFrame,
};

/// Messages of a room that are read when its first reader comes.
const TAIL: usize = 256;

/// The engine, as the rest of the server knows it.
pub struct Live {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    next: AtomicUsize,
}

/// What the shards share.
struct Shared {
    presence: Presence,
    limits: Arc<Limits>,
    /// The number of the last socket that was attached, on whatever shard.
    last_socket: AtomicU64,
    /// Rooms whose tail the store has been asked for, and how many shards have not taken it yet.
    loading: Mutex<HashMap<RoomId, usize>>,
    running: OnceLock<Running>,
}

struct Running {
    store: Arc<dyn Store>,
    shards: Vec<Arc<Mailbox>>,
}

impl Live {
    /// An engine that is not running yet: the store it works with has to be told of it first.
    pub fn new(limits: Arc<Limits>) -> Self {
        let shared = Shared {
            presence: Presence::default(),
            limits,
            last_socket: AtomicU64::new(0),
            loading: Mutex::default(),
            running: OnceLock::new(),
        };
        Self {
            shared: Arc::new(shared),
            threads: Mutex::default(),
            next: AtomicUsize::new(0),
        }
    }

    /// Starts the shards, one for each core.
    ///
    /// # Errors
    /// Where the system has no thread or poll to give.
    pub fn start(&self, store: Arc<dyn Store>) -> io::Result<()> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (mut mailboxes, mut shards) = (Vec::new(), Vec::new());
        for _ in 0..cores {
            let (shard, mailbox) = Shard::new(self.shared.clone())?;
            mailboxes.push(mailbox);
            shards.push(shard);
        }
        let _ = self.shared.running.set(Running {
            store,
            shards: mailboxes,
        });
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, shard) in shards.into_iter().enumerate() {
            threads.push(
                thread::Builder::new()
                    .name(format!("live-{number}"))
                    .spawn(move || shard.run())?,
            );
        }
        Ok(())
    }

    /// Takes a socket whose handshake is done. `read` is what came in after it.
    pub fn attach(&self, stream: TcpStream, read: Vec<u8>, address: IpAddr, token: TokenHash) {
        let Some(running) = self.shared.running.get() else {
            return;
        };
        let shard = self.next.fetch_add(1, Ordering::Relaxed) % running.shards.len();
        let (mailbox, shared) = (running.shards[shard].clone(), self.shared.clone());
        // Asked in order with all changes: from here on, the shard hears of every one.
        running.store.membership(
            token,
            Box::new(move |membership| {
                if let Ok(Some(membership)) = membership {
                    for room in shared.presence.connect(&membership) {
                        shared.leave_for_all(|| Command::Presence { room });
                    }
                    mailbox.leave(Command::Attach {
                        stream,
                        read,
                        address,
                        membership,
                    });
                }
            }),
        );
    }

    /// How many members of a room are connected.
    pub fn online(&self, room: RoomId) -> usize {
        self.shared.presence.count(room)
    }

    /// Which of these users are connected, in their order.
    pub fn who_is_online(&self, users: impl IntoIterator<Item = UserId>) -> Vec<bool> {
        self.shared.presence.who_is_online(users)
    }

    /// Says `bye` `restarting` to every socket and returns when all are closed.
    pub fn stop(&self) {
        self.shared.tell_all(|| Command::Stop);
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Journal for Live {
    fn committed(&self, event: Event) {
        let shared = &self.shared;
        match event {
            Event::Posted { message, said } => {
                let (room, seq, by) = (message.room, message.seq, Arc::from(message.by.as_str()));
                let frame = frames::text(&ServerFrame::Message(message));
                shared.leave_for_all(|| Command::Posted {
                    room,
                    seq,
                    said,
                    by: Arc::clone(&by),
                    frame: frame.clone(),
                });
            }
            Event::Joined { room, user } => {
                shared.presence.joined(room, user);
                shared.leave_for_all(|| Command::Joined { room, user });
                shared.leave_for_all(|| Command::Presence { room });
            }
            Event::Left { room, user, heir } => {
                shared.presence.left(room, user);
                shared.leave_for_all(|| Command::Left { room, user, heir });
                shared.leave_for_all(|| Command::Presence { room });
            }
            Event::Seen {
                room,
                user,
                seq,
                read,
                by,
            } => shared.leave_for_all(|| Command::Seen {
                room,
                user,
                seq,
                read,
                by,
            }),
            Event::Deleted { room, members } => {
                members
                    .iter()
                    .for_each(|&user| shared.presence.left(room, user));
                let members: Arc<[UserId]> = members.into();
                shared.leave_for_all(|| Command::Deleted {
                    room,
                    members: members.clone(),
                });
            }
            Event::GaveUp { user } => shared.leave_for_all(|| Command::GaveUp { user }),
        }
    }

    fn settled(&self) {
        self.shared.shards().for_each(|shard| shard.wake());
    }
}

impl Shared {
    fn shards(&self) -> impl Iterator<Item = &Arc<Mailbox>> {
        self.running
            .get()
            .into_iter()
            .flat_map(|running| &running.shards)
    }

    fn tell_all(&self, command: impl Fn() -> Command) {
        self.shards().for_each(|shard| shard.send(command()));
    }

    /// Like [`Self::tell_all`], but the shards are woken later.
    fn leave_for_all(&self, command: impl Fn() -> Command) {
        self.shards().for_each(|shard| shard.leave(command()));
    }

    fn presence_changed(&self, rooms: impl IntoIterator<Item = RoomId>) {
        for room in rooms {
            self.tell_all(|| Command::Presence { room });
        }
    }

    fn disconnect(&self, user: UserId) {
        self.presence_changed(self.presence.disconnect(user));
    }

    fn post(&self, messages: Vec<NewMessage>, reply: Reply<Vec<Result<Posted, StoreError>>>) {
        if let Some(running) = self.running.get() {
            running.store.post(messages, reply);
        }
    }

    fn note_seen(&self, room: RoomId, user: UserId, seq: Seq, by: SocketId) {
        if let Some(running) = self.running.get() {
            running.store.note_seen(room, user, seq, by);
        }
    }

    /// Has a room's tail read and handed to every shard: each keeps it for a while, so that the store is
    /// asked once however many readers come, wherever they come.
    fn load(self: &Arc<Self>, room: RoomId) {
        let Some(running) = self.running.get() else {
            return;
        };
        match self.loading().entry(room) {
            Entry::Occupied(_) => return,
            Entry::Vacant(entry) => entry.insert(running.shards.len()),
        };
        tracing::debug!(room, "reading a room's tail");
        let shared = self.clone();
        let loaded = move |tail: Result<Vec<Message>, StoreError>| {
            if tail.is_err() {
                // Whoever wants it then asks again.
                shared.loading().remove(&room);
            }
            let tail = tail.map(|messages| {
                let head = messages.last().map_or(0, |newest| newest.seq);
                let frames = messages
                    .into_iter()
                    .map(|message| frames::text(&ServerFrame::Message(message)));
                (head, frames.collect::<Arc<[_]>>())
            });
            shared.leave_for_all(|| Command::Loaded {
                room,
                tail: tail.clone(),
            });
        };
        running.store.tail(room, TAIL, Box::new(loaded));
    }

    /// A shard has taken a tail that was loaded.
    fn took(&self, room: RoomId) {
        if let Entry::Occupied(mut entry) = self.loading().entry(room) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }

    fn loading(&self) -> MutexGuard<'_, HashMap<RoomId, usize>> {
        self.loading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The live engine: one log a room, a cursor a reader.
//!
//! Sockets are spread over shards, one thread each. Whatever is committed is told, in commit order, to the
//! shards that have members of the room or keep its tail; a shard writes a room's new frames to those of its
//! sockets that follow the room. Delivery, catching up and a slow reader are the same thing: write from the
//! cursor to the head.

mod frames;
mod mailbox;
mod presence;
mod room;
mod shard;
mod shared;
mod socket;
mod tail;
mod upgrade;

use std::{
    io,
    net::{IpAddr, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

#[cfg(feature = "fuzz")]
pub use self::socket::fuzz as fuzz_socket;
pub use self::upgrade::upgrade;
use self::{mailbox::Command, shard::Shard, shared::Shared};
use super::{
    guard::Limits,
    store::{Event, Journal, Store, TokenHash, UserId},
};
use crate::{domain::RoomId, protocol::ServerFrame};

/// The engine, as the rest of the server knows it.
pub struct Live {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    next: AtomicUsize,
}

impl Live {
    /// An engine that is not running yet: the store it works with has to be told of it first.
    pub fn new(limits: Arc<Limits>) -> Self {
        Self {
            shared: Arc::new(Shared::new(limits)),
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
        for number in 0..cores {
            let (shard, mailbox) = Shard::new(number, self.shared.clone())?;
            mailboxes.push(mailbox);
            shards.push(shard);
        }
        self.shared.run(store, mailboxes);
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
        let shards = self.shared.shards().len().max(1);
        let shard = self.next.fetch_add(1, Ordering::Relaxed) % shards;
        self.shared.attach(shard, stream, read, address, token);
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
        let shards = self.shared.shards();
        shards.iter().for_each(|shard| shard.send(Command::Stop));
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Journal for Live {
    fn committed(&self, event: Event) {
        let (shared, presence) = (&self.shared, &self.shared.presence);
        match event {
            Event::Posted { message, said } => {
                let (room, seq) = (message.room, message.seq);
                let concerned = presence.concerned(room);
                if concerned.is_empty() {
                    return;
                }
                let by = Arc::from(message.by.as_str());
                let frame = frames::text(&ServerFrame::Message(message));
                shared.leave_for(concerned, || Command::Posted {
                    room,
                    seq,
                    said,
                    by: Arc::clone(&by),
                    frame: frame.clone(),
                });
            }
            Event::Joined { room, user } => {
                presence.joined(room, user);
                shared.leave_for(presence.shards_of(user), || Command::Joined { room, user });
                shared.leave_for(presence.reading(room), || Command::Presence { room });
            }
            Event::Left { room, user, heir } => {
                presence.left(room, user);
                let mut told = presence.shards_of(user);
                told.extend(
                    heir.map(|heir| presence.shards_of(heir))
                        .into_iter()
                        .flatten(),
                );
                told.sort_unstable();
                told.dedup();
                shared.leave_for(told, || Command::Left { room, user, heir });
                shared.leave_for(presence.reading(room), || Command::Presence { room });
            }
            Event::Seen {
                room,
                user,
                seq,
                read,
                by,
            } => shared.leave_for(presence.shards_of(user), || Command::Seen {
                room,
                user,
                seq,
                read,
                by,
            }),
            Event::Deleted { room, members } => {
                let concerned = presence.deleted(room);
                let members: Arc<[UserId]> = members.into();
                shared.leave_for(concerned, || Command::Deleted {
                    room,
                    members: members.clone(),
                });
            }
            Event::GaveUp { user } => {
                shared.leave_for(presence.shards_of(user), || Command::GaveUp { user });
            }
        }
    }

    fn settled(&self) {
        self.shared.shards().iter().for_each(|shard| shard.wake());
    }
}

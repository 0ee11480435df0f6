//! The live engine: one log a room, a cursor a reader.
//!
//! Sockets are spread over shards, one thread each. Whatever is committed is told, in commit order, to the
//! shards that have members of the room or keep its tail; a shard writes a room's new frames to those of its
//! sockets that follow the room. Delivery, catching up and a slow reader are the same thing: write from the
//! cursor to the head.

mod frames;
mod mailbox;
mod others;
mod presence;
mod retell;
mod room;
mod sequencer;
mod shard;
mod shared;
mod socket;
mod tail;
mod take;

use std::{
    io,
    net::{IpAddr, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::{sleep, timeout},
};

#[cfg(feature = "fuzz")]
pub use self::socket::fuzz as fuzz_socket;
use self::{
    mailbox::{Arrival, Command},
    shard::Shard,
    shared::Shared,
    take::PATIENCE,
};
pub use self::{
    presence::{ProcessId, Sighting},
    sequencer::Counts,
};
use super::{
    rates::Limits,
    sockets::Admission,
    store::{Event, Journal, Store, TokenHash, UserId},
};
use crate::domain::RoomId;

/// How long a shard may take to answer that it is there.
const GOOD_TIME: Duration = Duration::from_secs(2);

/// A shard's thread has ended, and was not told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a thread of the live engine ended")]
pub struct ShardEnded;

/// The engine, as the rest of the server knows it.
pub struct Live {
    shared: Arc<Shared>,
    ended: Arc<Notify>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    next: AtomicUsize,
}

impl Live {
    /// An engine that is not running yet: the store it works with has to be told of it first.
    pub fn new(limits: Arc<Limits>) -> Self {
        Self {
            shared: Arc::new(Shared::new(limits)),
            ended: Arc::default(),
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
            let alarm = Alarm(self.ended.clone());
            let run = move || {
                if shard.run().is_ok() {
                    std::mem::forget(alarm);
                }
            };
            let thread = thread::Builder::new().name(format!("live-{number}"));
            threads.push(thread.spawn(run)?);
        }
        Ok(())
    }

    /// Whether every shard does its work, asked of each.
    pub async fn alive(&self) -> bool {
        let answers = self.ask_all(Command::Ask);
        let all = async {
            for answer in answers {
                if answer.await.is_err() {
                    return false;
                }
            }
            true
        };
        timeout(GOOD_TIME, all).await.unwrap_or(false)
    }

    /// Asks each shard. One that has ended does not answer.
    fn ask_all<T>(
        &self,
        question: impl Fn(oneshot::Sender<T>) -> Command,
    ) -> Vec<oneshot::Receiver<T>> {
        let shards = self.shared.shards().iter();
        shards
            .map(|shard| {
                let (reply, answer) = oneshot::channel();
                shard.send(question(reply));
                answer
            })
            .collect()
    }

    /// Returns once a shard has ended by itself: whoever runs the server stops it then, as its sockets are lost.
    pub async fn failure(&self) -> ShardEnded {
        self.ended.notified().await;
        ShardEnded
    }

    /// Takes a socket whose handshake is done. `read` is what came in after it.
    pub fn attach(
        &self,
        stream: TcpStream,
        read: Vec<u8>,
        address: IpAddr,
        token: TokenHash,
        admission: Admission,
    ) {
        let shards = self.shared.shards().len().max(1);
        let shard = self.next.fetch_add(1, Ordering::Relaxed) % shards;
        self.shared.attach(
            shard,
            Arrival {
                stream,
                read,
                address,
                admission,
            },
            token,
        );
    }

    /// Which life of the data what is told now is of.
    pub fn epoch(&self) -> Arc<str> {
        let store = self.shared.store();
        store.map(|store| store.epoch()).unwrap_or_default()
    }

    /// How many users are connected.
    pub fn people(&self) -> usize {
        self.shared.presence.people()
    }

    /// Has what is missing of rooms' logs read, for as long as it runs.
    pub async fn keep_whole(&self) {
        loop {
            self.shared.holes.notified().await;
            sleep(PATIENCE).await;
            while self.shared.read_what_is_missing() {
                sleep(PATIENCE).await;
            }
        }
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

/// Rings when it is dropped, as it is in a panic too.
struct Alarm(Arc<Notify>);

impl Drop for Alarm {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Journal for Live {
    fn committed(&self, event: Event) {
        let (shared, presence) = (&self.shared, &self.shared.presence);
        match event {
            Event::Entry(entry) => shared.hear(entry),
            Event::Created { room, user } => shared.admit(room, user, 0),
            Event::WaysChanged { user } => {
                shared.leave_for(presence.shards_of(user), || Command::WaysChanged { user });
            }
            Event::SessionEnded { user, session } => {
                shared.leave_for(presence.shards_of(user), || Command::SessionEnded {
                    user,
                    session,
                });
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
            Event::Deleted { room } => {
                shared.sequencer().forget(room);
                let concerned = presence.deleted(room);
                shared.leave_for(concerned, || Command::Deleted { room });
            }
            Event::GaveUp { user } => {
                shared.leave_for(presence.shards_of(user), || Command::GaveUp { user });
            }
        }
    }

    fn settled(&self) {
        self.shared.shards().iter().for_each(|shard| shard.wake());
    }

    fn anew(&self) {
        self.shared.begin_anew();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::Sqlite;

    fn engine() -> Live {
        Live::new(Arc::new(Limits::new(&"off".parse().expect("limits"))))
    }

    /// A real one, whose file is gone already.
    fn store() -> Arc<dyn Store> {
        let folder = std::env::temp_dir().join(uuid::Uuid::now_v7().to_string());
        std::fs::create_dir(&folder).expect("a folder");
        let store = Sqlite::open(&folder.join("latchkey.db"), Arc::new(engine())).expect("a store");
        std::fs::remove_dir_all(&folder).expect("it is removed");
        Arc::new(store)
    }

    #[tokio::test]
    async fn a_shard_that_panics_is_told_of_and_one_that_was_told_to_stop_is_not() {
        let live = engine();
        let alarm = Alarm(live.ended.clone());
        let panicked = thread::spawn(move || {
            let _alarm = alarm;
            panic!("in a test");
        });
        assert!(panicked.join().is_err());
        assert_eq!(live.failure().await, ShardEnded);
    }

    #[tokio::test]
    async fn an_engine_is_alive_while_each_of_its_shards_answers() {
        let live = engine();
        let (shard, mailbox) = Shard::new(0, live.shared.clone()).expect("a shard");
        live.shared.run(store(), vec![mailbox]);
        assert!(!live.alive().await, "nobody runs it");
        let running = thread::spawn(move || shard.run());
        assert!(live.alive().await);
        live.shared.shards()[0].send(Command::Stop);
        assert!(running.join().expect("no panic").is_ok());
        assert!(!live.alive().await, "it has ended");
    }
}

//! A shard: one thread, one poll, its share of the sockets.
//!
//! A turn of the loop: take what came from the other threads, read what is readable, then write. A message
//! is written by this thread straight to every socket that follows its room; no task is woken for a reader.

mod changes;
mod incoming;
mod later;
mod outgoing;

use std::{
    collections::{BTreeSet, HashMap},
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    time::{Duration, Instant},
};

use mio::{Events, Poll, Token, Waker};
use slab::Slab;
use uuid::Uuid;

use self::later::Due;
pub use self::later::PING;
use super::{Shared, frames::Framed, room::Room, socket::Socket};
use crate::{
    domain::{Posted, RoomId, Seq},
    protocol::ServerFrame,
    server::store::{Membership, NewMessage, Reading, SocketId, StoreError, UserId},
};

const WAKER: Token = Token(usize::MAX);
const TICK: Duration = Duration::from_secs(1);
/// A socket of one shard; its index may be used again, its number is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketKey {
    index: usize,
    number: SocketId,
}

/// What other threads tell a shard, in the order of the commits.
pub enum Command {
    Attach {
        stream: std::net::TcpStream,
        read: Vec<u8>,
        address: IpAddr,
        membership: Membership,
    },
    Posted {
        room: RoomId,
        seq: Seq,
        said: u64,
        by: Arc<str>,
        frame: Framed,
    },
    Joined {
        room: RoomId,
        user: UserId,
    },
    Left {
        room: RoomId,
        user: UserId,
        heir: Option<UserId>,
    },
    Seen {
        room: RoomId,
        user: UserId,
        seq: Seq,
        read: u64,
        by: Reading,
    },
    Deleted {
        room: RoomId,
        members: Arc<[UserId]>,
    },
    GaveUp {
        user: UserId,
    },
    /// A room's head and its newest frames.
    Loaded {
        room: RoomId,
        tail: Result<(Seq, Arc<[Framed]>), StoreError>,
    },
    /// What became of messages that sockets of this shard have sent.
    Answered {
        asked: Vec<Asked>,
        answers: Result<Vec<Result<Posted, StoreError>>, StoreError>,
    },
    Presence {
        room: RoomId,
    },
    Typing {
        room: RoomId,
        name: Arc<str>,
    },
    Stop,
}

/// Which message a socket waits to hear of.
pub struct Asked {
    socket: SocketKey,
    room: RoomId,
    id: Uuid,
}

/// The way to a shard for the other threads.
pub struct Mailbox {
    commands: Sender<Command>,
    waker: Waker,
    /// Whether there are commands that the shard has not been woken for.
    waiting: AtomicBool,
}

impl Mailbox {
    pub fn send(&self, command: Command) {
        self.leave(command);
        self.wake();
    }

    /// Puts a command there without waking the shard: the store does so once for all of a commit.
    pub fn leave(&self, command: Command) {
        // Fails only when the shard has stopped, and then there is no socket left to tell.
        if self.commands.send(command).is_ok() {
            self.waiting.store(true, Ordering::Release);
        }
    }

    /// Wakes the shard, if something has been left that it has not looked at.
    pub fn wake(&self) {
        if self.waiting.swap(false, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "cannot wake a shard");
        }
    }
}

struct User {
    rooms: Vec<RoomId>,
    sockets: Vec<SocketKey>,
}

struct Entry {
    number: SocketId,
    socket: Socket,
}

pub struct Shard {
    shared: Arc<Shared>,
    mailbox: Arc<Mailbox>,
    commands: Receiver<Command>,
    poll: Poll,
    sockets: Slab<Entry>,
    users: HashMap<UserId, User>,
    rooms: HashMap<RoomId, Room>,
    /// Rooms whose log moved in this turn.
    moved: Vec<RoomId>,
    /// Sockets with something of their own to write in this turn.
    dirty: Vec<SocketKey>,
    /// Sockets that had more to read than one turn takes.
    unread: Vec<SocketKey>,
    /// Messages read in this turn, and who sent them.
    posts: (Vec<NewMessage>, Vec<Asked>),
    due: BTreeSet<(Instant, RoomId, Due)>,
    next_tick: Instant,
    stopping: bool,
}

impl Shard {
    /// # Errors
    /// Where the system has no poll or waker to give.
    pub fn new(shared: Arc<Shared>) -> io::Result<(Self, Arc<Mailbox>)> {
        let poll = Poll::new()?;
        let (sender, commands) = mpsc::channel();
        let waker = Waker::new(poll.registry(), WAKER)?;
        let mailbox = Arc::new(Mailbox {
            commands: sender,
            waker,
            waiting: AtomicBool::new(false),
        });
        let shard = Self {
            shared,
            mailbox: mailbox.clone(),
            commands,
            poll,
            sockets: Slab::new(),
            users: HashMap::new(),
            rooms: HashMap::new(),
            moved: Vec::new(),
            dirty: Vec::new(),
            unread: Vec::new(),
            posts: Default::default(),
            due: BTreeSet::new(),
            next_tick: Instant::now() + TICK,
            stopping: false,
        };
        Ok((shard, mailbox))
    }

    /// Serves until it is told to stop and all sockets are closed.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(1_024);
        while !(self.stopping && self.sockets.is_empty()) {
            let timeout = self.timeout();
            if let Err(error) = self.poll.poll(&mut events, Some(timeout))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "cannot poll the sockets");
                return;
            }
            self.mailbox.waiting.store(false, Ordering::Release);
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command);
            }
            for key in std::mem::take(&mut self.unread) {
                self.read(key);
            }
            for event in &events {
                if event.token() != WAKER {
                    self.ready(event.token().0, event.is_readable(), event.is_writable());
                }
            }
            self.post();
            self.write();
            self.keep_time();
        }
    }

    fn timeout(&self) -> Duration {
        if !self.unread.is_empty() {
            return Duration::ZERO;
        }
        let due = self
            .due
            .first()
            .map_or(self.next_tick, |(at, ..)| (*at).min(self.next_tick));
        due.saturating_duration_since(Instant::now())
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Attach {
                stream,
                read,
                address,
                membership,
            } => self.attach(stream, read, address, membership),
            Command::Posted {
                room,
                seq,
                said,
                by,
                frame,
            } => self.posted(room, (seq, said), &by, frame),
            Command::Joined { room, user } => self.joined(room, user),
            Command::Left { room, user, heir } => self.left(room, user, heir),
            Command::Seen {
                room,
                user,
                seq,
                read,
                by,
            } => self.seen(user, by, &ServerFrame::Read { room, seq, read }),
            Command::Deleted { room, members } => self.deleted(room, &members),
            Command::GaveUp { user } => self.gave_up(user),
            Command::Loaded { room, tail } => self.loaded(room, tail),
            Command::Answered { asked, answers } => self.answered(asked, answers),
            Command::Presence { room } => self.schedule(room, Due::Presence),
            Command::Typing { room, name } => self.types(room, &name, true),
            Command::Stop => self.stop(),
        }
    }

    fn socket(&mut self, key: SocketKey) -> Option<&mut Socket> {
        socket_of(&mut self.sockets, key)
    }

    /// A room, if the socket's user is a member of it.
    fn room_of(&mut self, key: SocketKey, room: RoomId) -> Option<&mut Room> {
        let user = self.socket(key)?.user.id;
        if !self.users.get(&user)?.rooms.contains(&room) {
            return None;
        }
        self.rooms.get_mut(&room)
    }
}

/// The socket that a key was given to, unless it is gone.
fn socket_of(sockets: &mut Slab<Entry>, key: SocketKey) -> Option<&mut Socket> {
    let entry = sockets
        .get_mut(key.index)
        .filter(|entry| entry.number == key.number)?;
    Some(&mut entry.socket)
}

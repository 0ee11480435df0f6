//! The way to a shard for the other threads, and what they tell it.

use std::{
    io,
    net::{IpAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
};

use mio::{Registry, Token, Waker};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{frames::Logged, socket::SocketKey, tail::Newest};
use crate::{
    domain::{Posted, RoomId, Seq},
    protocol::ServerFrame,
    server::{
        sockets::Admission,
        store::{Membership, Reading, SessionId, StoreError, UserId},
    },
};

/// What other threads tell a shard, in the order of the commits.
pub enum Command {
    Attach {
        arrival: Arrival,
        membership: Membership,
    },
    Entry(Told),
    Mention {
        user: UserId,
        frame: ServerFrame,
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
    Removed {
        room: RoomId,
        user: UserId,
        frame: Arc<ServerFrame>,
    },
    RoomChanged {
        room: RoomId,
    },
    WaysChanged {
        user: UserId,
    },
    SessionEnded {
        user: UserId,
        session: SessionId,
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
    },
    GaveUp {
        user: UserId,
    },
    Loaded {
        room: RoomId,
        tail: Result<Newest, StoreError>,
    },
    /// What became of what sockets of this shard have sent.
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
    /// Something else is announced to everybody.
    Announced,
    /// Whose sessions its sockets are of.
    Sessions(oneshot::Sender<Vec<(UserId, SessionId)>>),
    /// All its sockets are to go elsewhere.
    SendAway,
    /// All its sockets are to come again, and nothing it has of the rooms' logs is so any more.
    Anew,
    /// Is answered by a shard that does its work.
    Ask(oneshot::Sender<()>),
    Stop,
}

/// A connection whose handshake is done.
pub struct Arrival {
    pub stream: TcpStream,
    /// What came in after the handshake.
    pub read: Vec<u8>,
    pub address: IpAddr,
    pub admission: Admission,
}

/// A room's next entry.
#[derive(Clone)]
pub struct Told {
    pub room: RoomId,
    pub seq: Seq,
    /// Messages up to this one.
    pub said: u64,
    pub frame: Logged,
    /// Who said something, where it is that.
    pub by: Option<Arc<str>>,
    /// The message that it changes, or up to which it erases them, and itself to change what was told of that.
    pub changes: Option<(Seq, Arc<ServerFrame>)>,
}

/// Which entry a socket waits to hear of.
pub struct Asked {
    pub socket: SocketKey,
    pub room: RoomId,
    pub id: Uuid,
}

pub struct Mailbox {
    commands: Sender<Command>,
    waker: Waker,
    /// Whether there are commands that the shard has not been woken for.
    waiting: AtomicBool,
}

impl Mailbox {
    /// A mailbox that wakes a poll with this token, and what comes out of it.
    ///
    /// # Errors
    /// Where the system has no waker to give.
    pub fn new(registry: &Registry, waker: Token) -> io::Result<(Self, Receiver<Command>)> {
        let (commands, received) = mpsc::channel();
        let mailbox = Self {
            commands,
            waker: Waker::new(registry, waker)?,
            waiting: AtomicBool::new(false),
        };
        Ok((mailbox, received))
    }

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

    /// The shard is about to look at all that has been left.
    pub fn looked_at(&self) {
        self.waiting.store(false, Ordering::Release);
    }
}

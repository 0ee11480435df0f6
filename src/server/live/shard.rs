//! A shard: one thread, one poll, its share of the sockets.
//!
//! A turn of the loop: take what came from the other threads, read what is readable, then write. A message
//! is written by this thread straight to every socket that follows its room; no task is woken for a reader.

mod changes;
mod incoming;
mod later;
mod outgoing;
mod removals;
mod seen;
mod sockets;
mod tails;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use mio::{Events, Poll, Token};
use slab::Slab;

use super::{
    mailbox::{Asked, Command, Mailbox},
    presence::ShardNumber,
    room::{Due, Room},
    shared::Shared,
    socket::{Socket, SocketKey},
};
use crate::{
    domain::{RoomId, Seq},
    protocol::ServerFrame,
    server::{
        sockets::Admission,
        store::{NewEntry, SocketId, UserId},
    },
};

const WAKER: Token = Token(usize::MAX);
const TICK: Duration = Duration::from_secs(1);
/// Bytes of tails in memory at most, over all rooms and shards …
const TAILS_BYTES: usize = 24 * 1024 * 1024;
/// … where there are so many shards that this is little, so many for each.
const SHARD_TAILS_BYTES: usize = 4 * 1024 * 1024;

struct User {
    rooms: Vec<RoomId>,
    sockets: Vec<SocketKey>,
}

struct Entry {
    number: SocketId,
    socket: Socket,
    _admission: Admission,
}

pub struct Shard {
    number: ShardNumber,
    shared: Arc<Shared>,
    mailbox: Arc<Mailbox>,
    commands: Receiver<Command>,
    poll: Poll,
    sockets: Slab<Entry>,
    users: HashMap<UserId, User>,
    rooms: HashMap<RoomId, Room>,
    /// Bytes of the rooms' tails when they were last counted, and of those that were read since.
    tails_bytes: usize,
    /// Rooms whose log moved in this turn.
    moved: Vec<RoomId>,
    /// Sockets with something of their own to write in this turn.
    dirty: Vec<SocketKey>,
    /// Sockets that had more to read than one turn takes.
    unread: Vec<SocketKey>,
    /// Entries asked for in this turn, and who asked.
    asked: (Vec<NewEntry>, Vec<Asked>),
    /// Read positions that the store has not been told, each with the socket that said so, and when it was last told.
    seen: HashMap<(RoomId, UserId), (Seq, SocketId)>,
    seen_at: Instant,
    /// Sockets that have said too much, and until when they are not listened to.
    held: BTreeSet<(Instant, SocketKey)>,
    due: BTreeSet<(Instant, RoomId, Due)>,
    next_tick: Instant,
    stopping: bool,
}

impl Shard {
    /// # Errors
    /// Where the system has no poll or waker to give.
    pub fn new(number: ShardNumber, shared: Arc<Shared>) -> io::Result<(Self, Arc<Mailbox>)> {
        let poll = Poll::new()?;
        let (mailbox, commands) = Mailbox::new(poll.registry(), WAKER)?;
        let mailbox = Arc::new(mailbox);
        let shard = Self {
            number,
            shared,
            mailbox: mailbox.clone(),
            commands,
            poll,
            sockets: Slab::new(),
            users: HashMap::new(),
            rooms: HashMap::new(),
            tails_bytes: 0,
            moved: Vec::new(),
            dirty: Vec::new(),
            unread: Vec::new(),
            asked: Default::default(),
            seen: HashMap::new(),
            seen_at: Instant::now(),
            held: BTreeSet::new(),
            due: BTreeSet::new(),
            next_tick: Instant::now() + TICK,
            stopping: false,
        };
        Ok((shard, mailbox))
    }

    /// Serves until it is told to stop and all sockets are closed.
    ///
    /// # Errors
    /// Those of the poll: nothing can be served without it.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1_024);
        while !(self.stopping && self.sockets.is_empty()) {
            let timeout = self.timeout();
            if let Err(error) = self.poll.poll(&mut events, Some(timeout))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "cannot poll the sockets");
                return Err(error);
            }
            self.mailbox.looked_at();
            while let Ok(command) = self.commands.try_recv() {
                self.obey(command);
            }
            for key in std::mem::take(&mut self.unread) {
                if let Some(socket) = self.socket(key) {
                    socket.listed = false;
                }
                self.read(key);
            }
            for event in &events {
                if event.token() != WAKER {
                    self.ready(event.token().0, event.is_readable(), event.is_writable());
                }
            }
            self.append();
            self.tell_seen_in_time();
            self.write();
            self.keep_time();
        }
        self.tell_seen();
        Ok(())
    }

    fn timeout(&self) -> Duration {
        if !self.unread.is_empty() {
            return Duration::ZERO;
        }
        let due = self.due.first().map(|(at, ..)| *at);
        let held = self.held.first().map(|(until, _)| *until);
        let next = [due, held, self.seen_due()].into_iter().flatten().min();
        let next = next.map_or(self.next_tick, |next| next.min(self.next_tick));
        next.saturating_duration_since(Instant::now())
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Attach {
                arrival,
                membership,
            } => self.attach(arrival, membership),
            Command::Entry(told) => self.entry(told),
            Command::Mention { user, frame } => self.tell(user, &frame),
            Command::Joined { room, user } => self.joined(room, user),
            Command::Left { room, user, heir } => self.left(room, user, heir),
            Command::Removed { room, user, frame } => self.removed(room, user, &frame),
            Command::RoomChanged { room } => self.room_changed(room),
            Command::WaysChanged { user } => self.tell(user, &ServerFrame::Sessions),
            Command::SessionEnded { user, session } => self.session_ended(user, session),
            Command::Seen {
                room,
                user,
                seq,
                read,
                by,
            } => self.seen(user, by, &ServerFrame::Read { room, seq, read }),
            Command::Deleted { room } => self.deleted(room),
            Command::GaveUp { user } => self.gave_up(user),
            Command::Loaded { room, tail } => self.loaded(room, tail),
            Command::Answered { asked, answers } => self.answered(asked, answers),
            Command::Presence { room } => self.schedule(room, Due::Presence),
            Command::Typing { room, name } => self.types(room, &name, true),
            Command::Announced => self.announced(),
            Command::Sessions(reply) => _ = reply.send(self.sessions()),
            Command::Ask(reply) => _ = reply.send(()),
            Command::SendAway => self.send_away(),
            Command::Anew => self.begin_anew(),
            Command::Stop => self.stop(),
        }
    }

    fn socket(&mut self, key: SocketKey) -> Option<&mut Socket> {
        socket_of(&mut self.sockets, key)
    }

    /// A room, if the socket's user is a member of it.
    fn room_of(&mut self, key: SocketKey, room: RoomId) -> Option<&mut Room> {
        let user = self.socket(key)?.session.user.id;
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

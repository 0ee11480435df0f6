//! What browsers say: reading frames, and doing what they ask.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{Asked, Command, Entry, Shard, SocketKey, socket_of};
use crate::{
    domain::{ApiError, Body, Emoji, RoomId, Seq},
    protocol::ClientFrame,
    server::{
        live::{
            presence::Follows,
            room::Log,
            socket::{Cursor, Input},
        },
        store::{Act, NewEntry},
    },
};

/// Frames read from one socket in a turn at most: nobody's flood holds up the others.
const READS: usize = 64;
/// How long a peer may take to finish a close.
pub const CLOSING: Duration = Duration::from_secs(2);

impl Shard {
    pub(super) fn ready(&mut self, index: usize, readable: bool, writable: bool) {
        let Some(entry) = self.sockets.get_mut(index) else {
            return;
        };
        let key = SocketKey {
            index,
            number: entry.number,
        };
        let listed = entry.socket.listed;
        if writable && entry.socket.blocked {
            entry.socket.blocked = false;
            self.mark(key);
        }
        // One that is listed has its turn, however often it is heard of.
        if readable && !listed {
            self.read(key);
        }
    }

    pub(super) fn read(&mut self, key: SocketKey) {
        for _ in 0..READS {
            let Some(socket) = socket_of(&mut self.sockets, key) else {
                return;
            };
            if socket.paused() {
                return;
            }
            let input = socket.read();
            if !matches!(input, Input::Nothing | Input::End) {
                let now = Instant::now();
                socket.last_heard = now;
                if let Some(rate) = self.shared.limits.frames
                    && let Some(until) = socket.count(rate, now)
                {
                    self.held.insert((until, key));
                }
            }
            let answered = socket.has_queue();
            match input {
                Input::Text(text) => self.hear(key, &text),
                Input::Binary => self.refuse(
                    key,
                    None,
                    None,
                    ApiError::bad_request("Frames are JSON text."),
                ),
                Input::Control if answered => self.mark(key),
                Input::Control => {}
                Input::Nothing => return,
                Input::Later => break,
                Input::End => return self.end(key),
                Input::Broken(code, reason) => {
                    if let Some(socket) = self.socket(key) {
                        socket.close(code, reason, Instant::now() + CLOSING);
                    }
                    self.mark(key);
                }
            }
        }
        self.read_later(key);
    }

    /// Reads on from a socket in the next turn.
    pub(super) fn read_later(&mut self, key: SocketKey) {
        if let Some(socket) = self.socket(key)
            && !socket.listed
        {
            socket.listed = true;
            self.unread.push(key);
        }
    }

    /// Lets a socket follow a room of its user's, as soon as the room's tail is in memory.
    pub(super) fn open(&mut self, key: SocketKey, room: RoomId, after: Option<Seq>) {
        match self.room_of(key, room).map(|room| &mut room.log) {
            None => self.refuse(key, Some(room), None, ApiError::no_such_room()),
            Some(Log::Warm(_)) => self.let_in(key, room, after),
            Some(Log::Loading(waiting)) => {
                waiting.retain(|(reader, _)| *reader != key);
                waiting.push((key, after));
            }
            Some(log @ Log::Cold) => {
                *log = Log::Loading(vec![(key, after)]);
                // First: from here on this shard hears of what comes after that is read.
                self.follow(room);
                self.shared.load(room, self.number);
            }
        }
    }

    pub(super) fn let_in(&mut self, key: SocketKey, id: RoomId, after: Option<Seq>) {
        // While the tail was loading, the socket may have closed and its user may have left.
        let Some(room) = self.room_of(key, id) else {
            return self.refuse(key, Some(id), None, ApiError::no_such_room());
        };
        let Log::Warm(tail) = &room.log else { return };
        let (head, oldest) = (tail.head(), tail.oldest_cursor());
        let seq = after.unwrap_or(head).clamp(oldest, head);
        let opened = tail.opened(id, seq + 1);
        if room.readers.is_empty() {
            // Who is there was not told while nobody read; from here on it is.
            room.presence.frame = None;
            self.shared
                .presence
                .follow(id, self.number, Follows::Closely);
        }
        let (Some(room), Some(Entry { socket, .. })) =
            (self.rooms.get_mut(&id), self.sockets.get_mut(key.index))
        else {
            return;
        };
        if room.presence.frame.is_none() {
            room.presence.set(&self.shared.presence.frame(id));
        }
        room.used = self.next_tick;
        // Opened again, the room is followed from there on and its values are said again.
        let (presence, typing) = (0, 0);
        match socket.cursor(id) {
            Some(cursor) => (cursor.seq, cursor.presence, cursor.typing) = (seq, presence, typing),
            None => {
                socket.cursors.push(Cursor {
                    room: id,
                    at: room.readers.len(),
                    seq,
                    presence,
                    typing,
                });
                room.readers.push(key);
            }
        }
        self.push(key, &opened);
    }

    /// Ends a socket's following of a room.
    pub(super) fn shut(&mut self, key: SocketKey, room: RoomId) {
        let Some(Entry { socket, .. }) = self.sockets.get_mut(key.index) else {
            return;
        };
        socket.heads.retain(|&id| id != room);
        let following = socket.cursors.iter().position(|cursor| cursor.room == room);
        let cursor = following.map(|following| socket.cursors.swap_remove(following));
        let Some(here) = self.rooms.get_mut(&room) else {
            return;
        };
        if let Log::Loading(waiting) = &mut here.log {
            waiting.retain(|(reader, _)| *reader != key);
        }
        if let Some(Cursor { at, .. }) = cursor {
            here.readers.swap_remove(at);
            // The last reader has taken the place.
            if let Some(&moved) = here.readers.get(at)
                && let Some(cursor) =
                    socket_of(&mut self.sockets, moved).and_then(|moved| moved.cursor(room))
            {
                cursor.at = at;
            }
            if here.readers.is_empty() {
                self.follow(room);
            }
        }
    }

    fn hear(&mut self, key: SocketKey, text: &str) {
        match serde_json::from_str(text) {
            Ok(ClientFrame::Open { room, after }) => self.open(key, room, after),
            Ok(ClientFrame::Shut { room }) => self.shut(key, room),
            Ok(ClientFrame::Send { room, id, body, re }) => {
                self.act(key, room, id, || {
                    let body = Body::parse(&body)?;
                    Ok(Act::Say { body, re })
                });
            }
            Ok(ClientFrame::Edit { room, id, of, body }) => {
                self.act(key, room, id, || {
                    let body = Body::parse(&body)?;
                    Ok(Act::Edit { of, body })
                });
            }
            Ok(ClientFrame::Delete { room, id, of }) => {
                self.act(key, room, id, || Ok(Act::Delete { of }));
            }
            Ok(ClientFrame::React {
                room,
                id,
                of,
                emoji,
                on,
            }) => self.act(key, room, id, || {
                let emoji = Emoji::parse(&emoji)?;
                Ok(Act::React { of, emoji, on })
            }),
            Ok(ClientFrame::Typing { room }) => {
                if self.room_of(key, room).is_none() {
                    return self.refuse(key, Some(room), None, ApiError::no_such_room());
                }
                self.says_typing(key, room);
            }
            Ok(ClientFrame::Seen { room, seq }) => {
                if self.room_of(key, room).is_none() {
                    return self.refuse(key, Some(room), None, ApiError::no_such_room());
                }
                if let Some(user) = self.socket(key).map(|socket| socket.session.user.id) {
                    self.note_seen(room, user, seq, key.number);
                }
            }
            Err(error) => {
                // What can be made out of it is named, so that the sender finds its message again.
                let part: Part = serde_json::from_str(text).unwrap_or_default();
                let why =
                    ApiError::bad_request(format!("That frame could not be understood: {error}."));
                self.refuse(key, part.room(), part.id(), why);
            }
        }
    }

    /// Tells all shards with readers of the room that the socket's user types, unless they have just been told.
    fn says_typing(&mut self, key: SocketKey, id: RoomId) {
        let Some(socket) = self.socket(key) else {
            return;
        };
        let name: Arc<str> = socket.session.user.name.as_str().into();
        let room = self.rooms.get(&id);
        if !room.is_some_and(|room| room.may_type(&name, Instant::now())) {
            return;
        }
        self.types(id, &name, true);
        self.shared.note_typing(id, &name);
        let mut others = self.shared.presence.reading(id);
        others.retain(|shard| *shard != self.number);
        self.shared.tell(others, || Command::Typing {
            room: id,
            name: Arc::clone(&name),
        });
    }

    /// Hands what was asked for in this turn to the store, at once; its answer comes back as
    /// [`Command::Answered`].
    pub(super) fn append(&mut self) {
        if self.asked.0.is_empty() {
            return;
        }
        let (entries, asked) = std::mem::take(&mut self.asked);
        let mailbox = self.mailbox.clone();
        self.shared.append(
            entries,
            Box::new(move |answers| mailbox.leave(Command::Answered { asked, answers })),
        );
    }

    /// Takes what a member does for [`Self::append`], or refuses it.
    fn act(
        &mut self,
        key: SocketKey,
        room: RoomId,
        id: Uuid,
        act: impl FnOnce() -> Result<Act, ApiError>,
    ) {
        if let Err(error) = self.try_to(key, room, id, act) {
            self.refuse(key, Some(room), Some(id), error);
        }
    }

    fn try_to(
        &mut self,
        key: SocketKey,
        room: RoomId,
        id: Uuid,
        act: impl FnOnce() -> Result<Act, ApiError>,
    ) -> Result<(), ApiError> {
        if self.room_of(key, room).is_none() {
            return Err(ApiError::no_such_room());
        }
        let act = act()?;
        let Some(socket) = socket_of(&mut self.sockets, key) else {
            return Ok(());
        };
        let by = socket.session.actor();
        self.shared.limits.message(by.user, socket.address)?;
        socket.asks();
        self.asked.0.push(NewEntry { room, by, id, act });
        self.asked.1.push(Asked {
            socket: key,
            room,
            id,
        });
        Ok(())
    }
}

/// What a frame that could not be understood may still say.
#[derive(Default, serde::Deserialize)]
struct Part {
    room: Option<serde_json::Value>,
    id: Option<serde_json::Value>,
}

impl Part {
    fn room(&self) -> Option<RoomId> {
        self.room.as_ref()?.as_i64()
    }

    fn id(&self) -> Option<Uuid> {
        self.id.as_ref()?.as_str()?.parse().ok()
    }
}

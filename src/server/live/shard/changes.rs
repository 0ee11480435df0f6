//! What other threads tell a shard: sockets that come, changes that were committed, answers.

use std::sync::{Arc, atomic::Ordering};

use super::{Asked, Entry, Shard, SocketKey, User, later::Due};
use crate::{
    domain::{Code, Posted, RoomId},
    protocol::ServerFrame,
    server::{
        assets,
        live::{
            mailbox::{Arrival, Told},
            presence::Follows,
            room::{Log, Room},
            socket::Socket,
            tail::{Appended, Newest, Tail},
        },
        store::{Membership, Reading, SessionId, Standing, StoreError, UserId},
    },
};
use mio::{Interest, Token, net::TcpStream};

impl Shard {
    pub(super) fn attach(&mut self, arrival: Arrival, membership: Membership) {
        let Arrival {
            stream,
            read,
            address,
            admission,
        } = arrival;
        let Membership { session, rooms } = membership;
        let user = &session.user;
        let index = self.sockets.vacant_key();
        let number = 1 + self.shared.last_socket.fetch_add(1, Ordering::Relaxed);
        let key = SocketKey { index, number };
        let mut stream = TcpStream::from_std(stream);
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self
            .poll
            .registry()
            .register(&mut stream, Token(index), interest)
        {
            tracing::warn!(%error, "cannot take a socket");
            self.shared.disconnect(user.id, self.number);
            return;
        }
        let (user_id, me) = (user.id, user.name.clone());
        let socket = Socket::new(stream, read, session, address);
        self.sockets.insert(Entry {
            number: key.number,
            socket,
            _admission: admission,
        });
        for &Standing { room, .. } in &rooms {
            let room = self.rooms.entry(room).or_insert_with(|| Room::new(room));
            room.members.insert(user_id);
        }
        let user = self.users.entry(user_id).or_insert_with(|| User {
            rooms: Vec::new(),
            sockets: Vec::new(),
        });
        user.rooms = rooms.iter().map(|standing| standing.room).collect();
        user.sockets.push(key);
        let build = assets::build().to_owned();
        let notice = self.shared.announced.text();
        self.push(key, &ServerFrame::Hello { me, build, notice });
        for Standing { room, head, said } in rooms {
            if head > 0 {
                self.push(
                    key,
                    &ServerFrame::Head {
                        room,
                        seq: head,
                        said,
                    },
                );
            }
        }
        if self.stopping {
            self.say_restarting(key);
        }
        // It may have spoken before it was polled.
        self.read(key);
    }

    pub(super) fn entry(&mut self, told: Told) {
        let Told {
            room: id,
            seq,
            said,
            frame,
            by,
            changes,
        } = told;
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        let appended = match &mut room.log {
            Log::Warm(tail) => {
                let appended = tail.append(seq, frame);
                if let (Appended::Taken, Some((of, change))) = (appended, changes) {
                    tail.retell(of, &change);
                }
                Some(appended)
            }
            // What is loading will have it.
            Log::Loading(_) | Log::Cold => None,
        };
        if seq > room.head {
            (room.head, room.said) = (seq, said);
        }
        match appended {
            Some(Appended::Taken) => {
                room.used = self.next_tick;
                if !room.moved {
                    room.moved = true;
                    self.moved.push(id);
                }
            }
            None => {}
            Some(Appended::Known) => return,
            Some(Appended::Hole) => self.read_again(id),
        }
        if let Some(by) = by {
            self.types(id, &by, false);
        }
        self.schedule(id, Due::Heads);
    }

    pub(super) fn joined(&mut self, room: RoomId, user: UserId) {
        self.tell_removed_now(room, user);
        let Some(here) = self.users.get_mut(&user) else {
            return;
        };
        if !here.rooms.contains(&room) {
            here.rooms.push(room);
            self.rooms
                .entry(room)
                .or_insert_with(|| Room::new(room))
                .members
                .insert(user);
        }
        self.tell(user, &ServerFrame::Rooms);
    }

    pub(super) fn left(&mut self, room: RoomId, user: UserId, heir: Option<UserId>) {
        if let Some(heir) = heir {
            self.tell(heir, &ServerFrame::Rooms);
        }
        self.tell(user, &ServerFrame::Rooms);
        let Some(here) = self.users.get_mut(&user) else {
            return;
        };
        here.rooms.retain(|&id| id != room);
        let keys = here.sockets.clone();
        for &key in &keys {
            self.shut(key, room);
        }
        self.types_no_more(&keys, room);
        self.take_member_out(room, user);
    }

    fn types_no_more(&mut self, keys: &[SocketKey], room: RoomId) {
        let first = keys.first().and_then(|key| self.sockets.get(key.index));
        if let Some(name) = first.map(|entry| entry.socket.session.user.name.clone()) {
            self.types(room, &name, false);
        }
    }

    /// Somebody was shown out of a room: their sockets are given what came before that, as far as they take it, and
    /// that they were; nothing of the room follows, what they have under way there included.
    pub(super) fn removed(&mut self, room: RoomId, user: UserId, frame: &Arc<ServerFrame>) {
        let Some(here) = self.users.get_mut(&user) else {
            return;
        };
        here.rooms.retain(|&id| id != room);
        let keys = here.sockets.clone();
        for &key in &keys {
            self.give_the_rest(key, room);
            self.shut(key, room);
            if let Some(socket) = self.socket(key) {
                socket.remove_from(room, frame.clone());
            }
            self.tell_removed(key);
        }
        self.types_no_more(&keys, room);
        self.take_member_out(room, user);
    }

    /// Gives a socket what it lacks of a room's log. One that does not take all of it is told that it lacks the rest.
    fn give_the_rest(&mut self, key: SocketKey, room: RoomId) {
        let log = self.rooms.get_mut(&room).map(|room| &mut room.log);
        let (Some(Log::Warm(tail)), Some(entry)) = (log, self.sockets.get_mut(key.index)) else {
            return;
        };
        let (head, socket) = (tail.head(), &mut entry.socket);
        // Where it is gone, whoever next reads from it or writes to it finds out.
        let _ = socket.write_room(room, tail);
        if socket.cursor(room).is_some_and(|cursor| cursor.seq < head) {
            let opened = tail.opened(room, head + 1);
            socket.push(&opened);
        }
    }

    /// Says what a socket was shown out of, once it has had all answers about that room.
    pub(super) fn tell_removed(&mut self, key: SocketKey) {
        let Some(socket) = self.socket(key) else {
            return;
        };
        let due = socket.removals_due();
        for frame in &due {
            self.push(key, frame);
        }
        if !due.is_empty() {
            self.push(key, &ServerFrame::Rooms);
        }
    }

    /// Says so before anything of the room comes again.
    fn tell_removed_now(&mut self, room: RoomId, user: UserId) {
        let keys = self.users.get(&user).map(|here| here.sockets.clone());
        for key in keys.unwrap_or_default() {
            let frame = self
                .socket(key)
                .and_then(|socket| socket.removal_from(room));
            if let Some(frame) = frame {
                self.push(key, &frame);
            }
        }
    }

    pub(super) fn room_changed(&mut self, room: RoomId) {
        let members = self.rooms.get(&room).map(|room| room.members.clone());
        for user in members.unwrap_or_default() {
            self.tell(user, &ServerFrame::Rooms);
        }
    }

    /// Lets go of a session's sockets; what they have under way is the store's to refuse.
    pub(super) fn session_ended(&mut self, user: UserId, session: SessionId) {
        let Some(here) = self.users.get(&user) else {
            return;
        };
        for key in here.sockets.clone() {
            let Some(socket) = self.socket(key) else {
                continue;
            };
            if socket.session.id != session {
                self.push(key, &ServerFrame::Sessions);
                continue;
            }
            let rooms: Vec<_> = socket.cursors.iter().map(|cursor| cursor.room).collect();
            for room in rooms {
                self.shut(key, room);
            }
            self.say_bye(key, Code::NotMe, "This browser was signed out.");
        }
    }

    /// Tells all who are here what is announced to everybody now.
    pub(super) fn announced(&mut self) {
        let text = self.shared.announced.text().unwrap_or_default();
        for key in self.keys() {
            self.push(key, &ServerFrame::Notice { text: text.clone() });
        }
    }

    pub(super) fn sessions(&self) -> Vec<(UserId, SessionId)> {
        let sockets = self.sockets.iter();
        let sessions = sockets.map(|(_, entry)| &entry.socket.session);
        sessions
            .map(|session| (session.user.id, session.id))
            .collect()
    }

    pub(super) fn deleted(&mut self, room: RoomId) {
        let members = self.rooms.get(&room).map(|room| room.members.clone());
        for user in members.unwrap_or_default() {
            let Some(here) = self.users.get_mut(&user) else {
                continue;
            };
            here.rooms.retain(|&id| id != room);
            for key in here.sockets.clone() {
                self.shut(key, room);
                self.push(key, &ServerFrame::Deleted { room });
            }
        }
        self.rooms.remove(&room);
        self.shared
            .presence
            .follow(room, self.number, Follows::Nothing);
    }

    /// Tells a user's sockets how far they have read, except the one that said so itself. Where the user's own
    /// words moved it, those that follow the room are given them.
    pub(super) fn seen(&mut self, user: UserId, by: Reading, read: &ServerFrame) {
        let ServerFrame::Read { room, .. } = *read else {
            return;
        };
        let Some(here) = self.users.get(&user) else {
            return;
        };
        for key in here.sockets.clone() {
            let knows = match by {
                Reading::Socket(number) => key.number == number,
                Reading::Page => false,
                Reading::OwnWords => self
                    .socket(key)
                    .is_some_and(|socket| socket.cursor(room).is_some()),
            };
            if !knows {
                self.push(key, read);
            }
        }
    }

    /// Gives a frame to all of a user's sockets.
    pub(super) fn tell(&mut self, user: UserId, frame: &ServerFrame) {
        let Some(here) = self.users.get(&user) else {
            return;
        };
        for key in here.sockets.clone() {
            self.push(key, frame);
        }
    }

    pub(super) fn gave_up(&mut self, user: UserId) {
        let Some(here) = self.users.get(&user) else {
            return;
        };
        for key in here.sockets.clone() {
            self.say_bye(key, Code::NotMe, "This username was given up.");
        }
    }

    /// Takes a room's tail, whether it was this shard that wanted it or another.
    pub(super) fn loaded(&mut self, id: RoomId, tail: Result<Newest, StoreError>) {
        self.shared.took(id, self.number);
        // A shard that has forgotten the room since this was left here has not been told of what came then.
        if self.shared.presence.follows(id, self.number) == Follows::Nothing {
            return;
        }
        let room = self.rooms.entry(id).or_insert_with(|| Room::new(id));
        let waiting = match &mut room.log {
            Log::Loading(waiting) => std::mem::take(waiting),
            Log::Cold => Vec::new(),
            Log::Warm(_) => return,
        };
        let error = match tail {
            Ok(newest) => {
                room.log = Log::Warm(Tail::read(&newest));
                room.used = self.next_tick;
                self.tails_bytes += room.tail_bytes();
                None
            }
            Err(error) => {
                room.log = Log::Cold;
                Some(error)
            }
        };
        self.follow(id);
        // Those who were let in before a hole was found go on.
        self.moved.push(id);
        for (key, after) in waiting {
            match error {
                None => self.let_in(key, id, after),
                Some(error) => self.refuse(key, Some(id), None, error.into()),
            }
        }
        self.bound_tails();
    }

    /// Something is missing between a room's tail and what came next: nobody is given anything until all of it
    /// has been read.
    fn read_again(&mut self, id: RoomId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            tracing::warn!(room = id, "a hole in a room's log: reading it again");
            room.log = Log::Loading(Vec::new());
            self.shared.load(id, self.number);
        }
    }

    pub(super) fn answered(
        &mut self,
        asked: Vec<Asked>,
        answers: Result<Vec<Result<Posted, StoreError>>, StoreError>,
    ) {
        let answers = answers.unwrap_or_else(|error| vec![Err(error); asked.len()]);
        for (
            Asked {
                socket: to,
                room,
                id,
            },
            answer,
        ) in asked.into_iter().zip(answers)
        {
            let Some(socket) = self.socket(to) else {
                continue;
            };
            let was_paused = socket.paused();
            socket.under_way -= 1;
            let removed = socket.has_removals();
            match answer {
                Ok(Posted { seq, at, .. }) => {
                    self.push(to, &ServerFrame::Sent { room, id, seq, at })
                }
                Err(error) => self.refuse(to, Some(room), Some(id), error.into()),
            }
            if removed {
                self.tell_removed(to);
            }
            if was_paused {
                self.read_later(to);
            }
        }
    }

    pub(super) fn stop(&mut self) {
        self.stopping = true;
        self.send_away();
    }

    /// The store has another epoch.
    pub(super) fn begin_anew(&mut self) {
        self.send_away();
        let rooms: Vec<_> = self.rooms.keys().copied().collect();
        for id in rooms {
            if let Some(room) = self.rooms.get_mut(&id) {
                room.cool();
                (room.head, room.said) = (0, 0);
            }
            self.follow(id);
        }
        self.tails_bytes = 0;
    }

    /// Asks all who are here to come again; where there are other processes, it will be to one of those.
    pub(super) fn send_away(&mut self) {
        for key in self.keys() {
            self.say_restarting(key);
        }
    }

    /// Those of all its sockets.
    fn keys(&self) -> Vec<SocketKey> {
        let sockets = self.sockets.iter();
        sockets
            .map(|(index, entry)| SocketKey {
                index,
                number: entry.number,
            })
            .collect()
    }
}

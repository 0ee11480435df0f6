//! What was committed, as a shard's sockets are told of it, and the answers to those who asked for it.

use super::{Asked, Shard, SocketKey};
use crate::{
    domain::{Code, Posted, RoomId},
    protocol::ServerFrame,
    server::{
        live::{
            mailbox::Told,
            presence::Follows,
            room::{Due, Log, Room},
            tail::Appended,
        },
        store::{Reading, SessionId, StoreError, UserId},
    },
};

impl Shard {
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

    pub(super) fn types_no_more(&mut self, keys: &[SocketKey], room: RoomId) {
        let first = keys.first().and_then(|key| self.sockets.get(key.index));
        if let Some(name) = first.map(|entry| entry.socket.session.user.name.clone()) {
            self.types(room, &name, false);
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
}

//! Members who are shown out of a room: they are given what came before that, and that they were, and no more.

use std::sync::Arc;

use super::{Shard, SocketKey};
use crate::{
    domain::RoomId,
    protocol::ServerFrame,
    server::{live::room::Log, store::UserId},
};

impl Shard {
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
    pub(super) fn tell_removed_now(&mut self, room: RoomId, user: UserId) {
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
}

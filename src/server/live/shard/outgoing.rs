//! Writing: the rooms' frames, the sockets' own, goodbyes.

use std::{collections::HashMap, io, time::Instant};

use uuid::Uuid;

use super::{Shard, SocketKey, incoming::CLOSING, socket_of};
use crate::{
    domain::{ApiError, Code, RoomId},
    protocol::ServerFrame,
    server::{
        counts::refusals,
        live::{
            room::{Log, Room},
            socket::Socket,
        },
    },
};

impl Shard {
    pub(super) fn write(&mut self) {
        for key in std::mem::take(&mut self.dirty) {
            if let Some(socket) = self.socket(key) {
                socket.dirty = false;
                self.catch_up(key);
            }
        }
        for id in std::mem::take(&mut self.moved) {
            let Some(room) = self.rooms.get_mut(&id) else {
                continue;
            };
            room.moved = false;
            let Log::Warm(tail) = &mut room.log else {
                continue;
            };
            let mut gone = Vec::new();
            for &key in &room.readers {
                let Some(socket) = socket_of(&mut self.sockets, key) else {
                    continue;
                };
                let mut write = || {
                    socket.write_room(id, tail)?;
                    socket.write_queue()
                };
                if write().is_err() {
                    gone.push(key);
                }
            }
            gone.into_iter().for_each(|key| self.end(key));
        }
    }

    /// Writes a socket all that it lacks, or as much as the kernel takes.
    pub(super) fn catch_up(&mut self, key: SocketKey) {
        let Some(socket) = socket_of(&mut self.sockets, key) else {
            return;
        };
        let was_paused = socket.paused();
        let written = write_all(socket, &mut self.rooms);
        let resumed = was_paused && !socket.paused();
        match written {
            Err(_) => self.end(key),
            Ok(()) if resumed => self.read_later(key),
            Ok(()) => {}
        }
    }

    pub(super) fn push(&mut self, key: SocketKey, frame: &ServerFrame) {
        if let Some(socket) = self.socket(key) {
            socket.push(frame);
            self.mark(key);
        }
    }

    pub(super) fn mark(&mut self, key: SocketKey) {
        if let Some(socket) = self.socket(key)
            && !socket.dirty
        {
            socket.dirty = true;
            self.dirty.push(key);
        }
    }

    pub(super) fn refuse(
        &mut self,
        key: SocketKey,
        room: Option<RoomId>,
        id: Option<Uuid>,
        error: ApiError,
    ) {
        refusals::count(error.code);
        self.push(
            key,
            &ServerFrame::Refused {
                room,
                id,
                code: error.code,
                message: error.message,
            },
        );
    }

    pub(super) fn say_bye(&mut self, key: SocketKey, code: Code, message: &str) {
        if let Some(socket) = self.socket(key) {
            socket.bye(code, message, Instant::now() + CLOSING);
            self.mark(key);
        }
    }

    pub(super) fn say_restarting(&mut self, key: SocketKey) {
        self.say_bye(
            key,
            Code::Restarting,
            "The server is restarting. Come back in a moment.",
        );
    }
}

/// Writes a socket its own frames, each room's from its cursor on, and the latest values it lacks: in one
/// write where that is little.
fn write_all(socket: &mut Socket, rooms: &mut HashMap<RoomId, Room>) -> io::Result<()> {
    for at in 0..socket.cursors.len() {
        let id = socket.cursors[at].room;
        let log = rooms.get_mut(&id).map(|room| &mut room.log);
        if let Some(Log::Warm(tail)) = log {
            socket.write_room(id, tail)?;
        }
    }
    if !socket.blocked {
        queue_values(socket, rooms);
    }
    socket.write_queue()
}

fn queue_values(socket: &mut Socket, rooms: &HashMap<RoomId, Room>) {
    for at in 0..socket.cursors.len() {
        let cursor = &mut socket.cursors[at];
        let Some(room) = rooms.get(&cursor.room) else {
            continue;
        };
        let presence = (cursor.presence != room.presence.version)
            .then_some(room.presence.frame.as_ref())
            .flatten();
        let typing = (cursor.typing != room.typing.version)
            .then_some(room.typing.frame.as_ref())
            .flatten();
        cursor.presence = room.presence.version;
        cursor.typing = room.typing.version;
        presence
            .into_iter()
            .chain(typing)
            .for_each(|frame| socket.queue_value(frame));
    }
    for id in std::mem::take(&mut socket.heads) {
        if let Some(room) = rooms.get(&id) {
            socket.push(&room.head_frame());
        }
    }
}

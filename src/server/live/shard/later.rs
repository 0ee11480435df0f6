//! What waits for its time: conflated values, the end of typing, pings.

use std::time::{Duration, Instant};

use super::{Entry, Shard, SocketKey, TICK};
use crate::{
    domain::RoomId,
    server::live::{frames, room::Due, socket::PING},
};

const SILENCE: Duration = Duration::from_secs(60);

impl Shard {
    pub(super) fn types(&mut self, id: RoomId, name: &str, typing: bool) {
        let now = Instant::now();
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        if room.types(name, typing, now) {
            if let (_, Some(ends)) = room.expire_typists(now) {
                self.due.insert((ends, id, Due::TypingEnds));
            }
            self.schedule(id, Due::Typing);
        }
    }

    /// Puts something off until it is due, unless it has been already.
    pub(super) fn schedule(&mut self, id: RoomId, what: Due) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        let scheduled = &mut room.scheduled[what as usize];
        if *scheduled {
            return;
        }
        *scheduled = true;
        let now = Instant::now();
        let at = if what == Due::Heads {
            room.heads_due(now)
        } else {
            room.values_due(now)
        };
        self.due.insert((at, id, what));
    }

    pub(super) fn keep_time(&mut self) {
        let now = Instant::now();
        while let Some(&(at, id, what)) = self.due.first().filter(|(at, ..)| *at <= now) {
            self.due.remove(&(at, id, what));
            self.come_due(id, what, now);
        }
        while let Some(&(until, key)) = self.held.first().filter(|(until, _)| *until <= now) {
            self.held.remove(&(until, key));
            if let Some(socket) = self.socket(key) {
                socket.held = false;
                self.read_later(key);
            }
        }
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            self.tick(now);
        }
        self.write();
    }

    fn come_due(&mut self, id: RoomId, what: Due, now: Instant) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        room.scheduled[what as usize] = false;
        match what {
            Due::Heads => {
                room.heads_went(now);
                return self.tell_heads(id);
            }
            Due::TypingEnds => {
                let (changed, again) = room.expire_typists(now);
                if let Some(again) = again {
                    self.due.insert((again, id, Due::TypingEnds));
                }
                if changed {
                    self.schedule(id, Due::Typing);
                }
                return;
            }
            // Whoever comes next asks for it.
            Due::Presence if room.readers.is_empty() => room.presence.frame = None,
            Due::Presence => room.presence.set(&self.shared.presence.frame(id)),
            Due::Typing => room.typing.set(&room.typing_frame()),
        }
        room.values_went(now);
        for key in room.readers.clone() {
            self.mark(key);
        }
    }

    /// Tells the members who have not opened a room that it moved on.
    fn tell_heads(&mut self, id: RoomId) {
        let Some(room) = self.rooms.get(&id) else {
            return;
        };
        let frame = frames::text(&room.head_frame());
        let mut gone = Vec::new();
        for key in room
            .members
            .iter()
            .filter_map(|user| self.users.get(user))
            .flat_map(|user| &user.sockets)
        {
            let Some(Entry { socket, .. }) = self.sockets.get_mut(key.index) else {
                continue;
            };
            if socket.cursor(id).is_some() {
                continue;
            }
            if socket.blocked {
                // It gets the newest head when the kernel takes more; only the room is remembered.
                if !socket.heads.contains(&id) {
                    socket.heads.push(id);
                }
            } else {
                socket.queue_value(&frame);
                if socket.write_queue().is_err() {
                    gone.push(*key);
                }
            }
        }
        gone.into_iter().for_each(|key| self.end(key));
    }

    /// Pings, drops the silent, and forgets the rooms that nobody here needs.
    fn tick(&mut self, now: Instant) {
        let mut gone = Vec::new();
        let mut due = Vec::new();
        for (index, Entry { number, socket, .. }) in &mut self.sockets {
            let key = SocketKey {
                index,
                number: *number,
            };
            let silence = now.saturating_duration_since(socket.last_heard);
            if socket.closing.is_some_and(|deadline| now >= deadline) || silence >= SILENCE {
                gone.push(key);
            } else if now >= socket.next_ping {
                socket.next_ping = now + PING;
                due.push(key);
            }
        }
        gone.into_iter().for_each(|key| self.end(key));
        self.forget_rooms(now);
        self.bound_tails();
        self.read_what_failed();
        for key in due {
            if let Some(socket) = self.socket(key) {
                socket.push_ping();
                self.mark(key);
            }
        }
    }
}

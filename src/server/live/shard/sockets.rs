//! The shard's sockets: how one comes and goes, and what concerns all of them.

use std::sync::atomic::Ordering;

use mio::{Interest, Token, net::TcpStream};

use super::{Entry, Shard, SocketKey, User};
use crate::{
    domain::RoomId,
    protocol::ServerFrame,
    server::{
        assets,
        live::{mailbox::Arrival, room::Room, socket::Socket},
        store::{Membership, SessionId, Standing, UserId},
    },
};

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

    /// Forgets a socket. What it was still owed and can take at once is written.
    pub(super) fn end(&mut self, key: SocketKey) {
        let Some(socket) = self.socket(key) else {
            return;
        };
        let _ = socket.write_queue();
        let user = socket.session.user.id;
        let rooms: Vec<_> = socket.cursors.iter().map(|cursor| cursor.room).collect();
        for room in rooms {
            self.shut(key, room);
            self.tell_seen_of(room, user);
        }
        let mut entry = self.sockets.remove(key.index);
        let _ = self.poll.registry().deregister(entry.socket.stream());
        if let Some(here) = self.users.get_mut(&user) {
            here.sockets.retain(|&other| other != key);
            if here.sockets.is_empty()
                && let Some(gone) = self.users.remove(&user)
            {
                gone.rooms
                    .into_iter()
                    .for_each(|room| self.take_member_out(room, user));
            }
        }
        self.shared.disconnect(user, self.number);
    }

    pub(super) fn take_member_out(&mut self, id: RoomId, user: UserId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.members.remove(&user);
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

    pub(super) fn stop(&mut self) {
        self.stopping = true;
        self.send_away();
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

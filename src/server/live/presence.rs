//! Who is connected now, over all shards: a latest value, never a log.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{RoomId, limits},
    protocol::ServerFrame,
    server::store::{Membership, UserId},
};

/// The connected users and the rooms they are members of.
#[derive(Default)]
pub struct Presence(Mutex<State>);

#[derive(Default)]
struct State {
    users: HashMap<UserId, Connected>,
    /// Names by user, so that a room's list comes in a stable order.
    rooms: HashMap<RoomId, BTreeMap<UserId, String>>,
}

struct Connected {
    name: String,
    sockets: usize,
    rooms: HashSet<RoomId>,
}

impl Presence {
    /// One more socket of a user. Answers the rooms where that changes who is there.
    pub fn connect(&self, membership: &Membership) -> Vec<RoomId> {
        let mut state = self.state();
        let user = &membership.user;
        if let Some(connected) = state.users.get_mut(&user.id) {
            connected.sockets += 1;
            return Vec::new();
        }
        let rooms: Vec<_> = membership
            .rooms
            .iter()
            .map(|standing| standing.room)
            .collect();
        for &room in &rooms {
            state
                .rooms
                .entry(room)
                .or_default()
                .insert(user.id, user.name.clone());
        }
        state.users.insert(
            user.id,
            Connected {
                name: user.name.clone(),
                sockets: 1,
                rooms: rooms.iter().copied().collect(),
            },
        );
        rooms
    }

    /// One socket less. Answers the rooms where that changes who is there.
    pub fn disconnect(&self, user: UserId) -> Vec<RoomId> {
        let mut state = self.state();
        let Some(connected) = state.users.get_mut(&user) else {
            return Vec::new();
        };
        connected.sockets -= 1;
        if connected.sockets > 0 {
            return Vec::new();
        }
        let rooms = state
            .users
            .remove(&user)
            .map(|connected| connected.rooms)
            .unwrap_or_default();
        rooms.iter().for_each(|&room| state.take_out(room, user));
        rooms.into_iter().collect()
    }

    /// A user has become a member of a room.
    pub fn joined(&self, room: RoomId, user: UserId) {
        let mut state = self.state();
        let Some(connected) = state.users.get_mut(&user) else {
            return;
        };
        connected.rooms.insert(room);
        let name = connected.name.clone();
        state.rooms.entry(room).or_default().insert(user, name);
    }

    /// A user is no longer a member of a room.
    pub fn left(&self, room: RoomId, user: UserId) {
        let mut state = self.state();
        if let Some(connected) = state.users.get_mut(&user) {
            connected.rooms.remove(&room);
        }
        state.take_out(room, user);
    }

    /// How many members of a room are connected.
    pub fn count(&self, room: RoomId) -> usize {
        self.state().rooms.get(&room).map_or(0, BTreeMap::len)
    }

    /// Which of these users are connected, in their order.
    pub fn who_is_online(&self, users: impl IntoIterator<Item = UserId>) -> Vec<bool> {
        let state = self.state();
        users
            .into_iter()
            .map(|user| state.users.contains_key(&user))
            .collect()
    }

    /// The room's presence frame.
    pub fn frame(&self, room: RoomId) -> ServerFrame {
        let state = self.state();
        let members = state.rooms.get(&room);
        ServerFrame::Presence {
            room,
            count: members.map_or(0, BTreeMap::len),
            online: members
                .into_iter()
                .flat_map(BTreeMap::values)
                .take(limits::PRESENCE_NAMES)
                .cloned()
                .collect(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_out(&mut self, room: RoomId, user: UserId) {
        if let Some(members) = self.rooms.get_mut(&room) {
            members.remove(&user);
            if members.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::{Standing, User};

    const ROOM: RoomId = 1;

    fn member(id: UserId) -> Membership {
        let name = format!("user{id}");
        Membership {
            user: User { id, name },
            rooms: vec![Standing {
                room: ROOM,
                head: 0,
                said: 0,
            }],
        }
    }

    #[test]
    fn in_a_crowd_all_are_counted_and_the_first_two_hundred_named() {
        let presence = Presence::default();
        (1..=250).for_each(|id| drop(presence.connect(&member(id))));
        let ServerFrame::Presence { count, online, .. } = presence.frame(ROOM) else {
            panic!("not a presence frame");
        };
        assert_eq!((count, online.len()), (250, limits::PRESENCE_NAMES));
        (1..=100).for_each(|id| drop(presence.disconnect(id)));
        let ServerFrame::Presence { count, online, .. } = presence.frame(ROOM) else {
            panic!("not a presence frame");
        };
        assert_eq!((count, online.len()), (150, 150));
    }

    #[test]
    fn a_user_is_there_until_their_last_socket_is_gone() {
        let presence = Presence::default();
        assert_eq!(presence.connect(&member(1)), [ROOM]);
        assert!(presence.connect(&member(1)).is_empty());
        assert!(presence.disconnect(1).is_empty());
        assert_eq!(
            (presence.count(ROOM), presence.who_is_online([1, 2])),
            (1, vec![true, false])
        );
        assert_eq!(presence.disconnect(1), [ROOM]);
        assert_eq!(presence.count(ROOM), 0);
    }
}

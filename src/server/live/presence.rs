//! Who is connected now, over all shards and processes, and which shards a room concerns: latest values, never a log.

mod elsewhere;
mod known;
mod others;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use smallvec::SmallVec;

use self::{known::Known, others::Others};
pub use self::{
    known::{Changed, Follows, ShardNumber, Shards},
    others::{ProcessId, Sighting},
};
use crate::{
    domain::{RoomId, limits},
    protocol::ServerFrame,
    server::store::{Membership, Standing, UserId},
};

/// The connected users and the rooms they are members of.
#[derive(Default)]
pub struct Presence(Mutex<State>);

#[derive(Default)]
struct State {
    users: HashMap<UserId, Connected>,
    rooms: HashMap<RoomId, Known>,
    others: Others,
    /// What the other processes are to be told, where there may be any.
    news: Option<Vec<Sighting>>,
}

struct Connected {
    name: String,
    /// Sockets of each shard that has any.
    sockets: SmallVec<[(ShardNumber, usize); 2]>,
    rooms: HashSet<RoomId>,
}

impl Presence {
    /// One more socket of a user. Answers the rooms where that changes who is there.
    pub fn connect(&self, membership: &Membership, shard: ShardNumber) -> Vec<Changed> {
        let state = &mut *self.state();
        let Membership { session, rooms } = membership;
        let user = &session.user;
        let came = !state.users.contains_key(&user.id);
        let connected = state.users.entry(user.id).or_insert_with(|| Connected {
            name: user.name.clone(),
            sockets: SmallVec::new(),
            rooms: rooms.iter().map(|standing| standing.room).collect(),
        });
        match connected.sockets.iter_mut().find(|(at, _)| *at == shard) {
            Some((_, sockets)) => *sockets += 1,
            None => {
                connected.sockets.push((shard, 1));
                for &room in &connected.rooms {
                    let known = state.rooms.entry(room).or_default();
                    known.concern(shard, |concern| concern.members += 1);
                }
            }
        }
        if !came {
            return Vec::new();
        }
        let mut changed = Vec::new();
        for &Standing { room, .. } in rooms {
            let known = state.rooms.entry(room).or_default();
            if known.enter(user.id, user.name.clone()) {
                changed.push(known.changed(room));
            }
            state.note(room, user.id, &user.name, true);
        }
        changed
    }

    /// One socket less. Answers the rooms where that changes who is there.
    pub fn disconnect(&self, user: UserId, shard: ShardNumber) -> Vec<Changed> {
        let state = &mut *self.state();
        let Some(connected) = state.users.get_mut(&user) else {
            return Vec::new();
        };
        let Some(at) = connected.sockets.iter().position(|(at, _)| *at == shard) else {
            return Vec::new();
        };
        connected.sockets[at].1 -= 1;
        if connected.sockets[at].1 > 0 {
            return Vec::new();
        }
        connected.sockets.swap_remove(at);
        let gone = connected.sockets.is_empty();
        let rooms: Vec<_> = connected.rooms.iter().copied().collect();
        let name = connected.name.clone();
        if gone {
            state.users.remove(&user);
        }
        let mut changed = Vec::new();
        for room in rooms {
            state.change(room, |known| {
                known.concern(shard, |concern| concern.members -= 1);
                if gone && known.exit(user) {
                    changed.push(known.changed(room));
                }
            });
            if gone {
                state.note(room, user, &name, false);
            }
        }
        changed
    }

    /// A user has become a member of a room.
    pub fn joined(&self, room: RoomId, user: UserId) {
        let state = &mut *self.state();
        let Some(connected) = state.users.get_mut(&user) else {
            return;
        };
        if !connected.rooms.insert(room) {
            return;
        }
        let known = state.rooms.entry(room).or_default();
        let name = connected.name.clone();
        known.enter(user, name.clone());
        for &(shard, _) in &connected.sockets {
            known.concern(shard, |concern| concern.members += 1);
        }
        state.note(room, user, &name, true);
    }

    /// A user is no longer a member of a room.
    pub fn left(&self, room: RoomId, user: UserId) {
        let state = &mut *self.state();
        let Some(connected) = state.users.get_mut(&user) else {
            return;
        };
        if !connected.rooms.remove(&room) {
            return;
        }
        let shards: Shards = connected.sockets.iter().map(|(shard, _)| *shard).collect();
        let name = connected.name.clone();
        state.change(room, |known| {
            known.exit(user);
            for shard in shards {
                known.concern(shard, |concern| concern.members -= 1);
            }
        });
        state.note(room, user, &name, false);
    }

    /// A room is gone. Answers the shards that it concerned.
    pub fn deleted(&self, room: RoomId) -> Shards {
        let state = &mut *self.state();
        state.others.forget_room(room);
        let Some(known) = state.rooms.remove(&room) else {
            return Shards::new();
        };
        for user in known.members.keys() {
            if let Some(connected) = state.users.get_mut(user) {
                connected.rooms.remove(&room);
            }
        }
        known.shards.iter().map(|(shard, _)| *shard).collect()
    }

    /// A shard follows a room so closely from now on.
    pub fn follow(&self, room: RoomId, shard: ShardNumber, follows: Follows) {
        let mut state = self.state();
        if follows > Follows::Nothing {
            state.rooms.entry(room).or_default();
        }
        state.change(room, |known| {
            known.concern(shard, |concern| concern.follows = follows);
        });
    }

    /// All of so many shards follow a room from now on, if they did not: its tail is on its way to them.
    pub fn follow_everywhere(&self, room: RoomId, shards: usize) {
        let mut state = self.state();
        let known = state.rooms.entry(room).or_default();
        for shard in 0..shards {
            known.concern(shard, |concern| {
                concern.follows = concern.follows.max(Follows::Log)
            });
        }
    }

    /// How closely a shard follows a room.
    pub fn follows(&self, room: RoomId, shard: ShardNumber) -> Follows {
        let state = self.state();
        let shards = state.rooms.get(&room).into_iter().flat_map(|it| &it.shards);
        let mut here = shards.filter(|(at, _)| *at == shard);
        here.next()
            .map_or(Follows::Nothing, |(_, concern)| concern.follows)
    }

    /// The shards that a change in a room's log concerns: those that follow it or have members of the room.
    pub fn concerned(&self, room: RoomId) -> Shards {
        let state = self.state();
        let shards = state.rooms.get(&room).into_iter().flat_map(|it| &it.shards);
        shards.map(|(shard, _)| *shard).collect()
    }

    /// The shards that have readers of a room.
    pub fn reading(&self, room: RoomId) -> Shards {
        let state = self.state();
        state
            .rooms
            .get(&room)
            .map(Known::readers)
            .unwrap_or_default()
    }

    /// The shards that have sockets of a user.
    pub fn shards_of(&self, user: UserId) -> Shards {
        let state = self.state();
        let sockets = state
            .users
            .get(&user)
            .into_iter()
            .flat_map(|it| &it.sockets);
        sockets.map(|(shard, _)| *shard).collect()
    }

    /// How many users are connected.
    pub fn people(&self) -> usize {
        self.state().users.len()
    }

    /// Whether a user is connected here.
    pub fn is_connected(&self, user: UserId) -> bool {
        self.state().users.contains_key(&user)
    }

    /// Whether a user is connected here, and known to be a member of that room.
    pub fn is_in(&self, user: UserId, room: RoomId) -> bool {
        let state = self.state();
        let connected = state.users.get(&user);
        connected.is_some_and(|connected| connected.rooms.contains(&room))
    }

    /// Who is connected here.
    pub fn users(&self) -> Vec<UserId> {
        self.state().users.keys().copied().collect()
    }

    /// How many members of a room are connected.
    pub fn count(&self, room: RoomId) -> usize {
        let state = self.state();
        state
            .rooms
            .get(&room)
            .map_or(0, |known| known.members.len())
    }

    /// Which of these users are connected, in their order.
    pub fn who_is_online(&self, users: impl IntoIterator<Item = UserId>) -> Vec<bool> {
        let state = self.state();
        users
            .into_iter()
            .map(|user| state.users.contains_key(&user) || state.others.have(user))
            .collect()
    }

    /// The room's presence frame.
    pub fn frame(&self, room: RoomId) -> ServerFrame {
        let state = self.state();
        let members = state.rooms.get(&room).map(|known| &known.members);
        ServerFrame::Presence {
            room,
            count: members.map_or(0, BTreeMap::len),
            online: members
                .into_iter()
                .flat_map(BTreeMap::values)
                .take(limits::PRESENCE_NAMES)
                .map(|(name, _)| name.clone())
                .collect(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes what the other processes are to be told.
    fn note(&mut self, room: RoomId, user: UserId, name: &str, here: bool) {
        if let Some(news) = &mut self.news {
            news.push(Sighting {
                room,
                user,
                name: name.to_owned(),
                here,
            });
        }
    }

    /// Changes what is known of a room, and forgets it where that is nothing.
    fn change(&mut self, room: RoomId, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.rooms.get_mut(&room) {
            change(known);
            if known.members.is_empty() && known.shards.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }
}

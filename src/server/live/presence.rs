//! Who is connected now, over all shards and processes, and which shards a room concerns: latest values, never a log.

mod elsewhere;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use smallvec::SmallVec;

use self::elsewhere::Others;
pub use self::elsewhere::{ProcessId, Sighting};
use crate::{
    domain::{RoomId, limits},
    protocol::ServerFrame,
    server::store::{Membership, Standing, UserId},
};

/// Which shard, counted from 0.
pub type ShardNumber = usize;
pub type Shards = SmallVec<[ShardNumber; 8]>;

/// The connected users and the rooms they are members of.
#[derive(Default)]
pub struct Presence(Mutex<State>);

/// A room in which somebody came or went, and the shards whose readers want to know.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed {
    pub room: RoomId,
    pub readers: Shards,
}

/// How closely a shard follows a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Follows {
    #[default]
    Nothing,
    /// It keeps the tail, or waits for it.
    Log,
    /// Some of its sockets read the log, and want to know who is there.
    Closely,
}

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

#[derive(Default)]
struct Known {
    /// Names by user, so that a room's list comes in a stable order, each with how many processes have them.
    members: BTreeMap<UserId, (String, usize)>,
    /// Of each shard that the room concerns: members with sockets there, and how closely it follows the room.
    shards: SmallVec<[(ShardNumber, Concern); 2]>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Concern {
    members: usize,
    follows: Follows,
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

impl Known {
    /// One more process has a member. Answers whether it is the first.
    fn enter(&mut self, user: UserId, name: String) -> bool {
        let (_, processes) = self.members.entry(user).or_insert((name, 0));
        *processes += 1;
        *processes == 1
    }

    /// One process less has a member. Answers whether it was the last.
    fn exit(&mut self, user: UserId) -> bool {
        let Some((_, processes)) = self.members.get_mut(&user) else {
            return false;
        };
        *processes -= 1;
        let gone = *processes == 0;
        if gone {
            self.members.remove(&user);
        }
        gone
    }

    /// Changes a shard's concern, and forgets it where it has none.
    fn concern(&mut self, shard: ShardNumber, change: impl FnOnce(&mut Concern)) {
        let at = self.shards.iter().position(|(at, _)| *at == shard);
        let at = at.unwrap_or_else(|| {
            self.shards.push((shard, Concern::default()));
            self.shards.len() - 1
        });
        change(&mut self.shards[at].1);
        if self.shards[at].1 == Concern::default() {
            self.shards.swap_remove(at);
        }
    }

    fn readers(&self) -> Shards {
        let readers = self.shards.iter();
        readers
            .filter(|(_, concern)| concern.follows == Follows::Closely)
            .map(|(shard, _)| *shard)
            .collect()
    }

    fn changed(&self, room: RoomId) -> Changed {
        Changed {
            room,
            readers: self.readers(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::{Session, Standing, User};

    const ROOM: RoomId = 1;

    fn member(id: UserId) -> Membership {
        let name = format!("user{id}");
        Membership {
            session: Session {
                id,
                user: User { id, name },
            },
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
        (1..=250).for_each(|id| drop(presence.connect(&member(id), 0)));
        let ServerFrame::Presence { count, online, .. } = presence.frame(ROOM) else {
            panic!("not a presence frame");
        };
        assert_eq!((count, online.len()), (250, limits::PRESENCE_NAMES));
        (1..=100).for_each(|id| drop(presence.disconnect(id, 0)));
        let ServerFrame::Presence { count, online, .. } = presence.frame(ROOM) else {
            panic!("not a presence frame");
        };
        assert_eq!((count, online.len()), (150, 150));
    }

    /// The rooms that somebody came to or went from.
    fn rooms(changed: Vec<Changed>) -> Vec<RoomId> {
        changed.into_iter().map(|changed| changed.room).collect()
    }

    #[test]
    fn a_user_is_there_until_their_last_socket_is_gone() {
        let presence = Presence::default();
        assert_eq!(rooms(presence.connect(&member(1), 0)), [ROOM]);
        assert!(presence.connect(&member(1), 1).is_empty());
        assert!(presence.disconnect(1, 0).is_empty());
        assert_eq!(
            (presence.count(ROOM), presence.who_is_online([1, 2])),
            (1, vec![true, false])
        );
        assert_eq!(rooms(presence.disconnect(1, 1)), [ROOM]);
        assert_eq!(presence.count(ROOM), 0);
    }

    #[test]
    fn a_room_concerns_the_shards_that_have_members_of_it_or_follow_it_and_no_others() {
        let presence = Presence::default();
        presence.connect(&member(1), 2);
        presence.connect(&member(1), 2);
        presence.connect(&member(2), 3);
        assert_eq!(presence.concerned(ROOM)[..], [2, 3]);
        assert!(presence.concerned(ROOM + 1).is_empty());
        presence.follow(ROOM, 3, Follows::Log);
        presence.disconnect(2, 3);
        assert_eq!(presence.concerned(ROOM)[..], [2, 3], "its tail is kept");
        presence.follow(ROOM, 3, Follows::Nothing);
        assert_eq!(presence.concerned(ROOM)[..], [2]);
        presence.disconnect(1, 2);
        assert_eq!(presence.concerned(ROOM)[..], [2], "one of two is left");
        presence.left(ROOM, 1);
        assert!(presence.concerned(ROOM).is_empty());
        presence.joined(ROOM, 1);
        assert_eq!(presence.concerned(ROOM)[..], [2]);
        assert_eq!(presence.deleted(ROOM)[..], [2]);
        presence.disconnect(1, 2);
        assert!(presence.state().rooms.is_empty() && presence.state().users.is_empty());
    }

    #[test]
    fn who_comes_and_goes_is_told_to_shards_with_readers_only() {
        let presence = Presence::default();
        presence.connect(&member(1), 0);
        presence.connect(&member(2), 1);
        presence.follow(ROOM, 0, Follows::Log);
        presence.follow(ROOM, 1, Follows::Closely);
        assert_eq!(presence.reading(ROOM)[..], [1]);
        let told = |changed: Vec<Changed>| changed[0].readers.to_vec();
        assert_eq!(told(presence.connect(&member(3), 0)), [1]);
        assert_eq!(told(presence.disconnect(3, 0)), [1]);
    }
}

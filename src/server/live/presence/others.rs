//! Who is connected to the other processes, and where, as each of them says it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{domain::RoomId, server::store::UserId};

/// A process of the server, by a random number of its own.
pub type ProcessId = u64;

/// That somebody came to a room or went from it, as far as one process can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    pub room: RoomId,
    pub user: UserId,
    pub name: String,
    pub here: bool,
}

#[derive(Default)]
pub struct Others {
    pub rooms: HashMap<ProcessId, HashMap<UserId, HashSet<RoomId>>>,
    /// To how many of them each is connected, counted by rooms.
    pub users: HashMap<UserId, usize>,
}

impl Others {
    pub fn have(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    /// A room is gone, whoever was in it.
    pub fn forget_room(&mut self, room: RoomId) {
        let users = self.rooms.values_mut().flat_map(HashMap::iter_mut);
        let mut left = Vec::new();
        for (&user, rooms) in users {
            if rooms.remove(&room) {
                left.push(user);
            }
        }
        for user in left {
            self.leave(user);
        }
        for users in self.rooms.values_mut() {
            users.retain(|_, rooms| !rooms.is_empty());
        }
    }

    pub fn leave(&mut self, user: UserId) {
        if let Some(count) = self.users.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                self.users.remove(&user);
            }
        }
    }

    /// Answers whether that is news.
    pub fn note(&mut self, process: ProcessId, user: UserId, room: RoomId, here: bool) -> bool {
        let users = self.rooms.entry(process).or_default();
        let rooms = users.entry(user).or_default();
        let news = if here {
            rooms.insert(room)
        } else {
            rooms.remove(&room)
        };
        if rooms.is_empty() {
            users.remove(&user);
        }
        if news && here {
            *self.users.entry(user).or_default() += 1;
        } else if news {
            self.leave(user);
        }
        news
    }
}

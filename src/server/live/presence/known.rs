//! What is known of a room: which of its members are connected, and which shards it concerns.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::{domain::RoomId, server::store::UserId};

/// Which shard, counted from 0.
pub type ShardNumber = usize;

pub type Shards = SmallVec<[ShardNumber; 8]>;

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
pub struct Known {
    /// Names by user, so that a room's list comes in a stable order, each with how many processes have them.
    pub members: BTreeMap<UserId, (String, usize)>,
    /// Of each shard that the room concerns: members with sockets there, and how closely it follows the room.
    pub shards: SmallVec<[(ShardNumber, Concern); 2]>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Concern {
    pub members: usize,
    pub follows: Follows,
}

impl Known {
    /// One more process has a member. Answers whether it is the first.
    pub fn enter(&mut self, user: UserId, name: String) -> bool {
        let (_, processes) = self.members.entry(user).or_insert((name, 0));
        *processes += 1;
        *processes == 1
    }

    /// One process less has a member. Answers whether it was the last.
    pub fn exit(&mut self, user: UserId) -> bool {
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
    pub fn concern(&mut self, shard: ShardNumber, change: impl FnOnce(&mut Concern)) {
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

    pub fn readers(&self) -> Shards {
        let readers = self.shards.iter();
        readers
            .filter(|(_, concern)| concern.follows == Follows::Closely)
            .map(|(shard, _)| *shard)
            .collect()
    }

    pub fn changed(&self, room: RoomId) -> Changed {
        Changed {
            room,
            readers: self.readers(),
        }
    }
}

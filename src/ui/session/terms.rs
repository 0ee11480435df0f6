//! What a room is called and about, and what *me* may do there: what stands on its door, and changes now and then.

use crate::domain::{Happened, Happening, Posting, Role, Room};

/// As it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub name: String,
    pub topic: String,
    pub role: Role,
    pub posting: Posting,
}

impl Terms {
    pub fn of(room: &Room) -> Self {
        Self {
            name: room.name.clone(),
            topic: room.topic.clone(),
            role: room.role,
            posting: room.posting,
        }
    }
}

/// Brings a room up to date with what happened to it, as `me` sees it. Says whether that is news.
pub fn change(room: &mut Room, it: &Happening, me: &str) -> bool {
    let to = it.to.as_deref().unwrap_or_default();
    match it.what {
        Happened::Name => room.name = to.to_owned(),
        Happened::Topic => room.topic = to.to_owned(),
        Happened::Posting => {
            room.posting = match to {
                "moderators" => Posting::Moderators,
                _ => Posting::Everyone,
            }
        }
        Happened::Keep => room.keep = to.parse().ok(),
        Happened::Role => {
            let (Some(who), Some(role)) = (it.who.as_deref(), Role::of(to)) else {
                return false;
            };
            if role == Role::Owner {
                room.owner = who.to_owned();
                room.owned = who == me;
                // Who hands a room over is one of its moderators.
                if it.by == me {
                    room.role = Role::Moderator;
                }
            }
            if who == me {
                room.role = role;
            }
        }
        _ => return false,
    }
    true
}

/// The same, where the room itself is at hand as it is now.
pub fn renew(room: &mut Room, newest: &Room) -> bool {
    let before = Terms::of(room);
    room.name.clone_from(&newest.name);
    room.topic.clone_from(&newest.topic);
    room.owner.clone_from(&newest.owner);
    (room.owned, room.role) = (newest.owned, newest.role);
    (room.posting, room.keep) = (newest.posting, newest.keep);
    before != Terms::of(room)
}

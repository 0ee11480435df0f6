//! What is locked for a change before anything is looked at.

use crate::{domain::RoomId, server::store::UserId};

/// What a job changes, to be locked before anything is looked at, with that of all others in the transaction: in one
/// order, so that two processes never wait for each other.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    pub users: Vec<UserId>,
    pub rooms: Vec<RoomId>,
    /// Users all of whose rooms are.
    pub leavers: Vec<UserId>,
}

impl Needs {
    pub fn user(user: UserId) -> Self {
        Self {
            users: vec![user],
            ..Self::default()
        }
    }

    pub fn room(room: RoomId) -> Self {
        Self {
            rooms: vec![room],
            ..Self::default()
        }
    }

    pub fn leaver(user: UserId) -> Self {
        Self {
            users: vec![user],
            leavers: vec![user],
            ..Self::default()
        }
    }
}

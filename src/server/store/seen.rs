//! Read positions on their way to the writer: of each member's in a room only the newest.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{RoomId, Seq},
    server::store::{SocketId, UserId},
};

/// Positions that wait at most. One that finds no place is lost, which costs an unread mark.
const WAITING: usize = 10_000;
/// Positions that one commit takes along: they must not hold up what somebody waits for.
const AT_ONCE: usize = 256;

type Member = (RoomId, UserId);
pub type Positions = Vec<(Member, (Seq, SocketId))>;

/// Up to where a member has read, and on which socket.
#[derive(Default)]
pub struct Seen(Mutex<HashMap<Member, (Seq, SocketId)>>);

impl Seen {
    /// Answers whether it is the first that waits.
    pub fn note(&self, member: Member, seq: Seq, by: SocketId) -> bool {
        let mut waiting = self.waiting();
        let first = waiting.is_empty();
        if let Some(newest) = waiting.get_mut(&member) {
            if newest.0 < seq {
                *newest = (seq, by);
            }
        } else if waiting.len() < WAITING {
            waiting.insert(member, (seq, by));
        }
        first
    }

    /// Some of those that wait, and whether there are more.
    pub fn take(&self) -> (Positions, bool) {
        let mut waiting = self.waiting();
        let members: Vec<_> = waiting.keys().copied().take(AT_ONCE).collect();
        let taken = members
            .into_iter()
            .filter_map(|member| Some((member, waiting.remove(&member)?)))
            .collect();
        if waiting.is_empty() {
            // The room that a crowd needed is not kept for good.
            waiting.shrink_to(AT_ONCE);
        }
        (taken, !waiting.is_empty())
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Member, (Seq, SocketId)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_members_positions_only_the_newest_waits() {
        let seen = Seen::default();
        assert!(seen.note((1, 1), 5, 50));
        assert!(!seen.note((1, 1), 9, 90));
        assert!(!seen.note((1, 1), 7, 70) && !seen.note((1, 2), 3, 30));
        let (mut taken, more) = seen.take();
        taken.sort_unstable();
        assert_eq!(
            (taken, more),
            (vec![((1, 1), (9, 90)), ((1, 2), (3, 30))], false)
        );
        assert!(seen.note((1, 1), 10, 100), "none waits any more");
    }

    #[test]
    fn however_many_come_so_many_wait_and_all_of_those_are_taken() {
        let seen = Seen::default();
        for user in 0..2 * WAITING as UserId {
            seen.note((1, user), 1, 1);
        }
        let mut taken = 0;
        loop {
            let (some, more) = seen.take();
            assert!(some.len() <= AT_ONCE);
            taken += some.len();
            if !more {
                break;
            }
        }
        assert_eq!(taken, WAITING);
    }
}

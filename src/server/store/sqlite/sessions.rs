//! Sessions in memory: every request asks whose it is, and few of them change.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::server::store::{TokenHash, User, UserId};

/// Sessions kept at most; past that, all are forgotten and read again.
const SESSIONS: usize = 50_000;

#[derive(Default)]
pub struct Sessions(Mutex<State>);

#[derive(Default)]
struct State {
    users: HashMap<TokenHash, User>,
    /// Counts the sessions that ended, so that one read before its end is not kept after it.
    ended: u64,
}

/// When a session was looked for and not found here.
pub struct Missed(u64);

impl Sessions {
    /// Whose session this is, if it is known here.
    ///
    /// # Errors
    /// [`Missed`] is what [`Self::keep`] needs once the store has been asked.
    pub fn user(&self, token: TokenHash) -> Result<User, Missed> {
        let state = self.state();
        state.users.get(&token).cloned().ok_or(Missed(state.ended))
    }

    /// Keeps what the store said, unless a session has ended since.
    pub fn keep(&self, token: TokenHash, user: &User, missed: Missed) {
        let mut state = self.state();
        if state.ended == missed.0 {
            if state.users.len() >= SESSIONS {
                state.users.clear();
            }
            state.users.insert(token, user.clone());
        }
    }

    /// A user's session has ended.
    pub fn end(&self, user: UserId) {
        let mut state = self.state();
        state.ended += 1;
        state.users.retain(|_, holder| holder.id != user);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: TokenHash = TokenHash([7; 32]);

    fn alice() -> User {
        User {
            id: 1,
            name: "alice".to_owned(),
        }
    }

    #[test]
    fn a_session_is_known_once_it_was_kept_and_until_it_ends() {
        let sessions = Sessions::default();
        let missed = sessions.user(TOKEN).expect_err("nothing is known yet");
        sessions.keep(TOKEN, &alice(), missed);
        assert_eq!(sessions.user(TOKEN).ok(), Some(alice()));
        sessions.end(1);
        assert!(sessions.user(TOKEN).is_err());
    }

    #[test]
    fn a_session_that_ended_while_it_was_read_is_not_kept() {
        let sessions = Sessions::default();
        let missed = sessions.user(TOKEN).expect_err("nothing is known yet");
        sessions.end(1);
        sessions.keep(TOKEN, &alice(), missed);
        assert!(sessions.user(TOKEN).is_err());
    }
}

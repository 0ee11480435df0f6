//! Sessions in memory: every request asks whose it is, and few of them change.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::server::store::{Session, SessionId, TokenHash, UserId};

/// Sessions kept at most; past that, all are forgotten and read again.
const SESSIONS: usize = 50_000;
/// Tokens of no session kept at most, likewise.
const UNKNOWN: usize = 10_000;

#[derive(Default)]
pub struct Sessions(Mutex<State>);

#[derive(Default)]
struct State {
    held: HashMap<TokenHash, Session>,
    /// Tokens that a browser may send again and again, long after their session's end.
    unknown: HashSet<TokenHash>,
    /// Counts the sessions that began and ended, so that what was read before is not kept after it.
    changes: u64,
}

/// When a session was looked for and not found here.
pub struct Missed(u64);

impl Sessions {
    /// Whose session this is, and whether it is one, as far as it is known here.
    ///
    /// # Errors
    /// [`Missed`] is what [`Self::keep`] needs once the store has been asked.
    pub fn find(&self, token: TokenHash) -> Result<Option<Session>, Missed> {
        let state = self.state();
        match state.held.get(&token) {
            Some(session) => Ok(Some(session.clone())),
            None if state.unknown.contains(&token) => Ok(None),
            None => Err(Missed(state.changes)),
        }
    }

    /// Keeps what the store said, unless a session has begun or ended since.
    pub fn keep(&self, token: TokenHash, session: Option<&Session>, missed: Missed) {
        let mut state = self.state();
        if state.changes != missed.0 {
            return;
        }
        if let Some(session) = session {
            if state.held.len() >= SESSIONS {
                state.held.clear();
            }
            state.held.insert(token, session.clone());
        } else {
            if state.unknown.len() >= UNKNOWN {
                state.unknown.clear();
            }
            state.unknown.insert(token);
        }
    }

    /// A session has begun.
    pub fn began(&self, token: TokenHash) {
        let mut state = self.state();
        state.changes += 1;
        state.unknown.remove(&token);
    }

    /// A session has ended.
    pub fn end(&self, session: SessionId) {
        let mut state = self.state();
        state.changes += 1;
        state.held.retain(|_, held| held.id != session);
    }

    /// All of a user's sessions have ended.
    pub fn end_all(&self, user: UserId) {
        let mut state = self.state();
        state.changes += 1;
        state.held.retain(|_, held| held.user.id != user);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::User;

    const TOKEN: TokenHash = TokenHash([7; 32]);

    fn alice(id: SessionId) -> Session {
        Session {
            id,
            user: User {
                id: 1,
                name: "alice".to_owned(),
            },
        }
    }

    fn missed(sessions: &Sessions) -> Missed {
        sessions.find(TOKEN).expect_err("nothing is known yet")
    }

    #[test]
    fn a_session_is_known_once_it_was_kept_and_until_it_ends() {
        let sessions = Sessions::default();
        sessions.keep(TOKEN, Some(&alice(7)), missed(&sessions));
        assert_eq!(sessions.find(TOKEN).ok(), Some(Some(alice(7))));
        sessions.end(8);
        assert_eq!(sessions.find(TOKEN).ok(), Some(Some(alice(7))));
        sessions.end(7);
        assert!(sessions.find(TOKEN).is_err());
        sessions.keep(TOKEN, Some(&alice(7)), missed(&sessions));
        sessions.end_all(1);
        assert!(sessions.find(TOKEN).is_err());
    }

    #[test]
    fn a_session_that_ended_while_it_was_read_is_not_kept() {
        let sessions = Sessions::default();
        let missed = missed(&sessions);
        sessions.end(1);
        sessions.keep(TOKEN, Some(&alice(7)), missed);
        assert!(sessions.find(TOKEN).is_err());
    }

    #[test]
    fn a_token_of_no_session_is_known_as_that_until_one_begins_with_it() {
        let sessions = Sessions::default();
        let early = missed(&sessions);
        sessions.keep(TOKEN, None, missed(&sessions));
        assert_eq!(sessions.find(TOKEN).ok(), Some(None));
        sessions.began(TOKEN);
        assert!(sessions.find(TOKEN).is_err());
        sessions.keep(TOKEN, None, early);
        assert!(sessions.find(TOKEN).is_err(), "it was read before");
    }

    #[test]
    fn only_so_many_tokens_of_no_session_are_kept() {
        let sessions = Sessions::default();
        for n in 0..3 * UNKNOWN {
            let mut token = TOKEN;
            token.0[..8].copy_from_slice(&n.to_ne_bytes());
            let missed = sessions.find(token).expect_err("nothing is known yet");
            sessions.keep(token, None, missed);
            assert!(sessions.state().unknown.len() <= UNKNOWN);
        }
    }
}

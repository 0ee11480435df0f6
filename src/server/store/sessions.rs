//! Sessions in memory: every request asks whose it is, and few of them change.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::Millis,
    server::store::{Event, Rest, Session, SessionId, TokenHash, UserId},
};

/// Sessions kept at most; past that, all are forgotten and read again.
const SESSIONS: usize = 50_000;
/// Tokens of no session kept at most, likewise.
const UNKNOWN: usize = 10_000;
/// How often it is written down that a session is in use.
const NOTED_EVERY: Millis = 5 * 60 * 1000;
/// Who was away for longer has come back, and for as long it is told how long they were away.
const DAY: Millis = 24 * 60 * 60 * 1000;

#[derive(Default)]
pub struct Sessions(Mutex<State>);

#[derive(Default)]
struct State {
    held: HashMap<TokenHash, Kept>,
    /// Tokens that a browser may send again and again, long after their session's end.
    unknown: HashSet<TokenHash>,
    /// Counts the sessions that began and ended, so that what was read before is not kept after it.
    changes: u64,
}

struct Kept {
    session: Session,
    /// When it was last written down that it is in use.
    noted: Millis,
    rest: Rest,
    /// When the rest was over.
    came_back: Millis,
}

/// A session, as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub session: Session,
    /// When it was last used, and when its name was by any.
    pub used_at: Millis,
    pub name_used_at: Millis,
}

/// A session that is known, and whether it is to be written down that it is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub session: Session,
    pub due: bool,
}

/// When a session was looked for and not found here.
pub struct Missed(u64);

impl Sessions {
    /// Whose session this is, and whether it is one, as far as it is known here.
    ///
    /// # Errors
    /// [`Missed`] is what [`Self::keep`] needs once the store has been asked.
    pub fn find(&self, token: TokenHash, now: Millis) -> Result<Option<Found>, Missed> {
        let mut state = self.state();
        let missed = Missed(state.changes);
        let Some(kept) = state.held.get_mut(&token) else {
            return if state.unknown.contains(&token) {
                Ok(None)
            } else {
                Err(missed)
            };
        };
        let unused = now - kept.noted;
        if unused >= DAY {
            return Err(missed);
        }
        let due = unused >= NOTED_EVERY;
        if due {
            kept.noted = now;
        }
        let session = kept.session.clone();
        Ok(Some(Found { session, due }))
    }

    /// Keeps what the store said, unless a session has begun or ended since. Answers whether it is to be written down
    /// that it is in use.
    pub fn keep(
        &self,
        token: TokenHash,
        stored: Option<&Stored>,
        missed: Missed,
        now: Millis,
    ) -> bool {
        let mut state = self.state();
        let due = stored.is_some_and(|stored| now - stored.used_at >= NOTED_EVERY);
        if state.changes != missed.0 {
            return due;
        }
        if let Some(stored) = stored {
            if state.held.len() >= SESSIONS {
                state.held.clear();
            }
            let kept = Kept {
                session: stored.session.clone(),
                noted: if due { now } else { stored.used_at },
                rest: Rest {
                    name: now - stored.name_used_at,
                    session: now - stored.used_at,
                },
                came_back: now,
            };
            state.held.insert(token, kept);
        } else {
            if state.unknown.len() >= UNKNOWN {
                state.unknown.clear();
            }
            state.unknown.insert(token);
        }
        due
    }

    /// How long a session's name, and it, had not been used before it came back, where that is not long ago.
    pub fn rest(&self, token: TokenHash, now: Millis) -> Rest {
        let state = self.state();
        let kept = state.held.get(&token);
        kept.filter(|kept| now - kept.came_back < DAY)
            .map(|kept| kept.rest)
            .unwrap_or_default()
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
        state.held.retain(|_, held| held.session.id != session);
    }

    /// Hears of a change, whoever made it.
    pub fn heard(&self, event: &Event) {
        match event {
            Event::SessionEnded { session, .. } => self.end(*session),
            Event::GaveUp { user } => self.end_all(*user),
            _ => {}
        }
    }

    /// Whatever is remembered may not be so any more.
    pub fn forget(&self) {
        let mut state = self.state();
        state.changes += 1;
        state.held.clear();
        state.unknown.clear();
    }

    /// All of a user's sessions have ended.
    pub fn end_all(&self, user: UserId) {
        let mut state = self.state();
        state.changes += 1;
        state.held.retain(|_, held| held.session.user.id != user);
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
    const NOW: Millis = 1_000 * DAY;

    fn alice(id: SessionId) -> Stored {
        let user = User {
            id: 1,
            name: "alice".to_owned(),
        };
        Stored {
            session: Session { id, user },
            used_at: NOW,
            name_used_at: NOW,
        }
    }

    fn found(id: SessionId) -> Option<Option<Found>> {
        let Stored { session, .. } = alice(id);
        Some(Some(Found {
            session,
            due: false,
        }))
    }

    fn missed(sessions: &Sessions) -> Missed {
        sessions.find(TOKEN, NOW).expect_err("nothing is known yet")
    }

    #[test]
    fn a_session_is_known_once_it_was_kept_and_until_it_ends() {
        let sessions = Sessions::default();
        sessions.keep(TOKEN, Some(&alice(7)), missed(&sessions), NOW);
        assert_eq!(sessions.find(TOKEN, NOW).ok(), found(7));
        sessions.end(8);
        assert_eq!(sessions.find(TOKEN, NOW).ok(), found(7));
        sessions.end(7);
        assert!(sessions.find(TOKEN, NOW).is_err());
        sessions.keep(TOKEN, Some(&alice(7)), missed(&sessions), NOW);
        sessions.end_all(1);
        assert!(sessions.find(TOKEN, NOW).is_err());
    }

    #[test]
    fn that_a_session_is_in_use_is_due_once_in_five_minutes() {
        let sessions = Sessions::default();
        let due = |now| sessions.find(TOKEN, now).ok().flatten().map(|it| it.due);
        sessions.keep(TOKEN, Some(&alice(7)), missed(&sessions), NOW);
        assert_eq!(due(NOW + NOTED_EVERY - 1), Some(false));
        assert_eq!(due(NOW + NOTED_EVERY), Some(true));
        assert_eq!(due(NOW + NOTED_EVERY), Some(false));
        assert_eq!(due(NOW + 2 * NOTED_EVERY), Some(true));
        assert_eq!(
            due(NOW + 2 * NOTED_EVERY + DAY),
            None,
            "the store knows how long it was"
        );
    }

    #[test]
    fn who_comes_back_is_told_for_a_day_how_long_they_were_away() {
        let sessions = Sessions::default();
        let long_ago = Stored {
            used_at: NOW - 9 * DAY,
            name_used_at: NOW - 3 * DAY,
            ..alice(7)
        };
        assert!(sessions.keep(TOKEN, Some(&long_ago), missed(&sessions), NOW));
        let rest = Rest {
            name: 3 * DAY,
            session: 9 * DAY,
        };
        assert_eq!(sessions.rest(TOKEN, NOW + DAY - 1), rest);
        assert_eq!(sessions.rest(TOKEN, NOW + DAY), Rest::default());
    }

    #[test]
    fn a_session_that_ended_while_it_was_read_is_not_kept() {
        let sessions = Sessions::default();
        let missed = missed(&sessions);
        sessions.end(1);
        sessions.keep(TOKEN, Some(&alice(7)), missed, NOW);
        assert!(sessions.find(TOKEN, NOW).is_err());
    }

    #[test]
    fn a_token_of_no_session_is_known_as_that_until_one_begins_with_it() {
        let sessions = Sessions::default();
        let early = missed(&sessions);
        sessions.keep(TOKEN, None, missed(&sessions), NOW);
        assert_eq!(sessions.find(TOKEN, NOW).ok(), Some(None));
        sessions.began(TOKEN);
        assert!(sessions.find(TOKEN, NOW).is_err());
        sessions.keep(TOKEN, None, early, NOW);
        assert!(sessions.find(TOKEN, NOW).is_err(), "it was read before");
    }

    #[test]
    fn only_so_many_tokens_of_no_session_are_kept() {
        let sessions = Sessions::default();
        for n in 0..3 * UNKNOWN {
            let mut token = TOKEN;
            token.0[..8].copy_from_slice(&n.to_ne_bytes());
            let missed = sessions.find(token, NOW).expect_err("nothing is known yet");
            sessions.keep(token, None, missed, NOW);
            assert!(sessions.state().unknown.len() <= UNKNOWN);
        }
    }
}

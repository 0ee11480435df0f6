//! Users, by their numbers and names, and what they come with: sessions and sockets.

use std::fmt;

/// A user's number; a name that is given up and claimed again is another user.
pub type UserId = i64;

/// A session's number; never used again.
pub type SessionId = i64;

/// Who asks for a change: a user, by one of their sessions. One that has ended changes nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    pub user: UserId,
    pub session: SessionId,
}

/// One browser's hold on a username.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: User,
}

impl Session {
    pub fn actor(&self) -> Actor {
        Actor {
            user: self.user.id,
            session: self.id,
        }
    }
}

/// A live socket's number, given back with what it caused.
pub type SocketId = u64;

/// SHA-256 of a session's token, which is only ever in the browser's cookie, or of another secret as random.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A session that is to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub token: TokenHash,
    /// Which browser it is, in words.
    pub browser: String,
}

/// A username and who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// As it was typed when it was claimed.
    pub name: String,
}

//! The ways into a username, and the sessions that they have begun: what the server needs of a store for them.

use async_trait::async_trait;

use super::{Actor, NewSession, Session, SessionId, StoreError, TokenHash, User, UserId};
use crate::domain::{Folded, Millis};

/// What lets somebody into a name that is theirs, once it has been tried.
#[derive(Clone, Debug)]
pub enum Way {
    /// A pass, which it uses up.
    Pass(TokenHash),
    /// A passphrase that matches this PHC string, which must still be the user's.
    Passphrase { user: UserId, phc: String },
    /// A passkey that has signed, and what is kept of it from now on.
    Passkey { id: Vec<u8>, passkey: String },
}

/// One browser's hold on a name, as its holder is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub id: SessionId,
    pub since: Millis,
    /// To a few minutes.
    pub last: Millis,
    pub browser: String,
}

/// A passkey of a user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasskey {
    /// The credential's id.
    pub id: Vec<u8>,
    /// Its public key and counter, as JSON.
    pub passkey: String,
    /// Which browser it was made in.
    pub name: String,
    pub created_at: Millis,
    pub used_at: Millis,
}

/// A user who may be let in, and what their passphrase must match, where they have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    pub user: UserId,
    pub phc: Option<String>,
}

/// What a user has set up to be let in by elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaysIn {
    pub passphrase: bool,
    pub passkeys: Vec<StoredPasskey>,
    /// When the user began, which tells them from a former holder of the name.
    pub since: Millis,
}

/// How long a name, and the session that asks, had not been used before they were used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    pub name: Millis,
    pub session: Millis,
}

/// Names and sessions that nobody has used since are free, and over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unused {
    pub names: Option<Millis>,
    pub sessions: Option<Millis>,
}

/// Where the ways into names are kept. All that is said of a [`super::Store`] holds here too.
#[async_trait]
pub trait Ways: Send + Sync + 'static {
    /// Lets a browser into a name. Of the browser's own sessions, `held`, the one of that name goes on under the new
    /// token, and no other begins. Of more sessions than a name may have, the one that was used least lately ends.
    ///
    /// # Errors
    /// [`StoreError::WrongPass`] and [`StoreError::WrongPassphrase`] where that is no way in, or no longer.
    async fn enter(
        &self,
        way: Way,
        new: NewSession,
        held: Vec<SessionId>,
    ) -> Result<Session, StoreError>;
    /// Ends the session that asks.
    ///
    /// # Errors
    /// [`StoreError::LastWayIn`] where nothing else lets anybody into the name; so for [`Self::end_session`] too.
    async fn log_out(&self, by: Actor) -> Result<(), StoreError>;
    /// Ends one of the user's sessions, and all passes: who held it may have made one. Where it is none of theirs,
    /// nothing happens.
    async fn end_session(&self, by: Actor, session: SessionId) -> Result<(), StoreError>;
    /// Ends all of the user's sessions but the one that asks, and all passes.
    async fn end_other_sessions(&self, by: Actor) -> Result<(), StoreError>;
    /// The user's sessions, the latest used first.
    async fn sessions(&self, user: UserId) -> Result<Vec<Held>, StoreError>;

    /// Keeps a pass until then. Of more passes than a name may have, the oldest ends.
    async fn new_pass(&self, by: Actor, pass: TokenHash, expires: Millis)
    -> Result<(), StoreError>;
    /// Whom a pass lets in; `None` where it lets in nobody, or nobody any more.
    async fn pass(&self, pass: TokenHash) -> Result<Option<User>, StoreError>;

    /// Gives the user a passphrase, by its PHC string, or takes it away; the one before lets nobody in any more.
    async fn set_passphrase(&self, by: Actor, phc: Option<String>) -> Result<(), StoreError>;
    /// Who holds the name; `None` where nobody does.
    async fn entrance(&self, name: Folded) -> Result<Option<Entrance>, StoreError>;

    /// # Errors
    /// [`StoreError::TooManyPasskeys`] where the user has as many as they may.
    async fn add_passkey(&self, by: Actor, new: StoredPasskey) -> Result<(), StoreError>;
    /// Takes a passkey away. Where it is none of theirs, nothing happens.
    async fn end_passkey(&self, by: Actor, id: Vec<u8>) -> Result<(), StoreError>;
    /// Whose passkey that is, and what is kept of it.
    async fn passkey(&self, id: Vec<u8>) -> Result<Option<(User, StoredPasskey)>, StoreError>;
    async fn ways_in(&self, user: UserId) -> Result<WaysIn, StoreError>;

    /// How long they had not been used before this session came back, for a day from then on.
    fn rest(&self, token: TokenHash) -> Rest;
    /// Notes that these sessions are in use. Nobody waits for it.
    fn note_used(&self, sessions: Vec<SessionId>);
    /// Frees names and ends sessions that have not been used since, a few of them; answers whether there may be more.
    async fn forget_unused(&self, unused: Unused) -> Result<bool, StoreError>;
}

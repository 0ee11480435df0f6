//! Usernames, and how people get into theirs: claim, sign in, let another browser in, log out, give up.

use axum::http::HeaderValue;

use super::Chat;
use crate::{
    domain::{ApiError, Hold, Pass, Passphrase, Username, limits},
    server::{
        identity::{self, Caller, Me},
        patience::Patience,
        store::{Rest, Session, SessionId, Unused, UserId, Way, WaysIn, now},
    },
};

/// A browser that has just been let into a name.
pub struct LetIn {
    /// As it was typed when it was claimed.
    pub username: String,
    /// What proves it from now on.
    pub cookies: Vec<HeaderValue>,
}

impl Chat {
    /// Takes a free username for the caller. Answers the cookies that prove it.
    ///
    /// # Errors
    /// `too_fast`, `username_taken`, and `bad_request` where this browser holds as many as it may.
    pub async fn claim(
        &self,
        caller: &Caller,
        name: &Username,
    ) -> Result<Vec<HeaderValue>, ApiError> {
        self.0.limits.claim(caller.address)?;
        if self.identities(caller).await?.len() >= limits::IDENTITIES {
            return Err(ApiError::too_many_identities());
        }
        let (token, new) = caller.new_session()?;
        self.0.store.claim(name, new).await?;
        caller.prove(name, &token)
    }

    /// Ends all of a name's sessions and frees it. Answers the cookies that end it in this browser.
    ///
    /// # Errors
    /// `not_me` where the session has ended already; so for all that a session asks for.
    pub async fn give_up(&self, caller: &Caller, me: &Me) -> Result<Vec<HeaderValue>, ApiError> {
        self.0.store.give_up(me.actor()).await?;
        caller.end(me)
    }

    /// Ends this browser's session. Answers the cookies that end it there.
    ///
    /// # Errors
    /// `last_way_in`.
    pub async fn log_out(&self, caller: &Caller, me: &Me) -> Result<Vec<HeaderValue>, ApiError> {
        self.0.store.log_out(me.actor()).await?;
        caller.end(me)
    }

    /// The latest used first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn holds(&self, me: &Me) -> Result<Vec<Hold>, ApiError> {
        let held = self.0.store.sessions(me.id).await?.into_iter();
        let holds = held.map(|held| Hold {
            id: held.id,
            here: held.id == me.session,
            since: held.since,
            last: held.last,
            browser: held.browser,
        });
        Ok(holds.collect())
    }

    /// Ends one of *me*'s sessions; one that is none of theirs, or no more, is let be. Answers cookies where it is this
    /// browser's.
    ///
    /// # Errors
    /// `last_way_in`.
    pub async fn end_session(
        &self,
        caller: &Caller,
        me: &Me,
        session: SessionId,
    ) -> Result<Vec<HeaderValue>, ApiError> {
        self.0.store.end_session(me.actor(), session).await?;
        if session == me.session {
            caller.end(me)
        } else {
            Ok(Vec::new())
        }
    }

    /// # Errors
    /// Those of the store.
    pub async fn end_other_sessions(&self, me: &Me) -> Result<(), ApiError> {
        Ok(self.0.store.end_other_sessions(me.actor()).await?)
    }

    /// Makes what lets one other browser into *me*'s name, once, for ten minutes.
    ///
    /// # Errors
    /// `too_fast`.
    pub async fn new_pass(&self, caller: &Caller, me: &Me) -> Result<Pass, ApiError> {
        self.0.limits.message(me.id, caller.address)?;
        let (pass, hash) = identity::new_pass()?;
        let expires = now() + i64::from(limits::PASS_MINUTES) * 60_000;
        self.0.store.new_pass(me.actor(), hash, expires).await?;
        Ok(Pass { pass, expires })
    }

    /// Whether a pass still lets somebody into *me*'s name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_open(&self, me: &Me, pass: &str) -> Result<bool, ApiError> {
        let user = self.0.store.pass(identity::hash_token(pass)).await?;
        Ok(user.is_some_and(|user| user.id == me.id))
    }

    /// Lets this browser into the name that a pass is for, and uses the pass up.
    ///
    /// # Errors
    /// `too_fast`, `wrong_pass`, and `bad_request` where this browser holds as many names as it may.
    pub async fn use_pass(&self, caller: &Caller, pass: &str) -> Result<LetIn, ApiError> {
        // Whose pass is meant cannot be known: what is counted is the caller.
        self.0.limits.guess("", caller.address)?;
        let hash = identity::hash_token(pass.trim());
        let user = self.0.store.pass(hash).await?;
        let user = user.ok_or_else(ApiError::wrong_pass)?;
        let let_in = self.let_in(caller, user.id, Way::Pass(hash)).await?;
        self.0.limits.guess_was_right("", caller.address);
        Ok(let_in)
    }

    /// Gives *me*'s name a passphrase; the one before opens it no more.
    ///
    /// # Errors
    /// `too_fast`.
    pub async fn set_passphrase(
        &self,
        caller: &Caller,
        me: &Me,
        passphrase: Passphrase,
    ) -> Result<(), ApiError> {
        self.0.limits.message(me.id, caller.address)?;
        let phc = self.0.keys.hash(passphrase).await?;
        Ok(self.0.store.set_passphrase(me.actor(), Some(phc)).await?)
    }

    /// # Errors
    /// Those of the store.
    pub async fn remove_passphrase(&self, me: &Me) -> Result<(), ApiError> {
        Ok(self.0.store.set_passphrase(me.actor(), None).await?)
    }

    /// Lets this browser into a name by its passphrase. A name that nobody holds, one that has no passphrase and a
    /// passphrase that is wrong are answered alike, after the same work.
    ///
    /// # Errors
    /// `too_fast`, `wrong_passphrase`, and `bad_request` where this browser holds as many names as it may.
    pub async fn sign_in(
        &self,
        caller: &Caller,
        username: &str,
        passphrase: &str,
    ) -> Result<LetIn, ApiError> {
        let name = Username::parse(username).ok().map(|name| name.folded());
        let target = name.as_ref().map_or("", |name| name.as_str()).to_owned();
        self.0.limits.guess(&target, caller.address)?;
        let entrance = match name {
            Some(name) => self.0.store.entrance(name).await?,
            None => None,
        };
        let (user, phc) = entrance.map_or((None, None), |it| (Some(it.user), it.phc));
        // What can be no passphrase is tried all the same, so that it takes as long.
        let opens = match Passphrase::parse(passphrase) {
            Ok(typed) => self.0.keys.matches(typed, phc.clone()).await?,
            Err(_) => self.0.keys.matches_none().await?,
        };
        let (Some(user), Some(phc), true) = (user, phc, opens) else {
            return Err(ApiError::wrong_passphrase());
        };
        self.0.limits.guess_was_right(&target, caller.address);
        self.let_in(caller, user, Way::Passphrase { user, phc })
            .await
    }

    /// Begins a session of a name in the caller's browser, or goes on with the one that it has.
    ///
    /// # Errors
    /// `bad_request` where this browser holds as many names as it may, and what the way is refused with.
    pub(super) async fn let_in(
        &self,
        caller: &Caller,
        user: UserId,
        way: Way,
    ) -> Result<LetIn, ApiError> {
        let held = self.identities(caller).await?;
        let another = held.iter().all(|me| me.id != user);
        if another && held.len() >= limits::IDENTITIES {
            return Err(ApiError::too_many_identities());
        }
        let held = held.into_iter().map(|me| me.session).collect();
        let (token, new) = caller.new_session()?;
        let Session { user, .. } = self.0.store.enter(way, new, held).await?;
        let name = Username::parse(&user.name)?;
        Ok(LetIn {
            cookies: caller.prove(&name, &token)?,
            username: user.name,
        })
    }

    /// What lets somebody into *me*'s name besides sessions.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn ways_in(&self, me: &Me) -> Result<WaysIn, ApiError> {
        Ok(self.0.store.ways_in(me.id).await?)
    }

    pub fn patience(&self) -> Patience {
        self.0.patience
    }

    /// Notes that the sessions of all live sockets are in use.
    pub fn note_connected(&self) {
        self.0.store.note_used(self.0.sockets.sessions());
    }

    /// Frees some names and ends some sessions that nobody uses any more; answers whether there may be more.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forget_unused(&self, unused: Unused) -> Result<bool, ApiError> {
        Ok(self.0.store.forget_unused(unused).await?)
    }

    /// How long *me*'s name, and this session, had not been used before they were again.
    pub fn rest(&self, me: &Me) -> Rest {
        self.0.store.rest(me.token)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        path::PathBuf,
        sync::{Arc, atomic::Ordering},
    };

    use super::*;
    use crate::server::{
        config::MaxSockets, keys::Keys, live::Live, passkeys::Passkeys, rates::Limits,
        rooms::Parts, sockets::Sockets, store::Sqlite, strangers::Strangers,
    };

    /// A chat, and the folder that its file is in.
    fn chat() -> (Chat, PathBuf) {
        let limits = Arc::new(Limits::new(&"off".parse().expect("limits")));
        let live = Arc::new(Live::new(limits.clone()));
        let folder = std::env::temp_dir().join(uuid::Uuid::now_v7().to_string());
        std::fs::create_dir(&folder).expect("a folder");
        let store = Sqlite::open(&folder.join("latchkey.db"), live.clone()).expect("a store");
        let few = MaxSockets {
            per_identity: 1,
            per_address: 1,
        };
        let chat = Chat::new(Parts {
            store: Arc::new(store),
            bus: None,
            shared: None,
            live,
            limits,
            keys: Keys::new().expect("keys"),
            sockets: Sockets::new(&few, 1),
            strangers: Strangers::default(),
            passkeys: Passkeys::new(None),
            patience: Patience::default(),
        });
        (chat, folder)
    }

    #[tokio::test]
    async fn signing_in_is_the_same_work_whatever_is_wrong_with_it() {
        const PASSPHRASE: &str = "correct horse battery staple";
        let (chat, folder) = chat();
        let caller = Caller::new();
        for name in ["alice", "bob"] {
            let name = Username::parse(name).expect("a name");
            chat.claim(&caller, &name).await.expect("a free name");
        }
        let name = Username::parse("alice").expect("a name").folded();
        let alice = chat.0.store.entrance(name).await.expect("an answer");
        let by = crate::server::store::Actor {
            user: alice.expect("alice").user,
            session: 1,
        };
        let phc = chat
            .0
            .keys
            .hash(Passphrase::parse(PASSPHRASE).expect("a passphrase"));
        let phc = phc.await.expect("a hash");
        let set = chat.0.store.set_passphrase(by, Some(phc)).await;
        set.expect("a passphrase");
        for (name, passphrase, opens) in [
            ("alice", PASSPHRASE, true),
            ("alice", "a wrong passphrase", false),
            ("alice", "", false),
            ("bob", PASSPHRASE, false),
            ("nobody", PASSPHRASE, false),
            ("no name at all", PASSPHRASE, false),
        ] {
            let before = chat.0.keys.checked.load(Ordering::Relaxed);
            let answer = chat.sign_in(&caller, name, passphrase).await;
            assert_eq!(answer.is_ok(), opens, "{name} {passphrase}");
            let checked = chat.0.keys.checked.load(Ordering::Relaxed) - before;
            assert_eq!(checked, 1, "{name} {passphrase}");
        }
        std::fs::remove_dir_all(&folder).expect("it is removed");
    }
}

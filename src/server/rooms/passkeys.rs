//! Passkeys, as ways into a name: make one, sign in with it, take it away.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use uuid::Uuid;

use super::{Chat, LetIn};
use crate::{
    domain::{ApiError, Passkey},
    server::{
        identity::{Caller, Me},
        passkeys::Passkeys,
        store::{StoredPasskey, Way, now},
    },
};

impl Chat {
    /// Begins to make a passkey for *me*'s name. Answers the ceremony's number and the browser's part of it.
    ///
    /// # Errors
    /// `too_fast`, and `bad_request` where there can be no passkeys.
    pub async fn make_passkey(&self, caller: &Caller, me: &Me) -> Result<(Uuid, Value), ApiError> {
        self.0.limits.message(me.id, caller.address)?;
        let ways = self.0.store.ways_in(me.id).await?;
        let site = caller.site()?;
        self.0.passkeys.make(&site, me.id, &me.name, &ways).await
    }

    /// Keeps the passkey that the browser has made.
    ///
    /// # Errors
    /// `wrong_pass` where it does not fit what was asked for, or took too long.
    pub async fn add_passkey(
        &self,
        caller: &Caller,
        me: &Me,
        ceremony: Uuid,
        credential: &str,
    ) -> Result<(), ApiError> {
        let site = caller.site()?;
        let passkeys = &self.0.passkeys;
        let (id, passkey) = passkeys.made(&site, me.id, ceremony, credential).await?;
        let new = StoredPasskey {
            id,
            passkey,
            name: caller.browser().to_owned(),
            created_at: now(),
            used_at: now(),
        };
        Ok(self.0.store.add_passkey(me.actor(), new).await?)
    }

    /// Takes a passkey away; one that is none of *me*'s is let be.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end_passkey(&self, me: &Me, id: &str) -> Result<(), ApiError> {
        let id = BASE64_URL_SAFE_NO_PAD.decode(id);
        let id = id.map_err(|_| ApiError::bad_request("That is no passkey's id."))?;
        Ok(self.0.store.end_passkey(me.actor(), id).await?)
    }

    /// The passkeys of *me*'s name, the oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn passkeys(&self, me: &Me) -> Result<Vec<Passkey>, ApiError> {
        Ok(shown(self.0.store.ways_in(me.id).await?.passkeys))
    }

    /// Begins to sign somebody in with a passkey.
    ///
    /// # Errors
    /// `too_fast`, and `bad_request` where there can be no passkeys.
    pub async fn begin_passkey_sign_in(&self, caller: &Caller) -> Result<(Uuid, Value), ApiError> {
        self.0.limits.guess("", caller.address)?;
        let begun = self.0.passkeys.sign_in(&caller.site()?).await?;
        self.0.limits.guess_was_right("", caller.address);
        Ok(begun)
    }

    /// Lets this browser into the name that a passkey opens.
    ///
    /// # Errors
    /// `too_fast`, `wrong_pass`, and `bad_request` where this browser holds as many names as it may.
    pub async fn sign_in_by_passkey(
        &self,
        caller: &Caller,
        ceremony: Uuid,
        credential: &str,
    ) -> Result<LetIn, ApiError> {
        self.0.limits.guess("", caller.address)?;
        let signed = Passkeys::signed(credential)?;
        let id = signed.passkey().to_vec();
        let found = self.0.store.passkey(id.clone()).await?;
        let (user, stored) = found.ok_or_else(ApiError::wrong_passkey)?;
        let since = self.0.store.ways_in(user.id).await?.since;
        let site = caller.site()?;
        let passkeys = &self.0.passkeys;
        let user_since = (user.id, since);
        let passkey = passkeys
            .signed_in(&site, ceremony, &signed, user_since, &stored)
            .await?;
        let way = Way::Passkey { id, passkey };
        let let_in = self.let_in(caller, user.id, way).await?;
        self.0.limits.guess_was_right("", caller.address);
        Ok(let_in)
    }
}

/// Passkeys as their holder is shown them.
pub fn shown(passkeys: Vec<StoredPasskey>) -> Vec<Passkey> {
    let shown = passkeys.into_iter().map(|stored| Passkey {
        id: BASE64_URL_SAFE_NO_PAD.encode(stored.id),
        name: stored.name,
        since: stored.created_at,
        last: stored.used_at,
    });
    shown.collect()
}

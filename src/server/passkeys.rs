//! Passkeys (WebAuthn Level 3): the ceremonies that are under way, and what they come to.
//!
//! Signing in names nobody: the browser offers the passkeys it has for this server, and the one that is chosen says
//! whose it is. So nobody can ask which names exist, or which have passkeys.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
};

use super::{
    kept::Kept,
    store::{SharedStore, StoredPasskey, UserId, WaysIn},
};
use crate::domain::{ApiError, Millis};

/// How long a person may take.
const TIME: Duration = Duration::from_secs(300);

/// The ceremonies that are under way.
pub struct Passkeys(Kept);

#[derive(Serialize, Deserialize)]
enum Ceremony {
    Making(UserId, PasskeyRegistration),
    SigningIn(DiscoverableAuthentication),
}

impl Passkeys {
    /// `shared` is the store where several processes serve it.
    pub fn new(shared: Option<Arc<dyn SharedStore>>) -> Self {
        Self(Kept::new(TIME, shared))
    }

    /// Begins to make a passkey for a user of that name. Answers the ceremony's number, and the browser's part of it
    /// (`CredentialCreationOptions`, in JSON).
    ///
    /// # Errors
    /// `bad_request` where this site's address is one that there can be no passkeys for.
    pub async fn make(
        &self,
        site: &Url,
        user: UserId,
        name: &str,
        ways: &WaysIn,
    ) -> Result<(Uuid, Value), ApiError> {
        let known = ways.passkeys.iter();
        let known = known.map(|passkey| passkey.id.clone()).collect();
        let (options, state) = at(site)?
            .start_passkey_registration(handle(user, ways.since), name, name, Some(known))
            .map_err(refused)?;
        let mut options = serde_json::to_value(options).map_err(|_| ApiError::unavailable())?;
        // The passkey is to be found by a browser that is told no name.
        options["publicKey"]["authenticatorSelection"]["residentKey"] = json!("required");
        options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = json!(true);
        Ok((self.begin(&Ceremony::Making(user, state)).await?, options))
    }

    /// What the browser has made, to be stored.
    ///
    /// # Errors
    /// `wrong_pass` where the ceremony was not this user's or took too long, and where the answer does not fit it.
    pub async fn made(
        &self,
        site: &Url,
        user: UserId,
        ceremony: Uuid,
        credential: &str,
    ) -> Result<(Vec<u8>, String), ApiError> {
        let Some(Ceremony::Making(for_user, state)) = self.end(ceremony).await else {
            return Err(ApiError::wrong_passkey());
        };
        if for_user != user {
            return Err(ApiError::wrong_passkey());
        }
        let credential: RegisterPublicKeyCredential =
            serde_json::from_str(credential).map_err(|_| ApiError::wrong_passkey())?;
        let passkey = at(site)?
            .finish_passkey_registration(&credential, &state)
            .map_err(refused)?;
        Ok((passkey.cred_id().to_vec(), text(&passkey)?))
    }

    /// Begins to sign somebody in. Answers as [`Self::make`] does (`CredentialRequestOptions`).
    ///
    /// # Errors
    /// `bad_request` as there.
    pub async fn sign_in(&self, site: &Url) -> Result<(Uuid, Value), ApiError> {
        let (options, state) = at(site)?
            .start_discoverable_authentication()
            .map_err(refused)?;
        let mut options = serde_json::to_value(options).map_err(|_| ApiError::unavailable())?;
        // A button was pressed: the browser asks at once, not where a name is typed.
        if let Some(options) = options.as_object_mut() {
            options.remove("mediation");
        }
        Ok((self.begin(&Ceremony::SigningIn(state)).await?, options))
    }

    /// What a browser has signed.
    ///
    /// # Errors
    /// `wrong_pass` where that is nothing a passkey can have said.
    pub fn signed(credential: &str) -> Result<Signed, ApiError> {
        serde_json::from_str(credential)
            .map(Signed)
            .map_err(|_| ApiError::wrong_passkey())
    }

    /// Whether it is the passkey's signature for this ceremony. Answers what is kept of the passkey from now on.
    ///
    /// # Errors
    /// `wrong_pass` where it is not, or took too long.
    pub async fn signed_in(
        &self,
        site: &Url,
        ceremony: Uuid,
        signed: &Signed,
        (user, since): (UserId, Millis),
        stored: &StoredPasskey,
    ) -> Result<String, ApiError> {
        let Some(Ceremony::SigningIn(state)) = self.end(ceremony).await else {
            return Err(ApiError::wrong_passkey());
        };
        let mut passkey: Passkey =
            serde_json::from_str(&stored.passkey).map_err(|_| ApiError::unavailable())?;
        // Who says whose passkey it is must say the same (WebAuthn §7.2, step 6).
        let names_another = signed.0.get_user_unique_id() != Some(handle(user, since).as_bytes());
        let result = at(site)?
            .finish_discoverable_authentication_v2(&signed.0, state, &passkey)
            .map_err(refused)?;
        if names_another {
            return Err(ApiError::wrong_passkey());
        }
        passkey.update_credential(&result);
        text(&passkey)
    }

    async fn begin(&self, ceremony: &Ceremony) -> Result<Uuid, ApiError> {
        let ceremony = serde_json::to_string(ceremony).map_err(|_| ApiError::unavailable())?;
        Ok(self.0.put(ceremony).await)
    }

    /// Each is good for one try.
    async fn end(&self, id: Uuid) -> Option<Ceremony> {
        serde_json::from_str(&self.0.take(id).await?).ok()
    }
}

/// What a browser has signed to be let in.
pub struct Signed(PublicKeyCredential);

impl Signed {
    /// The id of the passkey that it says it is signed with.
    pub fn passkey(&self) -> &[u8] {
        self.0.get_credential_id()
    }
}

/// What passkeys of this site are made and checked with: they are for its host, on whatever port.
fn at(site: &Url) -> Result<Webauthn, ApiError> {
    let none = || {
        ApiError::bad_request(
            "Passkeys work only where this server is reached by a name of its own.",
        )
    };
    let host = site.domain().ok_or_else(none)?;
    WebauthnBuilder::new(host, site)
        .and_then(|builder| builder.rp_name("Latchkey").timeout(TIME).build())
        .map_err(|_| none())
}

/// What a passkey calls its user (WebAuthn §5.4.3): the same for all of theirs, and nobody else's, here or elsewhere.
fn handle(user: UserId, since: Millis) -> Uuid {
    let digest = Sha256::digest(format!("latchkey {user} {since}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn text(passkey: &Passkey) -> Result<String, ApiError> {
    serde_json::to_string(passkey).map_err(|_| ApiError::unavailable())
}

fn refused(why: impl std::fmt::Display) -> ApiError {
    tracing::debug!(%why, "a passkey was refused");
    ApiError::wrong_passkey()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str) -> Url {
        Url::parse(url).expect("a URL")
    }

    #[tokio::test]
    async fn a_ceremony_is_good_for_one_try() {
        let passkeys = Passkeys::new(None);
        let (ceremony, _) = passkeys
            .sign_in(&site("https://chat.example"))
            .await
            .expect("a ceremony");
        assert!(passkeys.end(ceremony).await.is_some());
        assert!(passkeys.end(ceremony).await.is_none());
    }

    #[tokio::test]
    async fn a_sign_in_names_nobody_and_a_new_passkey_can_be_found_without_a_name() {
        let passkeys = Passkeys::new(None);
        let site = site("https://chat.example:8443");
        let (_, asked) = passkeys.sign_in(&site).await.expect("a ceremony");
        assert_eq!(asked["publicKey"]["rpId"], "chat.example");
        assert_eq!(asked["publicKey"]["allowCredentials"], json!([]));
        assert_eq!(asked["publicKey"]["userVerification"], "required");
        let (_, asked) = passkeys
            .make(&site, 1, "alice", &WaysIn::default())
            .await
            .expect("a ceremony");
        let selection = &asked["publicKey"]["authenticatorSelection"];
        assert_eq!(selection["residentKey"], "required");
        assert_eq!(asked["publicKey"]["user"]["name"], "alice");
    }

    #[tokio::test]
    async fn an_address_without_a_name_has_no_passkeys() {
        let (passkeys, site) = (Passkeys::new(None), site("http://192.0.2.1:3000"));
        assert!(passkeys.sign_in(&site).await.is_err());
    }
}

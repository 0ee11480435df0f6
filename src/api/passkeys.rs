//! Passkeys: make one in this browser, list them, take one away, sign in with one.
//!
//! Each ceremony is two calls: the first answers what the browser is to be asked (`PublicKeyCredential`'s
//! `parse…OptionsFromJSON`), the second takes what it said (`toJSON`).

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Claimed;
#[cfg(feature = "ssr")]
use super::{answer, sessions::welcome};
use crate::domain::{ApiError, Passkey};

/// What a browser is to be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ceremony {
    pub ceremony: Uuid,
    /// `{"publicKey":{…}}`
    pub options: Value,
}

/// Begins to make a passkey for *me*'s name.
#[server(name = NewPasskey, prefix = "/api", endpoint = "new_passkey")]
pub async fn new_passkey(me: String) -> Result<Ceremony, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let begun = request.chat().make_passkey(&request.caller, &me).await?;
        let (ceremony, options) = begun;
        Ok(Ceremony { ceremony, options })
    })
    .await
}

/// Keeps the passkey that the browser has made.
#[server(name = AddPasskey, prefix = "/api", endpoint = "add_passkey")]
pub async fn add_passkey(me: String, ceremony: Uuid, credential: String) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let chat = request.chat();
        chat.add_passkey(&request.caller, &me, ceremony, &credential)
            .await
    })
    .await
}

/// The passkeys of *me*'s name, the oldest first.
#[server(name = MyPasskeys, prefix = "/api", endpoint = "my_passkeys")]
pub async fn my_passkeys(me: String) -> Result<Vec<Passkey>, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().passkeys(&me).await
    })
    .await
}

/// Takes a passkey away: it opens *me*'s name no more.
#[server(name = EndPasskey, prefix = "/api", endpoint = "end_passkey")]
pub async fn end_passkey(me: String, passkey: String) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().end_passkey(&me, &passkey).await
    })
    .await
}

/// Begins to sign somebody in with a passkey, whoever they are.
#[server(name = AskPasskey, prefix = "/api", endpoint = "ask_passkey")]
pub async fn ask_passkey() -> Result<Ceremony, ApiError> {
    answer(async |request| {
        let (ceremony, options) = request
            .chat()
            .begin_passkey_sign_in(&request.caller)
            .await?;
        Ok(Ceremony { ceremony, options })
    })
    .await
}

/// Lets this browser into the name that a passkey opens; the answer carries the identity's cookie.
#[server(name = UsePasskey, prefix = "/api", endpoint = "use_passkey")]
pub async fn use_passkey(ceremony: Uuid, credential: String) -> Result<Claimed, ApiError> {
    answer(async |request| {
        let chat = request.chat();
        let let_in = chat
            .sign_in_by_passkey(&request.caller, ceremony, &credential)
            .await?;
        Ok(welcome(request, let_in))
    })
    .await
}

//! The ways into a username: sign in, let another browser in, see where one is signed in, log out.

use leptos::prelude::*;

use super::Claimed;
#[cfg(feature = "ssr")]
use super::answer;
#[cfg(feature = "ssr")]
use crate::domain::Passphrase;
use crate::domain::{ApiError, Hold, Pass};
#[cfg(feature = "ssr")]
use crate::server::{LetIn, Request};

/// Lets this browser into a name by its passphrase; the answer carries the identity's cookie.
#[server(name = SignIn, prefix = "/api", endpoint = "sign_in")]
pub async fn sign_in(username: String, passphrase: String) -> Result<Claimed, ApiError> {
    answer(async |request| {
        let chat = request.chat();
        let let_in = chat.sign_in(&request.caller, &username, &passphrase).await;
        Ok(welcome(request, let_in?))
    })
    .await
}

/// Lets this browser into the name that a pass is for; the answer carries the identity's cookie.
#[server(name = UsePass, prefix = "/api", endpoint = "use_pass")]
pub async fn use_pass(pass: String) -> Result<Claimed, ApiError> {
    answer(async |request| {
        let let_in = request.chat().use_pass(&request.caller, &pass).await?;
        Ok(welcome(request, let_in))
    })
    .await
}

/// Puts what proves a name on the answer, and says which it is.
#[cfg(feature = "ssr")]
pub(super) fn welcome(request: &Request, let_in: LetIn) -> Claimed {
    let LetIn { username, cookies } = let_in;
    request.set_cookies(cookies);
    Claimed { username }
}

/// Makes a pass, which lets one other browser into *me*'s name, once, within ten minutes.
#[server(name = NewPass, prefix = "/api", endpoint = "new_pass")]
pub async fn new_pass(me: String) -> Result<Pass, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().new_pass(&request.caller, &me).await
    })
    .await
}

/// Gives *me*'s name a passphrase, which lets *me* in from any browser. The one before does no more.
#[server(name = SetPassphrase, prefix = "/api", endpoint = "set_passphrase")]
pub async fn set_passphrase(me: String, passphrase: String) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let passphrase = Passphrase::parse(&passphrase)?;
        let chat = request.chat();
        chat.set_passphrase(&request.caller, &me, passphrase).await
    })
    .await
}

/// Takes the passphrase of *me*'s name away.
#[server(name = RemovePassphrase, prefix = "/api", endpoint = "remove_passphrase")]
pub async fn remove_passphrase(me: String) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().remove_passphrase(&me).await
    })
    .await
}

/// Where *me* is signed in, the latest used first.
#[server(name = MySessions, prefix = "/api", endpoint = "my_sessions")]
pub async fn my_sessions(me: String) -> Result<Vec<Hold>, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().holds(&me).await
    })
    .await
}

/// Ends one of *me*'s sessions, and its live sockets. One that is no more is let be.
#[server(name = EndSession, prefix = "/api", endpoint = "end_session")]
pub async fn end_session(me: String, session: i64) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let chat = request.chat();
        let cookies = chat.end_session(&request.caller, &me, session).await?;
        request.set_cookies(cookies);
        Ok(())
    })
    .await
}

/// Ends all of *me*'s sessions but this browser's.
#[server(name = EndOtherSessions, prefix = "/api", endpoint = "end_other_sessions")]
pub async fn end_other_sessions(me: String) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().end_other_sessions(&me).await
    })
    .await
}

/// Ends this browser's session. The name stays *me*'s, and so there must be another way into it.
#[server(name = LogOut, prefix = "/api", endpoint = "log_out")]
pub async fn log_out(me: String) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let cookies = request.chat().log_out(&request.caller, &me).await?;
        request.set_cookies(cookies);
        Ok(())
    })
    .await
}

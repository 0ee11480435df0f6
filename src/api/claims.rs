//! Usernames: claim one, give it up, list those this browser holds.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::answer;
use crate::domain::ApiError;
#[cfg(feature = "ssr")]
use crate::domain::Username;

/// A username that has just become this browser's, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    pub username: String,
}

/// Takes a free username; the answer carries the identity's cookie.
#[server(name = ClaimUsername, prefix = "/api", endpoint = "claim_username")]
pub async fn claim_username(username: String) -> Result<Claimed, ApiError> {
    answer(async |request| {
        let username = Username::parse(&username)?;
        let cookies = request.chat().claim(&request.caller, &username).await?;
        request.set_cookies(cookies);
        Ok(Claimed {
            username: username.as_str().to_owned(),
        })
    })
    .await
}

/// Ends *me*'s session and frees the name. Rooms that *me* owns go to their longest-standing other member;
/// those without one are deleted.
#[server(name = GiveUpUsername, prefix = "/api", endpoint = "give_up_username")]
pub async fn give_up_username(me: String) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let cookies = request.chat().give_up(&request.caller, &me).await?;
        request.set_cookies(cookies);
        Ok(())
    })
    .await
}

/// The usernames that this browser holds, in the order of its cookies.
#[server(name = MyNames, prefix = "/api", endpoint = "my_names")]
pub async fn my_names() -> Result<Vec<String>, ApiError> {
    answer(async |request| {
        Ok(request
            .identities()
            .await?
            .into_iter()
            .map(|me| me.name)
            .collect())
    })
    .await
}

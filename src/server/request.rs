//! A request, as the server functions and the live socket see it: the chat, who asks, and what is put on the answer.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use leptos_axum::ResponseOptions;

use super::{
    identity::{Caller, Me},
    rooms::Chat,
};
use crate::domain::{ApiError, Username};

#[derive(Clone)]
pub struct Request {
    chat: Chat,
    pub caller: Caller,
    /// What the reader's wall shows, see [`wall`].
    pub wall: String,
    response: ResponseOptions,
}

impl Request {
    pub fn new(chat: Chat, parts: &Parts, response: ResponseOptions) -> Self {
        Self {
            chat,
            caller: Caller::of(parts),
            wall: wall(&parts.headers).to_owned(),
            response,
        }
    }

    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// The identity of that name.
    ///
    /// # Errors
    /// `not_me` where this browser does not hold it.
    pub async fn me(&self, name: &str) -> Result<Me, ApiError> {
        // A name that cannot exist is one that nobody holds.
        let name = Username::parse(name).map_err(|_| ApiError::not_me())?;
        let cookie = self.caller.cookie_for(&name).ok_or_else(ApiError::not_me)?;
        let me = self.chat.identity(cookie).await?;
        me.ok_or_else(ApiError::not_me)
    }

    /// All identities that this browser holds.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn identities(&self) -> Result<Vec<Me>, ApiError> {
        self.chat.identities(&self.caller).await
    }

    /// Puts cookies on the answer.
    pub fn set_cookies(&self, cookies: Vec<HeaderValue>) {
        for cookie in cookies {
            self.response.append_header(header::SET_COOKIE, cookie);
        }
    }

    /// Puts an error's status on the answer, and when to come back.
    pub fn respond_with_error(&self, error: &ApiError) {
        self.response.set_status(error.code.into());
        if let Some(seconds) = error.retry_after {
            self.response
                .insert_header(header::RETRY_AFTER, seconds.into());
        }
    }
}

/// What the reader's wall shows, as the browser has left it in a cookie; see `ui/parts/clock.rs`.
pub fn wall(headers: &HeaderMap) -> &str {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix("tz="))
        .unwrap_or_default()
}

impl<S: Sync> FromRequestParts<S> for Request
where
    Chat: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::new(
            Chat::from_ref(state),
            parts,
            ResponseOptions::default(),
        ))
    }
}

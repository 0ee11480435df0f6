//! Who is asking: cookies and sessions.
//!
//! Each identity has a cookie of its own, named after its username, so that one browser can hold several and
//! a request says which of them it acts as.

use std::net::IpAddr;

use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use leptos_axum::ResponseOptions;
use sha2::{Digest, Sha256};

use super::{
    rooms::Chat,
    store::{TokenHash, UserId},
};
use crate::domain::{ApiError, Username};

const COOKIE: &str = "latchkey-";
/// Browsers keep a cookie 400 days at most; it is renewed whenever its identity is used on a page.
const COOKIE_SECONDS: u32 = 400 * 24 * 60 * 60;
/// Cookies looked at in one request at most. A browser holds no more identities than half of that.
const COOKIES: usize = 16;

/// Where a request comes from, and what it can prove.
#[derive(Clone, Debug)]
pub struct Caller {
    pub address: IpAddr,
    https: bool,
    /// Cookie names and the tokens in them.
    cookies: Vec<(String, String)>,
}

/// An identity that the caller has proved to hold.
#[derive(Clone, Debug)]
pub struct Me {
    pub id: UserId,
    pub name: String,
    pub token: TokenHash,
    cookie: String,
}

/// A request, as the server functions and the live socket see it.
#[derive(Clone)]
pub struct Request {
    chat: Chat,
    pub caller: Caller,
    response: ResponseOptions,
}

impl Request {
    pub fn new(chat: Chat, parts: &Parts, response: ResponseOptions) -> Self {
        let caller = Caller::of(&chat, parts);
        Self {
            chat,
            caller,
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
        let cookie = cookie_name(&name);
        let token = self
            .caller
            .cookies
            .iter()
            .find(|(name, _)| *name == cookie)
            .ok_or_else(ApiError::not_me)?;
        let me = self.chat.identity(&token.1, &cookie).await?;
        me.filter(|me| is_for(me, &cookie))
            .ok_or_else(ApiError::not_me)
    }

    /// All identities that this browser holds.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn identities(&self) -> Result<Vec<Me>, ApiError> {
        self.caller.identities(&self.chat).await
    }

    /// Puts a cookie on the answer.
    pub fn set_cookie(&self, cookie: &HeaderValue) {
        self.response
            .append_header(header::SET_COOKIE, cookie.clone());
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

impl Caller {
    /// Who sends this request.
    pub fn of(chat: &Chat, parts: &Parts) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>();
        let peer = peer.map_or(IpAddr::from([127, 0, 0, 1]), |ConnectInfo(peer)| peer.ip());
        Self::new(peer, &parts.headers, chat.trusts(peer))
    }

    /// `trusted` says whether what a proxy tells of the caller is believed.
    fn new(peer: IpAddr, headers: &HeaderMap, trusted: bool) -> Self {
        let text = |name| {
            headers
                .get(HeaderName::from_static(name))
                .and_then(|value| value.to_str().ok())
        };
        // The last entry is the one that the proxy itself has added.
        let forwarded =
            text("x-forwarded-for").and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        let cookies = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(name, _)| name.starts_with(COOKIE))
            .map(|(name, token)| (name.to_owned(), token.to_owned()))
            .take(COOKIES)
            .collect();
        Self {
            address: forwarded.filter(|_| trusted).unwrap_or(peer),
            https: text("x-forwarded-proto") == Some("https"),
            cookies,
        }
    }

    /// All identities that this browser holds.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn identities(&self, chat: &Chat) -> Result<Vec<Me>, ApiError> {
        let mut held = Vec::new();
        for (cookie, token) in &self.cookies {
            if let Some(me) = chat
                .identity(token, cookie)
                .await?
                .filter(|me| is_for(me, cookie))
            {
                held.push(me);
            }
        }
        Ok(held)
    }

    /// The cookie that proves an identity from now on.
    pub fn cookie(&self, name: &Username, token: &str) -> Result<HeaderValue, ApiError> {
        self.cookie_with(&cookie_name(name), token, COOKIE_SECONDS)
    }

    /// The cookie that ends an identity in this browser.
    pub fn end_cookie(&self, me: &Me) -> Result<HeaderValue, ApiError> {
        self.cookie_with(&me.cookie, "", 0)
    }

    /// The identity's cookie again, with its time begun anew.
    pub fn renewed_cookie(&self, me: &Me) -> Result<HeaderValue, ApiError> {
        let token = self.cookies.iter().find(|(name, _)| *name == me.cookie);
        self.cookie_with(
            &me.cookie,
            token.map_or("", |(_, token)| token),
            COOKIE_SECONDS,
        )
    }

    fn cookie_with(&self, name: &str, token: &str, seconds: u32) -> Result<HeaderValue, ApiError> {
        let secure = if self.https { "; Secure" } else { "" };
        let cookie =
            format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        HeaderValue::try_from(cookie).map_err(|_| ApiError::unavailable())
    }
}

impl Me {
    /// The one of these identities that goes by that name.
    pub fn find<'a>(identities: &'a [Self], name: &str) -> Option<&'a Self> {
        let cookie = cookie_name(&Username::parse(name).ok()?);
        identities.iter().find(|me| me.cookie == cookie)
    }

    pub fn new(id: UserId, name: String, token: TokenHash, cookie: &str) -> Self {
        Self {
            id,
            name,
            token,
            cookie: cookie.to_owned(),
        }
    }
}

/// A new session token (256 bits, base64url) and what is kept of it.
///
/// # Errors
/// `unavailable` where the system gives no randomness.
pub fn new_token() -> Result<(String, TokenHash), ApiError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| ApiError::unavailable())?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let hash = hash_token(&token);
    Ok((token, hash))
}

pub fn hash_token(token: &str) -> TokenHash {
    TokenHash(Sha256::digest(token).into())
}

/// A cookie's name can hold few characters and a username many, so it is made from the username's hash.
fn cookie_name(name: &Username) -> String {
    let digest = Sha256::digest(name.folded().as_str());
    format!("{COOKIE}{}", BASE64_URL_SAFE_NO_PAD.encode(&digest[..12]))
}

/// Whether a session was presented in its own cookie.
fn is_for(me: &Me, cookie: &str) -> bool {
    Username::parse(&me.name).is_ok_and(|name| cookie_name(&name) == cookie)
}

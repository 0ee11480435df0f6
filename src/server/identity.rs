//! Who is asking: cookies and sessions.
//!
//! Each identity has a cookie of its own, named after its username, so that one browser can hold several and
//! a request says which of them it acts as.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use webauthn_rs::prelude::Url;

use super::{
    browsers,
    proxies::Origin,
    store::{Actor, NewSession, Session, SessionId, TokenHash, UserId},
};
use crate::domain::{ApiError, Username};

const COOKIE: &str = "latchkey-";
/// What a cookie is called more under HTTPS: browsers then keep it from other hosts and from plain HTTP (RFC 6265bis
/// §4.1.3.2).
const HOST_ONLY: &str = "__Host-";
/// Browsers keep a cookie 400 days at most; it is renewed whenever its identity is used on a page.
const COOKIE_SECONDS: u32 = 400 * 24 * 60 * 60;
/// Identities looked at in one request at most. A browser holds no more than half of that.
const COOKIES: usize = 16;

/// Where a request comes from, and what it can prove.
#[derive(Clone, Debug)]
pub struct Caller {
    pub address: IpAddr,
    https: bool,
    /// The host that the browser asked for, and its port where it is not the usual one; empty where nothing says.
    host: String,
    cookies: Vec<Cookie>,
    /// Which browser it is, in words.
    browser: String,
}

/// An identity's cookie, as it was presented.
#[derive(Clone, Debug)]
pub struct Cookie {
    /// Its name without [`HOST_ONLY`].
    pub name: String,
    pub token: String,
    /// Whether it came under its plain name too.
    plain: bool,
    host_only: bool,
}

/// An identity that the caller has proved to hold.
#[derive(Clone, Debug)]
pub struct Me {
    pub id: UserId,
    pub name: String,
    /// The session that proves it.
    pub session: SessionId,
    pub token: TokenHash,
    cookie: String,
}

impl Caller {
    /// Who sends this request.
    pub fn of(parts: &Parts) -> Self {
        let Origin {
            address,
            https,
            host,
        } = Origin::of(&parts.extensions);
        let host = host.as_ref().or(parts.headers.get(header::HOST));
        let host = host.and_then(|host| host.to_str().ok());
        Self {
            address,
            https,
            host: host.unwrap_or_default().to_owned(),
            cookies: cookies(&parts.headers),
            browser: browsers::name(&parts.headers),
        }
    }

    /// Which browser it is, in words.
    pub fn browser(&self) -> &str {
        &self.browser
    }

    /// This server's address, as the browser has it.
    ///
    /// # Errors
    /// `bad_request` where the request does not say.
    pub fn site(&self) -> Result<Url, ApiError> {
        let scheme = if self.https { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{}", self.host))
            .map_err(|_| ApiError::bad_request("That request does not say which host it is for."))
    }

    /// A session for this browser: its token, and what is kept of it.
    ///
    /// # Errors
    /// `unavailable` where the system gives no randomness.
    pub fn new_session(&self) -> Result<(String, NewSession), ApiError> {
        let (text, token) = new_token()?;
        let browser = self.browser.clone();
        Ok((text, NewSession { token, browser }))
    }

    /// The cookies that say which identities this browser holds.
    pub fn cookies(&self) -> &[Cookie] {
        &self.cookies
    }

    /// The cookie that an identity of that name would be proved by.
    pub fn cookie_for(&self, name: &Username) -> Option<&Cookie> {
        self.find(&cookie_name(name))
    }

    fn find(&self, cookie: &str) -> Option<&Cookie> {
        self.cookies.iter().find(|held| held.name == cookie)
    }

    /// The cookies that prove an identity from now on.
    pub fn prove(&self, name: &Username, token: &str) -> Result<Vec<HeaderValue>, ApiError> {
        self.set(&cookie_name(name), token, COOKIE_SECONDS)
    }

    /// The cookies that end an identity in this browser.
    pub fn end(&self, me: &Me) -> Result<Vec<HeaderValue>, ApiError> {
        self.set(&me.cookie, "", 0)
    }

    /// The identity's cookies again, with their time begun anew.
    pub fn renew(&self, me: &Me) -> Result<Vec<HeaderValue>, ApiError> {
        let Some(held) = self.find(&me.cookie) else {
            return Ok(Vec::new());
        };
        self.set(&me.cookie, &held.token, COOKIE_SECONDS)
    }

    /// Sets a cookie under the name that fits how the browser speaks, and ends what it holds under the other.
    fn set(&self, cookie: &str, token: &str, seconds: u32) -> Result<Vec<HeaderValue>, ApiError> {
        let line = |name: &str, token: &str, seconds: u32| {
            let secure = if self.https { "; Secure" } else { "" };
            let cookie = format!(
                "{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
            );
            HeaderValue::try_from(cookie).map_err(|_| ApiError::unavailable())
        };
        if !self.https {
            return Ok(vec![line(cookie, token, seconds)?]);
        }
        let mut lines = vec![line(&format!("{HOST_ONLY}{cookie}"), token, seconds)?];
        if self.find(cookie).is_some_and(|held| held.plain) {
            lines.push(line(cookie, "", 0)?);
        }
        Ok(lines)
    }
}

/// The identities' cookies in a request, each once: where a browser has one under both names, the one that it keeps
/// from others counts.
fn cookies(headers: &HeaderMap) -> Vec<Cookie> {
    let values = headers.get_all(header::COOKIE).iter();
    let pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='));
    let mut found: Vec<Cookie> = Vec::new();
    for (full_name, token) in pairs {
        let (name, host_only) = match full_name.strip_prefix(HOST_ONLY) {
            Some(name) => (name, true),
            None => (full_name, false),
        };
        if !name.starts_with(COOKIE) {
            continue;
        }
        if let Some(known) = found.iter_mut().find(|known| known.name == name) {
            known.plain |= !host_only;
            if host_only && !known.host_only {
                (known.token, known.host_only) = (token.to_owned(), true);
            }
        } else if found.len() < COOKIES {
            found.push(Cookie {
                name: name.to_owned(),
                token: token.to_owned(),
                plain: !host_only,
                host_only,
            });
        }
    }
    found
}

impl Me {
    /// The one of these identities that goes by that name.
    pub fn find<'a>(identities: &'a [Self], name: &str) -> Option<&'a Self> {
        let cookie = cookie_name(&Username::parse(name).ok()?);
        identities.iter().find(|me| me.cookie == cookie)
    }

    /// Who asks for what this identity does.
    pub fn actor(&self) -> Actor {
        Actor {
            user: self.id,
            session: self.session,
        }
    }

    /// The user whom this session proves, if it was presented in that user's own cookie.
    pub fn proved(session: Session, token: TokenHash, cookie: &str) -> Option<Self> {
        let Session { id, user } = session;
        let own = cookie_name(&Username::parse(&user.name).ok()?);
        (own == cookie).then_some(Self {
            id: user.id,
            name: user.name,
            session: id,
            token,
            cookie: own,
        })
    }
}

/// What every pass begins with, so that one can be told from other secrets wherever it turns up.
const PASS: &str = "pass_";

/// A new pass, which lets a browser in once, and what is kept of it.
///
/// # Errors
/// `unavailable` where the system gives no randomness.
pub fn new_pass() -> Result<(String, TokenHash), ApiError> {
    let (secret, _) = new_token()?;
    let pass = format!("{PASS}{secret}");
    let hash = hash_token(&pass);
    Ok((pass, hash))
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

#[cfg(test)]
mod tests {
    use super::*;

    impl Caller {
        /// A browser on this machine that has nothing yet.
        pub fn new() -> Self {
            caller(false, "")
        }
    }

    fn caller(https: bool, cookies: &'static str) -> Caller {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(cookies));
        Caller {
            address: [127, 0, 0, 1].into(),
            https,
            host: String::new(),
            cookies: super::cookies(&headers),
            browser: String::new(),
        }
    }

    fn tokens(caller: &Caller) -> Vec<(&str, &str)> {
        let held = caller.cookies().iter();
        held.map(|held| (held.name.as_str(), held.token.as_str()))
            .collect()
    }

    #[test]
    fn a_cookie_is_found_under_both_of_its_names_and_the_protected_one_counts() {
        let both = caller(
            true,
            "tz=60; latchkey-a=old; __Host-latchkey-a=new; latchkey-b=1",
        );
        assert_eq!(tokens(&both), [("latchkey-a", "new"), ("latchkey-b", "1")]);
        let turned = caller(true, "__Host-latchkey-a=new; latchkey-a=old");
        assert_eq!(tokens(&turned), [("latchkey-a", "new")]);
    }

    #[test]
    fn under_https_the_old_name_is_ended_where_the_browser_has_it() {
        let lines = |caller: Caller| {
            let set = caller.set("latchkey-a", "t", 9).expect("cookies");
            let text = |line: &HeaderValue| line.to_str().expect("text").to_owned();
            set.iter().map(text).collect::<Vec<_>>()
        };
        const NEW: &str = "__Host-latchkey-a=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=9; Secure";
        const ENDED: &str = "latchkey-a=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure";
        assert_eq!(lines(caller(true, "__Host-latchkey-a=t")), [NEW]);
        assert_eq!(lines(caller(true, "latchkey-a=t")), [NEW, ENDED]);
        assert_eq!(
            lines(caller(false, "latchkey-a=t")),
            ["latchkey-a=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=9"]
        );
    }

    #[test]
    fn so_many_cookies_are_looked_at_and_no_more() {
        let many = (0..100).map(|n| format!("latchkey-{n}=t"));
        let mut headers = HeaderMap::new();
        let value = many.collect::<Vec<_>>().join("; ");
        headers.insert(
            header::COOKIE,
            HeaderValue::try_from(value).expect("a value"),
        );
        assert_eq!(super::cookies(&headers).len(), COOKIES);
    }
}

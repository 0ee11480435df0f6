//! Who is the keeper: whoever has the code that was printed when the server started. It is good for as long as the server
//! runs, and what is kept of it is its hash; a browser that has shown it is known by a cookie for some hours.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderValue, header};

use crate::{
    domain::ApiError,
    server::{
        identity::{hash_token, new_token},
        store::TokenHash,
    },
};

/// What every code begins with, so that one can be told from other secrets wherever it turns up.
const CODE: &str = "keep_";
const COOKIE: &str = "keeper";
/// How long a browser is known.
const STAYS: Duration = Duration::from_secs(12 * 60 * 60);
/// Browsers that are known at once; of more the one that came first is forgotten.
const BROWSERS: usize = 16;

pub struct Door {
    code: TokenHash,
    inside: Mutex<VecDeque<(TokenHash, Instant)>>,
}

impl Door {
    /// A door, and the code that opens it.
    ///
    /// # Errors
    /// `unavailable` where the system gives no randomness.
    pub fn new() -> Result<(Self, String), ApiError> {
        let code = format!("{CODE}{}", new_token()?.0);
        let door = Self {
            code: hash_token(&code),
            inside: Mutex::default(),
        };
        Ok((door, code))
    }

    /// Lets a browser in that has the code. Answers its cookie.
    pub fn open(&self, code: &str, https: bool) -> Result<Option<HeaderValue>, ApiError> {
        if hash_token(code.trim()) != self.code {
            return Ok(None);
        }
        let (token, hash) = new_token()?;
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.push_back((hash, Instant::now()));
        if inside.len() > BROWSERS {
            inside.pop_front();
        }
        cookie(&token, STAYS.as_secs(), https).map(Some)
    }

    pub fn is_inside(&self, headers: &HeaderMap) -> bool {
        let Some(token) = token(headers).map(hash_token) else {
            return false;
        };
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.retain(|(_, since)| since.elapsed() < STAYS);
        inside.iter().any(|(known, _)| *known == token)
    }

    /// Forgets a browser. Answers what ends its cookie.
    pub fn leave(&self, headers: &HeaderMap, https: bool) -> Result<HeaderValue, ApiError> {
        if let Some(token) = token(headers).map(hash_token) {
            let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
            inside.retain(|(known, _)| *known != token);
        }
        cookie("", 0, https)
    }
}

/// Given to the keeper's pages only, and never with what another site asks for.
fn cookie(token: &str, seconds: u64, https: bool) -> Result<HeaderValue, ApiError> {
    let secure = if https { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={token}; Path=/keeper; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"
    );
    HeaderValue::try_from(cookie).map_err(|_| ApiError::unavailable())
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::COOKIE).iter();
    let mut pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, token)| (name == COOKIE).then_some(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cookie: &HeaderValue) -> HeaderMap {
        let cookie = cookie.to_str().expect("text").split(';').next();
        let cookie = HeaderValue::try_from(cookie.expect("a pair")).expect("a value");
        HeaderMap::from_iter([(header::COOKIE, cookie)])
    }

    #[test]
    fn the_code_lets_in_and_nothing_else_does() {
        let (door, code) = Door::new().expect("a door");
        let (_, another) = Door::new().expect("a door");
        for wrong in ["", "keep_", &code[5..], &another] {
            assert_eq!(door.open(wrong, true), Ok(None), "{wrong}");
        }
        let cookie = door
            .open(&code, true)
            .expect("randomness")
            .expect("is let in");
        assert!(door.is_inside(&shown(&cookie)));
        assert!(!door.is_inside(&HeaderMap::new()));
        let left = door.leave(&shown(&cookie), true).expect("a cookie");
        assert!(!door.is_inside(&shown(&cookie)) && !door.is_inside(&shown(&left)));
    }

    #[test]
    fn only_so_many_browsers_are_known() {
        let (door, code) = Door::new().expect("a door");
        let open = || {
            door.open(&code, false)
                .expect("randomness")
                .expect("is let in")
        };
        let first = open();
        let others: Vec<_> = (0..BROWSERS).map(|_| open()).collect();
        assert!(!door.is_inside(&shown(&first)));
        assert!(others.iter().all(|cookie| door.is_inside(&shown(cookie))));
    }
}

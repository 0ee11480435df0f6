//! Room keys: hashed and checked with Argon2id, off the async threads and only a few at a time, so that
//! guessing keys cannot stall the chat.

use std::sync::Arc;

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{self, SaltString},
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use tokio::sync::Semaphore;

use crate::domain::{ApiError, Key};

/// Hashes that are computed at the same time at most; each takes 19 MiB while it runs.
const AT_A_TIME: usize = 2;

pub struct Keys {
    free: Semaphore,
    /// What a key is checked against where there is no room: a miss takes as long as a wrong key.
    decoy: Arc<str>,
}

impl Keys {
    /// # Errors
    /// Where the system gives no randomness.
    pub fn new() -> Result<Self, password_hash::Error> {
        let decoy = hash(&random_bytes::<32>()?)?;
        Ok(Self {
            free: Semaphore::new(AT_A_TIME),
            decoy: decoy.into(),
        })
    }

    /// The key's PHC string, with a salt of its own.
    ///
    /// # Errors
    /// `unavailable` where it cannot be computed.
    pub async fn hash(&self, key: Key) -> Result<String, ApiError> {
        self.run(move || hash(key.as_bytes()).ok())
            .await?
            .ok_or_else(ApiError::unavailable)
    }

    /// Whether the key matches the PHC string; without one, no, after the same work.
    ///
    /// # Errors
    /// `unavailable` where it cannot be computed.
    pub async fn matches(&self, key: Key, phc: Option<String>) -> Result<bool, ApiError> {
        let decoy = self.decoy.clone();
        self.run(move || {
            let against = phc.as_deref().unwrap_or(&decoy);
            let matches = PasswordHash::new(against).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(key.as_bytes(), &hash)
                    .is_ok()
            });
            matches && phc.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _turn = self
            .free
            .acquire()
            .await
            .map_err(|_| ApiError::unavailable())?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| ApiError::unavailable())
    }
}

/// Argon2id, version 1.3, with the parameters OWASP recommends (19 MiB, 2 passes, 1 lane).
fn hash(key: &[u8]) -> Result<String, password_hash::Error> {
    let salt = SaltString::from_b64(&BASE64_STANDARD_NO_PAD.encode(random_bytes::<16>()?))?;
    Ok(Argon2::default().hash_password(key, &salt)?.to_string())
}

fn random_bytes<const N: usize>() -> Result<[u8; N], password_hash::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| password_hash::Error::Crypto)?;
    Ok(bytes)
}

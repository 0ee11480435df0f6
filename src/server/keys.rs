//! Room keys and passphrases: hashed and checked with Argon2id (RFC 9106), so that a stolen database opens no room and
//! no name.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, Version,
    password_hash::{self, Output, ParamsString, Salt, SaltString},
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

use super::hashing::{Blocks, Hashing};
use crate::domain::{ApiError, Key, Passphrase};

pub struct Keys {
    hashing: Hashing,
    /// What a key is checked against where there is no room: a miss takes as long as a wrong key.
    decoy: Arc<str>,
    /// Secrets that were checked so far.
    #[cfg(test)]
    pub checked: Arc<std::sync::atomic::AtomicUsize>,
}

/// What is kept as a hash only.
pub trait Secret: Send + 'static {
    fn as_bytes(&self) -> &[u8];
}

impl Secret for Key {
    fn as_bytes(&self) -> &[u8] {
        Key::as_bytes(self)
    }
}

impl Secret for Passphrase {
    fn as_bytes(&self) -> &[u8] {
        Passphrase::as_bytes(self)
    }
}

/// What is no secret at all.
struct Nothing;

impl Secret for Nothing {
    fn as_bytes(&self) -> &[u8] {
        &[]
    }
}

impl Keys {
    /// # Errors
    /// Where the system gives no randomness.
    pub fn new() -> Result<Self, password_hash::Error> {
        // No secret gives this hash, and to find that out is the same work as for any other; to compute one would be half
        // of the time that the server takes to start.
        let hash = Output::new(&random_bytes::<{ Params::DEFAULT_OUTPUT_LEN }>()?)?;
        let decoy = phc(salt()?.as_salt(), hash, &Params::default())?;
        Ok(Self {
            hashing: Hashing::default(),
            decoy: decoy.into(),
            #[cfg(test)]
            checked: Arc::default(),
        })
    }

    /// How many secrets wait to be hashed.
    pub fn waiting(&self) -> usize {
        self.hashing.waiting()
    }

    /// The secret's PHC string, with a salt of its own.
    ///
    /// # Errors
    /// `unavailable` where it cannot be computed, or too many wait to be; so for all of these.
    pub async fn hash(&self, secret: impl Secret) -> Result<String, ApiError> {
        self.hashing
            .run(move |blocks| hash(secret.as_bytes(), blocks).ok())
            .await?
            .ok_or_else(ApiError::unavailable)
    }

    /// Whether the secret matches the PHC string; without one, no, after the same work.
    pub async fn matches(
        &self,
        secret: impl Secret,
        phc: Option<String>,
    ) -> Result<bool, ApiError> {
        let decoy = self.decoy.clone();
        #[cfg(test)]
        let checked = self.checked.clone();
        self.hashing
            .run(move |blocks| {
                #[cfg(test)]
                checked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let against = phc.as_deref().unwrap_or(&decoy);
                let matches = matches(secret.as_bytes(), against, blocks).unwrap_or(false);
                matches && phc.is_some()
            })
            .await
    }

    /// No, after the work of checking a secret.
    pub async fn matches_none(&self) -> Result<bool, ApiError> {
        self.matches(Nothing, None).await
    }
}

/// The same where nobody waits but who asks: from a terminal.
///
/// # Errors
/// Where the system gives no randomness or memory.
pub fn hash_now(key: &Key) -> Result<String, password_hash::Error> {
    hash(key.as_bytes(), &mut Blocks::default())
}

/// Argon2id, version 1.3, with the parameters OWASP recommends (19 MiB, 2 passes, 1 lane).
fn hash(key: &[u8], blocks: &mut Blocks) -> Result<String, password_hash::Error> {
    let (salt, params) = (salt()?, Params::default());
    let salt = salt.as_salt();
    let hash = output(key, salt, Version::V0x13, params.clone(), blocks)?;
    phc(salt, hash, &params)
}

fn salt() -> Result<SaltString, password_hash::Error> {
    SaltString::from_b64(&BASE64_STANDARD_NO_PAD.encode(random_bytes::<16>()?))
}

fn phc(salt: Salt<'_>, hash: Output, params: &Params) -> Result<String, password_hash::Error> {
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(salt),
        hash: Some(hash),
    };
    Ok(phc.to_string())
}

/// Whether the key gives the hash in a PHC string, compared in constant time.
fn matches(key: &[u8], phc: &str, blocks: &mut Blocks) -> Result<bool, password_hash::Error> {
    let known = PasswordHash::new(phc)?;
    let (Some(salt), Some(expected)) = (known.salt, known.hash) else {
        return Ok(false);
    };
    if known.algorithm != Algorithm::Argon2id.ident() {
        return Err(password_hash::Error::Algorithm);
    }
    let version = known
        .version
        .map_or(Ok(Version::V0x13), Version::try_from)?;
    let params = Params::try_from(&known)?;
    Ok(output(key, salt, version, params, blocks)? == expected)
}

fn output(
    key: &[u8],
    salt: Salt<'_>,
    version: Version,
    params: Params,
    blocks: &mut Blocks,
) -> Result<Output, password_hash::Error> {
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes)?;
    blocks
        .hold(params.block_count())
        .map_err(|_| password_hash::Error::Crypto)?;
    let len = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let argon2 = Argon2::new(Algorithm::Argon2id, version, params);
    Output::init_with(len, |out| {
        Ok(argon2.hash_password_into_with_memory(key, salt, out, blocks)?)
    })
}

fn random_bytes<const N: usize>() -> Result<[u8; N], password_hash::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| password_hash::Error::Crypto)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    fn key(text: &str) -> Key {
        Key::parse(text).expect("a key")
    }

    #[tokio::test]
    async fn a_key_matches_its_own_hash_and_no_other() {
        let keys = Keys::new().expect("keys");
        let phc = keys.hash(key("sesame")).await.expect("a hash");
        assert_eq!(
            keys.matches(key("sesame"), Some(phc.clone())).await,
            Ok(true)
        );
        assert_eq!(
            keys.matches(key("guess"), Some(phc.clone())).await,
            Ok(false)
        );
        assert_eq!(keys.matches(key("sesame"), None).await, Ok(false));
        assert_eq!(
            keys.matches(key("sesame"), Some(String::new())).await,
            Ok(false)
        );
        let another = keys.hash(key("sesame")).await.expect("a hash");
        assert_ne!(phc, another, "each has a salt of its own");
    }

    #[tokio::test]
    async fn a_miss_is_checked_against_what_is_as_much_work_as_a_hash() {
        let keys = Keys::new().expect("keys");
        let real = keys.hash(key("sesame")).await.expect("a hash");
        let parts = |phc: &str| {
            let phc = PasswordHash::new(phc).expect("a PHC string");
            let length = phc.hash.expect("a hash").len();
            let salt = phc.salt.expect("a salt").len();
            (
                phc.algorithm.to_string(),
                phc.version,
                phc.params.to_string(),
                salt,
                length,
            )
        };
        assert_eq!(parts(&keys.decoy), parts(&real));
        let mut blocks = Blocks::default();
        assert_eq!(matches(b"", &keys.decoy, &mut blocks), Ok(false));
        assert_ne!(keys.decoy, Keys::new().expect("keys").decoy);
    }

    #[tokio::test]
    async fn the_hashes_are_those_of_the_standard_library_of_argon2() {
        let keys = Keys::new().expect("keys");
        let phc = keys.hash(key("sesame")).await.expect("a hash");
        let parsed = PasswordHash::new(&phc).expect("a PHC string");
        let argon2 = Argon2::default();
        assert!(argon2.verify_password(b"sesame", &parsed).is_ok());
        let salt = parsed.salt.expect("a salt");
        let theirs = argon2.hash_password(b"sesame", salt).expect("a hash");
        assert_eq!(theirs.to_string(), phc);
    }
}

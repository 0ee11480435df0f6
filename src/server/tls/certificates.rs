//! Which certificate a peer is shown.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// What an ACME authority asks for that looks who this server is, as ALPN calls it (RFC 8737 §3).
pub const ACME_TLS: &[u8] = b"acme-tls/1";

/// Certificates with their keys, each changed while the server runs.
#[derive(Debug, Default)]
pub struct Certificates(RwLock<Held>);

#[derive(Debug, Default)]
struct Held {
    /// For peers that name no server, or one that is not known.
    any: Option<Arc<CertifiedKey>>,
    by_name: HashMap<String, Arc<CertifiedKey>>,
    /// What authorities are shown that ask for a name.
    challenges: HashMap<String, Arc<CertifiedKey>>,
}

impl Certificates {
    /// The one for whatever name has none of its own.
    pub fn set_any(&self, certificate: Arc<CertifiedKey>) {
        self.change().any = Some(certificate);
    }

    /// The one for a name.
    pub fn set(&self, name: &str, certificate: Arc<CertifiedKey>) {
        self.change().by_name.insert(name.to_owned(), certificate);
    }

    /// What an authority is shown that asks for a name; none once it has.
    pub fn set_challenge(&self, name: &str, certificate: Option<Arc<CertifiedKey>>) {
        let mut held = self.change();
        match certificate {
            Some(certificate) => held.challenges.insert(name.to_owned(), certificate),
            None => held.challenges.remove(name),
        };
    }

    fn look(&self) -> RwLockReadGuard<'_, Held> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let held = self.look();
        let name = hello.server_name();
        let challenged = hello
            .alpn()
            .is_some_and(|mut spoken| spoken.any(|protocol| protocol == ACME_TLS));
        if challenged {
            return held.challenges.get(name?).cloned();
        }
        let named = name.and_then(|name| held.by_name.get(name));
        named.or(held.any.as_ref()).cloned()
    }
}

//! A certificate and its key in files, read again whenever they change.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use tokio::time::sleep;

use super::certificates::Certificates;
use crate::server::config::KeyPair;

/// How often the files are looked at. A change counts once it was there for that long: whoever renews a certificate
/// changes one file after the other.
const LOOK: Duration = Duration::from_secs(2);

/// Why there is no certificate in the files.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    #[error("cannot read {0}: {1}")]
    Unreadable(String, io::Error),
    #[error("{0} has no certificate in PEM")]
    NoCertificate(String),
    #[error("{0} has no private key in PEM")]
    NoKey(String),
    #[error("the certificate {0} and the key {1} cannot be used: {2}")]
    Unfit(String, String, rustls::Error),
}

/// Has the certificate, and whatever the files have later; one that cannot be used changes nothing.
///
/// # Errors
/// Where there is none that can be used now.
pub fn keep(pair: KeyPair, certificates: Arc<Certificates>) -> Result<(), PairError> {
    let mut read = seen(&pair);
    certificates.set_any(Arc::new(load(&pair)?));
    tokio::spawn(async move {
        let mut last = read.clone();
        loop {
            sleep(LOOK).await;
            let now = seen(&pair);
            let at_rest = now == last;
            last = now;
            if !at_rest || last == read {
                continue;
            }
            read = last.clone();
            match load(&pair) {
                Ok(certificate) => {
                    certificates.set_any(Arc::new(certificate));
                    tracing::info!(file = %pair.certificate.display(), "the certificate was read again");
                }
                Err(error) => {
                    tracing::warn!(%error, "the certificate has changed and is not used; the last one still is");
                }
            }
        }
    });
    Ok(())
}

fn load(pair: &KeyPair) -> Result<CertifiedKey, PairError> {
    let name = |file: &Path| file.display().to_string();
    let read =
        |file: &Path| fs::read(file).map_err(|error| PairError::Unreadable(name(file), error));
    certified(&read(&pair.certificate)?, &read(&pair.key)?).map_err(|error| match error {
        Unfit::NoCertificate => PairError::NoCertificate(name(&pair.certificate)),
        Unfit::NoKey => PairError::NoKey(name(&pair.key)),
        Unfit::Together(why) => PairError::Unfit(name(&pair.certificate), name(&pair.key), why),
    })
}

/// Why a certificate and a key are none.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("there is no certificate")]
    NoCertificate,
    #[error("there is no private key")]
    NoKey,
    #[error("{0}")]
    Together(rustls::Error),
}

/// A certificate, with those that lead from it to its authority's, and its key, of PEM.
///
/// # Errors
/// Where one of them is missing, or the key is not the certificate's.
pub fn certified(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, Unfit> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let chain = chain.map_err(|_| Unfit::NoCertificate)?;
    if chain.is_empty() {
        return Err(Unfit::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Unfit::NoKey)?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(Unfit::Together)
}

/// What is known of the files without reading them; nothing of one that is not there.
fn seen(pair: &KeyPair) -> [Option<Seen>; 2] {
    [&pair.certificate, &pair.key].map(|file| Seen::of(file).ok())
}

#[derive(Clone, PartialEq, Eq)]
struct Seen {
    changed: std::time::SystemTime,
    bytes: u64,
    file: (u64, u64),
}

impl Seen {
    fn of(file: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let found = fs::metadata(file)?;
        Ok(Self {
            changed: found.modified()?,
            bytes: found.len(),
            file: (found.dev(), found.ino()),
        })
    }
}

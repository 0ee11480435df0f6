//! Certificate authorities: whose word this server takes for who another is.

use std::{fs, io, path::Path};

use rustls::{
    Error, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    #[error("cannot read the certificate authorities: {0}")]
    Unreadable(#[from] io::Error),
    #[error("a certificate authority is not to be used: {0}")]
    Unusable(#[from] Error),
    #[error("there are no certificate authorities to verify a certificate with")]
    None,
}

/// Those in a file (PEM), or else the system's.
pub fn authorities(file: Option<&Path>) -> Result<RootCertStore, AuthoritiesError> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let pem = fs::read(file)?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                roots.add(certificate)?;
            }
        }
        None => {
            // One that cannot be read leaves the others.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(AuthoritiesError::None);
    }
    Ok(roots)
}

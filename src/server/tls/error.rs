//! Why there is no TLS.

use super::{acme::kept::KeptError, files::PairError};
use crate::server::authorities::AuthoritiesError;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Pair(#[from] PairError),
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    #[error(transparent)]
    Kept(#[from] KeptError),
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

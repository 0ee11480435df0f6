//! HTTPS by itself: TLS on the server's own listener, with certificates from files or from an ACME authority.
//!
//! A request over TLS is answered by what answers one in the clear; a live socket goes on through a [`relay`].

mod acme;
mod certificates;
mod error;
mod files;
pub mod relay;

use std::{io, path::Path, sync::Arc, time::Duration};

use rustls::{
    ServerConfig,
    crypto::ring::{self, Ticketer},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use self::certificates::{ACME_TLS, Certificates};
pub use self::error::TlsError;
use super::config::{Certificate, Https};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// What is spoken over TLS, as ALPN calls it (RFC 7301).
const HTTP: &[u8] = b"http/1.1";

/// TLS, as it is spoken on a listener.
pub struct Tls(TlsAcceptor);

impl Tls {
    /// Has the certificates, and keeps them new for as long as the runtime lasts; `data` is where the server's data is.
    ///
    /// # Errors
    /// Where there is no certificate in the files that should have one, or no place to keep one.
    pub fn start(https: &Https, data: Option<&Path>) -> Result<Option<Self>, TlsError> {
        let Some(certificate) = https.certificate() else {
            return Ok(None);
        };
        let certificates = Arc::new(Certificates::default());
        match certificate {
            Certificate::InFiles(pair) => files::keep(pair, certificates.clone())?,
            Certificate::Ordered(order) => acme::keep(order, data, certificates.clone())?,
        }
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(certificates);
        config.alpn_protocols = vec![HTTP.to_vec(), ACME_TLS.to_vec()];
        // After a restart all browsers come back at once: who was here before needs no whole handshake.
        config.ticketer = Ticketer::new()?;
        Ok(Some(Self(TlsAcceptor::from(Arc::new(config)))))
    }

    /// Shakes hands. None where that was all that the peer wanted, as an ACME authority does that looks whether this
    /// server is who it says (RFC 8737).
    ///
    /// # Errors
    /// Where the peer does not speak TLS, not in time, or not as this server does.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Option<Box<TlsStream<TcpStream>>>> {
        let stream = timeout(HANDSHAKE, self.0.accept(stream)).await??;
        let challenge = stream.get_ref().1.alpn_protocol() == Some(ACME_TLS);
        Ok((!challenge).then(|| Box::new(stream)))
    }
}

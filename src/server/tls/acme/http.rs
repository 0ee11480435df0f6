//! HTTPS to the authority: one request a connection, and none without end.

use std::{error::Error as StdError, future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::http::{HeaderValue, Request, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer at most.
const ANSWER_BYTES: usize = 1024 * 1024;

/// Speaks HTTPS with whomever these authorities vouch for.
#[derive(Clone)]
pub struct Client(TlsConnector);

impl Client {
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(roots: RootCertStore) -> Result<Self, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    async fn send(
        self,
        mut request: Request<BodyWrapper<Bytes>>,
    ) -> Result<BytesResponse, Box<dyn StdError + Send + Sync>> {
        let uri = request.uri().clone();
        if uri.scheme_str() != Some("https") {
            return Err(format!("{uri} is not an https address").into());
        }
        let authority = uri.authority().ok_or("the address names no server")?;
        let host = authority.host().trim_matches(['[', ']']);
        let tcp = TcpStream::connect((host, authority.port_u16().unwrap_or(443))).await?;
        let name = ServerName::try_from(host.to_owned())?;
        let tls = self.0.connect(name, tcp).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(tls)).await?;
        // It ends with the answer.
        tokio::spawn(connection);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = Uri::try_from(path)?;
        let host = HeaderValue::try_from(authority.as_str())?;
        request.headers_mut().insert(header::HOST, host);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES).collect().await?.to_bytes();
        Ok(BytesResponse {
            parts,
            body: Box::new(body),
        })
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let asked = timeout(PATIENCE, self.clone().send(request));
        Box::pin(async move {
            match asked.await {
                Ok(answered) => answered.map_err(Error::Other),
                Err(late) => Err(Error::Other(late.into())),
            }
        })
    }
}

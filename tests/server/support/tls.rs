//! TLS as browsers speak it, and an authority of a test's own that vouches for servers.

use std::{
    ffi::OsString,
    fs, io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, OnceLock},
};

use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};
use ureq::http::{HeaderValue, Request, Uri};

use super::{Answer, within};

/// An authority, as browsers know some.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = named("An authority of the tests");
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// The one that the browsers of this run know.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Authority> = OnceLock::new();
        SHARED.get_or_init(Self::new)
    }

    /// Puts a certificate for this machine in a folder; answers the flags that it is used by.
    pub fn vouches_for_this_machine_in(&self, folder: &Path) -> [OsString; 4] {
        let (certificate, key) = self.certificate(&["127.0.0.1"]);
        let write = |name: &str, pem: String| {
            let file = folder.join(name);
            fs::write(&file, pem).expect("is written");
            file.into_os_string()
        };
        [
            "--cert".into(),
            write("certificate.pem", certificate),
            "--key".into(),
            write("key.pem", key),
        ]
    }

    /// A certificate for these names, and its key, in PEM.
    pub fn certificate(&self, names: &[&str]) -> (String, String) {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name = named("A server of the tests");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn trust(&self) -> Trust {
        Trust::in_pem(&self.pem())
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// Where a host is by its name and port: on this machine.
pub fn address_of(host: &str) -> SocketAddr {
    let port = host.rsplit_once(':').expect("a port").1;
    SocketAddr::from(([127, 0, 0, 1], port.parse().expect("a port")))
}

/// Whom a browser believes who a server is, and where the browser is.
#[derive(Clone)]
pub struct Trust {
    tls: TlsConnector,
    /// On this machine, 127.0.0.`last`.
    last: u8,
}

impl Trust {
    pub fn in_pem(authorities: &str) -> Self {
        let mut roots = RootCertStore::empty();
        for authority in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
            let authority = authority.expect("PEM");
            roots.add(authority).expect("an authority");
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            tls: TlsConnector::from(Arc::new(config)),
            last: 1,
        }
    }

    /// Of a browser at another of this machine's addresses.
    pub fn from(&self, last: u8) -> Self {
        Self {
            last,
            ..self.clone()
        }
    }

    /// A socket at the browser's own address.
    pub fn socket(&self) -> TcpSocket {
        let socket = TcpSocket::new_v4().expect("a TCP socket");
        let own = SocketAddr::from(([127, 0, 0, self.last], 0));
        socket.bind(own).expect("an address of this machine");
        socket
    }

    /// A connection with a server on this machine, by its name and port.
    pub async fn connect(&self, host: &str) -> io::Result<TlsStream<TcpStream>> {
        within("a connection", async {
            let tcp = self.socket().connect(address_of(host)).await?;
            self.greet(tcp, host).await
        })
        .await
    }

    pub async fn greet(&self, tcp: TcpStream, host: &str) -> io::Result<TlsStream<TcpStream>> {
        let name = host.rsplit_once(':').expect("a port").0;
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        self.tls.connect(name, tcp).await
    }

    /// The certificate that a server shows, where it is believed.
    pub async fn shown(&self, host: &str) -> io::Result<Vec<u8>> {
        let stream = self.connect(host).await?;
        let shown = stream.get_ref().1.peer_certificates();
        Ok(shown.expect("a certificate")[0].to_vec())
    }

    /// What is answered to a request on a connection of its own.
    pub async fn send(&self, mut request: Request<Vec<u8>>) -> Answer {
        let host = request.uri().authority().expect("a server").to_string();
        let stream = self.connect(&host).await.expect("a connection");
        let path = request.uri().path_and_query().expect("a path").as_str();
        *request.uri_mut() = path.parse::<Uri>().expect("a path");
        let host = HeaderValue::try_from(host).expect("a host");
        request.headers_mut().insert("host", host);
        within("an answer", async {
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
                .await
                .expect("a connection");
            tokio::spawn(connection);
            let request = request.map(|body| Full::new(bytes::Bytes::from(body)));
            let answer = sender.send_request(request).await.expect("an answer");
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: body.to_vec(),
            }
        })
        .await
    }
}

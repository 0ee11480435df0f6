//! TLS for the load, and what servers need for it: a certificate, and nginx in front where it is not the server itself.

use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use mio::net::TcpStream;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

const NGINX: &str = include_str!("../../deploy/nginx.conf");
const AUTHORITY: &str = "authority.pem";
pub const CERTIFICATE: &str = "certificate.pem";
pub const KEY: &str = "key.pem";

/// A client's stream.
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    pub fn new(tcp: TcpStream, tls: Option<&Arc<ClientConfig>>) -> io::Result<Self> {
        let Some(config) = tls else {
            return Ok(Self::Plain(tcp));
        };
        let name = ServerName::from(std::net::Ipv4Addr::LOCALHOST.to_owned());
        let session = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(session, tcp))))
    }

    pub fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_mut(),
        }
    }

    /// Whether a read that gave less than was asked for means that there is no more.
    pub fn reads_all(&self) -> bool {
        matches!(self, Self::Plain(_))
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(bytes),
            Self::Tls(tls) => tls.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}

/// Puts a certificate for this machine, its key and its authority into a folder.
pub fn certify(folder: &Path) -> Result<(), String> {
    let made = || -> Result<_, rcgen::Error> {
        let mut params = CertificateParams::new(["authority".to_owned()])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(["127.0.0.1".to_owned()])?;
        let certificate = params.signed_by(&key, &authority)?;
        Ok([
            (AUTHORITY, authority.pem()),
            (CERTIFICATE, certificate.pem()),
            (KEY, key.serialize_pem()),
        ])
    };
    for (name, pem) in made().map_err(|error| error.to_string())? {
        fs::write(folder.join(name), pem).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Believes that authority.
pub fn client(folder: &Path) -> Result<Arc<ClientConfig>, String> {
    let made = || -> Result<_, Box<dyn std::error::Error>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(folder.join(AUTHORITY))?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    };
    made().map_err(|error| error.to_string())
}

/// nginx by the file that is given for it, from `port` to `server`, in one process on that core.
pub fn nginx(folder: &Path, port: u16, server: u16, core: usize) -> Result<Command, String> {
    let at = |name: &str| folder.join(name).display().to_string();
    let site = NGINX
        .replace("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"))
        .replace("listen 80", &format!("listen unix:{}", at("port-80")))
        .replace(
            "/etc/letsencrypt/live/chat.example.org/fullchain.pem",
            &at(CERTIFICATE),
        )
        .replace(
            "/etc/letsencrypt/live/chat.example.org/privkey.pem",
            &at(KEY),
        )
        .replace("127.0.0.1:3000", &format!("127.0.0.1:{server}"));
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};\n", at(name)));
    let whole = format!(
        "daemon off;\nmaster_process off;\nworker_rlimit_nofile 65536;\npid {};\nerror_log {} crit;\n\
         events {{ worker_connections 32768; }}\nhttp {{\naccess_log off;\n{}{site}\n}}\n",
        at("pid"),
        at("nginx-errors"),
        paths.concat(),
    );
    let file = at("nginx.conf");
    fs::write(&file, whole).map_err(|error| error.to_string())?;
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("taskset");
    command
        .args([
            "--cpu-list",
            &core.to_string(),
            "nginx",
            "-c",
            &file,
            "-e",
            &at("nginx-errors"),
            "-p",
        ])
        .arg(folder)
        .env("PATH", path)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    Ok(command)
}

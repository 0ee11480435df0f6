//! Flags about HTTPS: whether it is spoken, and whose certificate is shown.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use axum::http::Uri;
use clap::Args;
use rustls::pki_types::DnsName;

const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;

#[derive(Clone, Debug, Args)]
pub struct Https {
    /// Serves HTTPS with the certificate in this file: PEM, those that lead to its authority's after it. It is read
    /// again when the file changes.
    #[arg(
        long,
        env = "LATCHKEY_CERT",
        requires = "key",
        conflicts_with = "names"
    )]
    cert: Option<PathBuf>,

    /// The certificate's private key, likewise.
    #[arg(long, env = "LATCHKEY_KEY", requires = "cert")]
    key: Option<PathBuf>,

    /// Serves HTTPS under this name, as in `chat.example.org`, with a certificate from Let's Encrypt, to whose terms
    /// of service you agree by this. May be given several times. The name must lead to this server, port 443.
    #[arg(
        long = "https",
        value_name = "NAME",
        env = "LATCHKEY_HTTPS",
        value_delimiter = ','
    )]
    names: Vec<HostName>,

    /// Another authority that speaks ACME (RFC 8555): the URL of its directory.
    #[arg(
        long,
        value_name = "URL",
        env = "LATCHKEY_ACME_DIRECTORY",
        default_value = "https://acme-v02.api.letsencrypt.org/directory"
    )]
    acme_directory: Uri,

    /// The certificate authorities by which that one is known, in PEM [default: the system's].
    #[arg(long, value_name = "FILE", env = "LATCHKEY_ACME_CA")]
    acme_ca: Option<PathBuf>,

    /// The folder for the account and the certificates [default: `acme`, beside the database file].
    #[arg(long, value_name = "FOLDER", env = "LATCHKEY_ACME_FOLDER")]
    acme_folder: Option<PathBuf>,

    /// Address and port on which plain HTTP is answered with where HTTPS is, or `off` [default: port 80 where HTTPS is
    /// on port 443].
    #[arg(long, value_name = "ADDRESS", env = "LATCHKEY_REDIRECT_FROM")]
    redirect_from: Option<RedirectFrom>,
}

/// Whose certificate is shown.
pub enum Certificate {
    InFiles(KeyPair),
    Ordered(Order),
}

/// The files of a certificate and its key.
pub struct KeyPair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// What is asked of which ACME authority.
pub struct Order {
    pub names: Vec<HostName>,
    pub directory: Uri,
    pub authorities: Option<PathBuf>,
    pub folder: Option<PathBuf>,
}

impl Https {
    /// The certificate for HTTPS, where it is spoken.
    pub fn certificate(&self) -> Option<Certificate> {
        if let (Some(certificate), Some(key)) = (&self.cert, &self.key) {
            return Some(Certificate::InFiles(KeyPair {
                certificate: certificate.clone(),
                key: key.clone(),
            }));
        }
        (!self.names.is_empty()).then(|| {
            Certificate::Ordered(Order {
                names: self.names.clone(),
                directory: self.acme_directory.clone(),
                authorities: self.acme_ca.clone(),
                folder: self.acme_folder.clone(),
            })
        })
    }

    /// Whether HTTPS is spoken.
    pub fn is_on(&self) -> bool {
        self.cert.is_some() || !self.names.is_empty()
    }

    /// Where it is spoken, unless told.
    pub fn listens() -> SocketAddr {
        (Ipv6Addr::UNSPECIFIED, HTTPS_PORT).into()
    }

    /// The name that the server is known by, where it has been told one.
    pub fn name(&self) -> Option<&HostName> {
        self.names.first()
    }

    /// Where plain HTTP is led from, to HTTPS at this address.
    pub fn redirected(&self, https: SocketAddr) -> Option<SocketAddr> {
        match self.redirect_from {
            _ if !self.is_on() => None,
            Some(RedirectFrom::Nowhere) => None,
            Some(RedirectFrom::Address(address)) => Some(address),
            None if https.port() == HTTPS_PORT => Some((https.ip(), HTTP_PORT).into()),
            None => None,
        }
    }
}

/// A host's name in the DNS, in small letters; other scripts as the DNS has them (`xn--…`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
        if name.parse::<IpAddr>().is_ok() {
            return Err("an address has no certificate; a name has one".to_owned());
        }
        if DnsName::try_from(name.as_str()).is_err() || name.contains('_') {
            return Err(format!("'{text}' is not a name such as chat.example.org"));
        }
        Ok(Self(name))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectFrom {
    Nowhere,
    Address(SocketAddr),
}

impl FromStr for RedirectFrom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Nowhere);
        }
        let address = text.parse().map(Self::Address);
        address.map_err(|_| format!("'{text}' is neither an address such as 0.0.0.0:80 nor off"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_certificate_can_be_for() {
        let name = |text: &str| text.parse::<HostName>();
        assert_eq!(
            name("Chat.Example.org.").map(|name| name.0),
            Ok("chat.example.org".to_owned())
        );
        for bad in [
            "",
            "192.0.2.1",
            "2001:db8::1",
            "*.example.org",
            "chat example",
            "https://chat.example.org",
            "../chat",
            "bücher.example",
            "a_b.example",
        ] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }
}

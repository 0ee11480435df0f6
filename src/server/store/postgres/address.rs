//! Where a PostgreSQL database is, as a URL says it: `postgres://user:password@host:port/database?sslmode=…`.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};

/// How long a connection may take, where the URL does not say it.
const CONNECT: Duration = Duration::from_secs(3);
/// When a peer that says nothing is asked whether it is there, and how long what was sent may go unacknowledged.
const QUIET: Duration = Duration::from_secs(10);
/// Where a password is looked for that the URL does not hold, as libpq does.
const PASSWORD: &str = "PGPASSWORD";

/// Why a URL leads to no database.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    // What the URL holds is not repeated: a password may be in it.
    #[error("the database's URL cannot be read: {0}")]
    Invalid(tokio_postgres::Error),
    #[error(
        "the database's URL has sslmode={0}, which is none of disable, prefer, require, verify-ca, verify-full"
    )]
    SslMode(String),
}

/// How far the server's certificate is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Any will do: this keeps off those who only listen.
    Any,
    /// One for that host, by the system's authorities or that file's.
    Verified { authorities: Option<PathBuf> },
}

/// Where a database is, and how one gets there.
#[derive(Clone)]
pub struct Address {
    pub config: Config,
    pub trust: Trust,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Self, AddressError> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authorities, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let value = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
            match pair.split_once('=') {
                Some(("sslmode", name)) => mode = Some(value(name)),
                Some(("sslrootcert", path)) => authorities = Some(PathBuf::from(value(path))),
                _ => rest.push(pair),
            }
        }
        let mut config: Config = format!("{place}?{}", rest.join("&"))
            .parse()
            .map_err(AddressError::Invalid)?;
        let verified = authorities.is_some();
        let (ssl, verified) = match mode.as_deref() {
            None if verified => (SslMode::Require, true),
            None | Some("prefer") => (SslMode::Prefer, verified),
            Some("disable") => (SslMode::Disable, false),
            Some("require") => (SslMode::Require, verified),
            Some("verify-ca" | "verify-full") => (SslMode::Require, true),
            Some(other) => return Err(AddressError::SslMode(other.to_owned())),
        };
        config.ssl_mode(ssl);
        fill_in(&mut config);
        let trust = match verified {
            true => Trust::Verified { authorities },
            false => Trust::Any,
        };
        Ok(Self { config, trust })
    }
}

/// What the URL leaves open.
fn fill_in(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(QUIET);
    }
    config.keepalives_idle(QUIET);
    config.keepalives_interval(QUIET / 3);
    config.keepalives_retries(3);
    if config.get_application_name().is_none() {
        config.application_name("latchkey");
    }
    if config.get_password().is_none()
        && let Ok(password) = std::env::var(PASSWORD)
    {
        config.password(password);
    }
    // Of several servers the one that takes changes is meant, also after another has been promoted.
    if config.get_hosts().len() > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
}

impl fmt::Display for Address {
    /// Without anything secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        let ports = self.config.get_ports();
        for (n, host) in self.config.get_hosts().iter().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                Host::Unix(path) => write!(f, "{}", path.display())?,
            }
            if let Some(port) = ports.get(n).or(ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Address {
        url.parse().expect("an address")
    }

    #[test]
    fn a_url_is_shown_without_what_is_secret_in_it() {
        let shown = address("postgres://alice:s3cret@db.example:5433/chat?sslmode=require");
        assert_eq!(shown.to_string(), "postgres://db.example:5433/chat");
        let failed = "postgres://alice:s3cret@db.example/chat?colour=blue".parse::<Address>();
        let failed = failed.map(|address| address.to_string());
        let why = failed.expect_err("there is no such option").to_string();
        assert!(!why.contains("s3cret"), "{why}");
    }

    #[test]
    fn certificates_are_verified_where_that_is_asked_for() {
        let trust = |query: &str| address(&format!("postgres://db.example/chat{query}")).trust;
        assert_eq!(trust(""), Trust::Any);
        assert_eq!(trust("?sslmode=require"), Trust::Any);
        let system = Trust::Verified { authorities: None };
        assert_eq!(trust("?sslmode=verify-full"), system);
        let authorities = Some(PathBuf::from("/etc/our ca.pem"));
        assert_eq!(
            trust("?sslrootcert=/etc/our%20ca.pem&connect_timeout=1"),
            Trust::Verified { authorities }
        );
        assert!(
            "postgres://db.example/chat?sslmode=perhaps"
                .parse::<Address>()
                .is_err()
        );
    }

    #[test]
    fn of_several_servers_the_one_that_takes_changes_is_meant() {
        let attributes = |url| address(url).config.get_target_session_attrs();
        let several = attributes("postgres://a.example,b.example/chat");
        assert_eq!(several, TargetSessionAttrs::ReadWrite);
        assert_eq!(
            attributes("postgres://a.example/chat"),
            TargetSessionAttrs::Any
        );
    }
}

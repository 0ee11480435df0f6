//! Where NATS is, as a flag says it.

use std::{fmt, io, str::FromStr};

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

/// Where NATS is, as in `nats://user:password@host:4222`, `nats://token@host`, or `tls://…`; several with commas between,
/// of one cluster, which all take what the first of them says that says anything.
#[derive(Clone)]
pub struct NatsAddress(Vec<ServerAddr>);

impl NatsAddress {
    pub fn servers(&self) -> &[ServerAddr] {
        &self.0
    }

    /// What it is to be shown. async-nats asks for it apart from the address.
    pub fn credentials(&self) -> Option<Credentials> {
        self.0.iter().find_map(|server| {
            let user = decoded(server.username()?);
            Some(match server.password() {
                Some(password) => Credentials::Password {
                    user,
                    password: decoded(password),
                },
                None => Credentials::Token(user),
            })
        })
    }
}

/// Who this process is to NATS.
#[derive(PartialEq, Eq)]
pub enum Credentials {
    Password { user: String, password: String },
    Token(String),
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl FromStr for NatsAddress {
    type Err = io::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let servers = text.split(',').map(|server| server.trim().parse());
        Ok(Self(servers.collect::<Result<_, _>>()?))
    }
}

impl fmt::Debug for NatsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Without what may be a password.
impl fmt::Display for NatsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, server) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}nats://{}:{}", server.host(), server.port())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nats_is_shown_is_what_the_url_says_and_in_no_log() {
        let credentials = |text: &str| {
            let address: NatsAddress = text.parse().expect("an address");
            assert!(!format!("{address:?}").contains("cret"), "{address:?}");
            address.credentials()
        };
        assert!(credentials("nats://one:4222,two").is_none());
        let password = Credentials::Password {
            user: "chat".to_owned(),
            password: "s/cret".to_owned(),
        };
        assert!(credentials("nats://one,tls://chat:s%2Fcret@two:4223") == Some(password));
        let token = Credentials::Token("cret".to_owned());
        assert!(credentials("nats://cret@one") == Some(token));
    }
}

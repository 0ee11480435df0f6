//! Where NATS is, as a flag says it.

use std::{fmt, io, str::FromStr};

use async_nats::ServerAddr;

/// Where NATS is, as in `nats://user:password@host:4222`; several with commas between, of one cluster.
#[derive(Clone)]
pub struct NatsAddress(Vec<ServerAddr>);

impl NatsAddress {
    pub fn servers(&self) -> &[ServerAddr] {
        &self.0
    }
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

//! What the server listens on: HTTP or HTTPS; beside HTTPS, plain HTTP that leads to it; and whoever asks for metrics.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use nix::errno::Errno;
use tokio::net::{TcpListener, TcpSocket};

use super::config::Config;

/// Connections that may wait to be taken: after a restart all browsers call at once, and one that finds no
/// place tries again only a second later. The system may allow fewer.
const WAITING: u32 = 4_096;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {why}")]
pub struct ListenError {
    address: SocketAddr,
    why: io::Error,
}

pub struct Listeners {
    pub main: TcpListener,
    /// Where `main` is.
    pub address: SocketAddr,
    /// Plain HTTP that is only answered with where HTTPS is.
    pub redirect: Option<TcpListener>,
    /// What Prometheus asks, and where.
    pub metrics: Option<(TcpListener, SocketAddr)>,
}

impl Listeners {
    /// # Errors
    /// Where an address is in use, not this machine's, or not this user's to take.
    pub fn open(config: &Config) -> Result<Self, ListenError> {
        let (main, address) = listen(config.listens())?;
        Ok(Self {
            main,
            address,
            redirect: config.https.redirected(address).map(bind).transpose()?,
            metrics: config.metrics.map(listen).transpose()?,
        })
    }
}

/// Listens, and says where: port 0 takes a free one.
fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let listener = bind(address)?;
    let found = listener.local_addr();
    let found = found.map_err(|why| ListenError { address, why })?;
    Ok((listener, found))
}

fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = match try_bind(address) {
        // Every address is one of IPv6's or of IPv4's, unless the system has no IPv6.
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && has_no_ipv6(&error) => {
            try_bind((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        bound => bound,
    };
    bound.map_err(|why| ListenError { address, why })
}

fn has_no_ipv6(error: &io::Error) -> bool {
    [Errno::EAFNOSUPPORT, Errno::EADDRNOTAVAIL]
        .iter()
        .any(|&errno| error.raw_os_error() == Some(errno as i32))
}

fn try_bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A server that starts again takes its port over from connections that are still being forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

//! What the server listens on: HTTP or HTTPS; beside HTTPS, plain HTTP that leads to it; and whoever asks for metrics.
//!
//! The sockets may be handed over by whoever starts the server, as systemd does it: they then outlast the server, and
//! what connects while one takes the place of another waits in them.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use listenfd::ListenFd;
use nix::errno::Errno;
use tokio::net::{TcpListener, TcpSocket};

use super::config::Config;

/// Connections that may wait to be taken: after a restart all browsers call at once, and one that finds no
/// place tries again only a second later. The system may allow fewer.
const WAITING: u32 = 4_096;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on {address}: {why}")]
    At { address: SocketAddr, why: io::Error },
    #[error("cannot use a socket that was handed over: {0}")]
    Handed(io::Error),
    #[error("more sockets were handed over than are used: {0}")]
    TooMany(usize),
}

/// Sockets that were handed over, if any: the first to serve on, the second to lead from plain HTTP to HTTPS.
pub struct Handed(ListenFd);

impl Handed {
    /// Takes what the environment tells of, and forgets it there: only while the process has one thread.
    pub fn over() -> Self {
        Self(ListenFd::from_env())
    }

    /// Whether there are any: another server may then be about to end that had them before.
    pub fn any(&self) -> bool {
        self.0.len() > 0
    }

    fn take(&mut self, which: usize) -> Result<Option<TcpListener>, ListenError> {
        let taken = self.0.take_tcp_listener(which).and_then(|taken| {
            let listener = taken.map(|listener| {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)
            });
            listener.transpose()
        });
        taken.map_err(ListenError::Handed)
    }
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
    pub fn open(config: &Config, mut handed: Handed) -> Result<Self, ListenError> {
        let (main, address) = match handed.take(0)? {
            Some(main) => {
                let address = main.local_addr().map_err(ListenError::Handed)?;
                (main, address)
            }
            None => listen(config.listens())?,
        };
        let used = if config.https.is_on() { 2 } else { 1 };
        if handed.0.len() > used {
            return Err(ListenError::TooMany(handed.0.len()));
        }
        let redirect = match handed.take(1)? {
            None => config.https.redirected(address).map(bind).transpose()?,
            handed => handed,
        };
        Ok(Self {
            main,
            address,
            redirect,
            metrics: config.metrics.map(listen).transpose()?,
        })
    }
}

/// Listens, and says where: port 0 takes a free one.
fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let listener = bind(address)?;
    let found = listener.local_addr();
    let found = found.map_err(|why| ListenError::At { address, why })?;
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
    bound.map_err(|why| ListenError::At { address, why })
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

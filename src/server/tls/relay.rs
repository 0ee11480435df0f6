//! Between TLS and the live engine: whoever speaks TLS has a relay, which gives the engine a socket like any other.
//!
//! The engine writes shared bytes to a file descriptor, and stays so: it has one end of a socket pair, and the relay
//! carries what it writes into the TLS connection, and what comes from there to it. Nothing is kept on the way but
//! what one read gave: where one side takes no more, the other is not read from, and the kernel makes it wait.

use std::{
    future::Future,
    io,
    net::TcpStream as EngineStream,
    os::{fd::OwnedFd, unix::net::UnixStream as StdUnixStream},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
    time::{Sleep, sleep},
};
use tokio_rustls::server::TlsStream;

/// Bytes taken from the engine in one go: what one TLS record holds at most (RFC 8446 §5.1).
const CHUNK: usize = 16 * 1024;
/// How long a peer may take nothing. The engine lets go of one that has been silent for as long.
const STALL: Duration = Duration::from_secs(60);
/// How long a peer that was said goodbye to may take to hang up: a little longer than the engine waits for it.
const LINGER: Duration = Duration::from_secs(3);

/// The engine's end of a new relay, which lasts as long as both sides have something to say and holds `keep` so long.
///
/// # Errors
/// Where the system has no socket pair to give.
pub fn start<K: Send + Sync + 'static>(
    tls: Box<TlsStream<TcpStream>>,
    keep: Arc<K>,
) -> io::Result<EngineStream> {
    let (ours, engines) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    engines.set_nonblocking(true)?;
    let relay = Relay {
        tls,
        plain: UnixStream::from_std(ours)?,
        rest: Vec::new(),
        unflushed: false,
        out: Out::Open,
        input_ended: false,
        waiting: None,
    };
    tokio::spawn(async move {
        let _keep = keep;
        if let Err(error) = relay.await {
            tracing::debug!(%error, "a live connection over TLS ended");
        }
    });
    // The engine reads, writes and shuts down: what stream socket that is makes no difference to it.
    Ok(OwnedFd::from(engines).into())
}

struct Relay {
    tls: Box<TlsStream<TcpStream>>,
    plain: UnixStream,
    /// What was read from the engine and TLS has not taken.
    rest: Vec<u8>,
    /// Whether TLS holds what the peer has not been sent.
    unflushed: bool,
    out: Out,
    /// Whether the peer has nothing more to say, or nobody hears it.
    input_ended: bool,
    /// Runs while the peer is waited for: to take something, or to hang up.
    waiting: Option<Pin<Box<Sleep>>>,
}

/// How far the way from the engine to the peer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Out {
    Open,
    /// The engine has said its last.
    Ending,
    Ended,
}

impl Relay {
    /// Carries from the engine to the peer until the engine has said its last and the peer was sent it.
    fn poll_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tls = &mut self.tls;
        loop {
            if !self.rest.is_empty() {
                let taken = ready!(Pin::new(&mut *tls).poll_write(context, &self.rest))?;
                self.rest.drain(..taken);
                if self.rest.is_empty() {
                    self.rest = Vec::new();
                }
                self.unflushed = true;
            } else if self.unflushed {
                ready!(Pin::new(&mut *tls).poll_flush(context))?;
                self.unflushed = false;
            } else if self.out == Out::Ending {
                // One that has gone needs no goodbye.
                let _ = ready!(Pin::new(&mut *tls).poll_shutdown(context));
                self.out = Out::Ended;
            } else if self.out == Out::Ended {
                return Poll::Ready(Ok(()));
            } else {
                let mut chunk = [std::mem::MaybeUninit::uninit(); CHUNK];
                let mut chunk = ReadBuf::uninit(&mut chunk);
                // Whoever was cut off from the engine has nothing more to come from it.
                let read = ready!(Pin::new(&mut self.plain).poll_read(context, &mut chunk));
                let bytes = chunk.filled();
                if read.is_err() || bytes.is_empty() {
                    self.out = Out::Ending;
                    continue;
                }
                self.unflushed = true;
                let taken = match Pin::new(&mut *tls).poll_write(context, bytes) {
                    Poll::Ready(taken) => taken?,
                    Poll::Pending => 0,
                };
                self.rest.extend_from_slice(&bytes[taken..]);
            }
            // It moves.
            self.waiting = None;
        }
    }

    /// Carries from the peer to the engine until one of them ends that.
    fn poll_in(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.input_ended {
            let bytes = match ready!(Pin::new(&mut self.tls).poll_fill_buf(context)) {
                Ok(bytes) => bytes,
                // Some hang up without a goodbye.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => &[],
                Err(error) => return Poll::Ready(Err(error)),
            };
            if bytes.is_empty() {
                let _ = ready!(Pin::new(&mut self.plain).poll_shutdown(context));
                self.input_ended = true;
                break;
            }
            match ready!(Pin::new(&mut self.plain).poll_write(context, bytes)) {
                Ok(taken) => Pin::new(&mut self.tls).consume(taken),
                // The engine is done with it; what it said last is still on its way.
                Err(_) => self.input_ended = true,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// How long the peer may be waited for now, if it is what is waited for.
    fn patience(&self) -> Option<Duration> {
        match self.out {
            Out::Ended => Some(LINGER),
            Out::Ending => Some(STALL),
            Out::Open if self.unflushed || !self.rest.is_empty() => Some(STALL),
            Out::Open => None,
        }
    }
}

impl Future for Relay {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let relay = self.get_mut();
        let carried_out = relay.poll_out(context)?;
        let carried_in = relay.poll_in(context)?;
        if carried_out.is_ready() && carried_in.is_ready() {
            return Poll::Ready(Ok(()));
        }
        let Some(patience) = relay.patience() else {
            relay.waiting = None;
            return Poll::Pending;
        };
        let waiting = relay
            .waiting
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

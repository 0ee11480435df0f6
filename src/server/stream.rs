//! A connection's stream, in the clear or over TLS, that ends where its peer takes nothing for too long.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_rustls::server::TlsStream;

use super::tls::relay;

/// How long a peer may take nothing of what it is sent.
const STALL: Duration = Duration::from_secs(10);

pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// What the live engine reads and writes instead; `keep` is held for as long as that lasts, where this does not
    /// end with it.
    ///
    /// # Errors
    /// Where the system does not let go of the one or give the other.
    pub fn for_the_engine<K: Send + Sync + 'static>(
        self,
        keep: Arc<K>,
    ) -> io::Result<std::net::TcpStream> {
        match self {
            Self::Plain(stream) => stream.into_std(),
            Self::Tls(stream) => relay::start(stream, keep),
        }
    }
}

/// A stream that ends where its peer takes nothing for too long.
pub struct Impatient {
    stream: Stream,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Impatient {
    pub fn new(stream: Stream) -> Self {
        Self {
            stream,
            stalled: None,
        }
    }

    pub fn into_inner(self) -> Stream {
        self.stream
    }

    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL)));
        stalled
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// The stream beneath, whichever it is.
macro_rules! beneath {
    ($impatient:expr, $stream:ident => $then:expr) => {
        match &mut $impatient.stream {
            Stream::Plain($stream) => $then,
            Stream::Tls($stream) => $then,
        }
    };
}

impl AsyncRead for Impatient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        beneath!(self, stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = beneath!(self, stream => Pin::new(stream).poll_write(context, bytes));
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written =
            beneath!(self, stream => Pin::new(stream).poll_write_vectored(context, bytes));
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    /// What TLS has taken may not be on its way before this is done.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = beneath!(self, stream => Pin::new(stream).poll_flush(context));
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = beneath!(self, stream => Pin::new(stream).poll_shutdown(context));
        self.watch(context, shut)
    }
}

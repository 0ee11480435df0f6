//! The way in: takes connections, and speaks HTTP/1.1 (RFC 9112) on them, over TLS or in the clear, for as long as they
//! make sense.
//!
//! Nothing here waits for a peer without end. A request's head must arrive in time, and be short; a connection that
//! says nothing is let go, as is one whose peer does not take what it asked for; and there are never more of them
//! than the system has files for, or one address may have.

use std::{convert::Infallible, io, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::{sleep, timeout},
};

use super::{
    crowd::{Crowd, Place},
    proxies::Proxies,
    rates::network,
    stream::{Impatient, Stream},
    tls::Tls,
};

/// How long the head of a request may take, from when the connection is free for one: this is how long an idle
/// connection stays, too.
const HEAD: Duration = Duration::from_secs(10);
/// Bytes of a request's head at most (431 where it is longer) …
const HEAD_BYTES: usize = 16 * 1024;
/// … and headers in it.
const HEADERS: usize = 64;
/// How long a connection lasts, whatever it does with its time; the answer under way then has a while to end.
const LIFE: Duration = Duration::from_secs(300);
const LAST_ANSWER: Duration = Duration::from_secs(30);
/// How long one that was taken just before the server stops may take to ask its first: nobody else would answer it.
const FIRST_ASKED: Duration = Duration::from_secs(1);
/// Connections that one address has at most, live sockets apart. Proxies speak for many.
const OF_AN_ADDRESS: usize = 256;
/// How long nothing is accepted after an error: what is missing (files, memory) does not come back at once.
const PAUSE: Duration = Duration::from_millis(50);

/// Who is in, and how many more may come.
pub struct Hall {
    seats: Arc<Semaphore>,
    by_address: Arc<Crowd<IpAddr>>,
    proxies: Proxies,
}

/// What is listened on, how it is spoken there, and who answers.
pub struct Door {
    pub listener: TcpListener,
    pub tls: Option<Arc<Tls>>,
    pub app: Router,
}

/// A connection's own, for as long as it lasts, whatever is spoken on it.
pub struct Seat {
    pub peer: IpAddr,
    /// Whether it is spoken over TLS.
    pub https: bool,
    _place: OwnedSemaphorePermit,
    /// That the hall is not empty.
    _ending: mpsc::Sender<Infallible>,
}

impl Hall {
    /// A hall for so many connections.
    pub fn new(connections: usize, proxies: Proxies) -> Self {
        Self {
            seats: Arc::new(Semaphore::new(connections)),
            by_address: Crowd::of_at_most(OF_AN_ADDRESS),
            proxies,
        }
    }

    /// Serves until it is told to stop, all requests under way are answered, and all live sockets are closed.
    pub async fn serve(self: Arc<Self>, door: Door, mut stop: watch::Receiver<bool>) {
        let Door { listener, tls, app } = door;
        let (ending, mut all_ended) = mpsc::channel::<Infallible>(1);
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&listener, tls.is_some(), &ending) => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok(Some((stream, seat, place))) => {
                    let (app, mut stop, tls) = (app.clone(), stop.clone(), tls.clone());
                    tokio::spawn(async move {
                        let _place = place;
                        let greeted = tokio::select! {
                            greeted = greet(stream, tls) => greeted,
                            () = too_late(&mut stop) => None,
                        };
                        if let Some(stream) = greeted {
                            speak(stream, seat, app, stop).await;
                        }
                    });
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(PAUSE).await;
                }
            }
        }
        drop((listener, ending));
        // Nothing is ever sent: this returns when the last connection has dropped its end.
        let _ = all_ended.recv().await;
    }

    /// The next connection; `None` for one that is turned away. While all seats are taken, they wait outside.
    async fn accept(
        &self,
        listener: &TcpListener,
        https: bool,
        ending: &mpsc::Sender<Infallible>,
    ) -> io::Result<Option<(TcpStream, Arc<Seat>, Option<Place<IpAddr>>)>> {
        let free = self.seats.clone().acquire_owned().await;
        let place = free.map_err(|_| io::ErrorKind::NotConnected)?;
        let (stream, peer) = listener.accept().await?;
        let peer = peer.ip().to_canonical();
        let counted = if self.proxies.trust(peer) {
            None
        } else {
            match self.by_address.enter(network(peer)) {
                None => return Ok(None),
                counted => counted,
            }
        };
        // A message is one small write: it must not wait for the next.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let seat = Seat {
            peer,
            https,
            _place: place,
            _ending: ending.clone(),
        };
        Ok(Some((stream, Arc::new(seat), counted)))
    }
}

/// Has the stream that is spoken on, where the peer wants to speak.
async fn greet(stream: TcpStream, tls: Option<Arc<Tls>>) -> Option<Stream> {
    let Some(tls) = tls else {
        return Some(Stream::Plain(stream));
    };
    match tls.accept(stream).await {
        Ok(accepted) => accepted.map(Stream::Tls),
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
    }
}

/// Returns a while after the server was told to stop.
async fn too_late(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
    sleep(FIRST_ASKED).await;
}

/// Answers the requests of one connection.
async fn speak(stream: Stream, seat: Arc<Seat>, app: Router, mut stop: watch::Receiver<bool>) {
    let asked = Arc::new(Notify::new());
    let asks = asked.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        asks.notify_one();
        request.extensions_mut().insert(seat.clone());
        hyper::service::Service::call(&TowerToHyperService::new(app.clone()), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(Impatient::new(stream)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
            return;
        }
        _ = stop.wait_for(|stop| *stop) => {}
        () = sleep(LIFE) => {}
    }
    tokio::select! {
        _ = connection.as_mut() => return,
        // As it once was, where it was ever asked anything.
        () = asked.notified() => {}
        () = sleep(FIRST_ASKED) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST_ANSWER, connection).await;
}

//! From a configuration to a running server, and down again.

use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
};

use super::{
    backup,
    config::Config,
    connections::Hall,
    counts::entries::Counted,
    idle,
    keys::Keys,
    live::Live,
    metrics::{self, ASKERS, Files, Watched},
    passkeys::Passkeys,
    patience::Patience,
    proxies::Proxies,
    rates::Limits,
    rooms::{Chat, Parts},
    router::router,
    sockets::Sockets,
    store::{Data, Journal, Postgres, Sqlite, Store},
    strangers::Strangers,
};

/// How long requests that are under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// Connections that may wait to be taken: after a restart all browsers call at once, and one that finds no
/// place tries again only a second later. The system may allow fewer.
const WAITING: u32 = 4_096;

/// Of an unlimited number of files, as many as this are counted on.
const MOST_FILES: usize = 1 << 20;
/// Files that the server itself has open, at most, besides its connections.
const OWN_FILES: usize = 64;

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Store(#[from] super::store::OpenError),
    #[error(transparent)]
    Postgres(#[from] super::store::PostgresError),
    #[error("cannot listen on {address}: {why}")]
    Listen { address: SocketAddr, why: io::Error },
    #[error("cannot start: {0}")]
    Start(String),
    #[error("stopped: {0}")]
    Failed(#[from] super::store::Failure),
    #[error("stopped: {0}")]
    ShardEnded(#[from] super::live::ShardEnded),
    #[error("cannot serve: {0}")]
    Serve(#[from] io::Error),
}

/// Serves until SIGTERM or SIGINT, then stops in order: no new connections, `bye` to the sockets, requests
/// under way answered, what waits committed.
///
/// # Errors
/// Where the database or the address cannot be had, and where the store or a shard has ended by itself.
pub async fn serve(config: Config) -> Result<(), ServeError> {
    let started = SystemTime::now();
    let limits = Arc::new(Limits::new(&config.rate_limits));
    let live = Arc::new(Live::new(limits.clone()));
    let store = open(&config.data, Arc::new(Counted(live.clone()))).await?;
    live.start(store.clone())?;
    let keys = Keys::new().map_err(|error| ServeError::Start(error.to_string()))?;

    let (listener, address) = listen(config.listen)?;
    let for_metrics = config.metrics.map(listen).transpose()?;
    let connections = open_files().saturating_sub(OWN_FILES).max(OWN_FILES);
    // Live sockets stay, requests come and go: they find a place whatever else is open.
    let for_requests = connections / 8;
    let chat = Chat::new(Parts {
        store: store.clone(),
        live: live.clone(),
        limits: limits.clone(),
        keys,
        sockets: Sockets::new(&config.max_sockets(), connections - for_requests),
        strangers: Strangers::default(),
        passkeys: Passkeys::default(),
        patience: Patience {
            names: config.forget_names_after,
            sessions: config.forget_sessions_after,
        },
    });
    let looked_after = tokio::spawn(idle::look_after(chat.clone()));
    let forget = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            limits.forget_quiet();
        }
    });

    let backups = config.backups();
    let files = Files {
        data: config.data.file(),
        backups: backups.as_ref().map(|backups| backups.to.clone()),
    };
    if let Some(backups) = backups {
        let Data::File(file) = &config.data else {
            let why = "backups are made of a database file; PostgreSQL has its own (pg_basebackup, pg_dump)";
            return Err(ServeError::Start(why.to_owned()));
        };
        backup::keep_making(file, backups)
            .map_err(|why| ServeError::Start(format!("cannot keep backups: {why}")))?;
    }

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let proxies = Proxies::new(config.trusted_proxies);
    if let Some((listener, address)) = for_metrics {
        let watched = Watched {
            chat: chat.clone(),
            files,
            started,
        };
        let hall = Hall::new(ASKERS, proxies.clone());
        tokio::spawn(hall.serve(listener, metrics::router(watched), stopped.clone()));
        tracing::info!(%address, "metrics");
    }
    let hall = Hall::new(connections, proxies.clone());
    let serving = tokio::spawn(hall.serve(listener, router(chat, proxies), stopped));

    // For whoever started it by hand; nobody may be reading.
    let _ = writeln!(io::stdout(), "Latchkey is at http://{address}");
    tracing::info!(%address, data = %config.data, "serving");

    let ended = tokio::select! {
        signalled = wait_for_signal() => signalled.map_err(ServeError::from),
        why = store.failure() => Err(why.into()),
        why = live.failure() => Err(why.into()),
    };
    tracing::info!("stopping");
    let _ = stop.send(true);
    let sockets = tokio::task::spawn_blocking(move || live.stop());
    let _ = tokio::time::timeout(GRACE, async { tokio::join!(serving, sockets) }).await;
    forget.abort();
    looked_after.abort();
    store.close();
    tracing::info!("stopped");
    ended
}

async fn open(data: &Data, journal: Arc<dyn Journal>) -> Result<Arc<dyn Store>, ServeError> {
    Ok(match data {
        Data::File(path) => Arc::new(Sqlite::open(path, journal)?),
        Data::Postgres(url) => {
            let address = url.address().map_err(super::store::PostgresError::from)?;
            Arc::new(Postgres::open(&address, journal).await?)
        }
    })
}

/// Listens, and says where: port 0 takes a free one.
fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |why| ServeError::Listen { address, why };
    let listener = bind(address).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A server that starts again takes its port over from connections that are still being forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// How many files the process may have open: as many as the system lets it.
fn open_files() -> usize {
    const FALLBACK: u64 = 1_024;
    let files = Resource::RLIMIT_NOFILE;
    let (soft, hard) = getrlimit(files).unwrap_or((FALLBACK, FALLBACK));
    let allowed = match setrlimit(files, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    };
    usize::try_from(allowed)
        .unwrap_or(usize::MAX)
        .min(MOST_FILES)
}

async fn wait_for_signal() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

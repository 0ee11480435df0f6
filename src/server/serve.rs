//! From a configuration to a running server, and down again.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
    time::sleep,
};

use super::{
    assets, backup,
    bus::{Bus, Feed},
    config::Config,
    connections::{Door, Hall},
    counts::entries::Counted,
    idle,
    keeper::Keeper,
    keys::Keys,
    listeners::{Handed, Listeners},
    live::Live,
    metrics::{self, ASKERS, Files, Watched},
    passkeys::Passkeys,
    patience::Patience,
    proxies::Proxies,
    rates::Limits,
    redirect,
    rooms::{Chat, Parts},
    router::router,
    sockets::Sockets,
    store::{Data, OpenError, Postgres, SharedStore, Sqlite, Store},
    strangers::Strangers,
    tls::Tls,
};

/// How long requests that are under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(3);

/// How long a server that sockets were handed over to waits for the data: the one that had them has a few seconds to end.
const PREDECESSOR: Duration = Duration::from_secs(15);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

/// Of an unlimited number of files, as many as this are counted on.
const MOST_FILES: usize = 1 << 20;
/// Files that the server itself has open, at most, besides its connections.
const OWN_FILES: usize = 64;

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Postgres(#[from] super::store::PostgresError),
    #[error(transparent)]
    Listen(#[from] super::listeners::ListenError),
    #[error(transparent)]
    Tls(#[from] super::tls::TlsError),
    #[error(transparent)]
    Bus(#[from] super::bus::BusError),
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
pub async fn serve(config: Config, handed: Handed) -> Result<(), ServeError> {
    let started = SystemTime::now();
    let limits = Arc::new(Limits::new(&config.rate_limits));
    let live = Arc::new(Live::new(limits.clone()));
    let patience = if handed.any() {
        PREDECESSOR
    } else {
        Duration::ZERO
    };
    // Whoever connects from here on waits for the rest.
    let listeners = Listeners::open(&config, handed)?;
    let Opened { store, shared, bus } = open(&config, &live, &limits, patience).await?;
    let keys = Keys::new().map_err(|error| ServeError::Start(error.to_string()))?;

    let tls = Tls::start(&config.https, config.data.file().as_deref())?.map(Arc::new);
    let connections = open_files().saturating_sub(OWN_FILES).max(OWN_FILES);
    // Live sockets stay, requests come and go: they find a place whatever else is open.
    let for_requests = connections / 8;
    // One over TLS has the two ends of a socket pair open as well.
    let files_a_socket = if tls.is_some() { 3 } else { 1 };
    let for_sockets = (connections - for_requests) / files_a_socket;
    let chat = Chat::new(Parts {
        store: store.clone(),
        live: live.clone(),
        bus: bus.clone(),
        shared: shared.clone(),
        limits: limits.clone(),
        keys,
        sockets: Sockets::new(&config.max_sockets(), for_sockets),
        strangers: Strangers::default(),
        passkeys: Passkeys::new(shared),
        patience: Patience {
            names: config.forget_names_after,
            sessions: config.forget_sessions_after,
        },
    });
    let whole = tokio::spawn({
        let live = live.clone();
        async move { live.keep_whole().await }
    });
    let looked_after = tokio::spawn(idle::look_after(chat.clone()));
    let needless = live.clone();
    let forget = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            limits.forget_quiet();
            needless.forget_needless();
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
    let proxies = Proxies::new(config.trusted_proxies.clone());
    let (keeper, code) = Keeper::new(chat.clone(), files.clone(), started)
        .map_err(|error| ServeError::Start(error.message))?;
    if let Some((listener, address)) = listeners.metrics {
        let watched = Watched {
            chat: chat.clone(),
            files,
            started,
        };
        let metrics = Door {
            listener,
            tls: None,
            app: metrics::router(watched),
        };
        let hall = Arc::new(Hall::new(ASKERS, proxies.clone()));
        tokio::spawn(hall.serve(metrics, stopped.clone()));
        tracing::info!(%address, "metrics");
    }
    let hall = Arc::new(Hall::new(for_requests + for_sockets, proxies.clone()));
    let address = listeners.address;
    let redirecting = listeners.redirect.map(|listener| Door {
        listener,
        tls: None,
        app: redirect::router(address.port()),
    });
    let url = config.url(address);
    let main = Door {
        listener: listeners.main,
        tls,
        app: router(chat, keeper, proxies, config.https.name().is_some()),
    };
    let mut serving = JoinSet::new();
    for door in [Some(main), redirecting].into_iter().flatten() {
        serving.spawn(hall.clone().serve(door, stopped.clone()));
    }

    let signals = Signals::listen()?;
    // For whoever started it by hand; nobody may be reading.
    let _ = writeln!(io::stdout(), "Latchkey is at {url}");
    // Once, and nowhere else: it is kept as a hash.
    let _ = writeln!(io::stdout(), "For its keeper: {url}/keeper#{code}");
    tracing::info!(%address, data = %config.data, "serving");

    let ended = tokio::select! {
        () = signals.told_to_stop() => Ok(()),
        why = store.failure() => Err(why.into()),
        why = live.failure() => Err(why.into()),
    };
    tracing::info!("stopping");
    let _ = stop.send(true);
    let sockets = tokio::task::spawn_blocking(move || live.stop());
    let _ = tokio::time::timeout(GRACE, async { tokio::join!(serving.join_all(), sockets) }).await;
    forget.abort();
    whole.abort();
    looked_after.abort();
    store.close();
    if let Some(bus) = bus {
        bus.stop().await;
    }
    tracing::info!("stopped");
    ended
}

/// A store with its live engine started.
struct Opened {
    store: Arc<dyn Store>,
    /// The same, and the way to the other processes, where there may be any.
    shared: Option<Arc<dyn SharedStore>>,
    bus: Option<Arc<Bus>>,
}

impl Opened {
    fn alone(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            shared: None,
            bus: None,
        }
    }
}

async fn open(
    config: &Config,
    live: &Arc<Live>,
    limits: &Arc<Limits>,
    patience: Duration,
) -> Result<Opened, ServeError> {
    let (url, address) = match (&config.data, &config.bus) {
        (Data::File(_), Some(_)) => {
            let why = "several processes cannot serve one file: --bus needs --data postgres://…";
            return Err(ServeError::Start(why.to_owned()));
        }
        (Data::File(path), None) => {
            let store = Arc::new(open_file(path, live, patience).await?);
            live.start(store.clone())?;
            return Ok(Opened::alone(store));
        }
        (Data::Postgres(url), address) => (url, address),
    };
    let database = url.address().map_err(super::store::PostgresError::from)?;
    let Some(address) = address else {
        let store = Arc::new(Postgres::open(&database, Arc::new(Counted(live.clone()))).await?);
        live.start(store.clone())?;
        return Ok(Opened::alone(store));
    };
    let feed = Arc::new(Feed::new(live.clone()));
    let store = Arc::new(Postgres::open(&database, Arc::new(Counted(feed.clone()))).await?);
    live.start(store.clone())?;
    let files = store.clone();
    tokio::spawn(async move {
        if let Err(error) = assets::builds::share(&*files).await {
            tracing::warn!(%error, "processes of another build do not find the files of this one");
        }
    });
    let bus = Bus::start(address, &feed, live.clone(), store.clone(), limits.clone()).await?;
    Ok(Opened {
        store: store.clone(),
        shared: Some(store),
        bus: Some(Arc::new(bus)),
    })
}

/// Waits so long at most for another server to be done with it.
async fn open_file(path: &Path, live: &Arc<Live>, patience: Duration) -> Result<Sqlite, OpenError> {
    let (begun, mut told) = (Instant::now(), false);
    loop {
        match Sqlite::open(path, Arc::new(Counted(live.clone()))) {
            Err(OpenError::InUse(_)) if begun.elapsed() < patience => {
                if !std::mem::replace(&mut told, true) {
                    tracing::info!("waiting for another server to be done with the database");
                }
                sleep(LOOK).await;
            }
            opened => return opened,
        }
    }
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

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn told_to_stop(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

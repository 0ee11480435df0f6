//! How the processes of one server hear of each other's changes: by NATS, which is only a hint.
//!
//! What this process commits is told to its live engine and to the others ([`feed`]); what they tell goes the same way
//! into the engine, whose sequencer takes each entry once and in its order. Every message is numbered by its sender, so
//! that a receiver knows when it has missed one ([`peers`]), and compares itself with the store then, as it does every now
//! and then in any case ([`keeper`]). So a message may be lost, doubled, late or out of order, and NATS may stop: readers
//! are late then, never wrong.

mod feed;
mod keeper;
mod lookout;
mod nats;
mod peers;
mod wire;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::{sync::Notify, task::JoinHandle};

pub use self::{feed::Feed, nats::BusError};
use super::{
    config::NatsAddress,
    live::{Live, ProcessId},
    rates::Limits,
    store::SharedStore,
};

/// A process whose own messages have not come back for so long is not heard by others either.
const DEAF: Duration = Duration::from_secs(3);

/// The bus of a running process.
pub struct Bus {
    state: Arc<State>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    stop: Arc<Notify>,
}

/// How the bus is, for whoever looks after the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BusHealth {
    /// Whether what this process says comes back to it. Without it others hear late, by what they compare.
    pub well: bool,
    pub connected: bool,
    /// Milliseconds since this process last heard itself.
    pub echo_ms: Option<u64>,
    /// Other processes that are heard of.
    pub peers: usize,
    /// Messages of theirs that are known to be missed, since this process began.
    pub missed: u64,
    /// Times that it compared itself with the store.
    pub compared: u64,
}

/// What the bus's tasks share.
#[derive(Default)]
pub struct State {
    connected: AtomicBool,
    /// When this process last heard itself.
    echo: Mutex<Option<Instant>>,
    peers: AtomicU64,
    missed: AtomicU64,
    compared: AtomicU64,
    /// What is to be compared at once.
    wanted: Wanted,
}

/// What is to be compared with the store, once somebody comes to it.
#[derive(Default)]
struct Wanted {
    heads: AtomicBool,
    people: AtomicBool,
    wake: Notify,
}

impl Wanted {
    /// Something may have been missed, of whatever kind.
    fn all(&self) {
        self.people.store(true, Ordering::Release);
        self.heads.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

impl State {
    fn echoed(&self) {
        *self.echo.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago this process heard itself, if it ever did.
    fn since_echo(&self) -> Option<Duration> {
        let echo = *self.echo.lock().unwrap_or_else(PoisonError::into_inner);
        echo.map(|at| at.elapsed())
    }

    /// Whether what this process says is heard.
    fn is_well(&self) -> bool {
        self.since_echo().is_some_and(|since| since < DEAF)
    }
}

impl Bus {
    /// Has this process told of what the others do, and them of what it does. NATS need not be there yet.
    ///
    /// # Errors
    /// Where the address is none, or the store cannot be asked who it is.
    pub async fn start(
        address: &NatsAddress,
        feed: &Feed,
        live: Arc<Live>,
        store: Arc<dyn SharedStore>,
        limits: Arc<Limits>,
    ) -> Result<Self, BusError> {
        let (state, stop) = (Arc::<State>::default(), Arc::<Notify>::default());
        live.tell_others();
        limits.tell_others();
        let post = nats::Post {
            live: live.clone(),
            store: store.clone(),
            limits,
            state: state.clone(),
            stop: stop.clone(),
        };
        let tasks = vec![
            tokio::spawn(post.run(address, feed).await?),
            tokio::spawn(keeper::keep(live.clone(), store.clone(), state.clone())),
            tokio::spawn(lookout::look_out(live, store)),
        ];
        Ok(Self {
            state,
            tasks: Mutex::new(tasks),
            stop,
        })
    }

    pub fn health(&self) -> BusHealth {
        let state = &self.state;
        let connected = state.connected.load(Ordering::Relaxed);
        BusHealth {
            well: connected && state.is_well(),
            connected,
            echo_ms: state
                .since_echo()
                .map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
            peers: usize::try_from(state.peers.load(Ordering::Relaxed)).unwrap_or(usize::MAX),
            missed: state.missed.load(Ordering::Relaxed),
            compared: state.compared.load(Ordering::Relaxed),
        }
    }

    /// Tells the others what they have not been told, and says goodbye.
    pub async fn stop(&self) {
        self.stop.notify_one();
        let mut tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks).into_iter()
        };
        if let Some(post) = tasks.next() {
            let _ = tokio::time::timeout(nats::GOODBYE, post).await;
        }
        tasks.for_each(|task| task.abort());
    }
}

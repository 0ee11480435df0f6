//! How the bus is: what its tasks share, and what is told of it.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::Notify;

/// A process whose own messages have not come back for so long is not heard by others either.
const DEAF: Duration = Duration::from_secs(3);

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
    pub connected: AtomicBool,
    /// When this process last heard itself.
    pub echo: Mutex<Option<Instant>>,
    pub peers: AtomicU64,
    pub missed: AtomicU64,
    pub compared: AtomicU64,
    /// What is to be compared at once.
    pub wanted: Wanted,
}

/// What is to be compared with the store, once somebody comes to it.
#[derive(Default)]
pub struct Wanted {
    pub heads: AtomicBool,
    pub people: AtomicBool,
    pub wake: Notify,
}

impl Wanted {
    /// Something may have been missed, of whatever kind.
    pub fn all(&self) {
        self.people.store(true, Ordering::Release);
        self.heads.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

impl State {
    pub fn echoed(&self) {
        *self.echo.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago this process heard itself, if it ever did.
    pub fn since_echo(&self) -> Option<Duration> {
        let echo = *self.echo.lock().unwrap_or_else(PoisonError::into_inner);
        echo.map(|at| at.elapsed())
    }

    /// Whether what this process says is heard.
    pub fn is_well(&self) -> bool {
        self.since_echo().is_some_and(|since| since < DEAF)
    }
    pub fn health(&self) -> BusHealth {
        let connected = self.connected.load(Ordering::Relaxed);
        BusHealth {
            well: connected && self.is_well(),
            connected,
            echo_ms: self
                .since_echo()
                .map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
            peers: usize::try_from(self.peers.load(Ordering::Relaxed)).unwrap_or(usize::MAX),
            missed: self.missed.load(Ordering::Relaxed),
            compared: self.compared.load(Ordering::Relaxed),
        }
    }
}

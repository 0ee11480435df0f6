//! The way of this process's own changes: to its live engine, and to whoever tells the others.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::mpsc::{self, Receiver, Sender};

use super::wire::Part;
use crate::server::{
    live::Live,
    store::{Event, Journal},
};

/// Commits that may wait to be told at most. More are not told, and the others find out.
const WAITING: usize = 1_024;

/// A journal that tells the live engine at once, and the other processes soon.
pub struct Feed {
    live: Arc<Live>,
    /// Of the commit that is being told.
    parts: Mutex<Vec<Part>>,
    told: Sender<Commit>,
    waiting: Mutex<Option<Receiver<Commit>>>,
    lost: Arc<AtomicU64>,
}

/// What happened in a commit, and in which life of the data that was.
pub struct Commit {
    pub epoch: Arc<str>,
    pub parts: Vec<Part>,
}

/// What is to be told, and how many commits were not.
pub struct ToTell {
    pub commits: Receiver<Commit>,
    pub lost: Arc<AtomicU64>,
}

impl Feed {
    pub fn new(live: Arc<Live>) -> Self {
        let (told, waiting) = mpsc::channel(WAITING);
        Self {
            live,
            parts: Mutex::default(),
            told,
            waiting: Mutex::new(Some(waiting)),
            lost: Arc::default(),
        }
    }

    /// What is to be told. Whoever asks first does.
    pub fn to_tell(&self) -> Option<ToTell> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        Some(ToTell {
            commits: waiting.take()?,
            lost: self.lost.clone(),
        })
    }
}

impl Journal for Feed {
    fn committed(&self, event: Event) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(Part::of(&event));
        drop(parts);
        self.live.committed(event);
    }

    fn anew(&self) {
        self.live.anew();
    }

    fn settled(&self) {
        self.live.settled();
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = std::mem::take(&mut *parts);
        if parts.is_empty() {
            return;
        }
        let epoch = self.live.epoch();
        if self.told.try_send(Commit { epoch, parts }).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

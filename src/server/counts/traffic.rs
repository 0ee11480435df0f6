//! What goes through live sockets, and what their rooms' tails take. Every thread that serves sockets has counters of
//! its own, which nobody else writes: counting a write to a socket costs next to nothing, however many cores write.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

static THREADS: Mutex<Vec<Arc<Counters>>> = Mutex::new(Vec::new());

thread_local! {
    static MINE: Arc<Counters> = {
        let mine = Arc::<Counters>::default();
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(mine.clone());
        mine
    };
}

/// In cache lines of their own.
#[derive(Default)]
#[repr(align(128))]
struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
    tails: AtomicU64,
}

/// Bytes, of all threads.
#[derive(Default)]
pub struct Traffic {
    pub received: u64,
    pub sent: u64,
    /// Of tails in memory, as they were last counted.
    pub tails: u64,
}

pub fn received(bytes: usize) {
    MINE.with(|mine| add(&mine.received, bytes));
}

pub fn sent(bytes: usize) {
    MINE.with(|mine| add(&mine.sent, bytes));
}

pub fn tails_are(bytes: usize) {
    MINE.with(|mine| mine.tails.store(bytes as u64, Ordering::Relaxed));
}

/// Only this thread writes: nothing comes between the two.
fn add(counter: &AtomicU64, bytes: usize) {
    let sum = counter.load(Ordering::Relaxed).wrapping_add(bytes as u64);
    counter.store(sum, Ordering::Relaxed);
}

pub fn all() -> Traffic {
    let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    let sum = |of: fn(&Counters) -> &AtomicU64| {
        let each = threads.iter().map(|it| of(it).load(Ordering::Relaxed));
        each.fold(0, u64::wrapping_add)
    };
    Traffic {
        received: sum(|it| &it.received),
        sent: sum(|it| &it.sent),
        tails: sum(|it| &it.tails),
    }
}

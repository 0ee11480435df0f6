//! What waits for the writer, and when it is enough for a commit.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// From one commit's beginning to the next's at least, unless [`ENOUGH`] waits: a commit costs far more than
/// a change in it, and nobody notices so little time.
const PAUSE: Duration = Duration::from_millis(4);
/// Changes that are worth a commit at once.
const ENOUGH: usize = 32;

/// Jobs on their way to one thread that takes all that wait at once.
pub struct Queue<J> {
    state: Mutex<State<J>>,
    wake: Condvar,
}

struct State<J> {
    jobs: Vec<J>,
    /// Changes in the jobs.
    changes: usize,
    /// How many changes the taker sleeps for; `None` while it is awake.
    sleeps_for: Option<usize>,
    taken: Instant,
    closed: bool,
}

impl<J> Queue<J> {
    pub fn new() -> Self {
        let state = State {
            jobs: Vec::new(),
            changes: 0,
            sleeps_for: None,
            taken: Instant::now(),
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            wake: Condvar::new(),
        }
    }

    /// Adds a job with this many changes. Gives it back where no more are taken.
    pub fn push(&self, job: J, changes: usize) -> Result<(), J> {
        let mut state = self.state();
        if state.closed {
            return Err(job);
        }
        state.jobs.push(job);
        state.changes += changes;
        let enough = state
            .sleeps_for
            .is_some_and(|wanted| state.changes >= wanted);
        drop(state);
        if enough {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// All that waits, at once; nothing where nothing does.
    pub fn take_waiting(&self) -> Vec<J> {
        self.state().take()
    }

    /// Waits for a job and takes all that are there: at once where the last were taken a while ago, else after
    /// the rest of [`PAUSE`] or with [`ENOUGH`] changes. `None` once it is closed and empty.
    pub fn take(&self) -> Option<Vec<J>> {
        let mut state = self.state();
        while state.changes < ENOUGH && !state.closed {
            let left = PAUSE.saturating_sub(state.taken.elapsed());
            if left.is_zero() {
                break;
            }
            state.sleeps_for = Some(ENOUGH);
            state = self
                .wake
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        while state.jobs.is_empty() && !state.closed {
            state.sleeps_for = Some(1);
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let jobs = state.take();
        (!jobs.is_empty()).then_some(jobs)
    }

    /// Takes no more jobs; what waits is still handed out.
    pub fn close(&self) {
        self.state().closed = true;
        self.wake.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> State<J> {
    fn take(&mut self) -> Vec<J> {
        (self.changes, self.sleeps_for, self.taken) = (0, None, Instant::now());
        std::mem::take(&mut self.jobs)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;

    #[test]
    fn jobs_come_out_in_the_order_they_went_in_each_once_and_the_last_after_it_was_closed() {
        let queue = Arc::new(Queue::new());
        let taker = thread::spawn({
            let queue = queue.clone();
            move || {
                std::iter::from_fn(|| queue.take())
                    .flatten()
                    .collect::<Vec<_>>()
            }
        });
        for job in 0..1_000 {
            assert_eq!(queue.push(job, 1 + job % 3), Ok(()));
        }
        queue.close();
        assert_eq!(queue.push(1_000, 1), Err(1_000));
        assert_eq!(
            taker.join().expect("it ends"),
            (0..1_000).collect::<Vec<_>>()
        );
    }

    #[test]
    fn nothing_waits_in_an_empty_queue() {
        assert!(Queue::<u8>::new().take_waiting().is_empty());
    }
}

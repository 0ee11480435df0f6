//! What waits for the writer, and when it is enough for a commit.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    NewEntry,
    meter::{Commit, Commits},
};

/// From one commit's beginning to the next's at least, unless [`ENOUGH`] waits: a commit costs far more than
/// a change in it, and nobody notices so little time.
const PAUSE: Duration = Duration::from_millis(4);
/// Changes that are worth a commit at once.
const ENOUGH: usize = 32;
/// What waits at most: more than a disk commits in the time that anyone waits for an answer.
const MOST: Load = Load {
    changes: 16_384,
    bytes: 8 * 1024 * 1024,
};

/// Of memory, what a job is beside the text in it, about.
const JOB_BYTES: usize = 256;

/// How much a job is.
#[derive(Clone, Copy, Default)]
pub struct Load {
    pub changes: usize,
    /// Of memory, about.
    pub bytes: usize,
}

impl Load {
    /// Of one change without text.
    pub const ONE: Self = Self {
        changes: 1,
        bytes: JOB_BYTES,
    };

    pub fn of(entries: &[NewEntry]) -> Self {
        let text: usize = entries.iter().map(|entry| entry.act.text_bytes()).sum();
        Self {
            changes: entries.len(),
            bytes: text + entries.len() * JOB_BYTES,
        }
    }
}

/// One of a store's ways in, at a moment.
pub struct LaneFigures {
    pub waiting: Load,
    pub commits: Commits,
}

/// Jobs on their way to one thread that takes all that wait at once.
pub struct Queue<J> {
    state: Mutex<State<J>>,
    wake: Condvar,
    commits: Commits,
}

struct State<J> {
    jobs: Vec<J>,
    /// Of the jobs.
    load: Load,
    /// Whether the taker has something to look for elsewhere.
    nudged: bool,
    /// How many changes the taker sleeps for; `None` while it is awake.
    sleeps_for: Option<usize>,
    taken: Instant,
    /// How many changes that were.
    taken_changes: usize,
    closed: bool,
}

/// What there was to take.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<J> {
    /// All that waited; no jobs where there was but a nudge.
    Jobs(Vec<J>),
    /// Nothing in that time.
    Nothing,
    /// Nothing, and there will be no more.
    Closed,
}

impl<J> Queue<J> {
    pub fn new() -> Self {
        let state = State {
            jobs: Vec::new(),
            load: Load::default(),
            nudged: false,
            sleeps_for: None,
            taken: Instant::now(),
            taken_changes: 0,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            wake: Condvar::new(),
            commits: Commits::new(),
        }
    }

    /// Adds a job. Gives it back where no more are taken, and where too much waits already.
    pub fn push(&self, job: J, load: Load) -> Result<(), J> {
        let mut state = self.state();
        if state.closed || !state.has_room_for(load) {
            return Err(job);
        }
        state.jobs.push(job);
        // One of no changes is a job too.
        state.load.changes += load.changes.max(1);
        state.load.bytes += load.bytes;
        self.wake_for(state);
        Ok(())
    }

    /// Has the taker come as if for a job.
    pub fn nudge(&self) {
        let mut state = self.state();
        state.nudged = true;
        self.wake_for(state);
    }

    /// Waits for a job, or a nudge, and takes all that are there: at once where the last were taken a while ago,
    /// else after the rest of [`PAUSE`] or with [`ENOUGH`] changes. Waits no longer than `within`.
    pub fn take(&self, within: Option<Duration>) -> Taken<J> {
        let deadline = within.map(|within| Instant::now() + within);
        let mut state = self.state();
        while state.load.changes < ENOUGH && !state.closed {
            let (now, end) = (Instant::now(), state.taken + PAUSE);
            if now >= end && state.changes() > 0 {
                break;
            }
            if deadline.is_some_and(|deadline| deadline <= now) {
                state.sleeps_for = None;
                return Taken::Nothing;
            }
            let (wanted, until) = if now < end {
                (
                    ENOUGH,
                    Some(deadline.map_or(end, |deadline| deadline.min(end))),
                )
            } else {
                (1, deadline)
            };
            state.sleeps_for = Some(wanted);
            state = match until {
                Some(until) => {
                    self.wake
                        .wait_timeout(state, until - now)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
            };
        }
        if state.changes() == 0 {
            return Taken::Closed;
        }
        Taken::Jobs(state.take())
    }

    /// Begins to commit what was taken last.
    pub fn commit(&self) -> Commit {
        let changes = self.state().taken_changes;
        self.commits.begin(changes)
    }

    pub fn meter(&self) -> LaneFigures {
        LaneFigures {
            waiting: self.state().load,
            commits: self.commits.clone(),
        }
    }

    /// Takes no more jobs; what waits is still handed out.
    pub fn close(&self) {
        self.state().closed = true;
        self.wake.notify_one();
    }

    /// Takes no more jobs, and gives back what waits.
    pub fn give_up(&self) -> Vec<J> {
        let mut state = self.state();
        state.closed = true;
        state.take()
    }

    fn wake_for(&self, state: MutexGuard<'_, State<J>>) {
        let enough = state
            .sleeps_for
            .is_some_and(|wanted| state.changes() >= wanted);
        drop(state);
        if enough {
            self.wake.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> State<J> {
    fn changes(&self) -> usize {
        self.load.changes + usize::from(self.nudged)
    }

    /// The first is taken however large it is.
    fn has_room_for(&self, load: Load) -> bool {
        self.jobs.is_empty()
            || (self.load.changes + load.changes <= MOST.changes
                && self.load.bytes + load.bytes <= MOST.bytes)
    }

    fn take(&mut self) -> Vec<J> {
        self.taken_changes = std::mem::take(&mut self.load).changes;
        self.nudged = false;
        self.sleeps_for = None;
        self.taken = Instant::now();
        std::mem::take(&mut self.jobs)
    }
}

#[cfg(test)]
mod tests {
    use std::{iter, sync::Arc, thread};

    use super::*;

    const SMALL: Load = Load {
        changes: 1,
        bytes: 100,
    };

    fn all<J>(queue: &Queue<J>) -> Vec<J> {
        let take = || match queue.take(None) {
            Taken::Jobs(jobs) => Some(jobs),
            Taken::Nothing | Taken::Closed => None,
        };
        iter::from_fn(take).flatten().collect()
    }

    #[test]
    fn jobs_come_out_in_the_order_they_went_in_each_once_and_the_last_after_it_was_closed() {
        let queue = Arc::new(Queue::new());
        let taker = thread::spawn({
            let queue = queue.clone();
            move || all(&queue)
        });
        for job in 0..1_000 {
            let changes = job % 3;
            assert_eq!(queue.push(job, Load { changes, bytes: 0 }), Ok(()));
        }
        queue.close();
        assert_eq!(queue.push(1_000, SMALL), Err(1_000));
        assert_eq!(
            taker.join().expect("it ends"),
            (0..1_000).collect::<Vec<_>>()
        );
    }

    #[test]
    fn who_waits_no_longer_than_that_gets_nothing_from_an_empty_queue() {
        let queue = Queue::<u8>::new();
        assert_eq!(queue.take(Some(Duration::ZERO)), Taken::Nothing);
        queue.nudge();
        assert_eq!(queue.take(None), Taken::Jobs(vec![]));
        queue.close();
        assert_eq!(queue.take(Some(Duration::ZERO)), Taken::Closed);
    }

    #[test]
    fn a_queue_that_nobody_takes_from_is_full_some_time_in_number_and_in_bytes() {
        for (load, room) in [
            (SMALL, MOST.changes),
            (
                Load {
                    changes: 1,
                    bytes: 64 * 1024,
                },
                128,
            ),
        ] {
            let queue = Queue::new();
            let taken = (0..100_000).take_while(|job| queue.push(*job, load).is_ok());
            assert_eq!(taken.count(), room);
            assert_eq!(queue.give_up().len(), room);
        }
    }

    #[test]
    fn a_single_job_is_taken_however_large_it_is() {
        let huge = Load {
            changes: 100_000,
            bytes: 1 << 30,
        };
        assert_eq!(Queue::new().push(1, huge), Ok(()));
    }
}

//! A few threads that compute hashes, so that guessing keys cannot stall the chat, and whose memory goes back to the
//! system while there is nothing to hash.

use std::{
    collections::VecDeque,
    io,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use argon2::Block;
use memmap2::MmapMut;
use tokio::sync::oneshot;

use crate::domain::ApiError;

/// Threads at most, each with 19 MiB: half of the cores, so that the other half is left for the chat.
const THREADS: usize = 4;
/// Hashes that may wait for a thread: about as many as are computed in a second or two.
pub const WAITING: usize = 64;
/// How long a thread that has nothing to do stays.
const REST: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&mut Blocks) + Send>;

#[derive(Default)]
pub struct Hashing(Arc<Pool>);

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    /// Threads that wait for work.
    resting: usize,
}

impl Hashing {
    /// Has one of the threads do it. The place among those that wait is the work's, not the caller's: who hangs up
    /// and asks again makes the queue no longer than it may be.
    ///
    /// # Errors
    /// `unavailable` where too many wait already, and where no thread can be had.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Blocks) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.0.clone().push(Box::new(move |blocks| {
            if !reply.is_closed() {
                let _ = reply.send(work(blocks));
            }
        }))?;
        answer.await.map_err(|_| ApiError::unavailable())
    }
}

impl Hashing {
    /// How many hashes wait for a thread.
    pub fn waiting(&self) -> usize {
        self.0.state().jobs.len()
    }
}

impl Pool {
    fn push(self: Arc<Self>, job: Job) -> Result<(), ApiError> {
        let busy = || ApiError {
            retry_after: Some(1),
            ..ApiError::unavailable()
        };
        let mut state = self.state();
        if state.jobs.len() >= WAITING {
            return Err(busy());
        }
        state.jobs.push_back(job);
        if state.jobs.len() > state.resting && state.threads < threads() {
            let pool = self.clone();
            let begun = thread::Builder::new()
                .name("hashing".into())
                .spawn(move || pool.work());
            match begun {
                Ok(_) => state.threads += 1,
                Err(error) => {
                    tracing::error!(%error, "cannot start a thread for hashing");
                    if state.threads == 0 {
                        state.jobs.clear();
                        return Err(busy());
                    }
                }
            }
        }
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// What a thread does: jobs, in memory that is its own, until none has come for a while.
    fn work(&self) {
        let mut blocks = Blocks::default();
        while let Some(job) = self.next() {
            // One that panics takes only its own answer along.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| job(&mut blocks)));
        }
    }

    /// The next job; `None`, and the thread is counted no more, where none comes.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        state.resting += 1;
        let (mut state, _) = self
            .work
            .wait_timeout_while(state, REST, |state| state.jobs.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        state.resting -= 1;
        let job = state.jobs.pop_front();
        if job.is_none() {
            state.threads -= 1;
        }
        job
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn threads() -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    cores.div_ceil(2).min(THREADS)
}

/// Memory for Argon2, straight from the system and straight back to it: what an allocator gets back it may keep, for
/// every thread that ever hashed.
#[derive(Default)]
pub struct Blocks(Option<MmapMut>);

impl Blocks {
    /// Sees to it that there are so many.
    ///
    /// # Errors
    /// Where the system has no memory to give.
    pub fn hold(&mut self, count: usize) -> io::Result<()> {
        let bytes = count * Block::SIZE;
        if self.0.as_ref().is_none_or(|map| map.len() < bytes) {
            self.0 = Some(MmapMut::map_anon(bytes)?);
        }
        Ok(())
    }
}

impl AsMut<[Block]> for Blocks {
    #[allow(unsafe_code, reason = "argon2 takes its memory as blocks only")]
    fn as_mut(&mut self) -> &mut [Block] {
        let bytes: &mut [u8] = self.0.as_deref_mut().unwrap_or_default();
        // SAFETY: a block is 128 integers and nothing else, so that any bytes of the right alignment are one.
        let (_, blocks, _) = unsafe { bytes.align_to_mut() };
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may happen inside of a job is let happen.
    fn wait(receiver: &std::sync::mpsc::Receiver<()>) {
        let _ = receiver.recv_timeout(Duration::from_secs(30));
    }

    #[tokio::test]
    async fn so_many_wait_and_the_next_is_turned_away_even_where_those_who_asked_have_gone() {
        let hashing = Hashing::default();
        let mut holds = Vec::new();
        let mut held = Vec::new();
        for _ in 0..threads() {
            let (hold, let_go) = std::sync::mpsc::channel::<()>();
            holds.push(hold);
            let (begun, has_begun) = oneshot::channel();
            let pool = hashing.0.clone();
            held.push(tokio::spawn(async move {
                Hashing(pool)
                    .run(move |_| {
                        let _ = begun.send(());
                        wait(&let_go);
                    })
                    .await
            }));
            has_begun.await.expect("it begins");
        }
        for _ in 0..WAITING {
            // Asked, and hung up at once: the future is polled once and dropped.
            let asked = hashing.run(|_| ());
            let _ = tokio::time::timeout(Duration::ZERO, asked).await;
        }
        let refused = hashing.run(|_| ()).await.expect_err("the queue is full");
        assert_eq!(refused.code, crate::domain::Code::Unavailable);
        assert!(hashing.0.state().threads <= THREADS);
        drop(holds);
        for held in held {
            assert_eq!(held.await.expect("no panic"), Ok(()));
        }
        // What nobody waits for any more is passed over, and there is room again.
        let passed_over = async {
            while !hashing.0.state().jobs.is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), passed_over)
            .await
            .expect("nothing waits for ever");
        assert_eq!(hashing.run(|_| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_in_one_is_that_ones_alone() {
        let hashing = Hashing::default();
        let failed = hashing.run(|_| -> u8 { panic!("in a test") }).await;
        assert_eq!(failed, Err(ApiError::unavailable()));
        assert_eq!(hashing.run(|_| 7).await, Ok(7));
    }
}

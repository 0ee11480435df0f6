//! The way into the database for changes: one connection, and a thread that takes all that is waiting, commits it in one
//! transaction, answers, repeats ([`Committer`]).
//!
//! A lane trusts nothing that it remembers: what it checks and numbers it reads under locks in the same transaction. So
//! there may be more of them, in more processes.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use deadpool_postgres::Pool;
use tokio::sync::Notify;

use super::{
    change::Change,
    committer::{Committer, Jobs},
    epoch::Epoch,
    job::{Append, Job, Task},
    needs::Needs,
};
use crate::{
    domain::{Posted, RoomId, Seq},
    server::store::{
        Failure, Journal, NewEntry, Reply, SocketId, StoreError, UserId,
        alarm::Alarm,
        queue::{LaneFigures, Load, Queue},
        seen::Seen,
        sessions::Sessions,
        stop::Changed,
    },
};

/// How long a stop waits for what waits to be committed. What is not by then is as if the power had failed.
const LAST_COMMIT: Duration = Duration::from_secs(2);

pub struct Lane {
    jobs: Arc<Jobs>,
    seen: Arc<Seen>,
    journal: Arc<dyn Journal>,
    /// Hangs up when the thread has ended.
    ended: Mutex<Option<Receiver<()>>>,
}

impl Lane {
    /// `purge` is told when there is a deleted room to purge.
    ///
    /// # Errors
    /// Where the system has no thread to give.
    pub fn start(
        pool: Pool,
        journal: Arc<dyn Journal>,
        sessions: Arc<Sessions>,
        alarm: Alarm,
        purge: Arc<Notify>,
        epoch: Arc<Epoch>,
    ) -> io::Result<Self> {
        let (jobs, seen) = (Arc::new(Queue::new()), Arc::new(Seen::default()));
        let (end, ended) = mpsc::channel::<()>();
        let lane = Self {
            jobs: jobs.clone(),
            seen: seen.clone(),
            journal: journal.clone(),
            ended: Mutex::new(Some(ended)),
        };
        // On the lane's own thread, so that nothing has to be handed to another between two statements.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let committer = Committer::new(
            pool,
            jobs.clone(),
            seen,
            sessions,
            journal.clone(),
            purge,
            epoch,
        );
        thread::Builder::new().name("store".into()).spawn(move || {
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| committer.run(&runtime)));
            // Whoever still waits is told that nothing was done.
            drop(jobs.give_up());
            if outcome.is_err() {
                alarm.ring(Failure::Panicked);
            }
            journal.settled();
            drop(end);
        })?;
        Ok(lane)
    }

    /// Queues one change. `work` checks first and writes last: what it refuses must have written nothing.
    pub fn submit<T: Send + 'static>(
        &self,
        needs: Needs,
        work: impl AsyncFnOnce(&mut Change) -> Changed<T> + Send + 'static,
        reply: Reply<T>,
    ) {
        self.queue(Load::ONE, Box::new(Task::new(needs, work, reply)));
    }

    /// Queues entries. Each that is refused is refused alone.
    pub fn append(&self, entries: Vec<NewEntry>, reply: Reply<Vec<Result<Posted, StoreError>>>) {
        self.queue(Load::of(&entries), Box::new(Append::new(entries, reply)));
    }

    /// Remembers a read position that nobody waits for.
    pub fn note_seen(&self, room: RoomId, user: UserId, seq: Seq, by: SocketId) {
        if self.seen.note((room, user), seq, by) {
            self.jobs.nudge();
        }
    }

    fn queue(&self, load: Load, job: Box<dyn Job>) {
        if let Err(job) = self.jobs.push(job, load) {
            // It answers that nothing was done, and no commit will wake whoever was left that answer.
            drop(job);
            self.journal.settled();
        }
    }

    pub fn meter(&self) -> LaneFigures {
        self.jobs.meter()
    }

    /// Takes no more, commits what waits, and returns when it is done or takes too long.
    pub fn close(&self) {
        self.jobs.close();
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = ended.take()
            && ended.recv_timeout(LAST_COMMIT) == Err(RecvTimeoutError::Timeout)
        {
            tracing::error!("the last changes could not be stored in {LAST_COMMIT:?}");
        }
    }
}

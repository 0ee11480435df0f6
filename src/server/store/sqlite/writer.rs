//! The way to the one thread that writes: it takes all that is waiting, commits it in one transaction, answers,
//! repeats ([`Committer`]).
//!
//! A change that comes alone is committed at once; under load the batches grow ([`Queue`] says when one is
//! due).

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rusqlite::Connection;

use super::{
    append,
    change::{Change, Stop},
    committer::{Committer, Jobs, Keeping, Purge},
    job::Task,
    recall::Recall,
    wal::Wal,
};
use crate::{
    domain::{Posted, RoomId, Seq},
    server::store::{
        Failure, Journal, NewEntry, Reply, SocketId, StoreError, UserId,
        alarm::Alarm,
        queue::{LaneFigures, Load, Queue},
        seen::Seen,
        sessions::Sessions,
    },
};

/// How long a stop waits for what waits to be committed. What is not by then is as if the power had failed.
const LAST_COMMIT: Duration = Duration::from_secs(2);

pub struct Writer {
    jobs: Arc<Jobs>,
    seen: Arc<Seen>,
    journal: Arc<dyn Journal>,
    /// Hangs up when the thread has ended.
    ended: Mutex<Option<Receiver<()>>>,
}

impl Writer {
    /// # Errors
    /// Where the system has no thread to give.
    pub fn start(
        connection: Connection,
        file: PathBuf,
        journal: Arc<dyn Journal>,
        sessions: Arc<Sessions>,
        alarm: Alarm,
    ) -> io::Result<Self> {
        let (jobs, seen) = (Arc::new(Queue::new()), Arc::new(Seen::default()));
        let (end, ended) = mpsc::channel::<()>();
        let writer = Self {
            jobs: jobs.clone(),
            seen: seen.clone(),
            journal: journal.clone(),
            ended: Mutex::new(Some(ended)),
        };
        let committer = Committer {
            connection,
            file,
            jobs: jobs.clone(),
            seen,
            sessions,
            journal: journal.clone(),
            recall: Recall::default(),
            wal: Wal::new(),
            purge: Purge::new(),
            keeping: Keeping::new(),
        };
        thread::Builder::new().name("store".into()).spawn(move || {
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| committer.run()));
            // Whoever still waits is told that nothing was done.
            drop(jobs.give_up());
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => alarm.ring(failure),
                Err(_) => alarm.ring(Failure::Panicked),
            }
            journal.settled();
            drop(end);
        })?;
        Ok(writer)
    }

    /// Queues one change. `work` checks first and writes last: what it refuses must have written nothing.
    pub fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, Stop> + Send + 'static,
        reply: Reply<T>,
    ) {
        self.queue(
            Load::ONE,
            |change| {
                change
                    .recall
                    .settle(change.connection, &mut change.events)?;
                work(change)
            },
            reply,
        );
    }

    /// Queues entries. Each that is refused is refused alone.
    pub fn append(&self, entries: Vec<NewEntry>, reply: Reply<Vec<Result<Posted, StoreError>>>) {
        self.queue(
            Load::of(&entries),
            |change| {
                let append = |entry| match append::append(change, entry) {
                    Ok(posted) => Ok(Ok(posted)),
                    Err(Stop::Refused(error)) => Ok(Err(error)),
                    Err(failed) => Err(failed),
                };
                entries.into_iter().map(append).collect()
            },
            reply,
        );
    }

    /// Remembers a read position that nobody waits for.
    pub fn note_seen(&self, room: RoomId, user: UserId, seq: Seq, by: SocketId) {
        if self.seen.note((room, user), seq, by) {
            self.jobs.nudge();
        }
    }

    fn queue<T: Send + 'static>(
        &self,
        load: Load,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, Stop> + Send + 'static,
        reply: Reply<T>,
    ) {
        if let Err(job) = self.jobs.push(Box::new(Task::new(work, reply)), load) {
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

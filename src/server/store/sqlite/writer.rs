//! The one thread that writes: takes all that is waiting, commits it in one transaction, answers, repeats.
//!
//! There is no timer: under load the batches grow by themselves, because more is waiting by the time a
//! commit is done.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};

use rusqlite::{Connection, TransactionBehavior};

use super::writes::{self, Change, Stop};
use crate::server::store::{Event, Journal, Reply, StoreError};

/// Changes in one transaction at most, so that the first of them does not wait without bound.
const BATCH: usize = 1_024;

/// Runs inside the transaction, and hands back what is to happen once it has been committed or not.
type Job = Box<dyn FnOnce(&mut Change<'_>) -> Done + Send>;
/// Is told whether the transaction was committed. `Err` inside the job's own result needs no commit.
type Done = Box<dyn FnOnce(Result<(), StoreError>)>;

pub struct Writer {
    jobs: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub fn start(connection: Connection, journal: Arc<dyn Journal>) -> Self {
        let (jobs, waiting) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store".into())
            .spawn(move || run(connection, &*journal, &waiting));
        if let Err(error) = &thread {
            tracing::error!(%error, "cannot start the store's thread");
        }
        Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(thread.ok()),
        }
    }

    /// Queues one change. `work` checks first and writes last: what it refuses must have written nothing.
    pub fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, Stop> + Send + 'static,
        reply: Reply<T>,
    ) {
        let answer = Answer(Some(reply));
        let job: Job = Box::new(move |change| {
            let result = work(change);
            if let Err(Stop::Failed(error)) = &result {
                change.failed = Some(*error);
            }
            Box::new(move |committed| {
                answer.give(match (result, committed) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Ok(_), Err(error)) | (Err(Stop::Refused(error) | Stop::Failed(error)), _) => {
                        Err(error)
                    }
                });
            })
        });
        if let Some(jobs) = &*self.jobs.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = jobs.send(job);
        }
    }

    /// Takes no more, commits what waits, and returns when it is done.
    pub fn close(&self) {
        drop(
            self.jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        if let Some(thread) = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            let _ = thread.join();
        }
    }
}

/// A reply that is always given: a job that is dropped unrun answers that it was not done.
struct Answer<T>(Option<Reply<T>>);

impl<T> Answer<T> {
    fn give(mut self, result: Result<T, StoreError>) {
        if let Some(reply) = self.0.take() {
            reply(result);
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            reply(Err(StoreError::Unavailable));
        }
    }
}

fn run(mut connection: Connection, journal: &dyn Journal, waiting: &Receiver<Job>) {
    // A purge may have been cut short by the last stop.
    let mut purging = true;
    while let Some(first) = next(&mut connection, waiting, &mut purging) {
        let mut done: Vec<(Vec<Event>, Done)> = Vec::new();
        let outcome = commit(&mut connection, |change| {
            for job in std::iter::once(first).chain(waiting.try_iter()).take(BATCH) {
                let finish = job(change);
                done.push((std::mem::take(&mut change.events), finish));
            }
        });
        match outcome {
            Ok(purged) => {
                if purged {
                    truncate_log(&connection);
                    purging = true;
                }
                for (events, finish) in done {
                    events
                        .into_iter()
                        .for_each(|event| journal.committed(event));
                    finish(Ok(()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, changes = done.len(), "changes were not stored");
                done.into_iter().for_each(|(_, finish)| finish(Err(error)));
            }
        }
    }
    truncate_log(&connection);
}

/// The next job; `None` when there will be no more. While none waits, rooms that were deleted lose their
/// messages step by step.
fn next(connection: &mut Connection, waiting: &Receiver<Job>, purging: &mut bool) -> Option<Job> {
    while *purging {
        if let Ok(job) = waiting.try_recv() {
            return Some(job);
        }
        let purged = commit(connection, |change| match writes::purge_step(change) {
            Ok(more) => *purging = more,
            Err(Stop::Refused(error) | Stop::Failed(error)) => change.failed = Some(error),
        });
        match purged {
            Ok(_) => truncate_log(connection),
            // Tried again after the next deletion or start.
            Err(_) => *purging = false,
        }
    }
    waiting.recv().ok()
}

/// Runs `work` in one transaction and commits it, unless something in it failed. Answers whether messages
/// were deleted for good.
fn commit(
    connection: &mut Connection,
    work: impl FnOnce(&mut Change<'_>),
) -> Result<bool, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut change = Change::new(&transaction);
    work(&mut change);
    let (failed, purged) = (change.failed, change.purged);
    match failed {
        None => transaction.commit()?,
        Some(error) => return Err(error),
    }
    Ok(purged)
}

/// Empties the write-ahead log, in which what was deleted would otherwise still stand.
fn truncate_log(connection: &Connection) {
    let truncated = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    if let Err(error) = truncated {
        tracing::warn!(%error, "cannot empty the write-ahead log");
    }
}

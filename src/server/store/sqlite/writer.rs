//! The one thread that writes: takes all that is waiting, commits it in one transaction, answers, repeats.
//!
//! A change that comes alone is committed at once; under load the batches grow ([`Queue`] says when one is
//! due).

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use rusqlite::Connection;

use super::{
    alarm::Alarm,
    queue::Queue,
    recall::Recall,
    sessions::Sessions,
    writes::{self, Change, Stop},
};
use crate::{
    domain::Posted,
    server::store::{Event, Failure, Journal, NewMessage, Reply, StoreError},
};

/// Runs inside the transaction, and hands back what is to happen once it has been committed or not.
type Job = Box<dyn FnOnce(&mut Change<'_>) -> Done + Send>;
/// Is told whether the transaction was committed. `Err` inside the job's own result needs no commit.
type Done = Box<dyn FnOnce(Result<(), StoreError>)>;

pub struct Writer {
    jobs: Arc<Queue<Job>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub fn start(
        connection: Connection,
        journal: Arc<dyn Journal>,
        sessions: Arc<Sessions>,
        alarm: Alarm,
    ) -> Self {
        let jobs = Arc::new(Queue::new());
        let waiting = jobs.clone();
        let thread = thread::Builder::new().name("store".into()).spawn(move || {
            let work = || run(&connection, &*journal, &sessions, &waiting);
            if panic::catch_unwind(AssertUnwindSafe(work)).is_err() {
                // Whoever waits is told so as their jobs are dropped.
                waiting.close();
                drop(waiting.take_waiting());
                alarm.ring(Failure::Panicked);
            }
        });
        if let Err(error) = &thread {
            tracing::error!(%error, "cannot start the store's thread");
        }
        Self {
            jobs,
            thread: Mutex::new(thread.ok()),
        }
    }

    /// Queues one change. `work` checks first and writes last: what it refuses must have written nothing.
    pub fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, Stop> + Send + 'static,
        reply: Reply<T>,
    ) {
        self.queue(
            1,
            |change| {
                change
                    .recall
                    .settle(change.connection, &mut change.events)?;
                work(change)
            },
            reply,
        );
    }

    /// Queues messages. Each that is refused is refused alone.
    pub fn post(&self, messages: Vec<NewMessage>, reply: Reply<Vec<Result<Posted, StoreError>>>) {
        self.queue(
            messages.len(),
            |change| {
                let post = |message| match writes::post(change, message) {
                    Ok(posted) => Ok(Ok(posted)),
                    Err(Stop::Refused(error)) => Ok(Err(error)),
                    Err(failed) => Err(failed),
                };
                messages.into_iter().map(post).collect()
            },
            reply,
        );
    }

    fn queue<T: Send + 'static>(
        &self,
        changes: usize,
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
        // A job that is not taken is dropped, and says so.
        drop(self.jobs.push(job, changes));
    }

    /// Takes no more, commits what waits, and returns when it is done.
    pub fn close(&self) {
        self.jobs.close();
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

fn run(connection: &Connection, journal: &dyn Journal, sessions: &Sessions, waiting: &Queue<Job>) {
    // A purge may have been cut short by the last stop.
    let (mut purging, mut recall) = (true, Recall::default());
    while let Some(jobs) = next(connection, &mut recall, waiting, &mut purging) {
        let mut done: Vec<(Vec<Event>, Done)> = Vec::with_capacity(jobs.len());
        let outcome = commit(connection, &mut recall, |change| {
            for job in jobs {
                let finish = job(change);
                done.push((std::mem::take(&mut change.events), finish));
            }
        });
        match outcome {
            Ok(Committed { purged, settled }) => {
                if purged {
                    truncate_log(connection);
                    purging = true;
                }
                for (events, finish) in done {
                    for event in events {
                        if let Event::GaveUp { user } = event {
                            sessions.end(user);
                        }
                        journal.committed(event);
                    }
                    finish(Ok(()));
                }
                for event in settled {
                    journal.committed(event);
                }
            }
            Err(error) => {
                tracing::warn!(%error, changes = done.len(), "changes were not stored");
                done.into_iter().for_each(|(_, finish)| finish(Err(error)));
            }
        }
        journal.settled();
    }
    truncate_log(connection);
}

/// The next jobs; `None` when there will be no more. While none waits, rooms that were deleted lose their
/// messages step by step.
fn next(
    connection: &Connection,
    recall: &mut Recall,
    waiting: &Queue<Job>,
    purging: &mut bool,
) -> Option<Vec<Job>> {
    while *purging {
        let jobs = waiting.take_waiting();
        if !jobs.is_empty() {
            return Some(jobs);
        }
        let purged = commit(connection, recall, |change| {
            match writes::purge_step(change) {
                Ok(more) => *purging = more,
                Err(Stop::Refused(error) | Stop::Failed(error)) => change.failed = Some(error),
            }
        });
        match purged {
            Ok(_) => truncate_log(connection),
            // Tried again after the next deletion or start.
            Err(_) => *purging = false,
        }
    }
    waiting.take()
}

/// What a transaction did besides what its jobs tell of.
struct Committed {
    /// Whether messages were deleted for good.
    purged: bool,
    /// What was settled at its end.
    settled: Vec<Event>,
}

/// Runs `work` in one transaction and commits it, unless something in it failed.
fn commit(
    connection: &Connection,
    recall: &mut Recall,
    work: impl FnOnce(&mut Change<'_>),
) -> Result<Committed, StoreError> {
    let outcome = transact(connection, recall, work);
    if outcome.is_err() {
        recall.forget_all();
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "cannot roll back");
        }
    }
    outcome
}

fn transact(
    connection: &Connection,
    recall: &mut Recall,
    work: impl FnOnce(&mut Change<'_>),
) -> Result<Committed, StoreError> {
    // Prepared once, where rusqlite's own transaction parses its two words each time.
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut change = Change::new(connection, recall);
    work(&mut change);
    if let Some(error) = change.failed {
        return Err(error);
    }
    let (purged, mut settled) = (change.purged, Vec::new());
    recall.settle(connection, &mut settled)?;
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(Committed { purged, settled })
}

/// Empties the write-ahead log, in which what was deleted would otherwise still stand.
fn truncate_log(connection: &Connection) {
    let truncated = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    if let Err(error) = truncated {
        tracing::warn!(%error, "cannot empty the write-ahead log");
    }
}

//! The store's thread: commits what waits in one transaction, answers, and does the chores in between: deleted
//! rooms, and those that keep messages so many days, lose theirs step by step, and the log is looked after.

use std::{
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{
    change::{Change, Stop},
    errors,
    job::Job,
    keeping, purge,
    recall::Recall,
    wal::Wal,
    writes,
};
use crate::{
    domain::RoomId,
    server::store::{
        Event, Failure, Journal, Reading, StoreError,
        queue::{Queue, Taken},
        seen::{Positions, Seen},
        sessions::Sessions,
    },
};

pub type Jobs = Queue<Box<dyn Job>>;

/// A step of a purge that takes longer deletes less the next time: a post may be waiting for it.
const STEP: Duration = Duration::from_millis(4);
/// Messages that a step deletes, at least and at most.
const STEPS: (usize, usize) = (16, 4_096);
/// How often it is looked for what rooms keep no longer.
const LOOK: Duration = Duration::from_secs(60 * 60);
/// When a purge that failed, as on a full disk, is tried again.
const AGAIN: Duration = Duration::from_secs(1);

pub struct Committer {
    pub connection: Connection,
    pub file: PathBuf,
    pub jobs: Arc<Jobs>,
    pub seen: Arc<Seen>,
    pub sessions: Arc<Sessions>,
    pub journal: Arc<dyn Journal>,
    pub recall: Recall,
    pub wal: Wal,
    pub purge: Purge,
    pub keeping: Keeping,
}

/// When it is looked again for what rooms keep no longer.
pub struct Keeping {
    due: Instant,
    /// After which room the look goes on; 0 begins it.
    after: RoomId,
}

impl Keeping {
    /// One that begins at once: time has gone on since the last stop.
    pub fn new() -> Self {
        Self {
            due: Instant::now(),
            after: 0,
        }
    }
}

/// What is left to delete of rooms that are gone.
pub struct Purge {
    /// When the next step is due, where there may be one.
    due: Option<Instant>,
    /// Messages that it deletes.
    messages: usize,
}

impl Purge {
    /// One that the last stop may have cut short.
    pub fn new() -> Self {
        Self {
            due: Some(Instant::now()),
            messages: STEPS.0,
        }
    }

    fn went_on(&mut self, took: Duration) {
        self.due = Some(Instant::now());
        self.messages = if took > STEP {
            self.messages / 2
        } else {
            self.messages * 2
        }
        .clamp(STEPS.0, STEPS.1);
    }
}

/// Why a transaction's changes cannot be confirmed.
enum Lost {
    /// Nothing of it is stored.
    NotStored(StoreError),
    /// The disk failed while it was made durable. After a restart it is there or is not.
    InDoubt,
}

impl From<StoreError> for Lost {
    fn from(error: StoreError) -> Self {
        Self::NotStored(error)
    }
}

impl From<rusqlite::Error> for Lost {
    fn from(error: rusqlite::Error) -> Self {
        Self::NotStored(error.into())
    }
}

impl Committer {
    /// Works until the queue is closed and empty.
    ///
    /// # Errors
    /// [`Failure`] where the disk failed. Those whose changes were not stored have been told so.
    pub fn run(mut self) -> Result<(), Failure> {
        loop {
            match self.jobs.take(self.chore_due()) {
                Taken::Jobs(jobs) => self.commit(jobs)?,
                Taken::Nothing => {}
                Taken::Closed => break,
            }
            self.chores()?;
        }
        self.wal.close(&self.connection);
        Ok(())
    }

    /// Commits jobs, tells the journal of each and answers it.
    fn commit(&mut self, jobs: Vec<Box<dyn Job>>) -> Result<(), Failure> {
        let (positions, more) = self.seen.take();
        if more {
            self.jobs.nudge();
        }
        let commit = self.jobs.commit();
        let mut jobs = jobs.into_iter();
        let mut done: Vec<(Vec<Event>, Box<dyn Job>)> = Vec::with_capacity(jobs.len());
        let outcome = self.transact(|change| {
            for mut job in jobs.by_ref() {
                let ran = job.run(change);
                done.push((std::mem::take(&mut change.events), job));
                ran?;
            }
            note_seen(change, positions)
        });
        let outcome = match outcome {
            Ok(settled) => {
                commit.done();
                self.tell(done, settled);
                Ok(())
            }
            Err(Lost::NotStored(error)) => {
                let told = done.into_iter().map(|(_, job)| job).chain(jobs);
                let told = told.map(|job| job.answer(Err(error))).count();
                tracing::warn!(%error, changes = told, "changes were not stored");
                go_on_after(error)
            }
            Err(Lost::InDoubt) => {
                // Neither answer may be given: they hear what they would of a power cut, nothing, and ask again.
                tracing::error!(
                    changes = done.len(),
                    "changes may or may not have been stored"
                );
                std::mem::forget(done);
                Err(Failure::Disk)
            }
        };
        self.journal.settled();
        outcome
    }

    /// What has been committed is told to all, whoever panics at it: a job that were dropped unanswered would say
    /// that it was not stored.
    fn tell(&self, done: Vec<(Vec<Event>, Box<dyn Job>)>, settled: Vec<Event>) {
        let told = done.into_iter().map(|(events, job)| (events, Some(job)));
        let mut panicked = None;
        for (events, job) in told.chain([(settled, None)]) {
            let committed = || events.into_iter().for_each(|event| self.committed(event));
            let answer = || job.into_iter().for_each(|job| job.answer(Ok(())));
            let first = panic::catch_unwind(AssertUnwindSafe(committed)).err();
            let then = panic::catch_unwind(AssertUnwindSafe(answer)).err();
            panicked = panicked.or(first).or(then);
        }
        if let Some(panic) = panicked {
            panic::resume_unwind(panic);
        }
    }

    fn committed(&self, event: Event) {
        self.sessions.heard(&event);
        self.journal.committed(event);
    }

    /// How long a job may be waited for until there is something else to do.
    fn chore_due(&self) -> Option<Duration> {
        let due = [self.purge.due, self.wal.due(), Some(self.keeping.due)];
        let due = due.into_iter().flatten().min();
        due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    fn chores(&mut self) -> Result<(), Failure> {
        if self.purge.due.is_some_and(|due| due <= Instant::now()) {
            self.purge()?;
        }
        if self.keeping.due <= Instant::now() {
            self.keep()?;
        }
        let purging = self.purge.due.is_some();
        let looked_after = self.wal.look_after(&self.connection, purging);
        looked_after.or_else(|error| go_on_after(self.told_apart(error)))
    }

    /// One step, in a transaction of its own: nobody's change waits for more than this, or fails with it.
    fn purge(&mut self) -> Result<(), Failure> {
        let (began, messages) = (Instant::now(), self.purge.messages);
        let mut more = false;
        let outcome = self.transact(|change| {
            more = match purge::step(change, messages) {
                Ok(more) => more,
                Err(Stop::Refused(error) | Stop::Failed(error)) => return Err(error),
            };
            Ok(())
        });
        match outcome {
            Ok(_) if more => self.purge.went_on(began.elapsed()),
            Ok(_) => self.purge.due = None,
            Err(Lost::NotStored(error)) => {
                self.purge.due = Some(Instant::now() + AGAIN);
                go_on_after(error)?;
            }
            Err(Lost::InDoubt) => return Err(Failure::Disk),
        }
        Ok(())
    }

    /// One step of the look for what rooms keep no longer.
    fn keep(&mut self) -> Result<(), Failure> {
        let after = self.keeping.after;
        let mut next = None;
        let outcome = self.transact(|change| {
            next = match keeping::expire_step(change, after) {
                Ok(next) => next,
                Err(Stop::Refused(error) | Stop::Failed(error)) => return Err(error),
            };
            Ok(())
        });
        match outcome {
            Ok(events) => {
                events.into_iter().for_each(|event| self.committed(event));
                self.journal.settled();
                let pause = if next.is_some() { Duration::ZERO } else { LOOK };
                self.keeping = Keeping {
                    due: Instant::now() + pause,
                    after: next.unwrap_or_default(),
                };
            }
            Err(Lost::NotStored(error)) => {
                self.keeping.due = Instant::now() + AGAIN;
                go_on_after(error)?;
            }
            Err(Lost::InDoubt) => return Err(Failure::Disk),
        }
        Ok(())
    }

    /// Runs `work` in one transaction and commits it, unless something in it failed. Answers what happened that
    /// `work` has not taken out.
    fn transact(
        &mut self,
        work: impl FnOnce(&mut Change<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Event>, Lost> {
        let outcome = attempt(&self.connection, &mut self.recall, work);
        match outcome {
            Ok(Committed {
                purged,
                keeps_less,
                events,
            }) => {
                if keeps_less {
                    self.keeping = Keeping::new();
                }
                if purged {
                    self.wal.forget();
                    self.purge.due.get_or_insert_with(Instant::now);
                }
                Ok(events)
            }
            Err(lost) => {
                self.recall.forget_all();
                if !self.connection.is_autocommit()
                    && let Err(error) = self.connection.execute_batch("ROLLBACK")
                {
                    tracing::error!(%error, "cannot roll back");
                }
                Err(match lost {
                    Lost::NotStored(error) => Lost::NotStored(self.told_apart(error)),
                    Lost::InDoubt => Lost::InDoubt,
                })
            }
        }
    }

    /// A disk that is full, where it looks like one that failed.
    fn told_apart(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Broken if errors::no_room_beside(&self.file) => StoreError::Full,
            error => error,
        }
    }
}

/// Goes on, unless the disk failed.
fn go_on_after(error: StoreError) -> Result<(), Failure> {
    match error {
        StoreError::Broken => Err(Failure::Disk),
        _ => Ok(()),
    }
}

/// Nobody waits for these: those that are refused are dropped.
fn note_seen(change: &mut Change<'_>, positions: Positions) -> Result<(), StoreError> {
    if !positions.is_empty() {
        change
            .recall
            .settle(change.connection, &mut change.events)?;
    }
    for ((room, user), (seq, by)) in positions {
        match writes::seen(change, room, user, seq, Reading::Socket(by)) {
            Err(Stop::Failed(error)) => return Err(error),
            Ok(()) | Err(Stop::Refused(_)) => {}
        }
    }
    Ok(())
}

/// What a transaction did.
struct Committed {
    /// Whether something was deleted for good, or is to be.
    purged: bool,
    /// Whether messages may have become too old to be kept.
    keeps_less: bool,
    events: Vec<Event>,
}

fn attempt(
    connection: &Connection,
    recall: &mut Recall,
    work: impl FnOnce(&mut Change<'_>) -> Result<(), StoreError>,
) -> Result<Committed, Lost> {
    // Prepared once, where rusqlite's own transaction parses its two words each time.
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut change = Change::new(connection, recall);
    work(&mut change)?;
    let (purged, keeps_less) = (change.purged, change.keeps_less);
    let mut events = change.events;
    recall.settle(connection, &mut events)?;
    recall.index(connection)?;
    // SQLite ends a transaction by itself when a statement fails for good: nothing may go on as if in it.
    if connection.is_autocommit() {
        return Err(StoreError::Unavailable.into());
    }
    let mut commit = connection.prepare_cached("COMMIT")?;
    match commit.execute([]) {
        Ok(_) => Ok(Committed {
            purged,
            keeps_less,
            events,
        }),
        Err(error) if errors::leaves_doubt(&error) => {
            tracing::error!(%error, "a commit failed");
            Err(Lost::InDoubt)
        }
        Err(error) => Err(error.into()),
    }
}

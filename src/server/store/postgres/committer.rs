//! A lane's thread: commits what waits in one transaction and answers; connects again where the connection is lost, and
//! finds out what became of a commit whose answer was lost with it.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::{Duration, Instant},
};

use deadpool_postgres::{Client, Object, Pool};
use tokio::{runtime::Runtime, sync::Notify, time::timeout};
use uuid::Uuid;

use super::{
    basics::row,
    change::{Change, Lost, Mark},
    epoch::Epoch,
    errors,
    facts::Questions,
    hot::Hot,
    job::Job,
    needs::Needs,
};
use crate::server::store::{
    Event, Journal, StoreError,
    queue::{Queue, Taken},
    seen::{Positions, Seen},
    sessions::Sessions,
};

pub type Jobs = Queue<Box<dyn Job>>;

/// What takes longer is given up, as long as nothing has been committed.
const WORK: Duration = Duration::from_secs(10);
/// A commit that takes longer is asked about on another connection.
const COMMIT: Duration = Duration::from_secs(15);
/// From one attempt to connect to the next, at least and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

pub struct Committer {
    /// What the database knows this lane by, and how many of its transactions were to be committed.
    mark: Mark,
    pool: Pool,
    connection: Option<(Client, Hot)>,
    retry: Retry,
    jobs: Arc<Jobs>,
    seen: Arc<Seen>,
    sessions: Arc<Sessions>,
    journal: Arc<dyn Journal>,
    purge: Arc<Notify>,
    epoch: Arc<Epoch>,
}

/// When to connect again.
struct Retry {
    due: Instant,
    wait: Duration,
}

/// Jobs that have run, each with what happened in it.
type Done = Vec<(Vec<Event>, Box<dyn Job>)>;

impl Committer {
    pub fn new(
        pool: Pool,
        jobs: Arc<Jobs>,
        seen: Arc<Seen>,
        sessions: Arc<Sessions>,
        journal: Arc<dyn Journal>,
        purge: Arc<Notify>,
        epoch: Arc<Epoch>,
    ) -> Self {
        Self {
            mark: Mark {
                lane: Uuid::now_v7(),
                batch: 0,
            },
            pool,
            connection: None,
            retry: Retry {
                due: Instant::now(),
                wait: AGAIN.0,
            },
            jobs,
            seen,
            sessions,
            journal,
            purge,
            epoch,
        }
    }

    /// Works until the queue is closed and empty.
    pub fn run(mut self, runtime: &Runtime) {
        loop {
            match self.jobs.take(None) {
                Taken::Jobs(jobs) => runtime.block_on(self.commit(jobs)),
                Taken::Nothing => {}
                Taken::Closed => break,
            }
        }
        runtime.block_on(self.say_goodbye());
    }

    /// Commits jobs, tells the journal of each and answers it.
    async fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let (positions, more) = self.seen.take();
        if more {
            self.jobs.nudge();
        }
        if jobs.is_empty() && positions.is_empty() {
            return;
        }
        let commit = self.jobs.commit();
        let Some(mut change) = self.begin(&jobs, &positions).await else {
            self.refuse(jobs, StoreError::Unavailable);
            return;
        };
        let mut events = Vec::with_capacity(jobs.len());
        let ran = timeout(WORK, run_all(&mut change, &mut jobs, &mut events)).await;
        if let Err(error) = ran.unwrap_or(Err(StoreError::Unavailable)) {
            // With the connection goes the transaction.
            drop(Object::take(change.into_connection().0));
            self.refuse(jobs, error);
            return;
        }
        self.mark.batch += 1;
        let committed = timeout(COMMIT, change.commit(positions, self.mark)).await;
        let purged = change.purged;
        let done: Done = events.into_iter().zip(jobs).collect();
        match committed.unwrap_or(Err(Lost::InDoubt)) {
            Ok(ended) => {
                commit.done();
                self.connection = Some(change.into_connection());
                self.tell(done, ended.events);
            }
            Err(Lost::NotStored(error)) => {
                drop(Object::take(change.into_connection().0));
                self.refuse(done.into_iter().map(|(_, job)| job), error);
            }
            Err(Lost::InDoubt) => {
                drop(Object::take(change.into_connection().0));
                self.resolve(done).await;
            }
        }
        if purged {
            self.purge.notify_one();
        }
    }

    /// A transaction that holds what the jobs need. A connection that was lost while nobody needed it is made anew.
    async fn begin(&mut self, jobs: &[Box<dyn Job>], positions: &Positions) -> Option<Change> {
        let mut needs = Needs::default();
        jobs.iter().for_each(|job| job.needs(&mut needs));
        let read_in = positions.iter().map(|((room, _), _)| *room);
        needs.rooms.extend(read_in);
        loop {
            let kept = self.connection.is_some();
            let (client, hot) = self.connected().await?;
            let mut change = Change::new(client, hot);
            let questions = questions(&jobs[..appends(jobs)]);
            match timeout(WORK, change.begin(needs.clone(), questions)).await {
                Ok(Ok(())) => return Some(change),
                begun => {
                    drop(Object::take(change.into_connection().0));
                    if let Ok(Err(error)) = begun
                        && !(kept && errors::ends_connection(&error))
                    {
                        // Logged with what it means.
                        let _ = StoreError::from(error);
                        return None;
                    }
                    if !kept {
                        return None;
                    }
                }
            }
        }
    }

    /// The connection, made anew where there is none and it is time to try.
    async fn connected(&mut self) -> Option<(Client, Hot)> {
        if let Some(connection) = self.connection.take() {
            return Some(connection);
        }
        if Instant::now() < self.retry.due {
            return None;
        }
        let connected = async {
            let client = self.pool.get().await?;
            let hot = Hot::prepare(&client).await?;
            let anew = self.epoch.has_changed(&client).await?;
            Ok::<_, StoreError>((client, hot, anew))
        };
        match connected.await {
            Ok((client, hot, anew)) => {
                self.retry.wait = AGAIN.0;
                if anew {
                    self.begin_anew();
                }
                Some((client, hot))
            }
            Err(_) => {
                self.retry.due = Instant::now() + self.retry.wait;
                self.retry.wait = (2 * self.retry.wait).min(AGAIN.1);
                None
            }
        }
    }

    /// This is not the database that was, or it was set back: what was told of it may not be so.
    fn begin_anew(&self) {
        tracing::warn!("the database is another, or another life of it: all is read anew");
        self.sessions.forget();
        self.journal.anew();
        self.journal.settled();
    }

    /// Answers that nothing of it was done.
    fn refuse(&self, jobs: impl IntoIterator<Item = Box<dyn Job>>, error: StoreError) {
        let told = jobs.into_iter().map(|job| job.answer(Err(error))).count();
        if told > 0 {
            tracing::warn!(%error, changes = told, "changes were not stored");
        }
        self.journal.settled();
    }

    /// Finds out whether a commit happened whose answer was lost, however long it takes, and answers that. Meanwhile
    /// others are told at once that nothing can be done.
    async fn resolve(&mut self, done: Done) {
        tracing::warn!(
            changes = done.len(),
            "changes may or may not have been stored: asking"
        );
        loop {
            if let Some((client, hot)) = self.connected().await {
                match timeout(COMMIT, happened(&client, self.mark)).await {
                    Ok(Ok(happened)) => {
                        tracing::info!(
                            happened,
                            changes = done.len(),
                            "what became of them is known"
                        );
                        self.connection = Some((client, hot));
                        if happened {
                            self.tell(done, Vec::new());
                        } else {
                            let jobs = done.into_iter().map(|(_, job)| job);
                            self.refuse(jobs, StoreError::Unavailable);
                        }
                        return;
                    }
                    Ok(Err(_)) | Err(_) => drop(Object::take(client)),
                }
            }
            match self.jobs.take(Some(AGAIN.0)) {
                Taken::Jobs(jobs) => self.refuse(jobs, StoreError::Unavailable),
                Taken::Nothing => {}
                Taken::Closed => {
                    // Neither answer may be given: they hear what they would of a power cut, nothing, and ask again.
                    tracing::error!(changes = done.len(), "what became of changes is not known");
                    std::mem::forget(done);
                    return;
                }
            }
        }
    }

    /// What has been committed is told to all, whoever panics at it: a job that were dropped unanswered would say
    /// that it was not stored.
    fn tell(&self, done: Done, moved: Vec<Event>) {
        let told = done.into_iter().map(|(events, job)| (events, Some(job)));
        let mut panicked = None;
        for (events, job) in told.chain([(moved, None)]) {
            let committed = || events.into_iter().for_each(|event| self.committed(event));
            let answer = || job.into_iter().for_each(|job| job.answer(Ok(())));
            let first = panic::catch_unwind(AssertUnwindSafe(committed)).err();
            let then = panic::catch_unwind(AssertUnwindSafe(answer)).err();
            panicked = panicked.or(first).or(then);
        }
        self.journal.settled();
        if let Some(panic) = panicked {
            panic::resume_unwind(panic);
        }
    }

    fn committed(&self, event: Event) {
        self.sessions.heard(&event);
        self.journal.committed(event);
    }

    /// Nobody will ask about this lane's transactions any more.
    async fn say_goodbye(&mut self) {
        if let Some((client, _)) = self.connection.take() {
            let forget = "DELETE FROM lanes WHERE id = $1";
            // What is left is taken away some day by others.
            let _ = timeout(WORK, client.execute(forget, &[&self.mark.lane])).await;
        }
    }
}

/// Runs jobs one after the other. What those that only append have to know is asked for all at once, as long as nothing
/// else comes between them.
async fn run_all(
    change: &mut Change,
    jobs: &mut [Box<dyn Job>],
    events: &mut Vec<Vec<Event>>,
) -> Result<(), StoreError> {
    let mut known = appends(jobs);
    for at in 0..jobs.len() {
        let more = appends(&jobs[at..]);
        if more > 0 && at >= known {
            known = at + more;
            change.look_up(questions(&jobs[at..known])).await?;
        }
        jobs[at].run(change).await?;
        events.push(std::mem::take(&mut change.events));
    }
    Ok(())
}

/// How many jobs there are until the first that does more than to append.
fn appends(jobs: &[Box<dyn Job>]) -> usize {
    let appends = jobs.iter().take_while(|job| !job.entries().is_empty());
    appends.count()
}

fn questions(jobs: &[Box<dyn Job>]) -> Questions {
    Questions::about(jobs.iter().flat_map(|job| job.entries()))
}

/// Whether that transaction was committed. Waits for it where it is still at work.
async fn happened(client: &Client, mark: Mark) -> Result<bool, StoreError> {
    client.batch_execute("SET lock_timeout = 0").await?;
    let last = row(
        client,
        "SELECT batch FROM lanes WHERE id = $1 FOR UPDATE",
        &[&mark.lane],
    )
    .await?;
    let happened = last.is_some_and(|row| row.get::<_, i64>(0) == mark.batch);
    client.batch_execute("SET lock_timeout = '5s'").await?;
    Ok(happened)
}

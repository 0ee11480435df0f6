//! What a lane is asked: something to do inside a transaction, and whom to tell what became of it.

use futures::future::{FutureExt, LocalBoxFuture};

use super::{append, change::Change, needs::Needs};
use crate::{
    domain::Posted,
    server::store::{
        NewEntry, Reply, StoreError,
        answer::Answer,
        stop::{Changed, Stop},
    },
};

pub trait Job: Send {
    fn needs(&self, needs: &mut Needs);

    /// What is to be appended, where that is all there is to do.
    fn entries(&self) -> &[NewEntry] {
        &[]
    }

    /// Does it.
    ///
    /// # Errors
    /// Where the storage failed: then the transaction is over, and nothing of it is kept.
    fn run<'a>(&'a mut self, change: &'a mut Change) -> LocalBoxFuture<'a, Result<(), StoreError>>;

    /// Answers: what it came to where the transaction was committed, else why it was not.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

pub struct Task<W, T> {
    needs: Needs,
    work: Option<W>,
    answer: Answer<T>,
}

impl<W, T> Task<W, T> {
    /// `work` checks first and writes last: what it refuses must have written nothing.
    pub fn new(needs: Needs, work: W, reply: Reply<T>) -> Self {
        Self {
            needs,
            work: Some(work),
            answer: Answer::new(reply),
        }
    }
}

impl<W, T> Job for Task<W, T>
where
    W: AsyncFnOnce(&mut Change) -> Changed<T> + Send,
    T: Send,
{
    fn needs(&self, needs: &mut Needs) {
        needs.users.extend_from_slice(&self.needs.users);
        needs.rooms.extend_from_slice(&self.needs.rooms);
        needs.leavers.extend_from_slice(&self.needs.leavers);
    }

    fn run<'a>(&'a mut self, change: &'a mut Change) -> LocalBoxFuture<'a, Result<(), StoreError>> {
        async {
            let Some(work) = self.work.take() else {
                return Ok(());
            };
            change.settle().await?;
            self.answer.take(work(change).await)
        }
        .boxed_local()
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        self.answer.give(committed);
    }
}

/// Entries to append. Each that is refused is refused alone.
pub struct Append {
    entries: Vec<NewEntry>,
    answer: Answer<Vec<Result<Posted, StoreError>>>,
}

impl Append {
    pub fn new(entries: Vec<NewEntry>, reply: Reply<Vec<Result<Posted, StoreError>>>) -> Self {
        Self {
            entries,
            answer: Answer::new(reply),
        }
    }
}

impl Job for Append {
    fn needs(&self, needs: &mut Needs) {
        needs
            .rooms
            .extend(self.entries.iter().map(|entry| entry.room));
    }

    fn entries(&self) -> &[NewEntry] {
        &self.entries
    }

    fn run<'a>(&'a mut self, change: &'a mut Change) -> LocalBoxFuture<'a, Result<(), StoreError>> {
        async {
            let entries = std::mem::take(&mut self.entries);
            let mut results = Vec::with_capacity(entries.len());
            for entry in entries {
                results.push(match append::append(change, entry).await {
                    Ok(posted) => Ok(posted),
                    Err(Stop::Refused(error)) => Err(error),
                    Err(Stop::Failed(error)) => return Err(error),
                });
            }
            self.answer.take(Ok(results))
        }
        .boxed_local()
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        self.answer.give(committed);
    }
}

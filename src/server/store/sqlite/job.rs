//! What the writer is asked: something to do inside a transaction, and whom to tell what became of it.

use super::change::{Change, Stop};
use crate::server::store::{Reply, StoreError};

pub trait Job: Send {
    /// Does it.
    ///
    /// # Errors
    /// Where the storage failed: then the transaction is over, and nothing of it is kept.
    fn run(&mut self, change: &mut Change<'_>) -> Result<(), StoreError>;

    /// Answers: what it came to where the transaction was committed, else why it was not.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A job that answers once, and one that is dropped unanswered answers that nothing was done.
pub struct Task<W, T> {
    work: Option<W>,
    result: Result<T, StoreError>,
    reply: Option<Reply<T>>,
}

impl<W, T> Task<W, T> {
    /// `work` checks first and writes last: what it refuses must have written nothing.
    pub fn new(work: W, reply: Reply<T>) -> Self {
        Self {
            work: Some(work),
            result: Err(StoreError::Unavailable),
            reply: Some(reply),
        }
    }
}

impl<W, T> Job for Task<W, T>
where
    W: FnOnce(&mut Change<'_>) -> Result<T, Stop> + Send,
    T: Send,
{
    fn run(&mut self, change: &mut Change<'_>) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        self.result = match work(change) {
            Ok(value) => Ok(value),
            Err(Stop::Refused(error)) => Err(error),
            Err(Stop::Failed(error)) => return Err(error),
        };
        Ok(())
    }

    fn answer(mut self: Box<Self>, committed: Result<(), StoreError>) {
        // What was refused in a transaction that is lost may have been refused for what is lost with it.
        let result = std::mem::replace(&mut self.result, Err(StoreError::Unavailable));
        if let Some(reply) = self.reply.take() {
            reply(committed.and(result));
        }
    }
}

impl<W, T> Drop for Task<W, T> {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            reply(Err(StoreError::Unavailable));
        }
    }
}

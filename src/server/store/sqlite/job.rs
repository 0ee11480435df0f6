//! What the writer is asked: something to do inside a transaction, and whom to tell what became of it.

use super::change::{Change, Changed};
use crate::server::store::{Reply, StoreError, answer::Answer};

pub trait Job: Send {
    /// Does it.
    ///
    /// # Errors
    /// Where the storage failed: then the transaction is over, and nothing of it is kept.
    fn run(&mut self, change: &mut Change<'_>) -> Result<(), StoreError>;

    /// Answers: what it came to where the transaction was committed, else why it was not.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

pub struct Task<W, T> {
    work: Option<W>,
    answer: Answer<T>,
}

impl<W, T> Task<W, T> {
    /// `work` checks first and writes last: what it refuses must have written nothing.
    pub fn new(work: W, reply: Reply<T>) -> Self {
        Self {
            work: Some(work),
            answer: Answer::new(reply),
        }
    }
}

impl<W, T> Job for Task<W, T>
where
    W: FnOnce(&mut Change<'_>) -> Changed<T> + Send,
    T: Send,
{
    fn run(&mut self, change: &mut Change<'_>) -> Result<(), StoreError> {
        match self.work.take() {
            Some(work) => self.answer.take(work(change)),
            None => Ok(()),
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        self.answer.give(committed);
    }
}

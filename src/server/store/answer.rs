//! What a change came to, on its way to whoever asked for it.

use super::{
    Reply, StoreError,
    stop::{Changed, Stop},
};

/// It is given once, and one that is dropped without being given says that nothing was done.
pub struct Answer<T> {
    result: Result<T, StoreError>,
    reply: Option<Reply<T>>,
}

impl<T> Answer<T> {
    pub fn new(reply: Reply<T>) -> Self {
        Self {
            result: Err(StoreError::Unavailable),
            reply: Some(reply),
        }
    }

    /// Takes what a change came to inside of its transaction.
    ///
    /// # Errors
    /// Where the storage failed: then the transaction is over, and nothing of it is kept.
    pub fn take(&mut self, changed: Changed<T>) -> Result<(), StoreError> {
        self.result = match changed {
            Ok(value) => Ok(value),
            Err(Stop::Refused(error)) => Err(error),
            Err(Stop::Failed(error)) => return Err(error),
        };
        Ok(())
    }

    pub fn give(mut self, committed: Result<(), StoreError>) {
        // What was refused in a transaction that is lost may have been refused for what is lost with it.
        let result = std::mem::replace(&mut self.result, Err(StoreError::Unavailable));
        if let Some(reply) = self.reply.take() {
            reply(committed.and(result));
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            reply(Err(StoreError::Unavailable));
        }
    }
}

//! What PostgreSQL's errors mean to whoever asked for something.

use deadpool_postgres::PoolError;
use tokio_postgres::error::{DbError, SqlState};

use crate::server::store::{StoreError, stop::Stop};

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(error) = error.as_db_error() else {
            tracing::warn!(%error, "the database cannot be reached");
            return Self::Unavailable;
        };
        // What it says in detail may quote what people wrote.
        let (code, message) = (error.code().code(), error.message());
        match *error.code() {
            SqlState::DISK_FULL => Self::Full,
            _ => {
                tracing::error!(code, message, "the database failed");
                Self::Unavailable
            }
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            error => {
                tracing::warn!(%error, "no connection to the database");
                Self::Unavailable
            }
        }
    }
}

impl From<tokio_postgres::Error> for Stop {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Whether that answer to a commit says for sure that nothing was stored. One that ends the connection may have come
/// after it was.
pub fn refuses(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| !is_the_last(error))
}

/// Whether the server ends the connection with it: shutting down, having crashed.
fn is_the_last(error: &DbError) -> bool {
    let code = error.code().code();
    matches!(error.severity(), "FATAL" | "PANIC")
        || code.starts_with("57P")
        || code.starts_with("08")
}

/// Whether the connection is over, or leads to a server that takes no changes any more.
pub fn ends_connection(error: &tokio_postgres::Error) -> bool {
    let Some(error) = error.as_db_error() else {
        return true;
    };
    is_the_last(error) || *error.code() == SqlState::READ_ONLY_SQL_TRANSACTION
}

//! What can hinder a server's move.

use super::open::OpenError;
use crate::server::store::{DumpError, OpenError as FileError};

/// Why a server was not moved. The database is as empty as it was, and the file is untouched.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Dump(#[from] DumpError),
    #[error("cannot read the file: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the file holds what cannot be moved: {0}")]
    Source(String),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the database is not empty: a server is moved into an empty one")]
    NotEmpty,
    #[error("what arrived is not what was sent: {0}")]
    Different(String),
    #[error("{}", told(.0))]
    Postgres(#[from] tokio_postgres::Error),
    #[error("reading the file was cut short")]
    CutShort,
}

/// What PostgreSQL says, without what it quotes.
fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("the database says: {}", error.message()),
        None => error.to_string(),
    }
}

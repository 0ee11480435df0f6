//! Opening the database: it must be within reach, and one that will do.

use std::io;

use deadpool_postgres::{BuildError, Client, Pool, PoolError};

use super::{
    address::{Address, AddressError},
    tls::TlsError,
};

/// The oldest PostgreSQL that will do.
const OLDEST: i32 = 15;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot connect to {at}: {why}")]
    Connect { at: String, why: String },
    #[error("the database is PostgreSQL {0}; it must be {OLDEST} or later")]
    TooOld(i32),
    #[error("the database's encoding is {0}; it must be UTF8")]
    Encoding(String),
    #[error(
        "the database was made by a newer Latchkey (its version is {found}, this program knows {known})"
    )]
    TooNew { found: i32, known: i32 },
    #[error("cannot start the store: {0}")]
    Thread(#[from] io::Error),
    #[error("cannot start the store: {0}")]
    Pool(#[from] BuildError),
    #[error("cannot open the database: {0}")]
    Postgres(#[from] tokio_postgres::Error),
}

/// A first connection to the database.
pub async fn client(pool: &Pool, address: &Address) -> Result<Client, OpenError> {
    let client = connect(pool, address).await?;
    is_good_enough(&client).await?;
    Ok(client)
}

async fn connect(pool: &Pool, address: &Address) -> Result<Client, OpenError> {
    pool.get().await.map_err(|error| {
        let why = match &error {
            PoolError::Backend(error) => match error.as_db_error() {
                Some(error) => error.message().to_owned(),
                None => error.to_string(),
            },
            error => error.to_string(),
        };
        OpenError::Connect {
            at: address.to_string(),
            why,
        }
    })
}

async fn is_good_enough(client: &Client) -> Result<(), OpenError> {
    let about = client
        .query_one(
            "SELECT current_setting('server_version_num')::int / 10000,
                    current_setting('server_encoding'), current_setting('fsync')",
            &[],
        )
        .await?;
    let (version, encoding, fsync): (i32, String, String) =
        (about.get(0), about.get(1), about.get(2));
    if version < OLDEST {
        return Err(OpenError::TooOld(version));
    }
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    if fsync != "on" {
        tracing::warn!("fsync is off in this PostgreSQL: what is confirmed may be lost in a crash");
    }
    Ok(())
}

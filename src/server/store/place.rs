//! Where a server's data is kept: in a file, or in PostgreSQL.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use super::postgres::{Address, AddressError};

/// What the URL of a PostgreSQL database begins with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where a server's data is kept, as a flag says it.
#[derive(Clone, PartialEq, Eq)]
pub enum Data {
    /// In that file, by SQLite.
    File(PathBuf),
    /// Where this URL leads.
    Postgres(DatabaseUrl),
}

/// The URL of a PostgreSQL database, which may hold a password: it is shown without.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// # Errors
    /// Where it leads nowhere.
    pub fn address(&self) -> Result<Address, AddressError> {
        self.0.parse()
    }
}

impl Data {
    /// The database file, where it is one.
    pub fn file(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path.clone()),
            Self::Postgres(_) => None,
        }
    }
}

impl FromStr for Data {
    /// A URL that cannot be read is refused when it is used: whoever refuses a flag repeats what it was.
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_url = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
        Ok(if is_url {
            Self::Postgres(DatabaseUrl(text.to_owned()))
        } else {
            Self::File(PathBuf::from(text))
        })
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Ok(address) => address.fmt(f),
            Err(_) => f.write_str(SCHEMES[0]),
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> Data {
        match text.parse() {
            Ok(data) => data,
            Err(never) => match never {},
        }
    }

    #[test]
    fn data_is_in_postgresql_where_a_url_says_so_and_else_in_a_file() {
        assert_eq!(data("./latchkey.db"), Data::File("./latchkey.db".into()));
        for url in ["postgres://localhost/chat", "postgresql://localhost/chat"] {
            assert!(matches!(data(url), Data::Postgres(_)), "{url}");
        }
    }

    #[test]
    fn no_password_is_shown_even_of_a_url_that_cannot_be_read() {
        for url in [
            "postgres://alice:s3cret@db.example/chat",
            "postgres://alice:s3cret@db.example:port/chat",
        ] {
            let data = data(url);
            let shown = format!("{data} {data:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
}

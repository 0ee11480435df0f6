//! What is kept of an ACME authority: the account's key, and each name's certificate with its own. Files that only
//! their owner can read, in a folder for each authority.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use instant_acme::AccountCredentials;

use crate::server::{
    aside::{Aside, AsideError},
    config::{HostName, Order},
};

/// Why it is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    #[error("cannot keep certificates in {folder}: {why}")]
    Io { folder: PathBuf, why: io::Error },
    #[error(transparent)]
    Aside(#[from] AsideError),
    #[error("the ACME account in {folder} cannot be read: {why}")]
    Account {
        folder: PathBuf,
        why: serde_json::Error,
    },
}

pub struct Kept(PathBuf);

impl Kept {
    /// The folder that was named, or one beside the data.
    ///
    /// # Errors
    /// Where it is not there and cannot be made.
    pub fn open(order: &Order, data: Option<&Path>) -> Result<Self, KeptError> {
        let beside = || {
            data.and_then(Path::parent)
                .unwrap_or(Path::new(""))
                .join("acme")
        };
        let folder = order.folder.clone().unwrap_or_else(beside);
        // Certificates to try things out with are not to be taken for the others.
        let authority = order.directory.authority().map_or("", |it| it.as_str());
        let kept = Self(folder.join(authority.replace(':', "_")));
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&kept.0);
        made.map_err(|why| kept.error(why))?;
        Ok(kept)
    }

    /// # Errors
    /// Where there is one and it cannot be read.
    pub fn account(&self, directory: &str) -> Result<Option<AccountCredentials>, KeptError> {
        let Some(text) = self.read(ACCOUNT)? else {
            return Ok(None);
        };
        let unreadable = |why| KeptError::Account {
            folder: self.0.clone(),
            why,
        };
        let kept: serde_json::Value = serde_json::from_slice(&text).map_err(unreadable)?;
        if kept["directory"] != directory {
            return Ok(None);
        }
        serde_json::from_value(kept).map(Some).map_err(unreadable)
    }

    /// # Errors
    /// Those of writing it.
    pub fn keep_account(&self, account: &AccountCredentials) -> Result<(), KeptError> {
        let text = serde_json::to_vec(account).map_err(|why| self.error(why.into()))?;
        self.write(ACCOUNT, &text)
    }

    pub fn forget_account(&self) {
        // It is refused again then.
        let _ = fs::remove_file(self.0.join(ACCOUNT));
    }

    /// The certificate that was kept for a name, its key before it, in PEM.
    ///
    /// # Errors
    /// Where there is one and it cannot be read.
    pub fn certificate(&self, name: &HostName) -> Result<Option<Vec<u8>>, KeptError> {
        self.read(&file_of(name))
    }

    /// # Errors
    /// Those of writing it.
    pub fn keep_certificate(&self, name: &HostName, pem: &[u8]) -> Result<(), KeptError> {
        self.write(&file_of(name), pem)
    }

    fn read(&self, file: &str) -> Result<Option<Vec<u8>>, KeptError> {
        match fs::read(self.0.join(file)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    fn write(&self, file: &str, bytes: &[u8]) -> Result<(), KeptError> {
        let to = self.0.join(file);
        let mut aside = Aside::new(&to)?;
        let written = aside.file().write_all(bytes);
        written.map_err(|why| self.error(why))?;
        Ok(aside.put_in_place()?)
    }

    fn error(&self, why: io::Error) -> KeptError {
        KeptError::Io {
            folder: self.0.clone(),
            why,
        }
    }
}

const ACCOUNT: &str = "account.json";

fn file_of(name: &HostName) -> String {
    format!("{}.pem", name.as_str())
}

//! Read-only connections beside the writer: a few, made as they are needed and kept.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::open;
use crate::server::store::{Failure, StoreError, alarm::Alarm};

/// Connections that read at the same time at most.
const READERS: usize = 4;

pub struct Readers {
    file: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
    alarm: Alarm,
}

impl Readers {
    pub fn new(file: PathBuf, alarm: Alarm) -> Self {
        Self {
            file,
            idle: Arc::default(),
            free: Arc::new(Semaphore::new(READERS)),
            alarm,
        }
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.free.clone().acquire_owned().await;
        let turn = turn.map_err(|_| StoreError::Unavailable)?;
        let (file, idle) = (self.file.clone(), self.idle.clone());
        let task = tokio::task::spawn_blocking(move || {
            // The work goes on where nobody waits for it any more, and so does its turn.
            let _turn = turn;
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match kept {
                Some(connection) => connection,
                None => open::reader(&file)?,
            };
            let result = work(&connection);
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            result
        });
        let result = task.await.unwrap_or(Err(StoreError::Unavailable));
        if matches!(result, Err(StoreError::Broken)) {
            self.alarm.ring(Failure::Disk);
        }
        result
    }
}

//! What refused plain forms have left behind, for a few minutes and in memory only: a message that was not
//! sent belongs in no URL and no log.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::domain::Flash;

const KEPT: Duration = Duration::from_secs(600);
/// Above this, the oldest go first.
const AT_MOST: usize = 1_000;

#[derive(Default)]
pub struct Flashes(Mutex<HashMap<Uuid, (Instant, Flash)>>);

impl Flashes {
    /// Keeps one and answers the id that it is found by.
    pub fn keep(&self, flash: Flash) -> Uuid {
        let id = Uuid::now_v7();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (since, _)| since.elapsed() < KEPT);
        if all.len() >= AT_MOST
            && let Some(oldest) = all
                .iter()
                .min_by_key(|(_, (since, _))| *since)
                .map(|(id, _)| *id)
        {
            all.remove(&oldest);
        }
        all.insert(id, (Instant::now(), flash));
        id
    }

    /// Reading one does not use it up: a page may be loaded again.
    pub fn find(&self, id: &str) -> Option<Flash> {
        let id = id.parse().ok()?;
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&id)
            .filter(|(since, _)| since.elapsed() < KEPT)
            .map(|(_, flash)| flash.clone())
    }
}

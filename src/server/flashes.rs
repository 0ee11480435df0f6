//! What refused plain forms have left behind, for a few minutes and in memory only: a message that was not
//! sent belongs in no URL and no log.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::domain::Flash;

const KEPT: Duration = Duration::from_secs(600);
/// Above this many, or this many bytes, the oldest go first.
const AT_MOST: usize = 1_000;
const BYTES: usize = 4 * 1024 * 1024;
/// What one takes besides the words in it.
const FRAME_BYTES: usize = 256;

#[derive(Default)]
pub struct Flashes(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// By id: the oldest first, as their ids begin with the time.
    all: BTreeMap<Uuid, (Instant, Flash)>,
    bytes: usize,
}

impl Flashes {
    /// Keeps one and answers the id that it is found by.
    pub fn keep(&self, flash: Flash) -> Uuid {
        let id = Uuid::now_v7();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += size(&flash);
        kept.all.insert(id, (Instant::now(), flash));
        while let Some((_, (since, _))) = kept.all.first_key_value()
            && (kept.all.len() > AT_MOST || kept.bytes > BYTES || since.elapsed() >= KEPT)
        {
            let oldest = kept.all.pop_first();
            kept.bytes -= oldest.map_or(0, |(_, (_, flash))| size(&flash));
        }
        id
    }

    /// Reading one does not use it up: a page may be loaded again.
    pub fn find(&self, id: &str) -> Option<Flash> {
        let id = id.parse().ok()?;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.all
            .get(&id)
            .filter(|(since, _)| since.elapsed() < KEPT)
            .map(|(_, flash)| flash.clone())
    }
}

/// About how many bytes of memory one takes.
fn size(flash: &Flash) -> usize {
    let fields = flash.fields.iter();
    let words: usize = fields
        .map(|(name, value)| name.len() + value.len() + 64)
        .sum();
    FRAME_BYTES + flash.form.len() + flash.error.message.len() + words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ApiError;

    fn flash(bytes: usize) -> Flash {
        Flash {
            form: "post_message".to_owned(),
            error: ApiError::unavailable(),
            fields: [("body".to_owned(), "x".repeat(bytes))].into(),
        }
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many_or_too_many_bytes_of_them() {
        for bytes in [10, BYTES / 10] {
            let flashes = Flashes::default();
            let ids: Vec<_> = (0..AT_MOST + 10)
                .map(|_| flashes.keep(flash(bytes)))
                .collect();
            let kept = flashes.0.lock().expect("no user of it panics");
            assert!(kept.all.len() <= AT_MOST && kept.bytes <= BYTES);
            assert!(!kept.all.contains_key(&ids[0]) && kept.all.contains_key(&ids[AT_MOST + 9]));
            let counted: usize = kept.all.values().map(|(_, flash)| size(flash)).sum();
            assert_eq!(kept.bytes, counted);
        }
    }
}

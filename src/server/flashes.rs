//! What plain forms have left behind, for a few minutes and in memory only: a message that was not sent belongs in no
//! URL and no log, and neither does a secret that was just made.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::domain::{Flash, Made};

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
    all: BTreeMap<Uuid, (Instant, Left)>,
    bytes: usize,
}

enum Left {
    Refused(Flash),
    Made(Made),
}

impl Flashes {
    /// Keeps what was refused, and answers the id that it is found by.
    pub fn keep(&self, flash: Flash) -> Uuid {
        self.put(Left::Refused(flash))
    }

    /// Keeps what was made, and answers the id that it is taken by.
    pub fn keep_made(&self, made: Made) -> Uuid {
        self.put(Left::Made(made))
    }

    fn put(&self, left: Left) -> Uuid {
        let id = Uuid::now_v7();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += size(&left);
        kept.all.insert(id, (Instant::now(), left));
        while let Some((_, (since, _))) = kept.all.first_key_value()
            && (kept.all.len() > AT_MOST || kept.bytes > BYTES || since.elapsed() >= KEPT)
        {
            let oldest = kept.all.pop_first();
            kept.bytes -= oldest.map_or(0, |(_, (_, left))| size(&left));
        }
        id
    }

    /// Reading one does not use it up: a page may be loaded again.
    pub fn find(&self, id: &str) -> Option<Flash> {
        let id = id.parse().ok()?;
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.all.get(&id)? {
            (since, Left::Refused(flash)) if since.elapsed() < KEPT => Some(flash.clone()),
            _ => None,
        }
    }

    /// What was made is given once.
    pub fn take(&self, id: &str) -> Option<Made> {
        let id = id.parse().ok()?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(kept.all.get(&id)?, (_, Left::Made(_))) {
            return None;
        }
        let (since, left) = kept.all.remove(&id)?;
        kept.bytes -= size(&left);
        match left {
            Left::Made(made) if since.elapsed() < KEPT => Some(made),
            _ => None,
        }
    }
}

/// About how many bytes of memory one takes.
fn size(left: &Left) -> usize {
    let flash = match left {
        Left::Refused(flash) => flash,
        Left::Made(Made { me, answer }) => return FRAME_BYTES + me.len() + answer.len(),
    };
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
            let counted: usize = kept.all.values().map(|(_, left)| size(left)).sum();
            assert_eq!(kept.bytes, counted);
        }
    }

    #[test]
    fn what_was_made_is_given_once_and_what_was_refused_as_often_as_it_is_asked_for() {
        let flashes = Flashes::default();
        let made = Made {
            me: "alice".to_owned(),
            answer: "{}".to_owned(),
        };
        let (made_id, refused_id) = (flashes.keep_made(made.clone()), flashes.keep(flash(1)));
        let (made_id, refused_id) = (made_id.to_string(), refused_id.to_string());
        assert_eq!(flashes.find(&made_id), None);
        assert_eq!(flashes.take(&refused_id), None);
        assert_eq!(flashes.take(&made_id), Some(made));
        assert_eq!(flashes.take(&made_id), None);
        assert!(flashes.find(&refused_id).is_some() && flashes.find(&refused_id).is_some());
        let kept = flashes.0.lock().expect("no user of it panics");
        assert_eq!(kept.bytes, size(&Left::Refused(flash(1))));
    }
}

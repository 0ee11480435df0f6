//! What a server keeps for some minutes for whoever is given its number: in the memory of this process, or, where several
//! serve one database, there, as the next request may come to another.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::store::{SharedStore, now};

/// Above this many, or this many bytes, the oldest go first.
pub const AT_MOST: usize = 1_000;
pub const BYTES: usize = 4 * 1024 * 1024;
/// What one takes besides what is in it.
const FRAME_BYTES: usize = 128;

/// Things of one kind.
pub struct Kept {
    /// How long each is kept.
    time: Duration,
    place: Place,
}

enum Place {
    Here(Mutex<Here>),
    Shared(Arc<dyn SharedStore>),
}

#[derive(Default)]
struct Here {
    /// By id: the oldest first, as their ids begin with the time.
    all: BTreeMap<Uuid, (Instant, String)>,
    bytes: usize,
}

impl Kept {
    /// `shared` is the store where several processes serve it.
    pub fn new(time: Duration, shared: Option<Arc<dyn SharedStore>>) -> Self {
        let place = shared.map_or_else(|| Place::Here(Mutex::default()), Place::Shared);
        Self { time, place }
    }

    /// Keeps it, and answers the number that it is found by. Where it could not be kept, it is not found.
    pub async fn put(&self, value: String) -> Uuid {
        let id = Uuid::now_v7();
        self.put_as(id, value).await;
        id
    }

    /// Keeps it under a number that begins with about the time it is now, as a UUIDv7 does.
    pub async fn put_as(&self, id: Uuid, value: String) {
        match &self.place {
            Place::Here(here) => {
                let mut here = here.lock().unwrap_or_else(PoisonError::into_inner);
                here.bytes += size(&value);
                let before = here.all.insert(id, (Instant::now(), value));
                here.bytes -= before.map_or(0, |(_, value)| size(&value));
                while let Some((_, (since, _))) = here.all.first_key_value()
                    && (here.all.len() > AT_MOST
                        || here.bytes > BYTES
                        || since.elapsed() >= self.time)
                {
                    let oldest = here.all.pop_first();
                    here.bytes -= oldest.map_or(0, |(_, (_, value))| size(&value));
                }
            }
            Place::Shared(store) => {
                let until = now() + i64::try_from(self.time.as_millis()).unwrap_or(i64::MAX / 2);
                if let Err(error) = store.put_aside(id, value, until).await {
                    tracing::warn!(%error, "something that somebody will look for could not be kept");
                }
            }
        }
    }

    /// It is still there then.
    pub async fn find(&self, id: Uuid) -> Option<String> {
        match &self.place {
            Place::Here(here) => {
                let here = here.lock().unwrap_or_else(PoisonError::into_inner);
                let (since, value) = here.all.get(&id)?;
                (since.elapsed() < self.time).then(|| value.clone())
            }
            Place::Shared(store) => store.find_aside(id).await.ok().flatten(),
        }
    }

    /// It is given once.
    pub async fn take(&self, id: Uuid) -> Option<String> {
        match &self.place {
            Place::Here(here) => {
                let mut here = here.lock().unwrap_or_else(PoisonError::into_inner);
                let (since, value) = here.all.remove(&id)?;
                here.bytes -= size(&value);
                (since.elapsed() < self.time).then_some(value)
            }
            Place::Shared(store) => store.take_aside(id).await.ok().flatten(),
        }
    }
}

/// About how many bytes of memory one takes.
fn size(value: &str) -> usize {
    FRAME_BYTES + value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn the_oldest_go_where_there_are_too_many_or_too_many_bytes_of_them() {
        for bytes in [10, BYTES / 10] {
            let kept = Kept::new(LONG, None);
            let mut ids = Vec::new();
            for _ in 0..AT_MOST + 10 {
                ids.push(kept.put("x".repeat(bytes)).await);
            }
            assert_eq!(kept.find(ids[0]).await, None);
            assert!(kept.find(ids[AT_MOST + 9]).await.is_some());
            let Place::Here(here) = &kept.place else {
                panic!("it is kept here");
            };
            let here = here.lock().expect("no user of it panics");
            assert!(here.all.len() <= AT_MOST && here.bytes <= BYTES);
            let counted: usize = here.all.values().map(|(_, value)| size(value)).sum();
            assert_eq!(here.bytes, counted);
        }
    }

    #[tokio::test]
    async fn it_is_found_as_often_as_it_is_looked_for_and_taken_once_and_not_after_its_time() {
        let kept = Kept::new(LONG, None);
        let id = kept.put("something".to_owned()).await;
        assert!(kept.find(id).await.is_some() && kept.find(id).await.is_some());
        assert_eq!(kept.take(id).await.as_deref(), Some("something"));
        assert_eq!((kept.take(id).await, kept.find(id).await), (None, None));
        let kept = Kept::new(Duration::ZERO, None);
        let id = kept.put("something".to_owned()).await;
        assert_eq!((kept.find(id).await, kept.take(id).await), (None, None));
    }
}

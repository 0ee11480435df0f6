//! How many there are of each, none of more than so many.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub struct Crowd<K> {
    most: usize,
    counts: Mutex<HashMap<K, usize>>,
}

/// A place in a crowd, free again once this is dropped.
pub struct Place<K: Hash + Eq> {
    crowd: Arc<Crowd<K>>,
    key: K,
}

impl<K: Hash + Eq + Clone> Crowd<K> {
    pub fn of_at_most(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            counts: Mutex::default(),
        })
    }

    /// One more of this, unless there are so many already.
    pub fn enter(self: &Arc<Self>, key: K) -> Option<Place<K>> {
        let mut counts = self.counts();
        let count = counts.entry(key.clone()).or_default();
        if *count >= self.most {
            // At least one is there, unless none may be.
            if *count == 0 {
                counts.remove(&key);
            }
            return None;
        }
        *count += 1;
        Some(Place {
            crowd: self.clone(),
            key,
        })
    }
}

impl<K: Hash + Eq> Crowd<K> {
    /// How many there are of this.
    pub fn count(&self, key: &K) -> usize {
        self.counts().get(key).copied().unwrap_or_default()
    }
}

impl<K: Clone> Crowd<K> {
    /// Those of which there are any.
    pub fn all(&self) -> Vec<K> {
        self.counts().keys().cloned().collect()
    }
}

impl<K> Crowd<K> {
    fn counts(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts();
        let Some(count) = counts.get_mut(&self.key) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            counts.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_once_it_was_left_and_nothing_is_kept_of_those_who_went() {
        let crowd = Crowd::of_at_most(2);
        let first = crowd.enter("here");
        let second = crowd.enter("here");
        assert!(first.is_some() && second.is_some());
        assert!(crowd.enter("here").is_none());
        assert!(crowd.enter("elsewhere").is_some());
        drop(first);
        assert!(crowd.enter("here").is_some());
        drop(second);
        assert!(crowd.counts().is_empty());
    }
}

//! How commits went, as it can be seen of the thread that makes them.

use std::time::Instant;

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use crate::server::counts;

/// How commits went so far. A clone is of the same ones.
#[derive(Clone, Debug)]
pub struct Commits {
    /// From when changes were taken until they were durable.
    pub took: Histogram,
    pub changes: Histogram,
}

/// A commit under way. One that is dropped came to nothing, and is not counted.
pub struct Commit {
    commits: Commits,
    began: Instant,
    changes: usize,
}

impl Commits {
    pub fn new() -> Self {
        Self {
            took: counts::durations(),
            changes: Histogram::new(exponential_buckets(1.0, 2.0, 13)),
        }
    }

    pub fn begin(&self, changes: usize) -> Commit {
        Commit {
            commits: self.clone(),
            began: Instant::now(),
            changes,
        }
    }
}

impl Commit {
    pub fn done(self) {
        counts::observe(&self.commits.took, self.began.elapsed());
        self.commits.changes.observe(self.changes as f64);
    }
}

//! What is counted as it happens, for the whole process: there is one server in it, and who counts needs no handle.
//! [`super::metrics`] shows it beside what can be looked up when it is asked for.

pub mod entries;
pub mod refusals;
pub mod traffic;

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

/// How long the store looks for what people search.
pub static SEARCHES: LazyLock<Histogram> = LazyLock::new(durations);

/// Of what should take milliseconds: from half of one to eight seconds.
pub fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 15))
}

/// Observes how long it takes.
pub async fn timed<T>(histogram: &Histogram, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.await;
    observe(histogram, began.elapsed());
    done
}

pub fn observe(histogram: &Histogram, took: Duration) {
    histogram.observe(took.as_secs_f64());
}

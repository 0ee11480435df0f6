//! What every test starts from: a real server process, browsers that speak HTTP to it, and live sockets.

mod browser;
mod folder;
mod live;
mod load;
pub mod nats;
mod pebble;
mod ports;
pub mod postgres;
mod program;
mod raw;
mod server;
mod tls;

use std::{future::Future, time::Duration};

pub use browser::{Answer, Browser, Field, Fields, Person, visible_text};
pub use folder::Folder;
pub use live::{Live, Refusal};
pub use load::{Follower, Sender};
pub use pebble::Pebble;
pub use ports::free_port;
pub use program::{Running, latchkey, memory_of, run, said, text};
pub use raw::Raw;
pub use serde_json::{Value, json};
pub use server::{Options, Server};
pub use tls::{Authority, Trust};

/// No wait in a test is longer. Long enough that a busy machine never meets it, so that meeting it is news.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for `work`, and fails the test with `what` where it does not end.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}

/// Asks again until `probe` answers, and fails the test with `what` where it never does.
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    within(what, async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// Long enough for a server to deliver what it is about to deliver. Only for proofs that nothing comes.
pub async fn let_things_arrive() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// A new message id, as a browser makes them.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The `seq`s of a list of messages.
pub fn seqs(messages: &[Value]) -> Vec<u64> {
    messages
        .iter()
        .map(|message| message["seq"].as_u64().expect("a message has a seq"))
        .collect()
}

/// A number below `end`, another one each time.
pub fn chance(end: u64) -> u64 {
    uuid::Uuid::now_v7().as_u64_pair().1 % end
}

//! Several processes that share a PostgreSQL and a NATS, all on this machine: what a delivery and a post cost, and whom.

use serde_json::Value;

use super::{Results, nats::Nats, peers::Peer, postgres::Postgres, work::Bench};

/// One room's sockets.
const SOCKETS: usize = 1_000;

pub fn measure(bench: &Bench<'_>, results: &mut Results) {
    results.add(
        "cluster: lone",
        Peer::Latchkey.name(),
        SOCKETS,
        bench.lone(Peer::Latchkey, SOCKETS),
    );
    results.add(
        "cluster: posts",
        Peer::Latchkey.name(),
        64,
        bench.posts(Peer::Latchkey),
    );
    for processes in 1..=3 {
        let peer = Peer::Cluster(processes);
        let lone = with_engines(bench, |bench| bench.lone(peer, SOCKETS));
        results.add("cluster: lone", peer.name(), SOCKETS, lone);
        let posts = with_engines(bench, |bench| bench.posts(peer));
        results.add("cluster: posts", peer.name(), 64, posts);
    }
}

/// Beside a PostgreSQL and a NATS of their own.
fn with_engines(
    bench: &Bench<'_>,
    measure: impl FnOnce(&Bench<'_>) -> Result<Value, String>,
) -> Result<Value, String> {
    let postgres = Postgres::durable();
    let database = postgres.database();
    let nats = Nats::start();
    let bus = format!("nats://127.0.0.1:{}", nats.port());
    measure(&Bench {
        database: Some(&database),
        bus: Some(&bus),
        beside: &[("postgres", postgres.pid()), ("nats", nats.pid())],
        ..*bench
    })
}

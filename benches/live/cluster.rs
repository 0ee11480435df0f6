//! Several processes that share a PostgreSQL and a NATS, all on this machine: what a delivery and a post cost, and whom.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{Results, peers::Peer, postgres::Postgres, work::Bench};

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
    let nats = Nats::start()?;
    let bus = format!("nats://127.0.0.1:{}", nats.port);
    measure(&Bench {
        database: Some(&database),
        bus: Some(&bus),
        beside: &[("postgres", postgres.pid()), ("nats", nats.child.id())],
        ..*bench
    })
}

struct Nats {
    child: Child,
    port: u16,
}

impl Nats {
    fn start() -> Result<Self, String> {
        let listener =
            std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let port = listener
            .local_addr()
            .map_err(|error| error.to_string())?
            .port();
        drop(listener);
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let child = Command::new("nats-server")
            .args(["-a", "127.0.0.1", "-p", &port.to_string()])
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("nats-server: {error}"))?;
        let nats = Self { child, port };
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(nats);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err("nats-server does not start".to_owned())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The days that the checker must not let pass: a cluster that lacks a part of what it relies on. It is taken away on the
//! way to the database, so that the program is the one that ships. What holds back entries that come too early is within a
//! process, and is left out where its states are looked through (`src/server/live/sequencer/model.rs`).

use std::time::Duration;

use tokio::time::sleep;

use super::{Cluster, bad_days::for_a_while, way::Weather};
use crate::support::*;

/// Rooms are not locked while their entries are numbered.
const UNLOCKED: &[(&str, &str)] = &[("FOR NO KEY UPDATE", "                 ")];
/// How far rooms are is not learnt from the database: none is far.
const UNCOMPARED: &[(&str, &str)] = &[
    (
        "SELECT id, head, said FROM rooms",
        "SELECT id, id*0, said FROM rooms",
    ),
    (
        "members.user_id, rooms.id, rooms.head,",
        "members.user_id, rooms.id, rooms.id*0,",
    ),
];

impl Cluster {
    /// From now on all that is asked of the database is asked so.
    async fn rewords(&self, words: &'static [(&'static str, &'static str)]) {
        // On new connections, where it is prepared anew.
        for weather in [Weather::Cut, Weather::Reworded(words)] {
            for process in &self.processes {
                process.data.turns(weather);
            }
            sleep(Duration::from_millis(200)).await;
        }
        for process in &self.processes {
            let well = async || {
                let health = process.server.browser().get("/healthz").await;
                (health.status == 200).then_some(())
            };
            eventually("the database to be reached", well).await;
        }
    }

    /// How often PostgreSQL refused to keep two entries as the same.
    fn refusals(&self) -> usize {
        let logs = self.processes.iter().map(|process| process.server.log());
        logs.map(|log| log.matches("code=\"23505\"").count()).sum()
    }
}

async fn without_locks(cluster: &mut Cluster) {
    cluster.rewords(UNLOCKED).await;
    for_a_while(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_on_a_room_postgresql_refuses_what_would_be_numbered_twice() {
    let mut cluster = Cluster::start().await;
    let day = cluster.observed(without_locks).await;
    assert!(cluster.refusals() > 0, "nothing was refused");
    assert_eq!(day.faults, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_lock_on_a_room_and_the_key_of_its_log_the_checker_finds_what_is_numbered_twice()
 {
    let mut cluster = Cluster::start().await;
    cluster.ask("ALTER TABLE entries DROP CONSTRAINT entries_pkey");
    cluster.ask("CREATE INDEX entries_in_order ON entries (room_id, seq)");
    let day = cluster.observed(without_locks).await;
    println!("{:#?}", day.faults);
    let mut faults = day.faults.iter();
    assert!(faults.any(|fault| fault.contains("a hole in the log")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_comparing_with_the_database_the_checker_finds_that_not_all_agree() {
    let mut cluster = Cluster::start().await;
    cluster.rewords(UNCOMPARED).await;
    let without_nats = async |cluster: &mut Cluster| {
        cluster.nats.kill();
        for_a_while(3).await;
    };
    let day = cluster.observed(without_nats).await;
    println!("{:#?}", day.faults);
    let mut faults = day.faults.iter();
    assert!(faults.any(|fault| fault.contains("not all agree")));
}

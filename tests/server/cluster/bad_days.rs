//! What happens to a cluster, in a short form each.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    Cluster,
    way::{To, Weather},
};
use crate::support::{postgres::Postgres, *};

/// How many times as long everything lasts; `make torture` says more.
fn long() -> u64 {
    let asked = std::env::var("LATCHKEY_BAD_DAYS").ok();
    asked.and_then(|long| long.parse().ok()).unwrap_or(1)
}

pub async fn for_a_while(seconds: u64) {
    sleep(Duration::from_secs(seconds * long())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_at_one_process_is_heard_at_the_others_at_once() {
    let cluster = Cluster::start().await;
    let alice = cluster.processes[0].server.person("alice").await;
    let bob = cluster.processes[1].server.person("bob").await;
    let room = alice.create("general", "sesame").await;
    let (mut at_alice, mut at_bob) = (alice.live().await, bob.live().await);
    // He is connected before he is a member, and joins elsewhere.
    bob.now_at(&cluster.url(2)).join("general", "sesame").await;
    at_bob.frame("rooms").await;
    at_alice.open(room, None).await;
    at_bob.open(room, Some(0)).await;
    at_alice.post(room, &new_id(), "hello @bob").await;
    let heard = at_bob.frame("message").await;
    assert_eq!(
        (&heard["body"], &heard["seq"]),
        (&json!("hello @bob"), &json!(2))
    );
    let there = at_alice
        .matching(|frame| frame["t"] == "presence" && frame["count"] == 2)
        .await;
    assert_eq!(there["online"], json!(["alice", "bob"]));
    at_bob.send(json!({ "t": "typing", "room": room })).await;
    let typing =
        at_alice.matching(|frame| frame["t"] == "typing" && frame["who"] == json!(["bob"]));
    typing.await;
    drop(at_bob);
    at_alice
        .matching(|frame| frame["t"] == "presence" && frame["count"] == 1)
        .await;

    // What ends at one process ends at the others.
    let mut at_bob = bob.now_at(&cluster.url(2)).live().await;
    at_bob.open(room, None).await;
    let whom = [("room", &room as Field), ("who", &"bob")];
    alice.call("remove_member", &whom).await.ok();
    at_bob.frame("removed").await;
    at_alice.post(room, &new_id(), "behind his back").await;
    at_alice.frame("sent").await;
    bob.call("give_up_username", &[]).await.ok();
    let last = at_bob.frame("bye").await;
    assert_eq!(last["code"], "not_me");
    let health = cluster.processes[2]
        .server
        .browser()
        .get("/healthz")
        .await
        .ok();
    assert_eq!(
        (&health["status"], &health["bus"]["peers"]),
        (&json!("ok"), &json!(2))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_day() {
    Cluster::start()
        .await
        .endures(async |_| for_a_while(2).await)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_killed() {
    let days = async |cluster: &mut Cluster| {
        for which in [0, 1, 2, 0].repeat(long() as usize) {
            cluster.processes[which].server.kill();
            sleep(Duration::from_secs(1)).await;
            cluster.start_again(which, &[]);
            sleep(Duration::from_secs(1)).await;
        }
    };
    Cluster::start().await.endures(days).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_is_stopped_for_a_while_and_goes_on() {
    let days = async |cluster: &mut Cluster| {
        cluster.processes[1].server.signal("STOP");
        // Not longer than a browser waits.
        sleep(Duration::from_secs(if long() > 1 { 10 } else { 7 })).await;
        cluster.processes[1].server.signal("CONT");
    };
    Cluster::start().await.endures(days).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_is_killed_and_comes_back() {
    let days = async |cluster: &mut Cluster| {
        cluster.nats.kill();
        for_a_while(4).await;
        cluster.nats.start_again();
    };
    Cluster::start().await.endures(days).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nats_stays_away_readers_are_late_and_never_wrong() {
    // Nobody hears of anything any more but by comparing.
    let days = async |cluster: &mut Cluster| {
        cluster.nats.kill();
        for_a_while(3).await;
    };
    Cluster::start().await.endures(days).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_on_the_bus_are_lost_doubled_delayed_swapped_and_not_understood() {
    let days = async |cluster: &mut Cluster| {
        for weather in [
            Weather::Lost(3),
            Weather::Doubled(2),
            Weather::Delayed(5, Duration::from_millis(150)),
            Weather::Swapped(3),
            Weather::Newer(2),
            Weather::Lost(2),
        ] {
            for process in &cluster.processes {
                process.bus.turns(weather);
            }
            for_a_while(2).await;
        }
        for process in &cluster.processes {
            process.bus.turns(Weather::Fair);
        }
    };
    Cluster::start().await.endures(days).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_is_cut_off_from_nats_from_postgresql_and_from_both() {
    let days = async |cluster: &mut Cluster| {
        for weather in [Weather::Stalled, Weather::Cut] {
            cluster.processes[0].bus.turns(weather);
            for_a_while(4).await;
            cluster.processes[0].data.turns(weather);
            for_a_while(3).await;
            cluster.processes[0].bus.turns(Weather::Fair);
            for_a_while(2).await;
            cluster.processes[0].data.turns(Weather::Fair);
            for_a_while(1).await;
        }
    };
    Cluster::start().await.endures(days).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_is_killed_and_comes_back() {
    // Ended with the process that waits for the end of the tests.
    let postgres: &'static Postgres = Box::leak(Box::new(Postgres::start()));
    let days = async |_: &mut Cluster| {
        postgres.kill();
        for_a_while(2).await;
        postgres.start_again();
        for_a_while(2).await;
    };
    Cluster::start_on(postgres).await.endures(days).await;
    postgres.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synchronous_standby_takes_the_place_of_a_postgresql_that_is_gone() {
    let postgres: &'static Postgres = Box::leak(Box::new(Postgres::start()));
    let standby: &'static Postgres = Box::leak(Box::new(postgres.synchronous_standby()));
    let days = async |cluster: &mut Cluster| {
        postgres.kill();
        standby.promote();
        for process in &cluster.processes {
            process.data.leads(To::Postgres(standby.socket()));
        }
        cluster.now_on(standby);
        for_a_while(3).await;
    };
    Cluster::start_on(postgres).await.endures(days).await;
    postgres.end();
    standby.end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_of_one_process_is_off_by_an_hour() {
    let days = async |cluster: &mut Cluster| {
        // The program faketime would stay beside the server, which a kill then misses.
        const CLOCK: &str = r#"export FAKETIME=$0 FAKETIME_DONT_FAKE_MONOTONIC=1
            LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) exec "$@""#;
        for off in ["+1h", "-1h"] {
            cluster.processes[1].server.kill();
            let clock = ["sh", "-c", CLOCK, off];
            cluster.start_again(1, &clock);
            for_a_while(2).await;
        }
    };
    Cluster::start().await.endures(days).await;
}

//! A reader that does not read costs nobody else anything.

use crate::support::*;

const MIB: u64 = 1024 * 1024;

/// A body of 16,000 bytes.
fn bulk() -> String {
    "🗝".repeat(4_000)
}

/// Posts `count` bulky messages and waits until all are confirmed.
async fn flood(live: &mut Live, room: i64, count: usize) {
    let body = bulk();
    for _ in 0..count / 20 {
        for _ in 0..20 {
            live.feed(json!({ "t": "send", "room": room, "id": new_id(), "body": body }))
                .await;
        }
        live.flush().await;
        for _ in 0..20 {
            live.frame("sent").await;
        }
    }
}

#[tokio::test]
async fn readers_that_stop_reading_delay_no_one_and_cost_no_memory() {
    others_stop_reading_from(Server::start().await).await;
}

#[tokio::test]
async fn readers_that_stop_reading_delay_no_one_and_cost_no_memory_over_tls_either() {
    let https = Options {
        https: true,
        ..Options::default()
    };
    others_stop_reading_from(Server::start_with(https).await).await;
}

async fn others_stop_reading_from(server: Server) {
    const STALLED: u64 = 12;
    let (alice, bob, eve) = (
        server.person("alice").await,
        server.person("bob").await,
        server.person("eve").await,
    );
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    eve.join("general", "sesame").await;
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let mut live = Live::connect(&eve.browser, &eve.name, Some(4_096))
            .await
            .expect("a live socket");
        live.open(room, None).await;
        stalled.push(live);
    }
    let (mut poster, mut reader) = (alice.live().await, Follower::new(bob, room));
    // The tail in memory fills first, and is all that may stay.
    flood(&mut poster, room, 1_500).await;
    let before = server.memory();
    tokio::join!(
        flood(&mut poster, room, 1_500),
        reader.follow(|seq| seq >= 3_000)
    );
    reader.has_seen_all_up_to(3_000).await;
    let grown = server.memory().saturating_sub(before);
    let withheld = STALLED * 1_500 * bulk().len() as u64;
    assert!(
        grown < 40 * MIB,
        "{} MiB more, {} MiB were not read",
        grown / MIB,
        withheld / MIB
    );
    // Whoever reads again is caught up, or has been let go and catches up by coming back.
    for mut live in stalled {
        let mut follower = Follower::new(eve.clone(), room);
        while follower.last() < 3_000 {
            let Some(frame) = live.try_next().await else {
                break;
            };
            follower.take(&frame).await;
        }
        follower.follow(|seq| seq >= 3_000).await;
        follower.has_seen_all_up_to(3_000).await;
    }
    server.is_well().await;
}

#[tokio::test]
async fn a_sender_that_never_reads_does_not_grow_the_server() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = Live::connect(&alice.browser, &alice.name, Some(4_096))
        .await
        .expect("a live socket");
    live.open(room, None).await;
    let before = server.memory();
    // Refusals carry an id each, and are asked for without being read.
    let flood = async {
        for _ in 0..200_000 {
            live.feed(json!({ "t": "send", "room": 999_999, "id": new_id(), "body": "x" }))
                .await;
        }
        live.flush().await;
    };
    // A server that stops reading from one who does not read is right as well.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), flood).await;
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 24 * MIB, "{} MiB more", grown / MIB);
    alice.post(room, "others go on").await;
}

#[tokio::test]
async fn keys_that_were_hashed_leave_no_memory_behind() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    alice.create("general", "sesame").await;
    let joins = (0..16).map(|n| {
        let server = &server;
        async move {
            let person = server.person(&format!("person{n}")).await;
            for _ in 0..25 {
                person.join("general", "sesame").await;
            }
        }
    });
    futures_util::future::join_all(joins).await;
    let at_first = server.memory();
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(15), async {
        while server.memory() > 24 * MIB {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    assert!(
        in_time.await.is_ok(),
        "{} MiB, {} MiB at first",
        server.memory() / MIB,
        at_first / MIB
    );
}

#[tokio::test]
async fn rooms_that_are_all_opened_keep_no_more_in_memory_than_all_may() {
    const ROOMS: usize = 60;
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let mut rooms = Vec::new();
    for n in 0..ROOMS {
        rooms.push(alice.create(&format!("room {n}"), "k").await);
    }
    let mut live = alice.live().await;
    // About a MiB each.
    for &room in &rooms {
        flood(&mut live, room, 60).await;
    }
    drop(live);
    let server = server.restart().await;
    let alice = alice.now_at(&server.url);
    let mut live = alice.live().await;
    let before = server.memory();
    for &room in &rooms {
        let opened = live.open(room, Some(55)).await;
        assert_eq!(opened["from"], 56);
        assert_eq!(live.messages(room, 5).await.len(), 5);
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 48 * MIB, "{} MiB more", grown / MIB);
    // What comes next reaches a reader whose room's tail had to go.
    live.post(rooms[0], &new_id(), "still here").await;
    live.until_message("still here").await;
}

//! Cut sockets come back and miss nothing.

use crate::support::*;

/// The number of messages that a tail in memory surely does not reach back over.
const LONGER_THAN_ANY_TAIL: usize = 3_000;

#[tokio::test]
async fn sockets_that_are_cut_at_random_see_every_message_once_and_in_order() {
    const SENDERS: usize = 4;
    const EACH: usize = 250;
    let server = Server::start().await;
    let owner = server.person("owner").await;
    let room = owner.create("general", "sesame").await;
    let mut sending = tokio::task::JoinSet::new();
    for n in 0..SENDERS {
        let person = server.person(&format!("sender{n}")).await;
        person.join("general", "sesame").await;
        let mut sender = Sender::new(person, room);
        sending.spawn(async move { sender.post(EACH).await });
    }
    let mut following = tokio::task::JoinSet::new();
    let head = (SENDERS * EACH) as u64;
    for n in 0..6 {
        let person = server.person(&format!("follower{n}")).await;
        person.join("general", "sesame").await;
        let mut follower = Follower::new(person, room);
        following.spawn(async move {
            while follower.last() < head {
                let cut_at = follower.last() + chance(60);
                follower.follow(|seq| seq >= cut_at.min(head)).await;
            }
            follower
        });
    }
    within("the senders", sending.join_all()).await;
    for follower in within("the followers", following.join_all()).await {
        follower.has_seen_all_up_to(head).await;
    }
    server.is_well().await;
}

#[tokio::test]
async fn a_follower_goes_on_after_the_server_restarts() {
    let mut server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut sender, mut follower) = (Sender::new(alice, room), Follower::new(bob, room));
    for round in 1..=4 {
        sender.post(100).await;
        let part = round * 100 - 50;
        follower.follow(|seq| seq >= part).await;
        server = server.restart().await;
        (sender, follower) = (sender.now_at(&server.url), follower.now_at(&server.url));
    }
    follower.follow(|seq| seq >= 400).await;
    follower.has_seen_all_up_to(400).await;
}

#[tokio::test]
async fn a_gap_longer_than_the_tail_is_filled_from_history() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut sender, mut follower) = (
        Sender::new(alice.clone(), room),
        Follower::new(bob.clone(), room),
    );
    sender.post(10).await;
    follower.follow(|seq| seq >= 10).await;
    sender.post(LONGER_THAN_ANY_TAIL).await;
    let mut live = bob.live().await;
    let opened = live.open(room, Some(10)).await;
    let head = opened["head"].as_u64().expect("a head");
    assert!(
        opened["from"].as_u64() > Some(11),
        "no tail is that long: {opened}"
    );
    // Senders go on while the hole is filled.
    tokio::join!(sender.post(200), follower.follow(|seq| seq >= head + 200));
    follower.has_seen_all_up_to(head + 200).await;
    assert!(follower.holes > 0);
    server.is_well().await;
}

#[tokio::test]
async fn a_gap_longer_than_the_tail_is_filled_after_a_restart_too() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    Sender::new(alice.clone(), room)
        .post(LONGER_THAN_ANY_TAIL)
        .await;
    let server = server.restart().await;
    let mut follower = Follower::new(alice.now_at(&server.url), room);
    follower
        .follow(|seq| seq >= LONGER_THAN_ANY_TAIL as u64)
        .await;
    follower
        .has_seen_all_up_to(LONGER_THAN_ANY_TAIL as u64)
        .await;
}

#[tokio::test]
async fn a_crowd_that_comes_at_once_is_served_and_the_store_is_read_once() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    Sender::new(alice.clone(), room).post(200).await;
    let options = Options {
        log: "latchkey=debug",
        ..Options::default()
    };
    // Nothing is in memory any more.
    let server = server.restart_with(options).await;
    let alice = alice.now_at(&server.url);
    let mut following = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let mut follower = Follower::new(alice.clone(), room);
        following.spawn(async move {
            follower.follow(|seq| seq >= 200).await;
            follower.has_seen_all_up_to(200).await;
            assert_eq!(follower.holes, 0, "all of it came from the tail");
        });
    }
    within("two hundred followers", following.join_all()).await;
    let reads = server.log().matches("reading a room's tail").count();
    assert_eq!(reads, 1, "the log:\n{}", server.log());
}

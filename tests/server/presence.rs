//! Latest values: who is here, who is typing.

use crate::support::*;

/// Waits until a room's presence reads so; values on the way may be skipped or repeated.
async fn present(live: &mut Live, room: i64, names: &[&str]) {
    let expected = json!({ "t": "presence", "room": room, "count": names.len(), "online": names });
    live.matching(|frame| {
        let mut frame = frame.clone();
        if let Some(online) = frame["online"].as_array_mut() {
            online.sort_by_key(|name| name.to_string());
        }
        frame == expected
    })
    .await;
}

#[tokio::test]
async fn presence_follows_who_is_connected() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    present(&mut live, room, &["alice"]).await;
    let (one, two) = (bob.live().await, bob.live().await);
    present(&mut live, room, &["alice", "bob"]).await;
    assert_eq!(
        alice.rooms().await[0]["online"],
        2,
        "a person with two sockets is one person"
    );
    drop(one);
    let_things_arrive().await;
    assert_eq!(
        alice.rooms().await[0]["online"],
        2,
        "one of two sockets is still there"
    );
    drop(two);
    present(&mut live, room, &["alice"]).await;
    assert_eq!(alice.rooms().await[0]["online"], 1);
}

#[tokio::test]
async fn presence_follows_who_is_a_member() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    let _his = bob.live().await;
    bob.join("general", "sesame").await;
    present(&mut live, room, &["alice", "bob"]).await;
    bob.call("leave_room", &[("room", &room)]).await.ok();
    present(&mut live, room, &["alice"]).await;
}

#[tokio::test]
async fn someone_typing_is_shown_to_the_others_and_forgotten_again() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut hers, mut his) = (alice.live_in(room).await, bob.live_in(room).await);
    his.send(json!({ "t": "typing", "room": room })).await;
    let typing = json!({ "t": "typing", "room": room, "who": ["bob"] });
    assert_eq!(hers.frame("typing").await, typing);
    let nobody = json!({ "t": "typing", "room": room, "who": [] });
    hers.matching(|frame| *frame == nobody).await;
}

#[tokio::test]
async fn a_message_ends_its_authors_typing() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut hers, mut his) = (alice.live_in(room).await, bob.live_in(room).await);
    his.send(json!({ "t": "typing", "room": room })).await;
    assert_eq!(hers.frame("typing").await["who"], json!(["bob"]));
    his.post(room, &new_id(), "done").await;
    hers.matching(|frame| frame["t"] == "typing" && frame["who"] == json!([]))
        .await;
}

#[tokio::test]
async fn a_stranger_cannot_be_seen_typing() {
    let server = Server::start().await;
    let (alice, eve) = (server.person("alice").await, server.person("eve").await);
    let room = alice.create("general", "sesame").await;
    let mut hers = alice.live_in(room).await;
    let mut strange = eve.live().await;
    strange.send(json!({ "t": "typing", "room": room })).await;
    strange
        .send(json!({ "t": "seen", "room": room, "seq": 1 }))
        .await;
    strange.send(json!({ "t": "shut", "room": room })).await;
    let_things_arrive().await;
    alice.post(room, "fence").await;
    let frames = hers.until_message("fence").await;
    assert!(
        !frames.iter().any(|frame| frame["t"] == "typing"),
        "{frames:?}"
    );
    server.is_well().await;
}

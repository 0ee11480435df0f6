//! Rooms that keep messages for so many days, and no longer.

use crate::support::{Options, Person, Server, eventually, json, new_id, seqs};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Makes a room's entries up to a seq so many days older than they are. The server is not running.
fn age(server: &Server, up_to: u64, days: i64) {
    let ago = days * DAY;
    server.alter(&format!(
        "UPDATE entries SET at = at - {ago} WHERE seq <= {up_to}"
    ));
}

/// A room of alice's and bob's with messages from long ago and from now, bob having read none of them.
async fn old_room() -> (Server, i64, Person, Person, u64) {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    // More than wait to be indexed, so that some are in the index and some are not.
    let mut live = alice.live_in(room).await;
    live.post_many(room, 700, "forgotten words for @bob").await;
    let first = alice.post(room, "the last of the forgotten").await;
    alice
        .call(
            "edit_message",
            &[
                ("room", &room),
                ("seq", &first),
                ("body", &"reworded and forgotten"),
            ],
        )
        .await
        .ok();
    alice
        .call(
            "react",
            &[
                ("room", &room),
                ("seq", &first),
                ("emoji", &"👍"),
                ("on", &true),
            ],
        )
        .await
        .ok();
    let old = alice.history(room, &[]).await["head"]
        .as_u64()
        .expect("a head");
    drop(live);
    let mut server = server;
    server.stop().await;
    age(&server, old, 40);
    let server = server.restart().await;
    let (alice, bob) = (alice.now_at(&server.url), bob.now_at(&server.url));
    alice
        .call(
            "post_message",
            &[
                ("room", &room),
                ("body", &"an answer that stays"),
                ("re", &first),
            ],
        )
        .await
        .ok();
    (server, room, alice, bob, first)
}

#[tokio::test]
async fn what_a_room_keeps_no_longer_is_gone_from_everywhere_at_once() {
    let (server, room, alice, bob, last_old) = old_room().await;
    assert_eq!(bob.rooms().await[0]["mentions"], 701 - 1);
    let mut following = bob.live().await;
    following.open(room, Some(last_old - 1)).await;
    following.until_message("an answer that stays").await;

    alice
        .call("set_keep", &[("room", &room), ("days", &30)])
        .await
        .ok();
    let erased = following.frame("erased").await;
    assert_eq!(
        (&erased["of"], &erased["by"]),
        (&json!(last_old), &json!("alice"))
    );

    let history = bob.history(room, &[]).await;
    let messages = history["messages"].as_array().expect("messages");
    assert_eq!((messages.len(), &history["more"]), (1, &json!(false)));
    assert_eq!(messages[0]["re"]["body"], "");
    for (name, seq, there) in [
        ("before", last_old + 1, 0),
        ("around", last_old, 1),
        ("after", 0, 1),
    ] {
        let history = bob.history(room, &[(name, &seq)]).await;
        assert_eq!(
            seqs(history["messages"].as_array().expect("messages")).len(),
            there,
            "{name}"
        );
    }
    let changes = bob
        .call(
            "changes",
            &[("room", &room), ("since", &0), ("limit", &200)],
        )
        .await
        .ok();
    assert!(!changes.to_string().contains("forgotten"));
    for words in ["forgotten", "reworded"] {
        let found = bob.call("search", &[("words", &words)]).await.ok();
        assert_eq!(found["hits"], json!([]), "{words}");
    }
    let now = &bob.rooms().await[0];
    assert_eq!(now["mentions"], 0);
    assert_eq!(
        now["said"].as_u64().expect("a number") - now["read"].as_u64().expect("a number"),
        1,
        "{now}"
    );
    // Who reads the log from memory finds no words in it.
    let mut again = bob.live().await;
    let from = again.open(room, Some(last_old - 1)).await["from"]
        .as_u64()
        .expect("a seq");
    assert!(from <= last_old);
    let frames = again.until_message("an answer that stays").await;
    let told = json!(frames).to_string();
    assert!(!told.contains("forgotten"), "{told}");

    for (endpoint, name, value) in [
        ("edit_message", "body", "other words"),
        ("delete_message", "body", ""),
        ("react", "emoji", "👍"),
    ] {
        alice
            .call(
                endpoint,
                &[
                    ("room", &room),
                    ("seq", &last_old),
                    (name, &value),
                    ("on", &true),
                ],
            )
            .await
            .refused(404, "no_such_message");
    }
    alice
        .call(
            "post_message",
            &[
                ("room", &room),
                ("id", &new_id()),
                ("body", &"well"),
                ("re", &last_old),
            ],
        )
        .await
        .refused(404, "no_such_message");

    // In time nothing of it is in the file or beside it.
    eventually("the words to be erased from the disk", async || {
        (!server.database_holds("forgotten words") && !server.database_holds("reworded and"))
            .then_some(())
    })
    .await;
    // A room that is looked at again has nothing more to say of it.
    let head = alice.history(room, &[]).await["head"].clone();
    let mut server = server;
    server.stop().await;
    let server = server.restart_with(Options::default()).await;
    let alice = alice.now_at(&server.url);
    assert_eq!(alice.history(room, &[]).await["head"], head);
    alice.post(room, "and on it goes").await;
}

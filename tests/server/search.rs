//! Searching what was said in one's rooms, and nothing else.

use crate::support::*;

/// The bodies of what is found, newest first.
async fn found(who: &Person, fields: Fields<'_>) -> Vec<String> {
    let found = who.call("search", fields).await.ok();
    let hits = found["hits"].as_array().expect("hits");
    hits.iter()
        .map(|hit| hit["message"]["body"].as_str().expect("a body").to_owned())
        .collect()
}

async fn words(who: &Person, words: &str) -> Vec<String> {
    found(who, &[("words", &words)]).await
}

/// Says so much else that what was said before is in the index, and not only what waits for it.
async fn pass_the_time(who: &Person, room: i64) {
    let mut sender = Sender::new(who.clone(), room);
    sender.post(600).await;
}

#[tokio::test]
async fn a_search_finds_words_prefixes_and_phrases_newest_first_in_all_of_ones_rooms() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let (kitchen, garden) = (
        alice.create("kitchen", "k").await,
        alice.create("garden", "k").await,
    );
    alice.post(kitchen, "Crème brûlée for two").await;
    alice
        .post(garden, "the roses want cream-coloured pots")
        .await;
    alice.post(kitchen, "two for the creme").await;
    alice.post(garden, "東京都に住んでいます").await;
    for indexed in [false, true] {
        if indexed {
            pass_the_time(&alice, garden).await;
        }
        let all = ["two for the creme", "Crème brûlée for two"];
        assert_eq!(words(&alice, "CREME").await, all);
        assert_eq!(words(&alice, "two for").await, all);
        assert_eq!(words(&alice, "\"for two\"").await, all[1..]);
        assert_eq!(
            words(&alice, "crea* pot*").await,
            ["the roses want cream-coloured pots"]
        );
        assert_eq!(words(&alice, "京都").await, ["東京都に住んでいます"]);
        assert_eq!(words(&alice, "crea").await, [""; 0]);
        let found = alice.call("search", &[("words", &"roses")]).await.ok();
        let message = alice
            .history(garden, &[("before", &2), ("limit", &1)])
            .await["messages"][0]
            .clone();
        assert_eq!(
            found,
            json!({ "hits": [{ "room": garden, "name": "garden", "message": message }] })
        );
    }
}

#[tokio::test]
async fn a_search_can_be_narrowed_and_gone_on_with() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (one, two) = (
        alice.create("one", "k").await,
        alice.create("two", "k").await,
    );
    bob.join("one", "k").await;
    for n in 0..5 {
        alice.post(one, &format!("tea {n}")).await;
        alice.post(two, &format!("tea {n} too")).await;
    }
    bob.post(one, "no tea").await;
    for indexed in [false, true] {
        if indexed {
            pass_the_time(&alice, two).await;
        }
        assert_eq!(
            found(&alice, &[("words", &"tea"), ("by", &"BOB")]).await,
            ["no tea"]
        );
        assert_eq!(
            found(&alice, &[("words", &"tea"), ("by", &"nobody")]).await,
            [""; 0]
        );
        let only = found(&alice, &[("words", &"tea"), ("room", &two), ("limit", &2)]).await;
        assert_eq!(only, ["tea 4 too", "tea 3 too"]);
        let (mut all, mut next) = (Vec::new(), None::<String>);
        loop {
            let mut fields: Vec<(&str, Field)> = vec![("words", &"tea"), ("limit", &4)];
            if let Some(next) = &next {
                fields.push(("before", next));
            }
            let page = alice.call("search", &fields).await.ok();
            for hit in page["hits"].as_array().expect("hits") {
                all.push(hit["message"]["body"].as_str().expect("a body").to_owned());
            }
            next = page["next"].as_str().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let mut expected = vec!["no tea".to_owned()];
        for n in (0..5).rev() {
            expected.extend([format!("tea {n} too"), format!("tea {n}")]);
        }
        assert_eq!(all, expected);
    }
}

#[tokio::test]
async fn what_is_edited_or_deleted_is_found_as_it_is_at_once() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "k").await;
    let (mut said, other) = (Vec::new(), alice.create("other", "k").await);
    for n in 0..4 {
        said.push(alice.post(room, &format!("walrus {n}")).await);
    }
    for (n, indexed) in [(0, false), (2, true)] {
        if indexed {
            pass_the_time(&alice, other).await;
        }
        let (edited, deleted) = (said[n], said[n + 1]);
        let fields: [(&str, Field); 3] = [("room", &room), ("seq", &edited), ("body", &"penguin")];
        alice.call("edit_message", &fields).await.ok();
        alice
            .call("delete_message", &[("room", &room), ("seq", &deleted)])
            .await
            .ok();
        assert_eq!(words(&alice, "walrus").await.len(), 2 - n);
        assert_eq!(words(&alice, "penguin").await.len(), 1 + n / 2);
        eventually("the files to forget it", async || {
            (!server.database_holds(format!("walrus {}", n + 1))).then_some(())
        })
        .await;
    }
    // The index has no word left that nobody says any more.
    eventually("the index to forget it", async || {
        (!server.database_holds("walrus")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn nobody_finds_what_is_said_in_a_room_they_are_not_in() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("vault", "sesame").await;
    bob.join("vault", "sesame").await;
    alice.post(room, "the whispered secret").await;
    pass_the_time(&alice, room).await;
    assert_eq!(words(&bob, "secret").await.len(), 1);
    bob.call("leave_room", &[("room", &room)]).await.ok();
    assert_eq!(words(&bob, "secret").await, [""; 0]);
    bob.call("search", &[("words", &"secret"), ("room", &room)])
        .await
        .refused(404, "no_such_room");
    alice.call("delete_room", &[("room", &room)]).await.ok();
    eventually("the files to forget it", async || {
        (!server.database_holds("whispered") && !server.database_holds("secret")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_to_search_for_is_refused_with_a_sentence() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "k").await;
    alice
        .post(
            room,
            "this or that; NEAR(here) col:umn -minus ^caret {brace}",
        )
        .await;
    for nothing in ["", "   ", "\"\"", "*", "?!", &"x".repeat(4_000)] {
        alice
            .call("search", &[("words", &nothing)])
            .await
            .refused(400, "bad_request");
    }
    let next: [(&str, Field); 2] = [("words", &"this"), ("before", &"yesterday")];
    alice
        .call("search", &next)
        .await
        .refused(400, "bad_request");
    // What other searches take for syntax are words here, or nothing.
    for typed in [
        "\" OR *",
        "NEAR(here",
        "col:umn",
        "-minus",
        "^caret",
        "{brace}",
        "or*",
        "this OR that",
    ] {
        assert_eq!(words(&alice, typed).await.len(), 1, "{typed}");
    }
    assert_eq!(words(&alice, "this NOT that").await.len(), 0);
}

#[tokio::test]
async fn a_search_survives_a_restart_with_what_was_indexed_and_what_was_not() {
    let mut server = Server::start().await;
    let mut alice = server.person("alice").await;
    let room = alice.create("general", "k").await;
    alice.post(room, "long ago").await;
    pass_the_time(&alice, room).await;
    alice.post(room, "just now").await;
    server.kill();
    let server = server.restart().await;
    alice = alice.now_at(&server.url);
    pass_the_time(&alice, room).await;
    assert_eq!(words(&alice, "ago").await, ["long ago"]);
    assert_eq!(words(&alice, "now").await, ["just now"]);
}

//! The limits of the design, with the limits on.

use crate::support::*;

async fn limited(rate_limits: &'static str) -> Server {
    Server::start_with(Options {
        rate_limits,
        ..Options::default()
    })
    .await
}

#[track_caller]
fn is_too_fast(answer: &Answer) {
    answer.refused(429, "too_fast");
    let seconds: u32 = answer
        .header("retry-after")
        .parse()
        .expect("Retry-After in seconds");
    assert!((1..=3600).contains(&seconds), "{seconds}");
}

/// Tries on until a limit refuses; it lets some more through while time passes.
async fn until_too_fast(mut attempt: impl AsyncFnMut(usize) -> Answer) {
    let mut tries = 0;
    let refused = eventually("a limit to be reached", async || {
        tries += 1;
        let answer = attempt(tries).await;
        (answer.status == 429).then_some(answer)
    })
    .await;
    is_too_fast(&refused);
    assert!(!refused.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn ten_claims_a_minute_come_from_one_address() {
    let server = limited("on").await;
    for n in 1..=10 {
        server.person(&format!("person{n}")).await;
    }
    until_too_fast(async |n| {
        let name = format!("another{n}");
        server
            .browser()
            .call("claim_username", &[("username", &name)])
            .await
    })
    .await;
    // Behind a proxy on this machine, addresses are those that it tells of.
    let browser = server.browser();
    let request = browser
        .request("POST", "/api/claim_username")
        .header("x-forwarded-for", "203.0.113.7");
    browser
        .send_form(request, &[("username", &"elsewhere")])
        .await
        .ok();
}

#[tokio::test]
async fn ten_wrong_keys_a_minute_are_answered() {
    let server = limited("on").await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    alice.create("general", "sesame").await;
    let guess = async |room: &str| {
        bob.call("join_room", &[("name", &room), ("key", &"guess")])
            .await
    };
    for n in 0..10 {
        let room = if n % 2 == 0 { "general" } else { "nowhere" };
        guess(room).await.refused(403, "wrong_key");
    }
    until_too_fast(async |_| guess("general").await).await;
    until_too_fast(async |_| guess("nowhere").await).await;
}

#[tokio::test]
async fn right_keys_are_free_and_tell_nothing_once_the_tries_are_used_up() {
    let server = limited("keys=3/h").await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    alice.create("general", "sesame").await;
    let join = async |room: &str, key: &str| {
        bob.call("join_room", &[("name", &room), ("key", &key)])
            .await
    };
    join("nowhere", "guess").await.refused(403, "wrong_key");
    for _ in 0..10 {
        let room = alice.join("general", "sesame").await;
        join("general", "sesame").await.ok();
        bob.call("leave_room", &[("room", &room)]).await.ok();
    }
    join("general", "guess").await.refused(403, "wrong_key");
    join("nowhere", "guess").await.refused(403, "wrong_key");
    for (room, key) in [
        ("general", "guess"),
        ("nowhere", "guess"),
        ("general", "sesame"),
    ] {
        is_too_fast(&join(room, key).await);
    }
}

#[tokio::test]
async fn twenty_rooms_an_hour_are_created_by_one_person() {
    let server = limited("on").await;
    let alice = server.person("alice").await;
    for n in 1..=20 {
        alice.create(&format!("room {n}"), "k").await;
    }
    is_too_fast(
        &alice
            .call("create_room", &[("name", &"room 21"), ("key", &"k")])
            .await,
    );
    assert_eq!(alice.rooms().await.len(), 20);
}

#[tokio::test]
async fn searches_come_in_bursts_of_twenty() {
    let server = limited("on").await;
    let alice = server.person("alice").await;
    let search = async || alice.call("search", &[("words", &"roses")]).await;
    for _ in 0..20 {
        search().await.ok();
    }
    until_too_fast(async |_| search().await).await;
    // Others are not held up, and it passes.
    let bob = server.person("bob").await;
    bob.call("search", &[("words", &"roses")]).await.ok();
    eventually("another search", async || {
        (search().await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn messages_come_in_bursts_of_forty() {
    let server = limited("on").await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    let ids: Vec<String> = (0..400).map(|_| new_id()).collect();
    for id in &ids {
        live.feed(json!({ "t": "send", "room": room, "id": id, "body": "flood" }))
            .await;
    }
    live.flush().await;
    let (mut sent, mut refused) = (0, Vec::new());
    while sent + refused.len() < ids.len() {
        let frame = live
            .matching(|frame| frame["t"] == "sent" || frame["t"] == "refused")
            .await;
        if frame["t"] == "sent" {
            sent += 1;
        } else {
            assert_eq!(frame["code"], "too_fast", "{frame}");
            refused.push(frame["id"].as_str().expect("an id").to_owned());
        }
    }
    assert!(sent >= 40, "the burst is 40, {sent} were sent");
    assert!(!refused.is_empty(), "400 at once are too fast");
    assert_eq!(
        alice.messages_after(room, 0).await.len(),
        sent,
        "nothing that was refused is stored"
    );
    // A refused message is sent once more under its id, and is there once.
    let id = refused.last().expect("a refused message");
    eventually("the limit to lift", async || {
        live.post(room, id, "at last").await;
        let frame = live
            .matching(|frame| frame["id"] == **id && frame["t"] != "message")
            .await;
        (frame["t"] == "sent").then_some(())
    })
    .await;
    assert_eq!(alice.messages_after(room, sent as u64).await.len(), 1);
}

#[tokio::test]
async fn messages_over_http_are_limited_too() {
    let server = limited("on").await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    // The burst is used up over the socket: both ways draw on the same limit.
    for _ in 0..2_000 {
        live.feed(json!({ "t": "send", "room": room, "id": new_id(), "body": "flood" }))
            .await;
    }
    live.flush().await;
    live.frame("refused").await;
    let fields: [(&str, Field); 2] = [("room", &room), ("body", &"one more")];
    let refused = eventually("a refusal over HTTP", async || {
        let answer = alice.call("post_message", &fields).await;
        live.feed(json!({ "t": "send", "room": room, "id": new_id(), "body": "flood" }))
            .await;
        live.flush().await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    is_too_fast(&refused);
}

#[tokio::test]
async fn changes_to_a_room_are_limited_as_messages_and_new_keys_as_keys_that_are_tried() {
    let server = limited("on").await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for endpoint in ["set_topic", "end_invite"] {
        let asked = (0..100).map(|n| {
            let alice = alice.clone();
            tokio::spawn(async move {
                let fields: [(&str, Field); 3] = [("room", &room), ("topic", &n), ("invite", &1)];
                alice.call(endpoint, &fields).await
            })
        });
        let mut refused = None;
        for answer in asked.collect::<Vec<_>>() {
            let answer = answer.await.expect("no panic");
            refused = refused.or((answer.status != 200).then_some(answer));
        }
        is_too_fast(&refused.expect("some were too many"));
    }
    until_too_fast(async |n| {
        alice
            .call(
                "change_key",
                &[("room", &room), ("key", &format!("key {n}"))],
            )
            .await
    })
    .await;
}

//! The limits of the design, with the limits on.

use crate::support::*;

async fn limited() -> Server {
    Server::start_with(Options {
        rate_limits: "on",
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

#[tokio::test]
async fn ten_claims_a_minute_come_from_one_address() {
    let server = limited().await;
    for n in 1..=10 {
        server.person(&format!("person{n}")).await;
    }
    let answer = server
        .browser()
        .call("claim_username", &[("username", &"person11")])
        .await;
    is_too_fast(&answer);
    assert!(!answer.headers.contains_key("set-cookie"));
    // Behind a proxy on this machine, addresses are those that it tells of.
    let browser = server.browser();
    let request = browser
        .request("POST", "/api/claim_username")
        .header("x-forwarded-for", "203.0.113.7");
    browser
        .send_form(request, &[("username", &"person11")])
        .await
        .ok();
}

#[tokio::test]
async fn ten_wrong_keys_a_minute_are_answered_and_right_ones_are_free() {
    let server = limited().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    alice.create("general", "sesame").await;
    for n in 0..10 {
        let room = if n % 2 == 0 { "general" } else { "nowhere" };
        bob.call("join_room", &[("name", &room), ("key", &"guess")])
            .await
            .refused(403, "wrong_key");
        alice.join("general", "sesame").await;
    }
    let guesses = [
        bob.call("join_room", &[("name", &"general"), ("key", &"guess")])
            .await,
        bob.call("join_room", &[("name", &"nowhere"), ("key", &"guess")])
            .await,
        // The right key does not tell itself apart from a wrong one.
        bob.call("join_room", &[("name", &"general"), ("key", &"sesame")])
            .await,
    ];
    guesses.iter().for_each(is_too_fast);
    assert_eq!(guesses[0].body.len(), guesses[1].body.len());
}

#[tokio::test]
async fn twenty_rooms_an_hour_are_created_by_one_person() {
    let server = limited().await;
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
async fn messages_come_in_bursts_of_forty() {
    let server = limited().await;
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
        let frame = live.matching(|frame| frame["id"] == **id).await;
        (frame["t"] == "sent").then_some(())
    })
    .await;
    assert_eq!(alice.messages_after(room, sent as u64).await.len(), 1);
}

#[tokio::test]
async fn messages_over_http_are_limited_too() {
    let server = limited().await;
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

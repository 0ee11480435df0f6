//! The live socket: its frames as the contract has them, in one order for everyone.

use tokio_tungstenite::tungstenite::Message;

use crate::support::*;

/// That a room is followed from there on.
fn opens(opened: &Value, room: i64, head: u64, from: u64) {
    let epoch = opened["epoch"].as_str().unwrap_or_default();
    assert!((1..=32).contains(&epoch.len()), "{opened}");
    let whole = json!({ "t": "opened", "room": room, "head": head, "from": from, "epoch": epoch });
    assert_eq!(*opened, whole);
}

#[tokio::test]
async fn a_message_reaches_everyone_who_follows_the_room() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut hers, mut his) = (alice.live().await, bob.live().await);
    opens(&hers.open(room, None).await, room, 1, 2);
    his.open(room, None).await;
    let id = new_id();
    hers.post(room, &id, " hi <there> ").await;
    let message = his.frame("message").await;
    let at = message["at"].clone();
    let expected = json!({ "t": "message", "room": room, "seq": 2, "id": id, "by": "alice", "at": at, "body": "hi <there>" });
    assert_eq!(message, expected);
    // The sender is given both, in whatever order.
    let one = hers
        .matching(|frame| frame["t"] == "sent" || frame["t"] == "message")
        .await;
    let other = hers
        .matching(|frame| frame["t"] == "sent" || frame["t"] == "message")
        .await;
    let sent = json!({ "t": "sent", "room": room, "id": id, "seq": 2, "at": at });
    assert!(
        [&one, &other] == [&sent, &expected] || [&one, &other] == [&expected, &sent],
        "{one} {other}"
    );
}

#[tokio::test]
async fn what_is_posted_over_http_is_live_too() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    alice.post(room, "by form").await;
    assert_eq!(live.frame("message").await["body"], "by form");
}

#[tokio::test]
async fn every_frame_says_what_it_is_first() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live().await;
    live.send(json!({ "t": "open", "room": room })).await;
    live.post(room, &new_id(), "hi").await;
    live.send(json!({ "t": "nonsense" })).await;
    for _ in 0..5 {
        let text = live.next_text().await;
        assert!(text.starts_with("{\"t\":\""), "{text}");
    }
}

#[tokio::test]
async fn everyone_sees_the_same_order() {
    let server = Server::start().await;
    let mut people = Vec::new();
    for n in 0..5 {
        people.push(server.person(&format!("person{n}")).await);
    }
    let room = people[0].create("general", "sesame").await;
    let mut sockets = Vec::new();
    for person in &people {
        person.join("general", "sesame").await;
        sockets.push(person.live_in(room).await);
    }
    for m in 0..40 {
        for (n, socket) in sockets.iter_mut().enumerate() {
            socket.feed(json!({ "t": "send", "room": room, "id": new_id(), "body": format!("{n}-{m}") })).await;
        }
    }
    let mut orders = Vec::new();
    for socket in &mut sockets {
        socket.flush().await;
    }
    for socket in &mut sockets {
        let messages = socket.messages(room, 200).await;
        // Four came before anything was said.
        assert_eq!(seqs(&messages), (5..=204).collect::<Vec<_>>());
        orders.push(messages);
    }
    assert!(orders.windows(2).all(|pair| pair[0] == pair[1]));
    let stored = people[0].messages_after(room, 0).await;
    let bodies = |messages: &[Value]| {
        messages
            .iter()
            .map(|m| m["body"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(bodies(&orders[0]), bodies(&stored));
}

#[tokio::test]
async fn the_same_id_over_two_sockets_at_once_is_one_message() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let (mut one, mut two) = (alice.live_in(room).await, alice.live_in(room).await);
    for round in 1..=20 {
        let id = new_id();
        let body = format!("round {round}");
        let fields: [(&str, Field); 3] = [("room", &room), ("id", &id), ("body", &body)];
        let ((), (), posted) = tokio::join!(
            one.post(room, &id, &body),
            two.post(room, &id, &body),
            alice.call("post_message", &fields)
        );
        let posted = posted.ok();
        assert_eq!(posted["seq"], round);
        for socket in [&mut one, &mut two] {
            let sent = socket
                .matching(|frame| frame["t"] == "sent" && frame["id"] == *id)
                .await;
            assert_eq!((&sent["seq"], &sent["at"]), (&posted["seq"], &posted["at"]));
        }
    }
    assert_eq!(alice.messages_after(room, 0).await.len(), 20);
    let mut late = alice.live().await;
    late.open(room, Some(0)).await;
    assert_eq!(
        seqs(&late.messages(room, 20).await),
        (1..=20).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_repeat_is_answered_but_not_shown_again() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let (mut live, mut watcher) = (alice.live_in(room).await, alice.live_in(room).await);
    let id = new_id();
    live.post(room, &id, "once").await;
    let first = live.frame("sent").await;
    live.post(room, &id, "once").await;
    assert_eq!(live.frame("sent").await, first);
    live.post(room, &new_id(), "last").await;
    let bodies: Vec<Value> = watcher
        .messages(room, 2)
        .await
        .iter()
        .map(|message| message["body"].clone())
        .collect();
    assert_eq!(bodies, ["once", "last"]);
}

#[tokio::test]
async fn a_socket_opens_a_room_from_just_after_what_it_has() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for n in 1..=10 {
        alice.post(room, &format!("{n}")).await;
    }
    let mut live = alice.live().await;
    opens(&live.open(room, Some(7)).await, room, 10, 8);
    assert_eq!(seqs(&live.messages(room, 3).await), [8, 9, 10]);
    // Opening again moves the cursor; a cursor from the future is at the head.
    live.open(room, Some(9)).await;
    assert_eq!(seqs(&live.messages(room, 1).await), [10]);
    opens(&live.open(room, None).await, room, 10, 11);
    live.open(room, Some(99)).await;
    alice.post(room, "11").await;
    assert_eq!(seqs(&live.messages(room, 1).await), [11]);
}

#[tokio::test]
async fn a_room_that_is_not_open_moves_only_its_head() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    let other = bob.create("other", "sesame").await;
    bob.join("general", "sesame").await;
    let mut live = bob.live_in(other).await;
    alice.post(room, "one").await;
    let head = live.frame("head").await;
    assert_eq!((&head["room"], &head["seq"]), (&json!(room), &json!(2)));
    // Shut again, an opened room is like one that never was.
    live.open(room, None).await;
    live.send(json!({ "t": "shut", "room": room })).await;
    bob.post(other, "shut is done").await;
    live.until_message("shut is done").await;
    alice.post(room, "two").await;
    let news = live
        .matching(|frame| frame["room"] == room && frame["t"] == "head")
        .await;
    assert_eq!(
        news,
        json!({ "t": "head", "room": room, "seq": 3, "said": 2 })
    );
}

#[tokio::test]
async fn a_room_joined_while_the_socket_is_open_is_followed_like_the_others() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut live = bob.live().await;
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    alice.post(room, "one").await;
    live.matching(|frame| frame["t"] == "head" && frame["room"] == room && frame["seq"] == 2)
        .await;
    live.open(room, Some(0)).await;
    assert_eq!(live.messages(room, 1).await[0]["body"], "one");
}

#[tokio::test]
async fn a_socket_is_told_which_site_it_speaks_to_and_how_far_each_room_is() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let (first, second) = (
        alice.create("first", "sesame").await,
        alice.create("second", "sesame").await,
    );
    alice.create("empty", "sesame").await;
    alice.post(first, "one").await;
    alice.post(second, "one").await;
    alice.post(second, "two").await;
    let mut live = alice.try_live().await.expect("a socket");
    let hello = live.next().await;
    assert!(
        hello["build"]
            .as_str()
            .is_some_and(|build| !build.is_empty()),
        "{hello}"
    );
    let mut heads = [live.next().await, live.next().await];
    heads.sort_by_key(|head| head["room"].as_i64());
    assert_eq!(
        heads,
        [
            json!({ "t": "head", "room": first, "seq": 1, "said": 1 }),
            json!({ "t": "head", "room": second, "seq": 2, "said": 2 }),
        ]
    );
    // Of a room in which nothing has happened there is nothing to say.
    opens(&live.open(first, None).await, first, 1, 2);
}

#[tokio::test]
async fn what_one_page_reads_the_others_of_the_same_name_hear_of() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut reads, mut hears) = (bob.live_in(room).await, bob.live_in(room).await);
    let seq = alice.post(room, "news").await;
    reads
        .send(json!({ "t": "seen", "room": room, "seq": seq }))
        .await;
    let read = |frame: &Value| frame["t"] == "read" && frame["room"] == room;
    let unread = |room: &Value| room["said"].as_u64().zip(room["read"].as_u64());
    let heard = hears.matching(read).await;
    let seen = bob.rooms().await.remove(0);
    assert_eq!(
        heard,
        json!({ "t": "read", "room": room, "seq": seen["seen"], "read": seen["read"] })
    );
    assert!(unread(&seen).is_some_and(|(said, read)| said == read));
    // A page without a socket counts too; and the one that read is not told what it said itself.
    let seq = alice.post(room, "more news").await;
    bob.call("seen", &[("room", &room), ("seq", &seq)])
        .await
        .ok();
    for socket in [&mut reads, &mut hears] {
        let frame = socket
            .matching(|frame| read(frame) && frame["seq"].as_u64() >= Some(seq))
            .await;
        assert_eq!(frame["read"], bob.rooms().await[0]["said"]);
    }
}

#[tokio::test]
async fn one_s_own_words_are_read_wherever_one_is() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let (mut speaks, mut elsewhere) = (alice.live_in(room).await, alice.live().await);
    speaks.post(room, &new_id(), "one").await;
    assert_eq!(
        elsewhere.frame("read").await,
        json!({ "t": "read", "room": room, "seq": 1, "read": 1 })
    );
}

#[tokio::test]
async fn sockets_are_told_that_the_list_of_rooms_has_changed() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (mut hers, mut his) = (alice.live().await, bob.live().await);
    let room = alice.create("general", "sesame").await;
    assert_eq!(hers.frame("rooms").await, json!({ "t": "rooms" }));
    bob.join("general", "sesame").await;
    his.frame("rooms").await;
    // Who leaves loses a room; who inherits it owns one more.
    alice.call("leave_room", &[("room", &room)]).await.ok();
    hers.frame("rooms").await;
    his.frame("rooms").await;
    assert_eq!(bob.rooms().await[0]["owned"], true);
}

#[tokio::test]
async fn a_strangers_frames_are_refused() {
    let server = Server::start().await;
    let (alice, eve) = (server.person("alice").await, server.person("eve").await);
    let room = alice.create("general", "sesame").await;
    let id = new_id();
    let mut live = eve.live().await;
    for room in [room, 999_999, -1] {
        live.post(room, &id, "let me in").await;
        let refused = live.frame("refused").await;
        assert_eq!(
            (&refused["room"], &refused["id"]),
            (&json!(room), &json!(id))
        );
        assert_eq!(refused["code"], "no_such_room");
        assert!(!refused["message"].as_str().unwrap_or_default().is_empty());
        live.send(json!({ "t": "open", "room": room, "after": 0 }))
            .await;
        assert_eq!(live.frame("refused").await["code"], "no_such_room");
    }
    assert_eq!(alice.messages_after(room, 0).await, Vec::<Value>::new());
}

#[tokio::test]
async fn one_identity_may_have_many_sockets() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let mut tabs = Vec::new();
    for _ in 0..5 {
        tabs.push(alice.live_in(room).await);
    }
    bob.post(room, "to all tabs").await;
    for tab in &mut tabs {
        assert_eq!(tab.messages(room, 1).await[0]["body"], "to all tabs");
    }
}

#[tokio::test]
async fn a_ping_is_answered() {
    let server = Server::start().await;
    let mut live = server.person("alice").await.live().await;
    live.send_raw(Message::Ping("still there?".into())).await;
    assert_eq!(live.pong().await, "still there?");
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_let_go_and_one_that_does_is_kept() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = bob.create("general", "sesame").await;
    let (silent, mut answering) = (alice.live().await, bob.live_in(room).await);
    // Reading answers the pings.
    let answers = async { while answering.try_message().await.is_some() {} };
    let bytes = tokio::select! {
        bytes = silent.kept_silent() => bytes,
        () = answers => panic!("the one who answers was let go first"),
    };
    assert_eq!(bytes, b"\x89\0\x89\0", "it is pinged twice before that");
    answering.post(room, &new_id(), "still here").await;
    answering.frame("sent").await;
}

#[tokio::test]
async fn a_socket_that_says_goodbye_is_answered() {
    let server = Server::start().await;
    let mut live = server.person("alice").await.live().await;
    live.send_raw(Message::Close(None)).await;
    live.closed().await;
    server.is_well().await;
}

#[tokio::test]
async fn giving_up_a_name_ends_its_sockets() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let mut live = alice.live().await;
    alice.call("give_up_username", &[]).await.ok();
    live.closed().await;
}

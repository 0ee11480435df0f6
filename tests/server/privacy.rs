//! Nothing of a room reaches someone who is not in it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::support::*;

#[tokio::test]
async fn nothing_of_a_room_reaches_a_stranger() {
    let server = Server::start().await;
    let (alice, eve) = (server.person("alice").await, server.person("eve").await);
    let room = alice.create("vault", "sesame").await;
    let own = eve.create("elsewhere", "k").await;
    let mut strange = eve.live_in(own).await;
    let _hers = alice.live_in(room).await;
    alice.post(room, "a whispered secret").await;
    alice.call("room_page", &[("name", &"vault")]).await.ok();
    for (endpoint, fields) in [
        ("history", &[("room", &room as Field)][..]),
        ("members", &[("room", &room)]),
        ("leave_room", &[("room", &room)]),
        ("delete_room", &[("room", &room)]),
        ("seen", &[("room", &room), ("seq", &1)]),
        ("post_message", &[("room", &room), ("body", &"hi")]),
        ("room_page", &[("name", &"vault")]),
    ] {
        let answer = eve.call(endpoint, fields).await;
        answer.refused(404, "no_such_room");
        assert!(
            !answer.text().contains("alice"),
            "{endpoint}: {}",
            answer.text()
        );
    }
    for page in [
        "/@eve",
        "/@eve/rooms/vault",
        "/@alice/rooms/vault",
        "/@alice",
        "/rooms/vault",
        "/",
    ] {
        let page = eve.browser.get(page).await.text();
        assert!(!page.contains("a whispered secret") && !visible_text(&page).contains("sesame"));
    }
    let_things_arrive().await;
    eve.post(own, "fence").await;
    let frames = strange.until_message("fence").await;
    assert!(
        frames.iter().all(|frame| frame["room"] == own),
        "{frames:?}"
    );
}

#[tokio::test]
async fn a_former_members_open_socket_gets_nothing_more() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    let own = bob.create("elsewhere", "k").await;
    bob.join("general", "sesame").await;
    // One socket has the room open, the other knows only its head; a third comes later.
    let (mut open, mut shut) = (bob.live_in(room).await, bob.live().await);
    open.open(own, None).await;
    shut.open(own, None).await;
    let mut sender = Sender::new(alice.clone(), room);
    // He leaves in the middle of what others say.
    let (left_at, ()) = tokio::join!(
        async {
            bob.call("leave_room", &[("room", &room)]).await.ok();
            alice.rooms().await[0]["head"].as_u64().expect("a head")
        },
        sender.post(300)
    );
    let mut late = bob.live_in(own).await;
    alice.post(room, "after he left").await;
    alice
        .live_in(room)
        .await
        .send(json!({ "t": "typing", "room": room }))
        .await;
    let_things_arrive().await;
    bob.post(own, "fence").await;
    for socket in [&mut open, &mut shut] {
        for frame in socket.until_message("fence").await {
            let seq = frame["seq"].as_u64().unwrap_or(0);
            assert!(
                frame["room"] != room || seq <= left_at,
                "{frame} came after seq {left_at}"
            );
            assert_ne!(frame["body"], "after he left");
        }
    }
    let frames = late.until_message("fence").await;
    assert!(
        frames.iter().all(|frame| frame["room"] == own),
        "{frames:?}"
    );
    for socket in [&mut open, &mut shut, &mut late] {
        socket
            .send(json!({ "t": "open", "room": room, "after": 0 }))
            .await;
        assert_eq!(socket.frame("refused").await["code"], "no_such_room");
        socket.post(room, &new_id(), "still here?").await;
        assert_eq!(socket.frame("refused").await["code"], "no_such_room");
    }
}

#[tokio::test]
async fn an_identitys_cookie_does_not_act_for_another() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    let disguised = Person {
        browser: bob.browser.clone(),
        name: "alice".into(),
    };
    let is_refused = async || {
        for (endpoint, fields) in [
            ("my_rooms", &[][..]),
            ("dashboard", &[]),
            ("give_up_username", &[]),
            ("create_room", &[("name", &"x" as Field), ("key", &"k")]),
            ("join_room", &[("name", &"general"), ("key", &"sesame")]),
            ("history", &[("room", &room)]),
            ("post_message", &[("room", &room), ("body", &"not hers")]),
            ("delete_room", &[("room", &room)]),
        ] {
            disguised
                .call(endpoint, fields)
                .await
                .refused(401, "not_me");
        }
        disguised
            .browser
            .refused_upgrade("?me=alice", &[("origin", &server.url)])
            .await
            .refused(401, "not_me");
    };
    is_refused().await;
    // His token under the name of her cookie, and no token at all, are no better.
    let (hers, his) = (alice.browser.jar(), bob.browser.jar());
    let (name, token) = (
        hers.keys().next().expect("a cookie"),
        his.values().next().expect("a cookie"),
    );
    bob.browser.put_cookie(name, token);
    is_refused().await;
    bob.browser.put_cookie(name, "");
    is_refused().await;
    assert_eq!(alice.messages_after(room, 0).await, Vec::<Value>::new());
    assert_eq!(bob.rooms().await, Vec::<Value>::new());
}

#[tokio::test]
async fn two_names_in_one_browser_do_not_mix() {
    let server = Server::start().await;
    let browser = server.browser();
    let (day, night) = (browser.claim("day").await, browser.claim("night").await);
    let room = day.create("sunlit", "k").await;
    assert_eq!(night.rooms().await, Vec::<Value>::new());
    night
        .call("history", &[("room", &room)])
        .await
        .refused(404, "no_such_room");
    let (mut by_day, mut by_night) = (day.live_in(room).await, night.live().await);
    by_day.post(room, &new_id(), "good morning").await;
    assert_eq!(by_day.frame("message").await["by"], "day");
    by_night.post(room, &new_id(), "good evening").await;
    assert_eq!(by_night.frame("refused").await["code"], "no_such_room");
    day.call("give_up_username", &[]).await.ok();
    night.rooms().await;
}

#[tokio::test]
async fn the_database_holds_neither_tokens_nor_keys() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    alice.create("general", "a very recognisable key").await;
    assert!(
        server.database_holds("general"),
        "the search finds what is there"
    );
    assert!(!server.database_holds("a very recognisable key"));
    for token in alice.browser.jar().values() {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .expect("a base64url token");
        assert!(bytes.len() >= 32, "a token has 256 bits");
        assert!(!server.database_holds(token) && !server.database_holds(bytes));
    }
}

#[tokio::test]
async fn tokens_are_never_the_same() {
    let server = Server::start().await;
    let mut tokens = std::collections::BTreeSet::new();
    for n in 0..20 {
        tokens.extend(
            server
                .person(&format!("person{n}"))
                .await
                .browser
                .jar()
                .into_values(),
        );
    }
    assert_eq!(tokens.len(), 20);
}

#[tokio::test]
async fn the_log_holds_no_bodies_keys_or_tokens() {
    let mut server = Server::start_with(Options {
        log: "trace",
        ..Options::default()
    })
    .await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "recognisable-key").await;
    for room in ["general", "nowhere"] {
        let fields: [(&str, Field); 2] = [("name", &room), ("key", &"recognisable-guess")];
        alice
            .call("join_room", &fields)
            .await
            .refused(403, "wrong_key");
    }
    let mut live = alice.live_in(room).await;
    live.post(room, &new_id(), "recognisable-body-by-socket")
        .await;
    live.frame("sent").await;
    alice.post(room, "recognisable-body-by-form").await;
    alice
        .submit(
            "/@alice",
            "create_room",
            &[("name", &"\u{0}"), ("key", &"recognisable-key")],
        )
        .await;
    alice
        .submit(
            "/@alice/rooms/general",
            "post_message",
            &[("room", &room), ("body", &"\0recognisable-body")],
        )
        .await;
    alice.browser.get("/@alice/rooms/general").await.page();
    live.send(json!({ "t": "send", "room": "general", "body": "recognisable-body" }))
        .await;
    live.frame("refused").await;
    server.stop().await;
    let log = server.log();
    assert!(log.len() > 500, "there is a log to look at: {log}");
    for (token, line) in alice
        .browser
        .jar()
        .values()
        .flat_map(|token| log.lines().map(move |line| (token, line)))
    {
        assert!(!line.contains(token.as_str()), "a token: {line}");
    }
    for line in log.lines() {
        assert!(!line.contains("recognisable"), "{line}");
    }
}

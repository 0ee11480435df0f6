//! Rooms: create, join, leave, delete, list.

use crate::support::*;

#[tokio::test]
async fn a_new_room_belongs_to_who_created_it() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice
        .call(
            "create_room",
            &[("name", &" The Garden 🌱 "), ("key", &" k ")],
        )
        .await
        .ok();
    let expected = json!({
        "id": room["id"], "name": "The Garden 🌱", "topic": "", "owner": "alice", "owned": true, "role": "owner",
        "head": 0, "seen": 0, "said": 0, "read": 0, "mentions": 0, "online": 0,
    });
    assert_eq!(room, expected);
    assert_eq!(alice.rooms().await, [room]);
}

#[tokio::test]
async fn a_room_name_that_could_be_mistaken_for_a_taken_one_is_taken() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    alice.create("Café Müller", "sesame").await;
    for variant in [
        "Café Müller",
        "CAFÉ MÜLLER",
        "Cafe\u{301} Mu\u{308}ller",
        "Ｃａｆé Müller",
        "  café   müller ",
    ] {
        let answer = bob
            .call("create_room", &[("name", &variant), ("key", &"other")])
            .await;
        answer.refused(409, "room_taken");
    }
    let joined = bob
        .call(
            "join_room",
            &[("name", &"cafe\u{301} müller"), ("key", &"sesame")],
        )
        .await
        .ok();
    assert_eq!(
        joined["name"], "Café Müller",
        "the variants also open it, under the name its owner gave"
    );
}

#[tokio::test]
async fn the_key_lets_a_person_in_once_and_for_good() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    alice.post(room, "hello").await;
    bob.call("history", &[("room", &room)])
        .await
        .refused(404, "no_such_room");
    let joined = bob
        .call("join_room", &[("name", &"general"), ("key", &"sesame")])
        .await
        .ok();
    assert_eq!(
        (&joined["id"], &joined["owner"], &joined["owned"]),
        (&json!(room), &json!("alice"), &json!(false))
    );
    assert_eq!(
        (&joined["head"], &joined["said"], &joined["read"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        bob.join("general", "sesame").await,
        room,
        "joining twice is joining"
    );
    assert_eq!(bob.history(room, &[]).await["messages"][0]["body"], "hello");
    let server = server.restart().await;
    assert_eq!(bob.now_at(&server.url).rooms().await[0]["id"], room);
}

#[tokio::test]
async fn a_key_is_taken_exactly_as_it_was_typed() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let longest = "ß".repeat(128);
    for (name, key) in [
        ("spaces", "  open sesame "),
        ("case", "Sesame"),
        ("longest", longest.as_str()),
    ] {
        alice.create(name, key).await;
        for near in [
            key.trim().to_lowercase(),
            format!("{key} "),
            key.to_uppercase(),
        ] {
            if near != key && near.chars().count() <= 128 {
                let answer = bob
                    .call("join_room", &[("name", &name), ("key", &near)])
                    .await;
                answer.refused(403, "wrong_key");
            }
        }
        bob.join(name, key).await;
    }
}

#[tokio::test]
async fn a_wrong_key_and_a_missing_room_read_the_same() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    alice.create("general", "sesame").await;
    let wrong = bob
        .call("join_room", &[("name", &"general"), ("key", &"guess")])
        .await;
    let missing = bob
        .call("join_room", &[("name", &"nowhere"), ("key", &"guess")])
        .await;
    wrong.refused(403, "wrong_key");
    missing.refused(403, "wrong_key");
    assert_eq!(wrong.body, missing.body);
    let names = |answer: &Answer| {
        answer
            .headers
            .keys()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&wrong), names(&missing));
}

#[tokio::test]
async fn one_who_leaves_is_a_stranger_until_the_key_is_given_again() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    assert_eq!(
        bob.call("leave_room", &[("room", &room)]).await.ok(),
        Value::Null
    );
    assert_eq!(bob.rooms().await, Vec::<Value>::new());
    bob.call("history", &[("room", &room)])
        .await
        .refused(404, "no_such_room");
    bob.call("leave_room", &[("room", &room)])
        .await
        .refused(404, "no_such_room");
    bob.join("general", "sesame").await;
    bob.history(room, &[]).await;
}

#[tokio::test]
async fn an_owner_who_leaves_hands_the_room_to_the_longest_standing_member() {
    let server = Server::start().await;
    let (alice, zoe, bob) = (
        server.person("alice").await,
        server.person("zoe").await,
        server.person("bob").await,
    );
    let room = alice.create("general", "sesame").await;
    zoe.join("general", "sesame").await;
    bob.join("general", "sesame").await;
    alice.call("leave_room", &[("room", &room)]).await.ok();
    assert_eq!(bob.rooms().await[0]["owner"], "zoe");
    zoe.call("leave_room", &[("room", &room)]).await.ok();
    bob.call("leave_room", &[("room", &room)]).await.ok();
    bob.call("join_room", &[("name", &"general"), ("key", &"sesame")])
        .await
        .refused(403, "wrong_key");
}

#[tokio::test]
async fn only_the_owner_deletes_a_room() {
    let server = Server::start().await;
    let (alice, bob, eve) = (
        server.person("alice").await,
        server.person("bob").await,
        server.person("eve").await,
    );
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    bob.call("delete_room", &[("room", &room)])
        .await
        .refused(403, "not_owner");
    eve.call("delete_room", &[("room", &room)])
        .await
        .refused(404, "no_such_room");
    assert_eq!(
        alice.call("delete_room", &[("room", &room)]).await.ok(),
        Value::Null
    );
    for person in [&alice, &bob] {
        assert_eq!(person.rooms().await, Vec::<Value>::new());
        person
            .call("history", &[("room", &room)])
            .await
            .refused(404, "no_such_room");
        person
            .call("post_message", &[("room", &room), ("body", &"hi")])
            .await
            .refused(404, "no_such_room");
    }
    assert_ne!(
        bob.create("general", "other").await,
        room,
        "the name is free, the number is not"
    );
}

#[tokio::test]
async fn deleting_a_room_tells_everyone_in_it() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    // One socket has the room open, the other has not.
    let (mut open, mut shut) = (alice.live_in(room).await, bob.live().await);
    alice.call("delete_room", &[("room", &room)]).await.ok();
    assert_eq!(
        open.frame("deleted").await,
        json!({ "t": "deleted", "room": room })
    );
    assert_eq!(
        shut.frame("deleted").await,
        json!({ "t": "deleted", "room": room })
    );
    open.post(room, &new_id(), "anyone?").await;
    assert_eq!(open.frame("refused").await["code"], "no_such_room");
}

#[tokio::test]
async fn deleting_a_room_wipes_its_messages_from_the_disk() {
    let mut server = Server::start().await;
    let alice = server.person("alice").await;
    let (doomed, kept) = (
        alice.create("doomed", "key one").await,
        alice.create("kept", "key two").await,
    );
    for n in 0..300 {
        alice.post(doomed, &format!("burn-after-reading-{n}")).await;
        alice.post(kept, &format!("keep-this-forever-{n}")).await;
    }
    assert!(server.database_holds("burn-after-reading-7"));
    alice.call("delete_room", &[("room", &doomed)]).await.ok();
    eventually("the messages to be wiped", async || {
        (!server.database_holds("burn-after-reading")).then_some(())
    })
    .await;
    assert!(server.stop().await.success());
    assert!(!server.database_holds("burn-after-reading"));
    assert!(server.database_holds("keep-this-forever-7"));
}

#[tokio::test]
async fn rooms_are_listed_the_latest_active_first() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let (one, two, three) = (
        alice.create("one", "k").await,
        alice.create("two", "k").await,
        alice.create("three", "k").await,
    );
    for room in [three, one, two, one] {
        alice.post(room, "hi").await;
        // Activity is told apart by the millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let rooms = alice.rooms().await;
    let order: Vec<i64> = rooms
        .iter()
        .map(|room| room["id"].as_i64().expect("a number"))
        .collect();
    assert_eq!(order, [one, two, three]);
    assert_eq!(rooms[0]["head"], 2);
    let dashboard = alice.call("dashboard", &[]).await.ok();
    assert_eq!(dashboard[0]["last"]["seq"], 2);
}

#[tokio::test]
async fn what_was_read_is_remembered_and_never_goes_back() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    for n in 0..5 {
        alice.post(room, &format!("{n}")).await;
    }
    let mut live = bob.live_in(room).await;
    live.send(json!({ "t": "seen", "room": room, "seq": 4 }))
        .await;
    live.send(json!({ "t": "seen", "room": room, "seq": 2 }))
        .await;
    eventually("bob to have read 4", async || {
        (bob.rooms().await[0]["seen"] == 4).then_some(())
    })
    .await;
    let_things_arrive().await;
    assert_eq!(bob.rooms().await[0]["seen"], 4);
    // No one has read what was not written.
    bob.call("seen", &[("room", &room), ("seq", &999)]).await;
    assert!(bob.rooms().await[0]["seen"].as_u64() <= Some(6));
    let server = server.restart().await;
    assert!(bob.now_at(&server.url).rooms().await[0]["seen"].as_u64() >= Some(4));
}

#[tokio::test]
async fn ones_own_words_are_not_news_even_where_what_came_before_is_read_after_them() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    alice.post(room, "one").await;
    bob.post(room, "two").await;
    bob.post(room, "three").await;
    alice.post(room, "four").await;
    // The first entry is that he came.
    assert_eq!(bob.rooms().await[0]["seen"], 1);
    bob.call("seen", &[("room", &room), ("seq", &2)]).await.ok();
    assert_eq!(bob.rooms().await[0]["seen"], 4);
    bob.post(room, "five").await;
    bob.call("seen", &[("room", &room), ("seq", &5)]).await.ok();
    assert_eq!(bob.rooms().await[0]["seen"], 6);
}

#[tokio::test]
async fn a_room_says_who_is_in_it() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let _live = bob.live().await;
    let members = alice.call("members", &[("room", &room)]).await.ok();
    let expected = json!([
        { "name": "alice", "online": false, "role": "owner" },
        { "name": "bob", "online": true, "role": "member" },
    ]);
    assert_eq!(members, expected);
    let page = alice.call("room_page", &[("name", &"General")]).await.ok();
    assert_eq!(
        (&page["room"]["id"], &page["members"]),
        (&json!(room), &expected)
    );
}

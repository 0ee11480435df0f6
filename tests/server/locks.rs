//! What a room's owner and moderators change in it: its name, its topic, its key and its rules, and who is in it.

use crate::support::{Field, Fields, Live, Person, Server, Value, json, let_things_arrive, new_id};

/// Alice's room with bob and carl in it.
async fn room(server: &Server) -> (i64, Person, Person, Person) {
    let alice = server.person("alice").await;
    let (bob, carl) = (server.person("bob").await, server.person("carl").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    carl.join("general", "sesame").await;
    (room, alice, bob, carl)
}

#[tokio::test]
async fn a_room_is_renamed_and_its_old_name_leads_to_it_until_another_takes_it() {
    let server = Server::start().await;
    let (room, alice, bob, _) = room(&server).await;
    let renamed = alice
        .call("rename_room", &[("room", &room), ("name", &"The Garden")])
        .await
        .ok();
    assert_eq!(
        (&renamed["id"], &renamed["name"]),
        (&room.into(), &"The Garden".into())
    );

    let old = bob.browser.get("/@bob/rooms/general?at=1").await;
    assert_eq!(old.status, 307, "{}", old.text());
    assert_eq!(old.header("location"), "/@bob/rooms/The%20Garden?at=1");
    let settings = bob.browser.get("/@bob/rooms/general/settings").await;
    assert_eq!(
        settings.header("location"),
        "/@bob/rooms/The%20Garden/settings"
    );
    let dave = server.person("dave").await;
    let invitation = bob.browser.get("/rooms/general").await.page();
    assert!(invitation.contains("/@bob/rooms/The%20Garden"));
    // Strangers are told nothing of it, and get in all the same.
    let stranger = dave.browser.get("/rooms/general").await.page();
    assert!(!stranger.contains("Garden"));
    assert_eq!(dave.join("General", "sesame").await, room);

    let taken = dave.create("general", "mine").await;
    assert_ne!(taken, room);
    assert_eq!(bob.browser.get("/@bob/rooms/general").await.status, 404);
    let erin = server.person("erin").await;
    erin.call("join_room", &[("name", &"general"), ("key", &"sesame")])
        .await
        .refused(403, "wrong_key");

    // A name that is another room's is taken, one's own in another case is not.
    alice
        .call("rename_room", &[("room", &room), ("name", &"GENERAL")])
        .await
        .refused(409, "room_taken");
    alice
        .call("rename_room", &[("room", &room), ("name", &"the garden")])
        .await
        .ok();
    // A room that is called again as it once was takes its own name back.
    for name in ["one", "two", "one"] {
        alice
            .call("rename_room", &[("room", &room), ("name", &name)])
            .await
            .ok();
    }
    let landed = bob.browser.get("/@bob/rooms/two").await;
    assert_eq!(landed.header("location"), "/@bob/rooms/one");
    bob.browser.get("/@bob/rooms/one").await.page();
}

#[tokio::test]
async fn what_is_changed_is_told_to_all_who_follow_the_room_and_the_others_list_their_rooms_anew() {
    let server = Server::start().await;
    let (room, alice, bob, carl) = room(&server).await;
    let mut following = bob.live_in(room).await;
    let mut elsewhere = carl.live().await;
    let changes: [(&str, Fields, _); 6] = [
        (
            "rename_room",
            &[("name", &"garden")],
            json!({ "what": "name", "to": "garden" }),
        ),
        (
            "set_topic",
            &[("topic", &"What grows")],
            json!({ "what": "topic", "to": "What grows" }),
        ),
        (
            "set_posting",
            &[("posting", &"moderators")],
            json!({ "what": "posting", "to": "moderators" }),
        ),
        (
            "set_keep",
            &[("days", &30)],
            json!({ "what": "keep", "to": "30" }),
        ),
        (
            "set_role",
            &[("who", &"BOB"), ("role", &"moderator")],
            json!({ "what": "role", "to": "moderator", "who": "bob" }),
        ),
        ("change_key", &[("key", &"new")], json!({ "what": "key" })),
    ];
    let mut seq = None::<u64>;
    for (endpoint, fields, told) in changes {
        let mut all: Vec<(&str, Field)> = vec![("room", &room)];
        all.extend(fields);
        // What is so already is no news the second time; a key is one each time.
        let times = if endpoint == "change_key" { 1 } else { 2 };
        for _ in 0..times {
            alice.call(endpoint, &all).await.ok();
        }
        let frame = following.frame("changed").await;
        let next = frame["seq"].as_u64().expect("a seq");
        assert!(seq.is_none_or(|seq| next == seq + 1), "{frame}");
        seq = Some(next);
        let mut expected = told;
        expected["t"] = "changed".into();
        expected["room"] = room.into();
        expected["seq"] = next.into();
        expected["by"] = "alice".into();
        expected["at"] = frame["at"].clone();
        assert_eq!(frame, expected);
        if endpoint != "change_key" {
            elsewhere.frame("rooms").await;
        }
    }
    let now = &bob.rooms().await[0];
    assert_eq!(
        [
            &now["name"],
            &now["topic"],
            &now["posting"],
            &now["keep"],
            &now["role"]
        ],
        [
            &json!("garden"),
            &json!("What grows"),
            &json!("moderators"),
            &json!(30),
            &json!("moderator")
        ]
    );
    // Read again, the log says the same.
    let mut again = carl.live().await;
    again.open(room, Some(0)).await;
    let mut said = Vec::new();
    while said.len() < 6 {
        said.push(again.frame("changed").await["what"].clone());
    }
    assert_eq!(
        json!(said),
        json!(["name", "topic", "posting", "keep", "role", "key"])
    );
    // For ever, and everyone.
    alice.call("set_keep", &[("room", &room)]).await.ok();
    alice
        .call("set_keep", &[("room", &room), ("days", &"")])
        .await
        .ok();
    assert_eq!(following.frame("changed").await["to"], "");
}

#[tokio::test]
async fn a_repeated_id_changes_nothing_twice() {
    let server = Server::start().await;
    let (room, alice, bob, _) = room(&server).await;
    let (handing, removing) = (new_id(), new_id());
    for _ in 0..2 {
        alice
            .call(
                "remove_member",
                &[("room", &room), ("id", &removing), ("who", &"carl")],
            )
            .await
            .ok();
    }
    for _ in 0..2 {
        alice
            .call(
                "set_role",
                &[
                    ("room", &room),
                    ("id", &handing),
                    ("who", &"bob"),
                    ("role", &"owner"),
                ],
            )
            .await
            .ok();
    }
    assert_eq!(alice.rooms().await[0]["role"], "moderator");
    assert_eq!(bob.rooms().await[0]["owned"], true);
    assert_eq!(bob.rooms().await[0]["owner"], "bob");
}

#[tokio::test]
async fn a_changed_key_opens_and_the_old_one_does_not_and_who_is_in_stays_in() {
    let server = Server::start().await;
    let (room, alice, bob, _) = room(&server).await;
    alice
        .call("change_key", &[("room", &room), ("key", &"open")])
        .await
        .ok();
    bob.post(room, "still here").await;
    let dave = server.person("dave").await;
    let old = dave
        .call("join_room", &[("name", &"general"), ("key", &"sesame")])
        .await;
    old.refused(403, "wrong_key");
    let nowhere = dave
        .call("join_room", &[("name", &"nowhere"), ("key", &"sesame")])
        .await;
    assert_eq!(old.text(), nowhere.text());
    assert!(
        old.json()["message"]
            .as_str()
            .expect("words")
            .contains("changed")
    );
    assert_eq!(dave.join("general", "open").await, room);
}

#[tokio::test]
async fn changing_the_key_and_showing_everyone_out_is_one_step() {
    let server = Server::start().await;
    let (room, alice, bob, carl) = room(&server).await;
    let invite = alice.call("new_invite", &[("room", &room)]).await.ok();
    let invite = invite["invite"].as_str().expect("an invite").to_owned();
    let mut theirs = [bob.live_in(room).await, carl.live_in(room).await];
    let mut own = alice.live_in(room).await;
    alice
        .call(
            "change_key",
            &[("room", &room), ("key", &"open"), ("everyone_out", &true)],
        )
        .await
        .ok();
    for (live, who) in theirs.iter_mut().zip(["bob", "carl"]) {
        live.matching(|frame| frame["t"] == "removed" && frame["who"] == who)
            .await;
    }
    for who in ["bob", "carl"] {
        assert_eq!(own.frame("removed").await["who"], who);
    }
    assert_eq!(own.frame("changed").await["what"], "key");
    for person in [&bob, &carl] {
        assert!(person.rooms().await.is_empty());
        for key in ["sesame", &invite] {
            person
                .call("join_room", &[("name", &"general"), ("key", &key)])
                .await
                .refused(403, "wrong_key");
        }
    }
    let left = alice.call("members", &[("room", &room)]).await.ok();
    assert_eq!(left.as_array().map(Vec::len), Some(1));
    assert_eq!(
        alice.call("invites", &[("room", &room)]).await.ok(),
        json!([])
    );
}

/// What a socket is given of a room after its user was shown out.
async fn after_removal(live: &mut Live, room: i64, who: &str) -> Vec<Value> {
    live.matching(|frame| frame["t"] == "removed" && frame["who"] == who)
        .await;
    // A socket's own answer comes behind all that was sent to it.
    live.send(json!({ "t": "shut", "room": 0 })).await;
    live.send(json!({ "t": "open", "room": 0 })).await;
    let mut rest = Vec::new();
    loop {
        let frame = live.next().await;
        if frame["t"] == "refused" && frame["room"] == 0 {
            return rest;
        }
        if frame["room"] == room {
            rest.push(frame);
        }
    }
}

#[tokio::test]
async fn who_is_removed_is_given_nothing_of_the_room_after_that_and_can_ask_for_nothing() {
    let server = Server::start().await;
    let (room, alice, bob, carl) = room(&server).await;
    let mut sockets = Vec::new();
    for _ in 0..6 {
        sockets.push(bob.live_in(room).await);
    }
    // One that lists the room only.
    sockets.push(bob.live().await);
    let mut own = carl.live_in(room).await;
    alice
        .call("remove_member", &[("room", &room), ("who", &"BoB")])
        .await
        .ok();
    let told = own.frame("removed").await;
    assert_eq!(
        (&told["who"], &told["by"]),
        (&json!("bob"), &json!("alice"))
    );
    own.send(json!({ "t": "typing", "room": room })).await;
    own.send(json!({ "t": "send", "room": room, "id": new_id(), "body": "gone, @bob?" }))
        .await;
    own.frame("sent").await;
    let_things_arrive().await;
    for live in &mut sockets {
        assert_eq!(after_removal(live, room, "bob").await, Vec::<Value>::new());
    }
    for endpoint in ["history", "members", "leave_room"] {
        bob.call(endpoint, &[("room", &room)])
            .await
            .refused(404, "no_such_room");
    }
    bob.call("changes", &[("room", &room), ("since", &0)])
        .await
        .refused(404, "no_such_room");
    assert_eq!(bob.browser.get("/@bob/rooms/general").await.status, 404);
    // The key still opens for whom it is told.
    assert_eq!(bob.join("general", "sesame").await, room);
    let mut back = bob.live_in(room).await;
    carl.post(room, "welcome back").await;
    back.until_message("welcome back").await;
}

#[tokio::test]
async fn a_removed_moderators_invites_end_with_them() {
    let server = Server::start().await;
    let (room, alice, bob, _) = room(&server).await;
    alice
        .call(
            "set_role",
            &[("room", &room), ("who", &"bob"), ("role", &"moderator")],
        )
        .await
        .ok();
    let invite = bob.call("new_invite", &[("room", &room)]).await.ok();
    alice
        .call("remove_member", &[("room", &room), ("who", &"bob")])
        .await
        .ok();
    let invite = invite["invite"].as_str().expect("an invite");
    bob.call("join_room", &[("name", &"general"), ("key", &invite)])
        .await
        .refused(403, "wrong_key");
    // Who comes back comes as a member.
    bob.join("general", "sesame").await;
    assert_eq!(bob.rooms().await[0]["role"], "member");
}

#[tokio::test]
async fn where_only_moderators_post_others_read() {
    let server = Server::start().await;
    let (room, alice, bob, carl) = room(&server).await;
    let mut live = bob.live_in(room).await;
    bob.post(room, "while everyone may").await;
    alice
        .call(
            "set_posting",
            &[("room", &room), ("posting", &"moderators")],
        )
        .await
        .ok();
    let id = new_id();
    live.post(room, &id, "no more").await;
    let refused = live.frame("refused").await;
    assert_eq!(
        (&refused["id"], &refused["code"]),
        (&json!(id), &json!("not_allowed"))
    );
    bob.call("post_message", &[("room", &room), ("body", &"nor so")])
        .await
        .refused(403, "not_allowed");
    alice
        .call(
            "set_role",
            &[("room", &room), ("who", &"carl"), ("role", &"moderator")],
        )
        .await
        .ok();
    carl.post(room, "as a moderator").await;
    alice
        .call(
            "set_role",
            &[("room", &room), ("who", &"carl"), ("role", &"member")],
        )
        .await
        .ok();
    carl.call("post_message", &[("room", &room), ("body", &"as none")])
        .await
        .refused(403, "not_allowed");
}

#[tokio::test]
async fn an_owner_hands_the_room_over_but_does_not_just_step_down() {
    let server = Server::start().await;
    let (room, alice, bob, _) = room(&server).await;
    for role in ["member", "moderator"] {
        alice
            .call(
                "set_role",
                &[("room", &room), ("who", &"alice"), ("role", &role)],
            )
            .await
            .refused(403, "not_allowed");
    }
    alice
        .call(
            "set_role",
            &[("room", &room), ("who", &"alice"), ("role", &"owner")],
        )
        .await
        .ok();
    alice
        .call(
            "set_role",
            &[("room", &room), ("who", &"bob"), ("role", &"owner")],
        )
        .await
        .ok();
    alice
        .call("change_key", &[("room", &room), ("key", &"mine")])
        .await
        .refused(403, "not_owner");
    alice
        .call("remove_member", &[("room", &room), ("who", &"bob")])
        .await
        .refused(403, "not_allowed");
    bob.call("remove_member", &[("room", &room), ("who", &"alice")])
        .await
        .ok();
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let server = Server::start().await;
    let (room, alice, _, _) = room(&server).await;
    let long = "x".repeat(201);
    let asked: [(&str, Fields, u16, &str); 15] = [
        ("rename_room", &[("name", &"  ")], 400, "invalid_room_name"),
        (
            "rename_room",
            &[("name", &"a\nb")],
            400,
            "invalid_room_name",
        ),
        ("rename_room", &[], 400, "bad_request"),
        ("set_topic", &[("topic", &long)], 400, "invalid_topic"),
        ("set_topic", &[("topic", &"a\nb")], 400, "invalid_topic"),
        ("change_key", &[("key", &"")], 400, "invalid_key"),
        (
            "remove_member",
            &[("who", &"nobody")],
            404,
            "no_such_member",
        ),
        (
            "remove_member",
            &[("who", &"no body")],
            404,
            "no_such_member",
        ),
        ("remove_member", &[("who", &"alice")], 403, "not_allowed"),
        (
            "set_role",
            &[("who", &"bob"), ("role", &"king")],
            400,
            "bad_request",
        ),
        (
            "set_role",
            &[("who", &"nobody"), ("role", &"member")],
            404,
            "no_such_member",
        ),
        ("set_posting", &[("posting", &"nobody")], 400, "bad_request"),
        ("set_keep", &[("days", &0)], 400, "bad_request"),
        ("set_keep", &[("days", &3651)], 400, "bad_request"),
        ("set_keep", &[("days", &-1)], 400, "bad_request"),
    ];
    for (endpoint, fields, status, code) in asked {
        let mut all: Vec<(&str, Field)> = vec![("room", &room)];
        all.extend(fields);
        alice.call(endpoint, &all).await.refused(status, code);
    }
    let history = alice.history(room, &[]).await;
    assert_eq!(history["head"], 2, "nothing but two who came");
}

#[tokio::test]
async fn forms_without_a_script_lead_back_to_where_they_stand() {
    let server = Server::start().await;
    let (room, alice, bob, _) = room(&server).await;
    let page = "/@alice/rooms/general/settings";
    for (endpoint, fields) in [
        ("set_topic", ("topic", "What grows")),
        ("change_key", ("key", "open")),
        ("remove_member", ("who", "carl")),
        ("set_posting", ("posting", "moderators")),
        ("set_keep", ("days", "")),
    ] {
        let (name, value) = fields;
        let answer = alice
            .submit(page, endpoint, &[("room", &room), (name, &value)])
            .await;
        assert_eq!(answer.leads_to(), page, "{endpoint}");
    }
    let refused = bob
        .submit(
            "/@bob/rooms/general/settings",
            "change_key",
            &[("room", &room), ("key", &"mine")],
        )
        .await;
    assert!(refused.leads_to().contains("flash="));
    let renamed = alice
        .submit(page, "rename_room", &[("room", &room), ("name", &"garden")])
        .await;
    assert_eq!(renamed.leads_to(), "/@alice/rooms/garden/settings");
}

//! What people do to messages: answer, edit, delete and react, by socket and by form, and what is refused.

use crate::support::*;

/// A room of alice's that bob is in.
async fn room_of_two(server: &Server) -> (Person, Person, i64) {
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    (alice, bob, room)
}

async fn edit(who: &Person, room: i64, seq: u64, body: &str) -> Answer {
    who.call(
        "edit_message",
        &[("room", &room), ("seq", &seq), ("body", &body)],
    )
    .await
}

async fn delete(who: &Person, room: i64, seq: u64) -> Answer {
    who.call("delete_message", &[("room", &room), ("seq", &seq)])
        .await
}

async fn react(who: &Person, room: i64, seq: u64, emoji: &str, on: bool) -> Answer {
    who.call(
        "react",
        &[
            ("room", &room),
            ("seq", &seq),
            ("emoji", &emoji),
            ("on", &on),
        ],
    )
    .await
}

async fn answer(who: &Person, room: i64, re: u64, body: &str) -> u64 {
    let posted = who
        .call(
            "post_message",
            &[("room", &room), ("re", &re), ("body", &body)],
        )
        .await
        .ok();
    posted["seq"].as_u64().expect("a seq")
}

/// The message with this seq, as history has it.
async fn message(who: &Person, room: i64, seq: u64) -> Value {
    let page = who.history(room, &[("around", &seq)]).await;
    let messages = page["messages"].as_array().expect("messages");
    let found = messages.iter().find(|message| message["seq"] == seq);
    found.expect("the message").clone()
}

#[tokio::test]
async fn an_edit_is_an_entry_and_the_message_has_its_new_words() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let mut his = bob.live_in(room).await;
    let seq = alice.post(room, "helo").await;
    let noted = edit(&alice, room, seq, " hello ").await.ok();
    assert_eq!(noted["seq"], seq + 1);
    assert_eq!(
        his.frame("edited").await,
        json!({ "t": "edited", "room": room, "seq": seq + 1, "of": seq, "by": "alice", "at": noted["at"], "body": "hello" })
    );
    let now = message(&bob, room, seq).await;
    assert_eq!(
        (&now["body"], &now["edited"]),
        (&json!("hello"), &noted["at"])
    );
    assert_eq!(now["seq"], seq, "it stays where it was");
}

#[tokio::test]
async fn a_deleted_message_stays_as_a_place_without_words() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let seq = bob.post(room, "regretted").await;
    react(&alice, room, seq, "👍", true).await.ok();
    let mut hers = alice.live_in(room).await;
    let noted = delete(&bob, room, seq).await.ok();
    assert_eq!(
        hers.frame("deleted_message").await,
        json!({ "t": "deleted_message", "room": room, "seq": noted["seq"], "of": seq, "by": "bob", "at": noted["at"] })
    );
    let now = message(&alice, room, seq).await;
    assert_eq!((&now["body"], &now["deleted"]), (&json!(""), &json!(true)));
    assert!(
        now.get("reactions").is_none() && now.get("edited").is_none(),
        "{now}"
    );
    // The owner may delete what others said, too.
    let seq = bob.post(room, "spam").await;
    delete(&alice, room, seq).await.ok();
    assert_eq!(message(&bob, room, seq).await["deleted"], true);
}

#[tokio::test]
async fn reactions_come_and_go_each_once() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let seq = alice.post(room, "cake?").await;
    let mut his = bob.live_in(room).await;
    let first = react(&bob, room, seq, "🎉", true).await.ok();
    assert_eq!(
        his.frame("reacted").await,
        json!({ "t": "reacted", "room": room, "seq": first["seq"], "of": seq, "by": "bob", "at": first["at"], "emoji": "🎉", "on": true })
    );
    // What is so already is the entry that made it so.
    assert_eq!(react(&bob, room, seq, "🎉", true).await.ok(), first);
    react(&alice, room, seq, "👍", true).await.ok();
    react(&alice, room, seq, "🎉", true).await.ok();
    let now = message(&bob, room, seq).await;
    assert_eq!(
        now["reactions"],
        json!([{ "emoji": "🎉", "by": ["bob", "alice"] }, { "emoji": "👍", "by": ["alice"] }])
    );
    react(&bob, room, seq, "🎉", false).await.ok();
    react(&alice, room, seq, "👍", false).await.ok();
    let now = message(&bob, room, seq).await;
    assert_eq!(
        now["reactions"],
        json!([{ "emoji": "🎉", "by": ["alice"] }])
    );
    let head = alice.rooms().await[0]["head"].clone();
    react(&bob, room, seq, "🎉", false).await.ok();
    assert_eq!(alice.rooms().await[0]["head"], head, "nothing has changed");
}

#[tokio::test]
async fn an_answer_quotes_its_message_as_that_is_now() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let long = "ü".repeat(200);
    let seq = alice.post(room, &long).await;
    let mut hers = alice.live_in(room).await;
    let reply = answer(&bob, room, seq, "indeed").await;
    let quote = json!({ "seq": seq, "by": "alice", "body": "ü".repeat(140) });
    assert_eq!(hers.frame("message").await["re"], quote);
    assert_eq!(message(&alice, room, reply).await["re"], quote);
    edit(&alice, room, seq, "short").await.ok();
    assert_eq!(message(&bob, room, reply).await["re"]["body"], "short");
    delete(&alice, room, seq).await.ok();
    assert_eq!(
        message(&bob, room, reply).await["re"],
        json!({ "seq": seq, "by": "alice", "body": "" })
    );
}

#[tokio::test]
async fn sockets_edit_delete_and_react_and_a_repeat_does_nothing_more() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let (mut hers, mut his) = (alice.live_in(room).await, bob.live_in(room).await);
    let said = new_id();
    hers.post(room, &said, "one").await;
    let seq = hers.frame("sent").await["seq"].clone();
    let (edit, react, delete) = (new_id(), new_id(), new_id());
    for _ in 0..2 {
        for frame in [
            json!({ "t": "edit", "room": room, "id": edit, "of": seq, "body": "two" }),
            json!({ "t": "react", "room": room, "id": react, "of": seq, "emoji": "👀", "on": true }),
        ] {
            hers.send(frame).await;
        }
    }
    let mut sent = Vec::new();
    for _ in 0..4 {
        sent.push(hers.frame("sent").await);
    }
    assert_eq!((&sent[0], &sent[1]), (&sent[2], &sent[3]));
    assert_eq!(
        (&sent[0]["id"], &sent[1]["id"]),
        (&json!(edit), &json!(react))
    );
    hers.send(json!({ "t": "delete", "room": room, "id": delete, "of": seq }))
        .await;
    hers.frame("sent").await;
    // A repeat of what was done to a message that is gone since is still known.
    hers.send(json!({ "t": "edit", "room": room, "id": edit, "of": seq, "body": "two" }))
        .await;
    assert_eq!(hers.frame("sent").await, sent[0]);
    let mut kinds = Vec::new();
    while kinds.len() < 4 {
        let frame = his.matching(|frame| frame["seq"].is_u64()).await;
        kinds.push(frame["t"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(kinds, ["message", "edited", "reacted", "deleted_message"]);
}

#[tokio::test]
async fn what_may_not_be_is_refused_with_its_code_and_nothing_is_stored() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let eve = server.person("eve").await;
    let hers = alice.post(room, "hers").await;
    let gone = alice.post(room, "gone").await;
    delete(&alice, room, gone).await.ok();
    let head = alice.rooms().await[0]["head"].clone();
    edit(&bob, room, hers, "his")
        .await
        .refused(403, "not_author");
    delete(&bob, room, hers).await.refused(403, "not_allowed");
    edit(&alice, room, hers, " ")
        .await
        .refused(400, "empty_body");
    let long = "x".repeat(4_001);
    edit(&alice, room, hers, &long)
        .await
        .refused(413, "body_too_long");
    react(&bob, room, hers, "ok", true)
        .await
        .refused(400, "invalid_emoji");
    // Neither a message that is deleted, nor an entry that is none, nor one that is not there, nor another room's.
    let other = alice.create("other", "k").await;
    alice.post(other, "elsewhere").await;
    for seq in [gone, 1, 999, u64::MAX, 0] {
        edit(&alice, room, seq, "x")
            .await
            .refused(404, "no_such_message");
        delete(&alice, room, seq)
            .await
            .refused(404, "no_such_message");
        react(&alice, room, seq, "👍", true)
            .await
            .refused(404, "no_such_message");
    }
    let fields: [(&str, Field); 3] = [("room", &room), ("re", &999), ("body", &"to nobody")];
    alice
        .call("post_message", &fields)
        .await
        .refused(404, "no_such_message");
    edit(&eve, room, hers, "mine")
        .await
        .refused(404, "no_such_room");
    react(&eve, room, hers, "👍", true)
        .await
        .refused(404, "no_such_room");
    delete(&eve, room, hers).await.refused(404, "no_such_room");
    let mut live = bob.live_in(room).await;
    for (frame, code) in [
        (
            json!({ "t": "edit", "of": hers, "body": "his" }),
            "not_author",
        ),
        (json!({ "t": "delete", "of": hers }), "not_allowed"),
        (
            json!({ "t": "react", "of": hers, "emoji": "👍👍", "on": true }),
            "invalid_emoji",
        ),
        (
            json!({ "t": "send", "body": "x", "re": 999 }),
            "no_such_message",
        ),
    ] {
        let (mut frame, id) = (frame, new_id());
        (frame["room"], frame["id"]) = (json!(room), json!(id));
        live.send(frame).await;
        let refused = live.frame("refused").await;
        assert_eq!(
            (&refused["id"], &refused["code"]),
            (&json!(id), &json!(code))
        );
    }
    let now = alice.rooms().await;
    let now = now
        .iter()
        .find(|known| known["id"] == room)
        .expect("the room");
    assert_eq!(now["head"], head);
    assert_eq!(message(&bob, room, hers).await["body"], "hers");
}

#[tokio::test]
async fn a_message_has_twenty_kinds_of_reactions_at_most() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let seq = alice.post(room, "popular").await;
    let kinds = "🐀🐁🐂🐃🐄🐅🐆🐇🐈🐉🐊🐋🐌🐍🐎🐏🐐🐑🐒🐓";
    for emoji in kinds.chars() {
        react(&alice, room, seq, &emoji.to_string(), true)
            .await
            .ok();
    }
    react(&bob, room, seq, "🦊", true)
        .await
        .refused(400, "invalid_emoji");
    react(&bob, room, seq, "🐀", true).await.ok();
    react(&alice, room, seq, "🐁", false).await.ok();
    react(&bob, room, seq, "🦊", true).await.ok();
}

#[tokio::test]
async fn who_comes_and_who_goes_is_in_the_log() {
    let server = Server::start().await;
    let (alice, runa) = (server.person("alice").await, server.person("runa").await);
    let room = alice.create("general", "sesame").await;
    assert_eq!(alice.rooms().await[0]["head"], 0, "her own room is no news");
    let mut hers = alice.live_in(room).await;
    runa.join("general", "sesame").await;
    let joined = hers.frame("joined").await;
    assert_eq!(
        joined,
        json!({ "t": "joined", "room": room, "seq": 1, "who": "runa", "at": joined["at"] })
    );
    // Who is in already does not come again.
    runa.join("general", "sesame").await;
    runa.call("leave_room", &[("room", &room)]).await.ok();
    let left = hers.frame("left").await;
    assert_eq!(
        left,
        json!({ "t": "left", "room": room, "seq": 2, "who": "runa", "at": left["at"] })
    );
    let mut late = alice.live().await;
    late.open(room, Some(0)).await;
    assert_eq!(
        (late.frame("joined").await, late.frame("left").await),
        (joined, left)
    );
}

#[tokio::test]
async fn unread_counts_messages_and_nothing_else() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let unread = async |who: &Person| {
        let room = who.rooms().await.remove(0);
        room["said"].as_u64().expect("said") - room["read"].as_u64().expect("read")
    };
    let seq = alice.post(room, "one").await;
    edit(&alice, room, seq, "won").await.ok();
    react(&alice, room, seq, "👍", true).await.ok();
    assert_eq!((unread(&alice).await, unread(&bob).await), (0, 1));
    bob.call("seen", &[("room", &room), ("seq", &seq)])
        .await
        .ok();
    assert_eq!(unread(&bob).await, 0);
    // Nobody's own words are news to them, whatever else has happened since they read.
    react(&alice, room, seq, "🎉", true).await.ok();
    bob.post(room, "two").await;
    assert_eq!((unread(&alice).await, unread(&bob).await), (1, 0));
}

#[tokio::test]
async fn forms_without_a_script_do_it_too() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let seq = alice.post(room, "helo").await;
    let page = "/@alice/rooms/general?at=1";
    let acts: [(&str, &[(&str, Field)]); 4] = [
        (
            "edit_message",
            &[("room", &room), ("seq", &seq), ("body", &"hello")],
        ),
        (
            "react",
            &[
                ("room", &room),
                ("seq", &seq),
                ("emoji", &"👍"),
                ("on", &true),
            ],
        ),
        (
            "post_message",
            &[("room", &room), ("re", &seq), ("body", &"hello yourself")],
        ),
        ("delete_message", &[("room", &room), ("seq", &seq)]),
    ];
    for (endpoint, fields) in acts {
        let to = alice.submit(page, endpoint, fields).await.leads_to();
        assert_eq!(to, page, "{endpoint}");
    }
    assert_eq!(message(&alice, room, seq).await["deleted"], true);
    let back = alice
        .submit(page, "delete_message", acts[3].1)
        .await
        .leads_to();
    assert!(back.starts_with(&format!("{page}&flash=")), "{back}");
}

#[tokio::test]
async fn nothing_is_left_of_what_was_edited_or_deleted() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    // Amid so much else that it does not stand on a page of its own.
    for n in 0..150 {
        alice
            .post(room, &format!("{n} {}", "filler ".repeat(20)))
            .await;
    }
    let edited = alice.post(room, "the combination is 7-hyacinth-3").await;
    let deleted = bob.post(room, "my password is periwinkle-stairs").await;
    answer(&alice, room, edited, "thanks").await;
    answer(&alice, room, deleted, "oh dear").await;
    for n in 0..150 {
        bob.post(room, &format!("{n} {}", "filler ".repeat(20)))
            .await;
    }
    edit(&alice, room, edited, "never mind the marigold")
        .await
        .ok();
    edit(&alice, room, edited, "never mind").await.ok();
    delete(&bob, room, deleted).await.ok();
    for secret in ["hyacinth", "marigold", "periwinkle"] {
        eventually("the files to forget it", async || {
            (!server.database_holds(secret)).then_some(())
        })
        .await;
    }
    assert!(server.database_holds("never mind"));
    // Nor is a reader told of it who comes from before.
    let mut late = bob.live().await;
    let opened = late.open(room, Some(edited - 1)).await;
    assert_eq!(opened["from"], edited);
    let head = opened["head"].clone();
    loop {
        let frame = late.next().await;
        let text = frame.to_string();
        for secret in ["hyacinth", "marigold", "periwinkle"] {
            assert!(!text.contains(secret), "{text}");
        }
        if frame["seq"] == edited {
            assert_eq!(frame["body"], "never mind");
        }
        if frame["seq"] == deleted {
            assert_eq!(
                (&frame["t"], &frame["deleted"]),
                (&json!("message"), &json!(true))
            );
        }
        if frame["seq"] == head {
            break;
        }
    }
}

#[tokio::test]
async fn who_is_named_hears_of_it_wherever_they_are() {
    let server = Server::start().await;
    let (alice, bob, room) = room_of_two(&server).await;
    let mentions = async || {
        let rooms = bob.rooms().await;
        let found = rooms.iter().find(|known| known["id"] == room);
        found.expect("the room")["mentions"].clone()
    };
    let (mut open, mut elsewhere) = (bob.live_in(room).await, bob.live().await);
    let mut hers = alice.live_in(room).await;
    alice.post(room, "nobody, alice@bob, `@bob`, @eve").await;
    let named = alice.post(room, "@BOB and @alice: look").await;
    let mention = json!({ "t": "mention", "room": room, "seq": named, "by": "alice" });
    assert_eq!(open.frame("mention").await, mention);
    assert_eq!(elsewhere.frame("mention").await, mention);
    assert_eq!(mentions().await, 1);
    // Named once more is named once; named no more is not named.
    edit(&alice, room, named, "@bob, look twice").await.ok();
    assert_eq!(mentions().await, 1);
    edit(&alice, room, named, "look away").await.ok();
    assert_eq!(mentions().await, 0);
    let seq = edit(&alice, room, named, "no, @bob").await.ok()["seq"].clone();
    assert_eq!(elsewhere.frame("mention").await, mention);
    bob.call("seen", &[("room", &room), ("seq", &seq)])
        .await
        .ok();
    assert_eq!(mentions().await, 0, "it is read");
    alice.post(room, "fence").await;
    let frames = hers.until_message("fence").await;
    assert!(frames.iter().all(|frame| frame["t"] != "mention"));
}

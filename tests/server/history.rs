//! Posting over HTTP and reading history.

use crate::support::*;

#[tokio::test]
async fn a_posted_message_is_in_history_as_it_was_typed() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let id = new_id();
    let body = "  <b>Hé</b> & \"you\" 👩‍👩‍👧\n\n\tindented\r\nlast line \n";
    let posted = alice
        .call(
            "post_message",
            &[("room", &room), ("id", &id), ("body", &body)],
        )
        .await
        .ok();
    assert_eq!((&posted["id"], &posted["seq"]), (&json!(id), &json!(1)));
    let expected = json!({
        "room": room, "seq": 1, "id": id, "by": "alice", "at": posted["at"],
        "body": "<b>Hé</b> & \"you\" 👩‍👩‍👧\n\n\tindented\nlast line",
    });
    assert_eq!(
        alice.history(room, &[]).await,
        json!({ "messages": [expected], "more": false, "head": 1 })
    );
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock past 1970");
    let at = posted["at"].as_i64().expect("milliseconds");
    assert!(
        (now.as_millis() as i64 - at).abs() < 120_000,
        "{at} is not UTC milliseconds"
    );
}

#[tokio::test]
async fn the_server_makes_an_id_where_none_is_given() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let one = alice
        .call("post_message", &[("room", &room), ("body", &"same words")])
        .await
        .ok();
    let two = alice
        .call("post_message", &[("room", &room), ("body", &"same words")])
        .await
        .ok();
    assert_eq!((&one["seq"], &two["seq"]), (&json!(1), &json!(2)));
    assert_ne!(one["id"], two["id"]);
}

#[tokio::test]
async fn the_same_id_is_the_same_message() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let id = new_id();
    let first = alice
        .call(
            "post_message",
            &[("room", &room), ("id", &id), ("body", &"hi")],
        )
        .await
        .ok();
    let again = alice
        .call(
            "post_message",
            &[("room", &room), ("id", &id), ("body", &"hi, changed")],
        )
        .await
        .ok();
    assert_eq!(first, again);
    // From another author, or in another room, it is another message.
    let other = bob
        .call(
            "post_message",
            &[("room", &room), ("id", &id), ("body", &"mine")],
        )
        .await
        .ok();
    assert_eq!(other["seq"], first["seq"].as_u64().expect("a seq") + 1);
    let elsewhere = alice.create("elsewhere", "k").await;
    let other = alice
        .call(
            "post_message",
            &[("room", &elsewhere), ("id", &id), ("body", &"there")],
        )
        .await
        .ok();
    assert_eq!(other["seq"], 1);
    let bodies: Vec<Value> = alice
        .messages_after(room, 0)
        .await
        .into_iter()
        .map(|message| message["body"].clone())
        .collect();
    assert_eq!(bodies, ["hi", "mine"]);
}

#[tokio::test]
async fn a_page_tells_what_happened_to_the_room_in_its_stretch_of_the_log() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let runa = server.person("runa").await;
    let leave = [("room", &room as Field)];
    alice.post(room, "one").await;
    runa.join("general", "sesame").await;
    alice.post(room, "two").await;
    alice.post(room, "three").await;
    runa.call("leave_room", &leave).await.ok();
    alice.post(room, "four").await;
    runa.join("general", "sesame").await;
    let happenings = async |fields: &[(&str, u64)]| {
        let fields: Vec<(&str, Field)> = fields.iter().map(|(name, n)| (*name, n as _)).collect();
        alice.history(room, &fields).await["happenings"].clone()
    };
    let (came, went, back) = (
        json!([2, "joined", "runa", null, null]),
        json!([5, "left", "runa", null, null]),
        json!([7, "joined", "runa", null, null]),
    );
    assert_eq!(happenings(&[]).await, json!([came, went, back]));
    assert_eq!(happenings(&[("limit", 2)]).await, json!([went, back]));
    assert_eq!(happenings(&[("limit", 1)]).await, json!([back]));
    assert_eq!(happenings(&[("before", 6)]).await, json!([came, went]));
    // Where all of a stretch is messages there is nothing to tell.
    assert_eq!(
        happenings(&[("before", 4), ("limit", 1)]).await,
        Value::Null
    );
    assert_eq!(happenings(&[("after", 3)]).await, json!([went, back]));
    assert_eq!(
        happenings(&[("after", 1), ("limit", 1)]).await,
        json!([came])
    );
    assert_eq!(
        happenings(&[("around", 1), ("limit", 2)]).await,
        json!([came])
    );
    // What closes a hole tells of it, too.
    let fields: [(&str, Field); 3] = [("room", &room), ("since", &3), ("limit", &1)];
    let changes = alice.call("changes", &fields).await.ok();
    assert_eq!(
        (&changes["to"], &changes["happenings"]),
        (&json!(4), &Value::Null)
    );
    let fields: [(&str, Field); 2] = [("room", &room), ("since", &2)];
    let changes = alice.call("changes", &fields).await.ok();
    assert_eq!(changes["happenings"], json!([went, back]));
    // Of many, the newest.
    for _ in 0..30 {
        runa.call("leave_room", &leave).await.ok();
        runa.join("general", "sesame").await;
    }
    let many = happenings(&[]).await;
    let many = many.as_array().expect("happenings");
    assert_eq!(
        (many.len(), &many[49]),
        (50, &json!([67, "joined", "runa", null, null]))
    );
}

#[tokio::test]
async fn history_is_read_page_by_page_in_both_directions() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live().await;
    for n in 1..=260 {
        live.feed(json!({ "t": "send", "room": room, "id": new_id(), "body": format!("{n}") }))
            .await;
    }
    live.flush().await;
    for _ in 1..=260 {
        live.frame("sent").await;
    }
    let page = async |fields: &[(&str, u64)]| {
        let fields: Vec<(&str, Field)> = fields.iter().map(|(name, n)| (*name, n as _)).collect();
        let page = alice.history(room, &fields).await;
        let seqs = seqs(page["messages"].as_array().expect("messages"));
        let range = seqs.first().copied().unwrap_or(0)..=seqs.last().copied().unwrap_or(0);
        assert!(
            seqs.iter().copied().eq(range.clone()) || seqs.is_empty(),
            "{seqs:?} has holes"
        );
        (range, seqs.len(), page["more"].as_bool().expect("more"))
    };
    assert_eq!(page(&[]).await, (211..=260, 50, true), "the newest 50");
    assert_eq!(page(&[("before", 211)]).await, (161..=210, 50, true));
    assert_eq!(page(&[("before", 51)]).await, (1..=50, 50, false));
    assert_eq!(page(&[("before", 20)]).await, (1..=19, 19, false));
    assert_eq!(page(&[("before", 1)]).await, (0..=0, 0, false));
    assert_eq!(page(&[("after", 0)]).await, (1..=50, 50, true));
    assert_eq!(page(&[("after", 210)]).await, (211..=260, 50, false));
    assert_eq!(
        page(&[("after", 209), ("limit", 50)]).await,
        (210..=259, 50, true)
    );
    assert_eq!(page(&[("after", 260)]).await, (0..=0, 0, false));
    assert_eq!(page(&[("after", 9_999)]).await, (0..=0, 0, false));
    assert_eq!(page(&[("limit", 7)]).await, (254..=260, 7, true));
    assert_eq!(page(&[("limit", 200)]).await, (61..=260, 200, true));
    assert_eq!(
        page(&[("limit", 5_000)]).await,
        (61..=260, 200, true),
        "never more than 200"
    );
}

#[tokio::test]
async fn the_longest_body_is_kept_and_a_longer_one_refused() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let longest = "🔑".repeat(4_000);
    alice.post(room, &format!("\n {longest} \n")).await;
    assert_eq!(
        alice.history(room, &[]).await["messages"][0]["body"],
        longest
    );
    let answer = alice
        .call(
            "post_message",
            &[("room", &room), ("body", &"x".repeat(4_001))],
        )
        .await;
    answer.refused(413, "body_too_long");
}

#[tokio::test]
async fn many_people_who_post_at_once_get_seqs_without_holes() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut posts = tokio::task::JoinSet::new();
    for n in 0..8 {
        let person = server.person(&format!("person{n}")).await;
        person.join("general", "sesame").await;
        posts.spawn(async move {
            let mut seqs = Vec::new();
            for m in 0..15 {
                seqs.push(person.post(room, &format!("{n}-{m}")).await);
            }
            assert!(seqs.is_sorted(), "one person's messages keep their order");
            seqs
        });
    }
    let mut seqs: Vec<u64> = posts.join_all().await.concat();
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs.len(), 120);
    // Besides, eight came.
    let room = alice.rooms().await.remove(0);
    assert_eq!((&room["head"], &room["said"]), (&json!(128), &json!(120)));
}

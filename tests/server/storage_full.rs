//! A disk that takes no more.

use std::process::Command;

use crate::support::*;

/// What makes a write past the limit fail, as a full disk does, instead of ending the process.
const NO_SIGNAL: &[&str] = &["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// Sets how large a file the server may write.
fn limit_files(server: &Server, bytes: &str) {
    let prlimit = Command::new("prlimit")
        .args([
            "--pid",
            &server.pid().to_string(),
            &format!("--fsize={bytes}:"),
        ])
        .status();
    assert!(prlimit.expect("the prlimit command").success());
}

#[tokio::test]
async fn a_full_disk_refuses_new_messages_clearly_and_goes_on_serving_the_old() {
    let server = Server::start_with(Options {
        under: NO_SIGNAL,
        ..Options::default()
    })
    .await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    limit_files(&server, "1000000");
    let (body, mut stored) = ("x".repeat(4_000), 0);
    let refused = loop {
        live.post(room, &new_id(), &body).await;
        let frame = live
            .matching(|frame| frame["t"] == "sent" || frame["t"] == "refused")
            .await;
        if frame["t"] == "refused" {
            break frame;
        }
        stored += 1;
        assert!(stored < 2_000, "the disk is not full");
    };
    assert!(
        ["storage_full", "unavailable"].contains(&refused["code"].as_str().unwrap_or_default()),
        "{refused}"
    );
    let over_http = alice
        .call("post_message", &[("room", &room), ("body", &body)])
        .await;
    assert_eq!(over_http.status, 503, "{}", over_http.text());
    assert!(
        ["storage_full", "unavailable"].contains(&over_http.code().as_str()),
        "{}",
        over_http.text()
    );
    let claimed = server
        .browser()
        .call("claim_username", &[("username", &"b".repeat(30))])
        .await;
    assert!([200, 503].contains(&claimed.status), "{}", claimed.text());
    // What is there is still served, what was refused is not there.
    let messages = alice.messages_after(room, 0).await;
    assert_eq!(seqs(&messages), (1..=stored).collect::<Vec<_>>());
    assert!(
        alice
            .browser
            .get("/@alice/rooms/general")
            .await
            .page()
            .contains("xxxx")
    );
    server.is_well().await;
    // Once there is room again, it goes on where it was, under the same id.
    limit_files(&server, "unlimited");
    let id = refused["id"].as_str().expect("an id");
    live.post(room, id, "there is room again").await;
    let sent = live
        .matching(|frame| frame["id"] == id && frame["t"] != "message")
        .await;
    assert_eq!(
        (&sent["t"], &sent["seq"]),
        (&json!("sent"), &json!(stored + 1))
    );
    let server = server.restart().await;
    let messages = alice.now_at(&server.url).messages_after(room, 0).await;
    assert_eq!(seqs(&messages), (1..=stored + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_a_full_disk_refuses_is_not_there_while_a_long_room_is_deleted() {
    let server = Server::start_with(Options {
        under: NO_SIGNAL,
        ..Options::default()
    })
    .await;
    let owner = server.person("owner").await;
    let long = owner.create("long", "sesame").await;
    owner
        .live_in(long)
        .await
        .post_many(long, 3_000, &"x".repeat(4_000))
        .await;
    let room = owner.create("general", "sesame").await;
    let mut people = vec![owner.clone()];
    const JOIN: u64 = 3;
    for n in 0..JOIN {
        let person = server.person(&format!("person{n}")).await;
        person.join("general", "sesame").await;
        people.push(person);
    }
    let mut posting = tokio::task::JoinSet::new();
    for person in people {
        posting.spawn(async move {
            let mut told = Vec::new();
            for _ in 0..200 {
                let (id, body) = (new_id(), "y".repeat(4_000));
                let fields: [(&str, Field); 3] = [("room", &room), ("id", &id), ("body", &body)];
                let answer = person.call("post_message", &fields).await;
                assert!([200, 503].contains(&answer.status), "{}", answer.text());
                told.push((id, answer.status == 200));
            }
            told
        });
    }
    owner.call("delete_room", &[("room", &long)]).await.ok();
    // Its messages are being purged when the disk is full.
    limit_files(&server, "1000000");
    let told = within("all answers", posting.join_all()).await;
    limit_files(&server, "unlimited");
    owner.post(room, "there is room again").await;
    let messages = owner.messages_after(room, 0).await;
    // Those who joined come first, each an entry of its own.
    assert_eq!(
        seqs(&messages),
        (JOIN + 1..=JOIN + messages.len() as u64).collect::<Vec<_>>()
    );
    let refused = told.iter().flatten().filter(|(_, stored)| !stored).count();
    assert!(refused > 0, "the disk was never full");
    for (id, stored) in told.iter().flatten() {
        let there = messages.iter().any(|message| message["id"] == *id);
        assert_eq!(there, *stored, "{id}");
    }
    server.is_well().await;
}

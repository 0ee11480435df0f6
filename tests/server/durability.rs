//! What was confirmed is there after any end of the server.

use std::collections::BTreeMap;

use crate::support::*;

/// Reads a whole room back and checks it against what its senders were told.
async fn check(reader: &Person, room: i64, senders: &[Sender]) {
    let messages = reader.messages_after(room, 0).await;
    let seqs = seqs(&messages);
    assert!(seqs.is_sorted_by(|one, next| one < next), "in order");
    let standing = reader.rooms().await.remove(0);
    assert_eq!(standing["said"], seqs.len());
    // Every other entry is that somebody came: none is missing.
    let members = reader.call("members", &[("room", &room)]).await.ok();
    let came = members.as_array().expect("members").len() - 1;
    assert_eq!(standing["head"], seqs.len() + came);
    let mut stored = BTreeMap::new();
    for message in &messages {
        let id = message["id"].as_str().expect("an id");
        assert_eq!(message["body"], format!("message {id}"));
        assert!(
            stored.insert(id, message["seq"].as_u64()).is_none(),
            "{id} is there twice"
        );
    }
    for (id, seq) in senders.iter().flat_map(|sender| &sender.confirmed) {
        assert_eq!(
            stored.get(id.as_str()),
            Some(&Some(*seq)),
            "{id} was confirmed"
        );
    }
}

/// How often the server is killed; `make torture` says more.
fn kills() -> usize {
    let asked = std::env::var("LATCHKEY_KILLS").ok();
    asked.and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

#[tokio::test]
async fn confirmed_messages_survive_kills_under_load() {
    const A_ROOM: usize = 12;
    let mut server = Server::start().await;
    let reader = server.person("reader").await;
    let mut people = Vec::new();
    for n in 0..8 {
        people.push(server.person(&format!("sender{n}")).await);
    }
    let mut rooms = Vec::new();
    let mut left = kills();
    while left > 0 {
        // A room that is read back whole after every kill does not grow for ever.
        let name = format!("room {}", rooms.len());
        let here = reader.now_at(&server.url);
        let room = here.create(&name, "sesame").await;
        let mut senders = Vec::new();
        for person in &people {
            let person = person.now_at(&server.url);
            person.join(&name, "sesame").await;
            senders.push(Sender::new(person, room));
        }
        for kill in 1..=A_ROOM.min(left) {
            senders = post_until_a_kill(&mut server, senders, kill).await;
            server = server.restart().await;
            check(&reader.now_at(&server.url), room, &senders).await;
        }
        left = left.saturating_sub(A_ROOM);
        // What was in doubt at the last kill is sent once more, and is there once.
        let mut again = Vec::new();
        for sender in senders {
            let mut sender = sender.now_at(&server.url);
            sender.post(10).await;
            again.push(sender);
        }
        check(&reader.now_at(&server.url), room, &again).await;
        rooms.push((room, again));
    }
    let server = server.restart().await;
    let mut confirmed = 0;
    for (room, senders) in &rooms {
        check(&reader.now_at(&server.url), *room, senders).await;
        confirmed += senders
            .iter()
            .map(|sender| sender.confirmed.len())
            .sum::<usize>();
    }
    println!(
        "{} kills, {confirmed} messages confirmed, all there",
        kills()
    );
    server.is_well().await;
}

/// The kill comes at another depth of every round's load, and always in the middle of it.
async fn post_until_a_kill(server: &mut Server, senders: Vec<Sender>, kill: usize) -> Vec<Sender> {
    let (told, mut confirmations) = tokio::sync::mpsc::unbounded_channel();
    let mut working = tokio::task::JoinSet::new();
    for sender in senders {
        let (told, mut sender) = (told.clone(), sender.now_at(&server.url));
        working.spawn(async move {
            loop {
                let before = sender.confirmed.len();
                sender.post(1 + kill).await;
                if sender.confirmed.len() == before {
                    return sender;
                }
                let _ = told.send(sender.confirmed.len() - before);
            }
        });
    }
    let mut confirmed = 0;
    while confirmed < 20 * kill {
        confirmed += within("confirmations", confirmations.recv())
            .await
            .expect("senders are at work");
    }
    server.kill();
    within("the senders to notice", working.join_all()).await
}

#[tokio::test]
async fn a_graceful_end_keeps_what_was_confirmed() {
    let mut server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut sender = Sender::new(alice.clone(), room);
    let ((), ()) = tokio::join!(sender.post(100_000), async {
        eventually("some load", async || {
            (alice.rooms().await[0]["head"].as_u64() > Some(50)).then_some(())
        })
        .await;
        server.signal("TERM");
    });
    assert!(server.ended().await.success());
    let server = server.restart().await;
    check(&alice.now_at(&server.url), room, &[sender]).await;
}

#[tokio::test]
async fn a_rooms_seq_goes_on_where_it_was() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    assert_eq!(alice.post(room, "before").await, 1);
    let server = server.restart().await;
    let alice = alice.now_at(&server.url);
    let mut live = alice.live().await;
    assert_eq!(live.open(room, Some(0)).await["head"], 1);
    assert_eq!(alice.post(room, "after").await, 2);
    let last = alice.messages_after(room, 1).await;
    assert_eq!(last[0]["body"], "after");
}

#[tokio::test]
async fn an_id_is_known_again_after_a_restart() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let fields: [(&str, Field); 3] = [("room", &room), ("id", &new_id()), ("body", &"hi")];
    let first = alice.call("post_message", &fields).await.ok();
    alice.post(room, "another").await;
    let server = server.restart().await;
    let alice = alice.now_at(&server.url);
    assert_eq!(alice.call("post_message", &fields).await.ok(), first);
    assert_eq!(alice.messages_after(room, 0).await.len(), 2);
}

#[tokio::test]
async fn a_stop_in_the_middle_of_a_purge_is_quick_and_the_purge_goes_on_afterwards() {
    let mut server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    let body = "a secret ".repeat(440);
    live.post_many(room, 4_000, &body).await;
    drop(live);
    alice.call("delete_room", &[("room", &room)]).await.ok();
    let stopped = std::time::Instant::now();
    assert!(server.stop().await.success());
    assert!(stopped.elapsed().as_secs() < 5, "{:?}", stopped.elapsed());
    let server = server.restart().await;
    eventually("what was said to be gone", async || {
        (!server.database_holds("a secret")).then_some(())
    })
    .await;
    server.is_well().await;
}

//! What happens at the same moment: one of two orders, and never anything between.

use std::{collections::BTreeSet, time::Duration};

use crate::support::{
    Answer, Field, Live, Person, Server, Value, chance, eventually, json, new_id, within,
};

const ROUNDS: usize = 12;

/// Waits for a moment, another one each time.
async fn a_moment() {
    tokio::time::sleep(Duration::from_micros(chance(3_000))).await;
}

async fn members(of: &Person, room: i64) -> BTreeSet<String> {
    let members = of.call("members", &[("room", &room)]).await.ok();
    let members = members.as_array().expect("a list").iter();
    members
        .map(|member| member["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// Says things until it is shown out, and for a little longer. Answers the ids and all frames of the room.
async fn talk(mut live: Live, room: i64) -> (Vec<String>, Vec<Value>) {
    let (mut ids, mut frames) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let id = new_id();
        live.feed(json!({ "t": "send", "room": room, "id": id, "body": "on my way out" }))
            .await;
        live.feed(json!({ "t": "typing", "room": room })).await;
        live.flush().await;
        ids.push(id);
        a_moment().await;
    }
    live.matching_all(&mut frames, |frames| {
        frames.iter().any(|frame| frame["t"] == "removed")
            && ids.iter().all(|id| {
                let answers = |frame: &&Value| {
                    frame["id"] == **id && (frame["t"] == "sent" || frame["t"] == "refused")
                };
                frames.iter().filter(answers).count() == 1
            })
    })
    .await;
    // Whatever else would come comes before the answer to this.
    live.send(json!({ "t": "open", "room": -1 })).await;
    live.matching_all(&mut frames, |frames| {
        frames.iter().any(|frame| frame["room"] == -1)
    })
    .await;
    frames.retain(|frame| frame["room"] == room);
    (ids, frames)
}

#[tokio::test]
async fn who_is_shown_out_while_they_post_is_given_nothing_after_that() {
    let server = Server::start().await;
    let (alice, bob, carl) = (
        server.person("alice").await,
        server.person("bob").await,
        server.person("carl").await,
    );
    for round in 0..ROUNDS {
        let name = format!("room {round}");
        let room = alice.create(&name, "sesame").await;
        bob.join(&name, "sesame").await;
        carl.join(&name, "sesame").await;
        let mut talking = Vec::new();
        for _ in 0..4 {
            talking.push(tokio::spawn(talk(bob.live_in(room).await, room)));
        }
        let other = tokio::spawn({
            let carl = carl.clone();
            async move {
                for _ in 0..20 {
                    carl.post(room, "nothing for @bob").await;
                }
            }
        });
        for _ in 0..chance(8) {
            a_moment().await;
        }
        alice
            .call("remove_member", &[("room", &room), ("who", &"bob")])
            .await
            .ok();
        other.await.expect("no panic");
        let stored: BTreeSet<(String, u64)> = alice
            .messages_after(room, 0)
            .await
            .iter()
            .map(|message| {
                let id = message["id"].as_str().expect("an id").to_owned();
                (id, message["seq"].as_u64().expect("a seq"))
            })
            .collect();
        for talked in talking {
            let (ids, frames) = talked.await.expect("no panic");
            let out = frames.iter().position(|frame| frame["t"] == "removed");
            let out = out.expect("is told");
            let seq = frames[out]["seq"].as_u64().expect("a seq");
            // Only what was asked for after that is answered, and with nothing but no.
            for frame in &frames[out + 1..] {
                assert_eq!(
                    (&frame["t"], &frame["code"]),
                    (&json!("refused"), &json!("no_such_room"))
                );
            }
            assert!(
                frames
                    .iter()
                    .all(|frame| frame["seq"].as_u64() <= Some(seq)),
                "{frames:?}"
            );
            for id in ids {
                let sent = frames
                    .iter()
                    .find(|frame| frame["id"] == *id && frame["t"] == "sent");
                let kept = stored.iter().find(|(stored, _)| *stored == id);
                assert_eq!(sent.is_some(), kept.is_some(), "{id}");
                assert!(kept.is_none_or(|(_, at)| *at < seq));
            }
        }
        bob.call("history", &[("room", &room)])
            .await
            .refused(404, "no_such_room");
    }
}

/// Whether somebody was let in; fails the test where the answer is neither yes nor no.
fn came_in(answer: &Answer) -> bool {
    if answer.status == 200 {
        return true;
    }
    answer.refused(403, "wrong_key");
    false
}

/// Everybody tries the key at once, each at a moment of their own.
fn rush(guests: &[Person], room: &str, key: &str) -> Vec<tokio::task::JoinHandle<bool>> {
    let come = |guest: &Person| {
        let (guest, room, key) = (guest.clone(), room.to_owned(), key.to_owned());
        tokio::spawn(async move {
            a_moment().await;
            let fields: [(&str, Field); 2] = [("name", &room), ("key", &key)];
            came_in(&guest.call("join_room", &fields).await)
        })
    };
    guests.iter().map(come).collect()
}

async fn guests(server: &Server) -> Vec<Person> {
    let mut guests = Vec::new();
    for n in 0..5 {
        guests.push(server.person(&format!("guest{n}")).await);
    }
    guests
}

#[tokio::test]
async fn a_key_that_changes_while_people_come_lets_in_whom_it_says_it_does() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let guests = guests(&server).await;
    for round in 0..ROUNDS {
        let everyone_out = round % 2 == 0;
        let name = format!("room {round}");
        let room = alice.create(&name, "sesame").await;
        let coming = rush(&guests, &name, "sesame");
        a_moment().await;
        let fields: [(&str, Field); 3] = [
            ("room", &room),
            ("key", &"open"),
            ("everyone_out", &everyone_out),
        ];
        alice.call("change_key", &fields).await.ok();
        let mut expected = BTreeSet::from(["alice".to_owned()]);
        for (guest, came) in guests.iter().zip(coming) {
            if came.await.expect("no panic") && !everyone_out {
                expected.insert(guest.name.clone());
            }
        }
        assert_eq!(members(&alice, room).await, expected);
        for guest in &guests {
            let inside = guest
                .rooms()
                .await
                .iter()
                .any(|inside| inside["id"] == room);
            assert_eq!(inside, expected.contains(&guest.name));
        }
    }
}

#[tokio::test]
async fn an_invite_that_is_ended_while_people_come_lets_in_whom_it_says_it_does() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let guests = guests(&server).await;
    for round in 0..ROUNDS {
        let name = format!("room {round}");
        let room = alice.create(&name, "sesame").await;
        let made = alice
            .call("new_invite", &[("room", &room), ("uses", &3)])
            .await
            .ok();
        let invite = made["invite"].as_str().expect("an invite");
        let coming = rush(&guests, &name, invite);
        a_moment().await;
        alice
            .call("end_invite", &[("room", &room), ("invite", &invite)])
            .await
            .ok();
        let after = members(&alice, room).await;
        let mut expected = BTreeSet::from(["alice".to_owned()]);
        for (guest, came) in guests.iter().zip(coming) {
            if came.await.expect("no panic") {
                expected.insert(guest.name.clone());
            }
        }
        assert!(expected.len() <= 4, "{expected:?}");
        assert_eq!(after, expected, "nobody came after it was ended");
    }
}

#[tokio::test]
async fn a_room_that_is_handed_over_while_people_leave_has_one_owner() {
    let server = Server::start().await;
    let (alice, bob, carl) = (
        server.person("alice").await,
        server.person("bob").await,
        server.person("carl").await,
    );
    for round in 0..ROUNDS {
        let name = format!("room {round}");
        let room = alice.create(&name, "sesame").await;
        bob.join(&name, "sesame").await;
        carl.join(&name, "sesame").await;
        let leaver = if round % 2 == 0 { &bob } else { &alice };
        let leaving = tokio::spawn({
            let leaver = leaver.clone();
            async move {
                a_moment().await;
                leaver.call("leave_room", &[("room", &room)]).await.ok();
            }
        });
        a_moment().await;
        let handed = alice
            .call(
                "set_role",
                &[("room", &room), ("who", &"bob"), ("role", &"owner")],
            )
            .await;
        leaving.await.expect("no panic");
        match handed.status {
            200 => {}
            // Whoever is gone is no member, and has no room to hand over.
            _ if round % 2 == 0 => handed.refused(404, "no_such_member"),
            _ => handed.refused(404, "no_such_room"),
        }
        let mut owners = Vec::new();
        for person in [&alice, &bob, &carl] {
            let rooms = person.rooms().await;
            let here = rooms.iter().find(|inside| inside["id"] == room);
            owners.extend(
                here.filter(|room| room["owned"] == true)
                    .map(|_| person.name.clone()),
            );
            let owner = here.map(|room| room["owner"].clone());
            assert!(owner.is_none_or(|owner| owner != json!(leaver.name)));
        }
        assert_eq!(owners.len(), 1, "{owners:?}");
        let expected = if round % 2 == 1 {
            ["bob", "carl"].as_slice()
        } else {
            &["alice", "carl"]
        };
        assert!(expected.contains(&owners[0].as_str()));
    }
}

#[tokio::test]
async fn a_reader_who_takes_nothing_learns_that_they_were_shown_out_when_they_read_on() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let mut blocked = Live::connect(&bob.browser, "bob", Some(4_096))
        .await
        .expect("a socket");
    blocked.open(room, None).await;
    let long = "x".repeat(3_900);
    let mut live = alice.live().await;
    live.post_many(room, 600, &long).await;
    alice
        .call("remove_member", &[("room", &room), ("who", &"bob")])
        .await
        .ok();
    live.post_many(room, 100, "not for bob").await;
    let mut after = None;
    within("the end of what is owed", async {
        eventually("the last word", async || {
            let frame = blocked.next().await;
            if frame["t"] == "removed" {
                after = Some(frame["seq"].clone());
            }
            assert_ne!(frame["body"], "not for bob");
            after.is_some().then_some(())
        })
        .await;
        blocked.send(json!({ "t": "open", "room": -1 })).await;
        loop {
            let frame = blocked.next().await;
            assert_ne!(frame["room"], room, "{frame}");
            if frame["room"] == -1 {
                break;
            }
        }
    })
    .await;
}

//! Invites: they let so many people in until a time, wherever a key does.

use crate::support::{Field, Person, Server, Value, json};

async fn room(server: &Server) -> (i64, Person) {
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    (room, alice)
}

async fn invite(by: &Person, room: i64, terms: &[(&str, Field<'_>)]) -> String {
    let mut all: Vec<(&str, Field)> = vec![("room", &room)];
    all.extend(terms);
    let made = by.call("new_invite", &all).await.ok();
    let invite = made["invite"].as_str().expect("an invite");
    assert!(invite.starts_with("inv_"), "{invite}");
    invite.to_owned()
}

async fn comes_in(who: &Person, key: &str) -> bool {
    let answer = who
        .call("join_room", &[("name", &"general"), ("key", &key)])
        .await;
    match answer.status {
        200 => true,
        _ => {
            answer.refused(403, "wrong_key");
            false
        }
    }
}

#[tokio::test]
async fn an_invite_lets_people_in_without_the_key_and_is_listed_without_its_secret() {
    let server = Server::start().await;
    let (room, alice) = room(&server).await;
    let made = alice
        .call(
            "new_invite",
            &[("room", &room), ("uses", &2), ("hours", &24)],
        )
        .await
        .ok();
    let invite = made["invite"].as_str().expect("an invite").to_owned();
    assert_eq!(made["uses"], 2);
    let bob = server.person("bob").await;
    assert!(comes_in(&bob, &invite).await);
    // A member who comes again uses nothing.
    assert!(comes_in(&bob, &invite).await && comes_in(&alice, &invite).await);

    let listed = alice.call("invites", &[("room", &room)]).await.ok();
    let one = &listed[0];
    let name = format!("inv_{}", one["id"]);
    assert_eq!(
        listed,
        json!([{ "id": one["id"], "invite": name, "by": "alice", "uses": 2, "left": 1, "expires": made["expires"] }])
    );
    assert!(invite.starts_with(&format!("{name}_")));
    assert!(!comes_in(&server.person("carl").await, &name).await);
    let secret = invite.splitn(3, '_').nth(2).expect("a secret").to_owned();
    assert!(
        secret.len() > 20 && !server.database_holds(&secret) && !server.log().contains(&secret)
    );
}

#[tokio::test]
async fn an_invite_that_is_used_up_or_ended_or_another_rooms_opens_nothing() {
    let server = Server::start().await;
    let (room, alice) = room(&server).await;
    let (bob, carl) = (server.person("bob").await, server.person("carl").await);
    let once = invite(&alice, room, &[("uses", &1)]).await;
    assert!(comes_in(&bob, &once).await && !comes_in(&carl, &once).await);
    // Whoever it let in may send the form twice.
    assert!(comes_in(&bob, &once).await);
    assert_eq!(
        alice.call("invites", &[("room", &room)]).await.ok(),
        json!([])
    );

    let dave = server.person("dave").await;
    let theirs = dave.create("theirs", "mine").await;
    let other = invite(&dave, theirs, &[]).await;
    assert!(!comes_in(&carl, &other).await);

    let ended = invite(&alice, room, &[]).await;
    for _ in 0..2 {
        alice
            .call("end_invite", &[("room", &room), ("invite", &ended)])
            .await
            .ok();
    }
    assert!(!comes_in(&carl, &ended).await);
    let by_number = invite(&alice, room, &[]).await;
    let listed = alice.call("invites", &[("room", &room)]).await.ok();
    // Of another room nobody ends one.
    dave.call(
        "end_invite",
        &[("room", &theirs), ("invite", &listed[0]["id"])],
    )
    .await
    .ok();
    assert_eq!(alice.call("invites", &[("room", &room)]).await.ok(), listed);
    alice
        .call(
            "end_invite",
            &[("room", &room), ("invite", &listed[0]["id"])],
        )
        .await
        .ok();
    assert!(!comes_in(&carl, &by_number).await);
}

#[tokio::test]
async fn what_an_invite_may_say_is_bounded() {
    let server = Server::start().await;
    let (room, alice) = room(&server).await;
    for (name, value) in [
        ("uses", 0),
        ("uses", 10_001),
        ("hours", 0),
        ("hours", 10_000),
        ("uses", -1),
    ] {
        alice
            .call("new_invite", &[("room", &room), (name, &value)])
            .await
            .refused(400, "bad_request");
    }
    alice
        .call("end_invite", &[("room", &room), ("invite", &"sesame")])
        .await
        .refused(400, "bad_request");
    // A form's empty boxes say nothing.
    let made = alice
        .call(
            "new_invite",
            &[("room", &room), ("uses", &""), ("hours", &"")],
        )
        .await
        .ok();
    assert_eq!(
        (&made["uses"], &made["expires"]),
        (&Value::Null, &Value::Null)
    );
    for _ in 1..50 {
        invite(&alice, room, &[]).await;
    }
    alice
        .call("new_invite", &[("room", &room)])
        .await
        .refused(400, "bad_request");
}

#[tokio::test]
async fn of_many_who_come_at_once_an_invite_lets_in_as_many_as_it_says() {
    let server = Server::start().await;
    let (room, alice) = room(&server).await;
    for (uses, guests) in [(1_usize, 6), (4, 9)] {
        let invite = invite(&alice, room, &[("uses", &uses)]).await;
        let mut people = Vec::new();
        for n in 0..guests {
            people.push(server.person(&format!("guest-{uses}-{n}")).await);
        }
        let tries = people.into_iter().map(|person| {
            let invite = invite.clone();
            tokio::spawn(async move { comes_in(&person, &invite).await })
        });
        let mut inside = 0;
        for came in tries.collect::<Vec<_>>() {
            inside += usize::from(came.await.expect("no panic"));
        }
        assert_eq!(inside, uses);
    }
}

#[tokio::test]
async fn an_invite_is_accepted_by_the_form_without_a_script_and_under_the_rooms_old_name() {
    let server = Server::start().await;
    let (room, alice) = room(&server).await;
    let link = invite(&alice, room, &[]).await;
    alice
        .call("rename_room", &[("room", &room), ("name", &"garden")])
        .await
        .ok();
    let bob = server.person("bob").await;
    let answer = bob
        .submit(
            "/rooms/general",
            "join_room",
            &[("name", &"general"), ("key", &link)],
        )
        .await;
    assert_eq!(answer.leads_to(), "/@bob/rooms/garden");
}

//! Changes that are asked for twice, with the same id: whoever did not hear the answer is given it again.

use crate::support::*;

/// Asks the same twice, and answers what was answered.
async fn twice(who: &Person, endpoint: &str, fields: Fields<'_>) -> Value {
    let id = new_id();
    let mut all: Vec<(&str, Field)> = vec![("id", &id)];
    all.extend(fields);
    let first = who.call(endpoint, &all).await.ok();
    assert_eq!(who.call(endpoint, &all).await.ok(), first, "{endpoint}");
    first
}

#[tokio::test]
async fn what_is_done_twice_by_one_id_is_done_once_and_answered_twice() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = twice(&alice, "create_room", &[("name", &"a"), ("key", &"k")]).await;
    assert_eq!(alice.rooms().await, std::slice::from_ref(&room));
    let room = room["id"].as_i64().expect("a number");

    let invite = twice(&alice, "new_invite", &[("room", &room), ("uses", &3)]).await;
    let listed = alice.call("invites", &[("room", &room)]).await.ok();
    assert_eq!(listed.as_array().expect("a list").len(), 1);
    let invite = invite["invite"].as_str().expect("an invite");
    bob.call("join_room", &[("name", &"a"), ("key", &invite)])
        .await
        .ok();

    twice(&bob, "leave_room", &[("room", &room)]).await;
    twice(&alice, "delete_room", &[("room", &room)]).await;
    assert!(alice.rooms().await.is_empty());

    let pass = twice(&bob, "new_pass", &[]).await;
    let pass = pass["pass"].as_str().expect("a pass");
    let elsewhere = server.browser();
    let used: [(&str, Field); 2] = [("pass", &pass), ("id", &new_id())];
    for _ in 0..2 {
        let claimed = elsewhere.call("use_pass", &used).await.ok();
        assert_eq!(claimed, json!({ "username": "bob" }));
    }
    twice(&bob, "log_out", &[]).await;
    twice(&alice, "give_up_username", &[]).await;
}

#[tokio::test]
async fn whoever_did_not_hear_that_a_name_is_theirs_is_told_again_with_its_cookie() {
    let server = Server::start().await;
    let fields: [(&str, Field); 2] = [("username", &"alice"), ("id", &new_id())];
    let lost = server.browser().call("claim_username", &fields).await;
    let again = server.browser().call("claim_username", &fields).await;
    let cookie = again.header("set-cookie");
    assert!(cookie.starts_with("latchkey-"), "{cookie}");
    assert_eq!(cookie, lost.header("set-cookie"));
    assert_eq!(again.ok(), json!({ "username": "alice" }));

    // Another who asks for it, or for another name by the same id, is another.
    let other: [(&str, Field); 2] = [("username", &"alice"), ("id", &new_id())];
    let taken = server.browser().call("claim_username", &other).await;
    taken.refused(409, "username_taken");
    let other: [(&str, Field); 2] = [("username", &"bob"), fields[1]];
    let bob = server.browser().call("claim_username", &other).await;
    assert_eq!(bob.ok(), json!({ "username": "bob" }));
}

#[tokio::test]
async fn an_answer_is_given_again_to_nobody_else_and_to_nothing_else() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let id = new_id();
    let garden: [(&str, Field); 3] = [("id", &id), ("name", &"garden"), ("key", &"k")];
    alice.call("create_room", &garden).await.ok();
    bob.call("create_room", &garden)
        .await
        .refused(409, "room_taken");
    let cellar: [(&str, Field); 3] = [("id", &id), ("name", &"cellar"), ("key", &"k")];
    let other = alice.call("create_room", &cellar).await.ok();
    assert_eq!(other["name"], "cellar");
    // What was refused is tried anew.
    let garden: [(&str, Field); 3] = [("id", &id), ("name", &"shed"), ("key", &"")];
    for _ in 0..2 {
        let refused = alice.call("create_room", &garden).await;
        refused.refused(400, "invalid_key");
    }
}

#[tokio::test]
async fn those_who_ask_before_the_answer_is_there_are_given_the_same() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let id = new_id();
    let fields: [(&str, Field); 3] = [("id", &id), ("name", &"garden"), ("key", &"k")];
    let (one, two, three) = tokio::join!(
        alice.call("create_room", &fields),
        alice.call("create_room", &fields),
        alice.call("create_room", &fields),
    );
    let one = one.ok();
    assert_eq!((two.ok(), three.ok()), (one.clone(), one));
}

//! What one process knows for a while is known to all of them.

use super::Cluster;
use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_plain_form_left_behind_is_shown_by_whichever_process_is_asked_next() {
    let cluster = Cluster::start().await;
    let alice = cluster.processes[0].server.person("alice").await;
    let elsewhere = alice.now_at(&cluster.url(1));
    let form = [
        ("me", &"alice" as Field),
        ("name", &"a\nb"),
        ("key", &"sesame"),
    ];
    let refused = alice.browser.submit("/@alice", "create_room", &form).await;
    let to = refused.header("location").to_owned();
    let page = elsewhere.browser.get(&to).await.page();
    assert!(
        page.contains("role=\"alert\"") && page.contains("one line"),
        "{page}"
    );

    let made = alice
        .browser
        .submit("/@alice/settings", "new_pass", &[("me", &"alice")])
        .await;
    let to = made.header("location").to_owned();
    assert!(elsewhere.browser.get(&to).await.page().contains("pass_"));
    let again = cluster.url(2);
    let page = alice.now_at(&again).browser.get(&to).await.page();
    assert!(
        !page.contains("pass_"),
        "it is shown once, whoever is asked"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_at_one_process_is_answered_again_at_another() {
    let cluster = Cluster::start().await;
    let alice = cluster.processes[0].server.person("alice").await;
    let elsewhere = alice.now_at(&cluster.url(1));
    let id = new_id();
    let garden: [(&str, Field); 3] = [("id", &id), ("name", &"garden"), ("key", &"sesame")];
    let room = alice.call("create_room", &garden).await.ok();
    let again = elsewhere.call("create_room", &garden).await.ok();
    assert_eq!(again, room);
    assert_eq!(elsewhere.rooms().await, [room]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ended_at_one_process_is_none_at_the_others() {
    let cluster = Cluster::start().await;
    let alice = cluster.processes[0].server.person("alice").await;
    let elsewhere = alice.now_at(&cluster.url(1));
    elsewhere.rooms().await;
    let live = elsewhere.live().await;
    alice.call("give_up_username", &[]).await.ok();
    elsewhere.call("my_rooms", &[]).await.refused(401, "not_me");
    drop(live);
    // The name is another's from now on, and known to be everywhere.
    let other = cluster.processes[2].server.person("alice").await;
    other
        .now_at(&cluster.url(0))
        .create("general", "sesame")
        .await;
    elsewhere.call("my_rooms", &[]).await.refused(401, "not_me");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_while_nats_is_away_is_none_anywhere_soon() {
    let mut cluster = Cluster::start().await;
    let alice = cluster.processes[0].server.person("alice").await;
    let elsewhere = alice.now_at(&cluster.url(1));
    elsewhere.rooms().await;
    cluster.nats.kill();
    alice.call("give_up_username", &[]).await.ok();
    eventually("the session to be none elsewhere", async || {
        let answer = elsewhere.call("my_rooms", &[]).await;
        (answer.status == 401).then_some(())
    })
    .await;
}

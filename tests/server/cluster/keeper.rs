//! What the keeper does at one process is done at all of them.

use super::Cluster;
use crate::{keeper::*, support::*};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_a_name_and_a_room_that_the_keeper_ends_are_gone_at_every_process() {
    let cluster = Cluster::start().await;
    let [here, there, third] = [0, 1, 2].map(|n| &cluster.processes[n].server);
    let (alice, bob) = (there.person("alice").await, third.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut hers, mut his) = (alice.live_in(room).await, bob.live_in(room).await);
    let keeper = keeper(here).await;
    let user = async |name: &str| {
        let names = page(&keeper, "/keeper/names").await;
        id_of(&names, name)
    };
    let (alices, bobs) = (user("alice").await, user("bob").await);

    // A session: his socket at another process is told, and no process knows it any more.
    let shown = page(&keeper, &format!("/keeper/names/{bobs}")).await;
    let session = number(&shown, "Sessions", "session");
    let fields: Fields<'_> = &[("user", &bobs), ("session", &session)];
    post(&keeper, "/keeper/end-session", fields).await;
    assert_eq!(his.frame("bye").await["code"], "not_me");
    for n in 0..3 {
        let somewhere = bob.now_at(&cluster.url(n));
        somewhere.call("my_rooms", &[]).await.refused(401, "not_me");
    }

    // A name: the others hear that he left, and another has it from then on.
    post(&keeper, "/keeper/free-name", &[("user", &bobs)]).await;
    assert_eq!(hers.frame("left").await["who"], "bob");
    let another = third.person("bob").await;
    another.join("general", "sesame").await;
    let mut his = another.live_in(room).await;

    // A room.
    let fields: Fields<'_> = &[("room", &room), ("name", &"general")];
    post(&keeper, "/keeper/delete-room", fields).await;
    for live in [&mut hers, &mut his] {
        assert_eq!(live.frame("deleted").await["room"], room);
    }
    for n in 0..3 {
        assert_eq!(alice.now_at(&cluster.url(n)).rooms().await.len(), 0);
    }
    another.create("general", "sesame").await;

    // And her name, of whom no process has a session from then on.
    post(&keeper, "/keeper/free-name", &[("user", &alices)]).await;
    assert_eq!(hers.frame("bye").await["code"], "not_me");
    for n in 0..3 {
        let somewhere = alice.now_at(&cluster.url(n));
        somewhere.call("my_rooms", &[]).await.refused(401, "not_me");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_announced_at_one_process_is_told_at_every_one_and_at_those_that_come_later() {
    let mut cluster = Cluster::start().await;
    let alice = cluster.processes[1].server.person("alice").await;
    let mut live = alice.live().await;
    let keeper = keeper(&cluster.processes[0].server).await;
    let text = "Back in five minutes";
    post(&keeper, "/keeper/announce", &[("text", &text)]).await;
    assert_eq!(live.frame("notice").await["text"], text);
    let shown = async |url: String| {
        let page = alice.now_at(&url).browser.get("/@alice").await.page();
        page.contains(text)
    };
    for n in 0..3 {
        eventually("it to stand on every page", async || {
            shown(cluster.url(n)).await.then_some(())
        })
        .await;
    }
    cluster.processes[2].server.stop().await;
    cluster.start_again(2, &[]);
    eventually("a process that comes later to know it", async || {
        shown(cluster.url(2)).await.then_some(())
    })
    .await;
    post(&keeper, "/keeper/announce", &[("text", &"")]).await;
    assert_eq!(live.frame("notice").await["text"], "");
    for n in 0..3 {
        eventually("it to stand nowhere any more", async || {
            (!shown(cluster.url(n)).await).then_some(())
        })
        .await;
    }
}

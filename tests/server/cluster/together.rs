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
async fn a_page_of_another_build_finds_its_files() {
    let cluster = Cluster::start().await;
    let browser = cluster.processes[0].server.browser();
    let page = browser.get("/").await.page();
    let (_, rest) = page.split_once("/pkg/latchkey").expect("a file");
    let (name, _) = rest.split_once('"').expect("its end");
    let (name, path) = (format!("latchkey{name}"), format!("/pkg/latchkey{name}"));
    let here = browser.get(&path).await;
    let kept = eventually("the files to be shared", async || {
        let count = format!("SELECT count(*) FROM files WHERE path = 'pkg/{name}'");
        (cluster.ask(&count) == "1").then_some(())
    });
    kept.await;
    // As if another build had called it that.
    cluster.ask(&format!(
        "INSERT INTO files SELECT 'pkg/latchkey.another.css', at, bytes FROM files WHERE path = 'pkg/{name}'"
    ));
    let another = browser.get("/pkg/latchkey.another.css").await;
    assert_eq!((another.status, &another.body), (200, &here.body));
    assert_eq!(another.header("content-type"), "text/css");
    assert_eq!(
        another.header("cache-control"),
        here.header("cache-control")
    );
    assert_eq!(browser.get("/pkg/latchkey.nobodys.css").await.status, 404);
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

//! A standby takes the place of a PostgreSQL that is gone, and lacks what was confirmed last: nobody is left with a log
//! that is not the server's.

use super::{Cluster, To};
use crate::support::{postgres::Postgres, *};

/// Comes to a process and opens the room after `after`, until it is told of another log than `epoch`.
async fn comes_back(
    person: &Person,
    url: &str,
    room: i64,
    after: u64,
    epoch: &Value,
) -> (Live, Value) {
    eventually("another log", async || {
        let mut live = person.now_at(url).try_live().await.ok()?;
        live.send(json!({ "t": "open", "room": room, "after": after }))
            .await;
        while let Some(frame) = live.try_next().await {
            match frame["t"].as_str() {
                Some("opened") if frame["epoch"] != *epoch => return Some((live, frame)),
                Some("opened" | "refused" | "bye") => return None,
                _ => {}
            }
        }
        None
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_standby_lacks_the_last_entries_all_are_told_of_another_log_and_go_on_in_it() {
    // Ended with the process that waits for the end of the tests.
    let postgres: &'static Postgres = Box::leak(Box::new(Postgres::start()));
    let standby: &'static Postgres = Box::leak(Box::new(postgres.synchronous_standby()));
    let mut cluster = Cluster::start_on(postgres).await;
    let alice = cluster.processes[0].server.person("alice").await;
    let bob = cluster.processes[1].server.person("bob").await;
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut hers, mut his) = (alice.live().await, bob.live().await);
    let epoch = hers.open(room, None).await["epoch"].clone();
    assert_eq!(his.open(room, None).await["epoch"], epoch);
    alice.post(room, "kept").await;
    assert_eq!(his.frame("message").await["seq"], 2);
    postgres.goes_on_without(standby);
    for body in ["lost", "lost as well"] {
        alice.post(room, body).await;
        his.until_message(body).await;
    }

    postgres.kill();
    standby.promote();
    for process in &cluster.processes {
        process.data.leads(To::Postgres(standby.socket()));
    }
    cluster.now_on(standby);
    // Whoever was connected is asked to come again, and does not hear of what comes now as if it followed on that.
    assert_eq!(his.frame("bye").await["code"], "restarting");
    let (first, second) = (cluster.url(1), cluster.url(2));
    let (mut his, opened) = comes_back(&bob, &first, room, 4, &epoch).await;
    assert_eq!((&opened["head"], &opened["from"]), (&json!(2), &json!(3)));
    let (mut hers, again) = comes_back(&alice, &second, room, 4, &epoch).await;
    assert_eq!(
        again["epoch"], opened["epoch"],
        "all processes say the same"
    );
    hers.post(room, &new_id(), "new").await;
    let heard = his.frame("message").await;
    assert_eq!((&heard["body"], &heard["seq"]), (&json!("new"), &json!(3)));
    drop(cluster);
    postgres.end();
    standby.end();
}

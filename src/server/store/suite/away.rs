//! PostgreSQL goes away in the middle of work, in order or not, and comes back.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, task::JoinSet, time::sleep};
use uuid::Uuid;

use super::world::{PATIENCE, Told, body, open_postgres, reply, token};
use crate::{
    domain::{RoomId, RoomName, Seq, Username},
    server::store::{
        Act, Actor, NewEntry, NewSession, Store, StoreError, Stretch, postgres::server::Postgres,
    },
};

/// How often PostgreSQL goes away.
const TIMES: usize = 6;

/// Somebody with a room.
async fn settle_in(store: &Arc<dyn Store>, name: &str) -> (Actor, RoomId) {
    let new = NewSession {
        token: token(),
        browser: String::new(),
    };
    let name = (
        Username::parse(name).expect("a name"),
        RoomName::parse(name).expect("a name"),
    );
    let by = store.claim(&name.0, new).await.expect("it is free").actor();
    let room = store.create_room(by, &name.1, String::new()).await;
    (by, room.expect("it is free"))
}

/// `None` where it is not answered.
async fn say(
    store: &Arc<dyn Store>,
    by: Actor,
    room: RoomId,
    id: Uuid,
    text: &str,
) -> Option<Result<Seq, StoreError>> {
    let (answer, answered) = oneshot::channel();
    let act = Act::Say {
        body: body(text),
        re: None,
    };
    store.append(vec![NewEntry { room, by, id, act }], reply(answer));
    let answered = answered.await.ok()?;
    Some(answered.and_then(|posted| posted[0].map(|posted| posted.seq)))
}

async fn eventually(what: &str, mut probe: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !probe().await {
        assert!(since.elapsed() < PATIENCE, "waited for {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("it is done")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_is_away_everything_is_unavailable_and_then_goes_on_by_itself() {
    let server: &'static Postgres = Box::leak(Box::new(apart(Postgres::start).await));
    let database = apart(|| server.database()).await;
    let store = open_postgres(&database, Arc::default()).await;
    let (alice, room) = settle_in(&store, "alice").await;
    let say = |text: &'static str| say(&store, alice, room, Uuid::now_v7(), text);
    assert_eq!(say("one").await, Some(Ok(1)));
    assert_eq!(store.alive().await, Ok(()));
    apart(|| server.stop()).await;
    let since = Instant::now();
    let unavailable = Err(StoreError::Unavailable);
    assert_eq!(
        say("nobody hears it").await,
        Some(Err(StoreError::Unavailable))
    );
    assert_eq!(store.alive().await, unavailable);
    let read = store.history(room, alice.user, Stretch::Newest, 10).await;
    assert_eq!(read.map(|_| ()), unavailable);
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
    apart(|| server.start_again()).await;
    eventually("the store to be well", async || store.alive().await.is_ok()).await;
    assert_eq!(say("two").await, Some(Ok(2)));
    let read = store.history(room, alice.user, Stretch::Newest, 10).await;
    assert_eq!(read.expect("a history").messages.len(), 2);
    apart(move || store.close()).await;
    drop(database);
    apart(|| server.end()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_postgresql_is_killed_what_was_confirmed_is_there_and_a_retry_tells_what_was_not_answered()
 {
    let server: &'static Postgres = Box::leak(Box::new(apart(Postgres::start).await));
    let database = apart(|| server.database()).await;
    let told = Arc::new(Told::default());
    let store = open_postgres(&database, told.clone()).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    let mut rooms = Vec::new();
    for n in 0..8 {
        let (by, room) = settle_in(&store, &format!("sender{n}")).await;
        rooms.push((by, room));
        let (store, over) = (store.clone(), over.clone());
        senders.spawn(async move {
            let mut confirmed: HashMap<Uuid, Seq> = HashMap::new();
            let (mut refused, mut n) = (Vec::new(), 0);
            while !over.load(Ordering::Relaxed) {
                let id = Uuid::now_v7();
                n += 1;
                match say(&store, by, room, id, &format!("{n}")).await {
                    Some(Ok(seq)) => _ = confirmed.insert(id, seq),
                    // Said not to be stored.
                    Some(Err(error)) => {
                        assert_eq!(error, StoreError::Unavailable);
                        refused.push(id);
                        sleep(Duration::from_millis(10)).await;
                    }
                    None => panic!("the store is there, and gave no answer"),
                }
            }
            (room, confirmed, refused)
        });
    }
    for n in 0..TIMES {
        sleep(Duration::from_millis(150 + 70 * n as u64)).await;
        apart(move || {
            if n % 2 == 0 {
                server.kill()
            } else {
                server.stop()
            }
        })
        .await;
        sleep(Duration::from_millis(100)).await;
        apart(|| server.start_again()).await;
        eventually("the store to be well", async || store.alive().await.is_ok()).await;
    }
    over.store(true, Ordering::Relaxed);
    let (mut stored, mut unheard) = (0, 0);
    for (room, confirmed, refused) in senders.join_all().await {
        let (by, _) = rooms
            .iter()
            .find(|(_, of)| *of == room)
            .copied()
            .expect("a room");
        let history = store
            .history(room, by.user, Stretch::After(0), 1_000_000)
            .await;
        let history = history.expect("a history");
        let there: HashMap<Uuid, Seq> = history
            .messages
            .iter()
            .map(|said| (said.id, said.seq))
            .collect();
        assert_eq!(there.len(), history.messages.len(), "one is there twice");
        let seqs: Vec<Seq> = history.messages.iter().map(|said| said.seq).collect();
        assert_eq!(
            seqs,
            (1..=history.head).collect::<Vec<_>>(),
            "there is a hole"
        );
        for (id, seq) in &confirmed {
            assert_eq!(there.get(id), Some(seq), "what was confirmed is not there");
        }
        for id in &refused {
            assert!(!there.contains_key(id), "what was refused is there");
            let retried = say(&store, by, room, *id, "again").await;
            assert!(matches!(retried, Some(Ok(seq)) if seq > history.head));
        }
        assert_eq!(there.len(), confirmed.len());
        stored += there.len();
        unheard += refused.len();
    }
    assert!(stored > 100, "only {stored} were stored");
    println!("{stored} messages were stored, {unheard} refused");
    apart(move || store.close()).await;
    drop(database);
    apart(|| server.end()).await;
}

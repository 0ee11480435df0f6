//! A flood from many addresses, of all that a stranger or a member can send, beside which two people talk.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::support::*;

const MIB: u64 = 1024 * 1024;
const LASTS: Duration = Duration::from_secs(12);
/// Of each kind of hostile client, so many at once.
const CLIENTS: u8 = 8;

/// Bytes without sense.
fn noise(count: usize) -> Vec<u8> {
    (0..count).map(|_| chance(256) as u8).collect()
}

/// A request with a caller's address that is another each time.
fn from_anywhere(head: &str, rest: &str) -> String {
    let (a, b) = (chance(250), chance(250));
    format!("{head}\r\nHost: chat\r\nX-Forwarded-For: 198.18.{a}.{b}\r\n{rest}")
}

/// What one client sends on one connection, which it then leaves.
async fn attack(kind: usize, address: &str, last: u8) {
    let Some(mut raw) = Raw::try_connect(address, last).await else {
        return;
    };
    let moment = Duration::from_millis(200);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    match kind {
        // Half-made requests, held on to.
        0 => {
            raw.send("GET / HTTP/1.1\r\nHost: chat\r\nX-").await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        // Huge headers.
        1 => {
            let huge = format!("X-Huge: {}\r\n\r\n", "x".repeat(60_000));
            raw.send(from_anywhere("GET / HTTP/1.1", &huge)).await;
            raw.answer(moment).await;
        }
        // A body that comes byte by byte.
        2 => {
            let head = format!("{form}Content-Length: 100000\r\n\r\nusername=");
            raw.send(from_anywhere("POST /api/claim_username HTTP/1.1", &head))
                .await;
            for _ in 0..20 {
                raw.send("x").await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        // Claims.
        3 => {
            let body = format!("username=m{}", chance(u64::MAX));
            let head = format!("{form}Content-Length: {}\r\n\r\n{body}", body.len());
            raw.send(from_anywhere("POST /api/claim_username HTTP/1.1", &head))
                .await;
            raw.answer(moment).await;
        }
        // Cookies that nobody was given, and pages that nobody reads.
        4 => {
            let cookies: Vec<_> = (0..16)
                .map(|n| format!("latchkey-{n}={}", chance(u64::MAX)))
                .collect();
            let head = format!("Cookie: {}\r\n\r\n", cookies.join("; "));
            raw.send(from_anywhere("GET /no/such/page HTTP/1.1", &head))
                .await;
            raw.answer(moment).await;
        }
        // No HTTP at all.
        _ => {
            raw.send(noise(2_000)).await;
            raw.answer(moment).await;
        }
    }
}

/// A member who floods a socket of their own, and does not read what is answered.
async fn misuse(mallory: &Person, room: i64, kind: u8) {
    let Ok(mut live) = Live::connect(&mallory.browser, &mallory.name, Some(4_096)).await else {
        tokio::time::sleep(Duration::from_millis(100)).await;
        return;
    };
    if kind == 0 {
        live.broken_by(&noise(4_000)).await;
        return;
    }
    for n in 0..2_000 {
        let frame = match kind {
            1 => json!({ "t": "seen", "room": room, "seq": n }),
            2 => json!({ "t": "typing", "room": room }),
            3 => json!({ "t": if n % 2 == 0 { "open" } else { "shut" }, "room": room }),
            4 => json!({ "t": "open", "room": n, "after": 0 }),
            _ => json!({ "t": "nonsense", "words": "x".repeat(1_000) }),
        };
        live.feed(frame).await;
        if n % 100 == 99 {
            live.flush().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_talk_on_beside_a_flood_and_nothing_of_it_stays() {
    let server = Server::start_with(Options {
        rate_limits: "claims=1000/min",
        ..Options::default()
    })
    .await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mallory = server.person("mallory").await;
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    mallory.join("general", "sesame").await;
    server.is_well().await;
    let before = server.files();
    let until = Instant::now() + LASTS;

    let mut flood = JoinSet::new();
    for kind in 0..6 {
        for n in 0..CLIENTS {
            let address = server.address().to_owned();
            flood.spawn(async move {
                while Instant::now() < until {
                    attack(kind, &address, 2 + n).await;
                }
            });
        }
        let mallory = mallory.clone();
        flood.spawn(async move {
            while Instant::now() < until {
                // Whatever becomes of it, one does not wait for it longer than the flood lasts.
                let left = until.saturating_duration_since(Instant::now());
                let _ = tokio::time::timeout(left, misuse(&mallory, room, kind as u8)).await;
            }
        });
    }
    let guesser = mallory.clone();
    flood.spawn(async move {
        while Instant::now() < until {
            let guess = new_id();
            guesser
                .call("join_room", &[("name", &"general"), ("key", &guess)])
                .await;
        }
    });

    let peak = AtomicU64::new(0);
    let talk = async |person: &Person| {
        let mut live = person.live_in(room).await;
        let mut said = 0;
        while Instant::now() < until {
            let body = format!("{} {said}", person.name);
            live.post(room, &new_id(), &body).await;
            live.until_message(&body).await;
            said += 1;
            peak.fetch_max(server.memory(), Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(110)).await;
        }
        said
    };
    let (by_alice, by_bob) = tokio::join!(talk(&alice), talk(&bob));
    assert!(by_alice > 5 && by_bob > 5, "{by_alice} and {by_bob}");
    while let Some(ended) = flood.join_next().await {
        ended.expect("a hostile client that does what it should");
    }

    // All that was said is there, in order and once.
    let said = alice.messages_after(room, 0).await;
    for (person, count) in [(&alice, by_alice), (&bob, by_bob)] {
        let bodies: Vec<_> = said
            .iter()
            .filter(|message| message["by"] == *person.name)
            .map(|message| message["body"].as_str().expect("a body").to_owned())
            .collect();
        let expected: Vec<_> = (0..count).map(|n| format!("{} {n}", person.name)).collect();
        assert_eq!(bodies, expected);
    }
    let peak = peak.into_inner();
    assert!(peak <= 64 * MIB, "{} MiB", peak / MIB);
    eventually("the flood's files to be closed", async || {
        (server.files() <= before + 8).then_some(())
    })
    .await;
    server.is_well().await;
}

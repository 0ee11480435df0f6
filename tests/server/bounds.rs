//! What a stranger or a member sends has a bound: in rate, in bytes, in number. The table is in
//! `src/server/bounds.rs`.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;

use crate::support::*;

/// The longest that a connection on which nothing goes on is kept, with time for a busy machine.
const LET_GO: Duration = Duration::from_secs(20);

async fn with(rate_limits: &'static str, flags: &'static [&'static str]) -> Server {
    Server::start_with(Options {
        rate_limits,
        flags,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn half_made_requests_and_idle_connections_are_let_go() {
    let server = Server::start().await;
    server.is_well().await;
    let before = server.files();
    let mut half_made = Vec::new();
    for n in 0..150 {
        let mut raw = Raw::connect(&server, 1 + n).await;
        let begun = match n % 3 {
            0 => "",
            1 => "GET / HTTP/1.1\r\nHost: chat",
            _ => "GET /favicon.ico HTTP/1.1\r\nHost: chat\r\n\r\n",
        };
        assert!(raw.send(begun).await);
        half_made.push(raw);
    }
    let begun = Instant::now();
    eventually("the connections to be there", async || {
        // What asked for the health may have gone meanwhile.
        (server.files() >= before + 140).then_some(())
    })
    .await;
    eventually("the connections to be let go", async || {
        (server.files() <= before + 2).then_some(())
    })
    .await;
    assert!(begun.elapsed() < LET_GO, "{:?}", begun.elapsed());
    server.is_well().await;
}

#[tokio::test]
async fn a_request_whose_head_is_too_long_is_refused() {
    let server = Server::start().await;
    for line in [
        format!("x-long: {}\r\n", "x".repeat(20_000)),
        (0..200).map(|n| format!("x-{n}: 1\r\n")).collect(),
    ] {
        let mut raw = Raw::connect(&server, 1).await;
        raw.send(format!("GET / HTTP/1.1\r\nHost: chat\r\n{line}\r\n"))
            .await;
        let answer = raw.rest().await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    server.is_well().await;
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_not_waited_for() {
    let server = Server::start().await;
    let mut raw = Raw::connect(&server, 1).await;
    let begun = Instant::now();
    raw.send(
        "POST /api/claim_username HTTP/1.1\r\nHost: chat\r\nContent-Length: 14\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=a",
    )
    .await;
    let answer = raw.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains(r#""code":"bad_request""#), "{answer}");
    assert!(begun.elapsed() < LET_GO, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_identity_has_so_many_sockets_and_an_address_too() {
    let server = with("on", &["--max-sockets-per-address", "70"]).await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut sockets = Vec::new();
    for _ in 0..64 {
        sockets.push(alice.live().await);
    }
    let own = [("origin", server.url.as_str())];
    let refused = alice.browser.refused_upgrade("?me=alice", &own).await;
    refused.refused(429, "too_fast");
    assert!(!refused.header("retry-after").is_empty());
    let mut others = Vec::new();
    for _ in 0..6 {
        others.push(bob.live().await);
    }
    bob.browser
        .refused_upgrade("?me=bob", &own)
        .await
        .refused(429, "too_fast");
    // Where one is closed there is room again.
    drop(sockets.pop());
    eventually("room for one more", async || bob.try_live().await.ok()).await;
}

#[tokio::test]
async fn requests_are_counted_by_the_address_that_the_last_proxy_tells() {
    let server = with("requests=1/h:3", &[]).await;
    let browser = server.browser();
    let ask = async |lists: &[&str]| {
        let mut request = browser.request("GET", "/");
        for list in lists {
            request = request.header("x-forwarded-for", *list);
        }
        browser.send(request, []).await.status
    };
    for _ in 0..3 {
        assert_eq!(ask(&["198.51.100.1", "203.0.113.7"]).await, 200);
    }
    // What the caller says itself stands before what the proxy says.
    assert_eq!(ask(&["198.51.100.2, 203.0.113.7"]).await, 429);
    assert_eq!(ask(&["198.51.100.3", "203.0.113.7"]).await, 429);
    assert_eq!(ask(&["203.0.113.7", "198.51.100.4"]).await, 200);
    // Files cost nothing.
    for _ in 0..5 {
        let request = browser.request("GET", "/favicon.ico");
        let request = request.header("x-forwarded-for", "203.0.113.7");
        assert_ne!(browser.send(request, []).await.status, 429);
    }
}

#[tokio::test]
async fn a_socket_that_says_too_much_is_listened_to_later() {
    let server = with("frames=1/h:5", &[]).await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let mut loud = alice.live().await;
    for _ in 0..50 {
        loud.feed(json!({ "t": "nonsense" })).await;
    }
    loud.flush().await;
    for _ in 0..5 {
        loud.frame("refused").await;
    }
    // It hears the others all the same.
    let mut quiet = bob.live_in(room).await;
    quiet.post(room, &new_id(), "hello").await;
    quiet.until_message("hello").await;
    loud.frame("head").await;
    let more = tokio::time::timeout(Duration::from_secs(1), async {
        let mut answered = 0;
        loop {
            loud.frame("refused").await;
            answered += 1;
            assert!(answered <= 1, "it is still listened to");
        }
    });
    assert!(more.await.is_err());
}

#[tokio::test]
async fn messages_in_endless_fragments_hold_up_nobody() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    // Beginning with a fragment of text, empty ones that never end it; masked, as a browser's are.
    let begin = [0x01, 0x81, 0, 0, 0, 0, b'x'];
    let more = [0x00, 0x80, 0, 0, 0, 0].repeat(10_000);
    let mut floods = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let mut live = bob.live().await;
        let more = more.clone();
        live.send_bytes(&begin).await;
        floods.spawn(async move {
            loop {
                live.send_bytes(&more).await;
            }
        });
    }
    let mut live = alice.live_in(room).await;
    for n in 0..50 {
        live.post(room, &new_id(), &format!("{n}")).await;
        live.until_message(&format!("{n}")).await;
    }
    floods.abort_all();
    server.is_well().await;
}

#[tokio::test]
async fn of_many_read_positions_the_newest_counts() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    for n in 0..60 {
        bob.post(room, &format!("{n}")).await;
    }
    let (mut one, mut other) = (alice.live().await, alice.live().await);
    for seq in (1..=60).chain((1..60).rev()) {
        one.feed(json!({ "t": "seen", "room": room, "seq": seq }))
            .await;
    }
    one.flush().await;
    let mut told = 0;
    loop {
        let read = other.frame("read").await;
        told += 1;
        if read["seq"] == 60 {
            break;
        }
    }
    assert!(told <= 20, "{told} read positions were stored one by one");
}

#[tokio::test]
async fn a_socket_is_not_read_on_while_it_takes_no_answers() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let mut live = Live::connect(&alice.browser, "alice", Some(4_096))
        .await
        .expect("a live socket");
    let flood = async {
        loop {
            live.send_raw(Message::text("nonsense")).await;
        }
    };
    let before = server.memory();
    let _ = tokio::time::timeout(Duration::from_secs(2), flood).await;
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 8 * 1024 * 1024, "{grown} bytes more");
    server.is_well().await;
}

#[tokio::test]
async fn the_server_says_that_it_cannot_work_while_it_cannot() {
    let server = Server::start().await;
    server.is_well().await;
    let other = rusqlite::Connection::open(server.database()).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let refused = eventually("the server to notice", async || {
        let answer = server.browser().get("/healthz").await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    refused.refused(503, "unavailable");
    other.execute_batch("ROLLBACK").expect("no lock");
    eventually("the server to be well", async || {
        (server.browser().get("/healthz").await.status == 200).then_some(())
    })
    .await;
}

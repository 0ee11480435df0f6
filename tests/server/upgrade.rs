//! One server after another on a socket that outlasts both, as systemd keeps it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::support::*;

/// A socket that is listened on, whoever serves there.
fn socket() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    // As many as systemd lets wait, by the unit.
    nix::sys::socket::listen(
        &listener,
        nix::sys::socket::Backlog::new(4_096).expect("a number"),
    )
    .expect("is listened on");
    listener
}

/// One page after another, each on a connection of its own, until it is told to stop; answers how many, and how long the
/// slowest took.
fn visits(address: SocketAddr, stop: &AtomicBool) -> (usize, Duration) {
    let (mut count, mut slowest) = (0, Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(address).expect("nobody is refused");
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n")
            .expect("the request is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
        slowest = slowest.max(begun.elapsed());
        count += 1;
    }
    (count, slowest)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_refused_while_one_server_takes_the_place_of_another() {
    let (listener, home) = (socket(), Arc::new(Folder::new()));
    let address = listener.local_addr().expect("an address");
    let mut server = Server::handed(&listener, &home);
    assert_eq!(server.address(), address.to_string());
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut sender, mut follower) = (Sender::new(alice.clone(), room), Follower::new(bob, room));
    let stop = Arc::new(AtomicBool::new(false));
    let visitors: Vec<_> = (0..3)
        .map(|_| {
            let stop = stop.clone();
            thread::spawn(move || visits(address, &stop))
        })
        .collect();
    for round in 1..=3 {
        sender.post(20).await;
        follower.follow(|seq| seq >= round * 20).await;
        let mut live = alice.live().await;
        server.signal("TERM");
        // The next does not wait for the last to have gone.
        let next = Server::handed(&listener, &home);
        let bye = live.frame("bye").await;
        assert_eq!(
            (&bye["code"], live.closed().await),
            (&json!("restarting"), 1012)
        );
        assert!(server.ended().await.success());
        server = next;
        alice.live().await;
    }
    stop.store(true, Ordering::Relaxed);
    for visitor in visitors {
        let (count, slowest) = visitor.join().expect("every visit is answered");
        assert!(
            count > 3 && slowest < Duration::from_secs(10),
            "{count}, {slowest:?}"
        );
    }
    follower.has_seen_all_up_to(60).await;
    server.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_handed_a_socket_waits_for_the_data_but_not_for_ever() {
    let (listener, home) = (socket(), Arc::new(Folder::new()));
    if home.data() != home.path().join("latchkey.db") {
        // PostgreSQL serves both.
        return;
    }
    let first = Server::handed(&listener, &home);
    let begun = Instant::now();
    let second = thread::spawn(move || Server::handed(&listener, &home)).join();
    let why = second.err().expect("it does not start");
    let why = why.downcast_ref::<String>().expect("what it said");
    assert!(
        why.contains("another Latchkey is using the database"),
        "{why}"
    );
    let waited = begun.elapsed();
    assert!((10..25).contains(&waited.as_secs()), "{waited:?}");
    first.is_well().await;
}

//! Running it: flags, start, stop, health, databases of other versions.

use std::{fs, process::Command};

use crate::support::*;

/// Whether it went well, and what it said to whom.
fn ran(words: &[&str]) -> (bool, String, String) {
    let output = latchkey(words);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn the_help_names_every_flag_and_its_variable() {
    let (ok, help, _) = ran(&["serve", "--help"]);
    assert!(ok);
    for (flag, default) in [
        ("listen", "127.0.0.1:3000"),
        ("data", "./latchkey.db"),
        ("rate-limits", "on"),
        ("metrics", "none"),
        ("log", "info"),
        ("log-format", "text"),
    ] {
        let variable = format!("LATCHKEY_{}", flag.to_uppercase().replace('-', "_"));
        for wanted in [format!("--{flag}"), variable, default.to_owned()] {
            assert!(help.contains(&wanted), "{wanted} is missing in:\n{help}");
        }
    }
    assert!(ran(&["--help"]).1.contains("serve"));
    assert!(ran(&["--version"]).1.starts_with("latchkey 0."));
}

#[tokio::test]
async fn flags_that_make_no_sense_are_explained() {
    for (arguments, about) in [
        (&["serve", "--listen", "nowhere"][..], "--listen"),
        (&["serve", "--rate-limits", "sometimes"], "--rate-limits"),
        (&["serve", "--rate-limits", "claims=lots"], "--rate-limits"),
        (&["serve", "--colour", "green"], "--colour"),
        (&["sleep"], "sleep"),
    ] {
        let (ok, _, why) = ran(arguments);
        assert!(!ok && why.contains(about), "{arguments:?}: {why}");
    }
    let (ok, _, why) = ran(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        "/no/such/folder/latchkey.db",
    ]);
    assert!(!ok && why.contains("/no/such/folder/latchkey.db"), "{why}");
    assert!(!why.contains("panicked"), "{why}");
}

#[tokio::test]
async fn an_address_in_use_is_explained() {
    let server = Server::start().await;
    let folder = Folder::new();
    let data = folder.path().join("other.db");
    let (ok, _, why) = ran(&[
        "serve",
        "--listen",
        server.address(),
        "--data",
        data.to_str().expect("a path"),
    ]);
    assert!(!ok && why.contains(server.address()), "{why}");
}

#[tokio::test]
async fn the_environment_configures_as_the_flags_do() {
    let folder = Folder::new();
    let data = folder.path().join("by-environment.db");
    let server = Server::launched_by(
        Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .arg("serve")
            .env("LATCHKEY_LISTEN", "127.0.0.1:0")
            .env("LATCHKEY_DATA", &data)
            .env("LATCHKEY_RATE_LIMITS", "claims=1/h")
            .env("LATCHKEY_LOG", "latchkey=debug"),
        folder,
    );
    server.person("alice").await;
    server
        .browser()
        .call("claim_username", &[("username", &"bob")])
        .await
        .refused(429, "too_fast");
    assert!(data.exists());
}

#[tokio::test]
async fn a_new_database_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start().await;
    server.person("alice").await;
    for end in ["", "-wal", "-shm"] {
        let file = server.home().join(format!("latchkey.db{end}"));
        let mode = fs::metadata(file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "latchkey.db{end}");
    }
}

#[tokio::test]
async fn a_database_that_sqlite_would_not_take_for_a_path_is_refused() {
    for data in ["file:latchkey.db?mode=memory", ":memory:"] {
        let (ok, _, why) = ran(&["serve", "--listen", "127.0.0.1:0", "--data", data]);
        assert!(!ok && why.contains(data), "{why}");
    }
}

#[tokio::test]
async fn health_is_told_once_work_is_accepted() {
    let server = Server::start().await;
    assert_eq!(server.browser().get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_stopping_server_says_so_to_its_sockets_and_exits_cleanly() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start().await;
        let alice = server.person("alice").await;
        let room = alice.create("general", "sesame").await;
        let (mut one, mut two) = (alice.live_in(room).await, alice.live().await);
        server.signal(signal);
        for socket in [&mut one, &mut two] {
            let bye = socket.frame("bye").await;
            assert_eq!(bye["code"], "restarting");
            assert!(!bye["message"].as_str().unwrap_or_default().is_empty());
            let code = socket.closed().await;
            assert!([1001, 1012].contains(&code), "closed with {code}");
        }
        assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
        assert!(!server.log().contains("panicked"), "{}", server.log());
    }
}

#[tokio::test]
async fn a_stopping_server_does_not_wait_for_those_who_do_not_read() {
    let mut server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut stalled = Live::connect(&alice.browser, "alice", Some(4_096))
        .await
        .expect("a live socket");
    stalled.open(room, None).await;
    let body = "x".repeat(4_000);
    for _ in 0..500 {
        alice.post(room, &body).await;
    }
    // An open connection without a request is nobody to wait for either.
    let _silent = tokio::net::TcpStream::connect(server.address())
        .await
        .expect("a connection");
    assert_eq!(server.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_untouched() {
    let mut server = Server::start().await;
    server.person("alice").await;
    server.stop().await;
    let database = rusqlite::Connection::open(server.database()).expect("the database");
    database
        .pragma_update(None, "user_version", 9_999)
        .expect("a version");
    database.close().expect("the database is closed");
    let before = fs::read(server.database()).expect("the database");
    let data = server.database();
    let (ok, _, why) = ran(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().expect("a path"),
    ]);
    assert!(
        !ok && why.contains("newer") && why.contains("9999"),
        "{why}"
    );
    assert!(!why.contains("panicked"), "{why}");
    assert_eq!(fs::read(data).expect("the database"), before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_untouched() {
    let folder = Folder::new();
    let data = folder.path().join("notes.txt");
    fs::write(&data, "not a database, but somebody's notes\n".repeat(100)).expect("a file");
    let (ok, _, why) = ran(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().expect("a path"),
    ]);
    assert!(
        !ok && why.contains("not a database") && !why.contains("panicked"),
        "{why}"
    );
    assert!(
        fs::read_to_string(&data)
            .expect("the file")
            .starts_with("not a database")
    );
}

#[tokio::test]
async fn a_backup_taken_while_running_is_complete() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for n in 0..20 {
        alice.post(room, &format!("{n}")).await;
    }
    let folder = Folder::new();
    let database = rusqlite::Connection::open(server.database()).expect("the database");
    let copy = folder.path().join("latchkey.db");
    database
        .execute("VACUUM INTO ?1", [copy.to_str().expect("a path")])
        .expect("a backup");
    let restored = Server::start_in(folder).await;
    let alice = alice.now_at(&restored.url);
    assert_eq!(alice.messages_after(room, 0).await.len(), 20);
}

#[tokio::test]
async fn what_is_logged_as_json_is_json_line_by_line() {
    let mut server = Server::start_with(Options {
        log: "debug",
        flags: &["--log-format", "json"],
        ..Options::default()
    })
    .await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    alice.live_in(room).await;
    server.stop().await;
    let log = server.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line["message"] == "serving" && line["level"] == "INFO"),
        "{log}"
    );
}

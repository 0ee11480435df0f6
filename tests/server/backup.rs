//! Copies of the data, and looking through it: the program's own commands, beside a server that is at work.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use rusqlite::Connection;

use crate::support::*;

fn backup(data: &Path, target: &Path) -> Output {
    latchkey(&["backup", "--data", text(data), text(target)])
}

/// The exit status of a check, and what it says.
fn check(file: &Path) -> (i32, String) {
    let output = latchkey(&["check", text(file)]);
    (output.status.code().expect("a status"), said(&output))
}

fn files(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = files
        .map(|file| {
            file.expect("a file")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_of_a_server_at_work_is_whole_and_serves_what_was_said() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    alice.post(room, "before the backup").await;
    let folder = Folder::new();
    let target = folder.path().join("latchkey.db");
    let posting = async {
        for n in 0..200 {
            alice.post(room, &format!("number {n}")).await;
        }
    };
    let copied = {
        let (data, target) = (server.database(), target.clone());
        tokio::task::spawn_blocking(move || backup(&data, &target))
    };
    let ((), copied) = tokio::join!(posting, copied);
    let copied = copied.expect("no panic");
    assert!(copied.status.success(), "{copied:?}");
    assert_eq!(files(folder.path()), ["latchkey.db"]);
    let (status, said) = check(&target);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("1 rooms"), "{said}");

    drop(server);
    let again = Server::start_in(folder).await;
    let history = alice.now_at(&again.url).history(room, &[]).await;
    let messages = history["messages"].as_array().expect("messages");
    let before = messages.iter().any(|it| it["body"] == "before the backup");
    let numbers = messages
        .iter()
        .filter(|it| it["body"] != "before the backup")
        .count() as u64;
    assert!(before || numbers == 50, "{history}");
}

#[tokio::test]
async fn a_restored_backup_tells_those_who_come_back_that_their_log_is_another() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    alice.post(room, "kept").await;
    let epoch = async |server: &Server, after| {
        let mut live = alice.now_at(&server.url).live().await;
        let opened = live.open(room, Some(after)).await;
        (opened["epoch"].clone(), opened["from"].clone())
    };
    let (first, _) = epoch(&server, 0).await;
    let (folder, restored) = (Folder::new(), Folder::new());
    let target = folder.path().join("latchkey.db");
    assert!(backup(&server.database(), &target).status.success());
    alice.post(room, "lost").await;
    alice.post(room, "lost as well").await;
    // That a copy was made of it, or that it is served again, makes no other log of it.
    let server = server.restart().await;
    assert_eq!(epoch(&server, 3).await, (first.clone(), json!(4)));
    drop(server);

    fs::copy(&target, restored.path().join("latchkey.db")).expect("is restored");
    let again = Server::start_in(restored).await;
    let (second, from) = epoch(&again, 3).await;
    assert_ne!(second, first);
    assert_eq!(from, json!(2), "it goes on from where the log ends");
    assert_eq!(epoch(&again, 0).await.0, second);
}

#[tokio::test]
async fn a_backup_that_fails_leaves_what_was_there() {
    let server = Server::start().await;
    server.person("alice").await;
    let folder = Folder::new();
    let target = folder.path().join("kept.db");
    fs::write(&target, "the backup of yesterday").expect("is written");
    // A disk that is full after some pages.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let failed = Command::new("sh")
        .args([
            "-c",
            script,
            env!("CARGO_BIN_EXE_latchkey"),
            "backup",
            "--data",
        ])
        .args([text(&server.database()), text(&target)])
        .output()
        .expect("it runs");
    assert!(!failed.status.success(), "{failed:?}");
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(said.contains("no backup was made"), "{said}");
    assert_eq!(files(folder.path()), ["kept.db"]);
    let kept = fs::read_to_string(&target).expect("is read");
    assert_eq!(kept, "the backup of yesterday");
    // What one that was killed has left is no hindrance to the next.
    fs::write(folder.path().join(".kept.db.part"), "half of a backup").expect("is written");
    let copied = backup(&server.database(), &target);
    assert!(copied.status.success(), "{copied:?}");
    assert_eq!(check(&target).0, 0);
    assert_eq!(files(folder.path()), ["kept.db"]);
}

#[test]
fn what_is_not_there_is_not_made_by_asking_for_its_backup() {
    let folder = Folder::new();
    let (data, target) = (folder.path().join("no.db"), folder.path().join("copy.db"));
    let failed = backup(&data, &target);
    assert!(!failed.status.success(), "{failed:?}");
    assert!(
        files(folder.path()).is_empty(),
        "{:?}",
        files(folder.path())
    );
    let (status, said) = check(&data);
    assert_eq!(status, 2, "{said}");
}

#[test]
fn whoever_keeps_their_data_in_postgresql_is_told_how_to_copy_it() {
    for words in [
        &[
            "backup",
            "--data",
            "postgres://localhost/latchkey",
            "copy.db",
        ][..],
        &["check", "postgresql://localhost/latchkey"],
    ] {
        let output = latchkey(words);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.contains("pg_dump"), "{said}");
    }
}

#[tokio::test]
async fn a_check_tells_what_is_wrong_and_which_version_it_is() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for n in 0..10 {
        alice.post(room, &format!("number {n}")).await;
    }
    let folder = Folder::new();
    let copy = |name: &str| {
        let target = folder.path().join(name);
        assert!(backup(&server.database(), &target).status.success());
        target
    };
    let spoil = |name: &str, sql: &str| {
        let target = copy(name);
        let connection = Connection::open(&target).expect("opens");
        connection.execute_batch(sql).expect("is done");
        target
    };

    let (status, said) = check(&spoil("hole.db", "DELETE FROM entries WHERE seq = 4"));
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("hole"), "{said}");
    let (status, said) = check(&spoil("newer.db", "PRAGMA user_version = 1000"));
    assert_eq!(status, 4, "{said}");
    let cut = copy("cut.db");
    let bytes = fs::read(&cut).expect("is read");
    fs::write(&cut, &bytes[..bytes.len() / 2]).expect("is written");
    let (status, said) = check(&cut);
    assert!([1, 2].contains(&status), "{status}: {said}");
    let none = folder.path().join("none.db");
    fs::write(&none, "no database, but some words that are long enough").expect("is written");
    assert_eq!(check(&none).0, 2);
}

#[tokio::test]
async fn scheduled_backups_are_made_and_the_newest_are_kept() {
    let server = Server::start_with(Options {
        flags: &[
            "--backup-every",
            "1s",
            "--backup-to",
            "copies",
            "--backup-keep",
            "2",
        ],
        ..Options::default()
    })
    .await;
    let copies = server.database().with_file_name("copies");
    fs::write(copies.join("latchkey-mine.db"), "somebody's own").expect("is written");
    let mut seen = std::collections::BTreeSet::new();
    eventually("four backups", async || {
        let made = files(&copies);
        let made = made.iter().filter(|name| name.starts_with("latchkey-2"));
        seen.extend(made.cloned());
        (seen.len() >= 4).then_some(())
    })
    .await;
    eventually("two are kept", async || {
        (files(&copies).len() == 3).then_some(())
    })
    .await;
    let kept = files(&copies);
    let newest: Vec<_> = seen.iter().rev().take(1).cloned().collect();
    assert!(kept.contains(&newest[0]) || kept[1] > newest[0], "{kept:?}");
    assert!(kept.contains(&"latchkey-mine.db".to_owned()), "{kept:?}");
    assert_eq!(check(&copies.join(&kept[0])).0, 0);
}

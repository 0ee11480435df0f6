//! Export and import: the program's own commands, beside servers at work.

use std::{fs, path::Path, process::Output};

use serde_json::Value;

use crate::support::*;

fn latchkey(command: &str, data: &Path, words: &[&str]) -> Output {
    crate::support::latchkey(&[&[command, "--data", text(data)], words].concat())
}

fn ok(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// A room with a conversation in it, and how it reads.
async fn conversation(server: &Server) -> (Person, Person, i64, Value) {
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let first = alice.post(room, "The *first* of all <words>").await;
    let room_field = room.to_string();
    let seq = first.to_string();
    for (endpoint, who, fields) in [
        (
            "post_message",
            &bob,
            vec![("body", "an answer, @alice"), ("re", &*seq)],
        ),
        (
            "react",
            &bob,
            vec![("seq", &*seq), ("emoji", "👍"), ("on", "true")],
        ),
        (
            "edit_message",
            &alice,
            vec![("seq", &*seq), ("body", "The *best* of all <words>")],
        ),
        ("post_message", &bob, vec![("body", "a slip of the tongue")]),
    ] {
        let mut all: Vec<(&str, Field<'_>)> = vec![("room", &room_field)];
        all.extend(
            fields
                .iter()
                .map(|(name, value)| (*name, value as Field<'_>)),
        );
        who.call(endpoint, &all).await.ok();
    }
    let history = bob.history(room, &[]).await;
    let slip = history["messages"][2]["seq"].clone();
    bob.call("delete_message", &[("room", &room), ("seq", &slip)])
        .await
        .ok();
    let history = alice.history(room, &[]).await;
    (alice, bob, room, history)
}

#[tokio::test]
async fn a_server_that_is_exported_and_imported_goes_on_as_it_was() {
    let server = Server::start().await;
    let (alice, bob, room, history) = conversation(&server).await;
    let folder = Folder::new();
    let lines = folder.path().join("all.jsonl");
    ok(latchkey(
        "export",
        &server.database(),
        &[lines.to_str().expect("text")],
    ));
    let home = Folder::new();
    let data = home.path().join("latchkey.db");
    let said = ok(latchkey("import", &data, &[lines.to_str().expect("text")]));
    assert!(said.contains("2 names, 1 rooms"), "{said}");

    let again = Server::start_in(home).await;
    let (alice, bob) = (alice.now_at(&again.url), bob.now_at(&again.url));
    assert_eq!(alice.history(room, &[]).await, history);
    let found = bob.call("search", &[("words", &"best")]).await.ok();
    assert_eq!(found["hits"].as_array().map(Vec::len), Some(1), "{found}");
    let carol = again.person("carol").await;
    carol.join("general", "sesame").await;
    bob.post(room, "on we go").await;
    let into_full = latchkey(
        "import",
        &server.database(),
        &[lines.to_str().expect("text")],
    );
    assert!(!into_full.status.success(), "{into_full:?}");
}

#[tokio::test]
async fn a_room_comes_into_another_server_at_work_under_another_name() {
    let server = Server::start().await;
    let (_, _, _, history) = conversation(&server).await;
    let lines = ok(latchkey(
        "export",
        &server.database(),
        &["--room", "General", "-"],
    ));
    for secret in ["token", "passphrase"] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    let folder = Folder::new();
    let file = folder.path().join("general.jsonl");
    fs::write(&file, &lines).expect("is written");
    let file = file.to_str().expect("text");

    let other = Server::start().await;
    let (runa, alice) = (other.person("runa").await, other.person("alice").await);
    runa.create("general", "another key").await;
    let taken = latchkey(
        "import",
        &other.database(),
        &["--as", "general", "--owner", "runa", file],
    );
    assert!(!taken.status.success(), "{taken:?}");
    let nobody = latchkey(
        "import",
        &other.database(),
        &["--as", "old", "--owner", "nobody", file],
    );
    assert!(!nobody.status.success(), "{nobody:?}");
    ok(latchkey(
        "import",
        &other.database(),
        &["--as", "old general", "--owner", "runa", file],
    ));
    let rooms = runa.rooms().await;
    let room = rooms.iter().find(|room| room["name"] == "old general");
    let room = room.and_then(|room| room["id"].as_i64()).expect("the room");
    let brought = runa.history(room, &[]).await;
    let bodies = |history: &Value| -> Vec<(Value, Value)> {
        let messages = history["messages"].as_array().expect("messages");
        messages
            .iter()
            .map(|it| (it["by"].clone(), it["body"].clone()))
            .collect()
    };
    assert_eq!(bodies(&brought), bodies(&history));
    // Who is called alice here is not who spoke there.
    let seq = brought["messages"][0]["seq"].clone();
    alice.join("old general", "sesame").await;
    let edit = [
        ("room", &room as Field<'_>),
        ("seq", &seq),
        ("body", &"mine"),
    ];
    alice
        .call("edit_message", &edit)
        .await
        .refused(403, "not_author");
    runa.post(room, "on we go").await;
}

#[tokio::test]
async fn a_room_can_be_read_as_a_page() {
    let server = Server::start().await;
    conversation(&server).await;
    let page = ok(latchkey(
        "export",
        &server.database(),
        &["--room", "general", "--html", "-"],
    ));
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    assert!(
        page.contains("The <em>best</em> of all &lt;words&gt;"),
        "{page}"
    );
    assert!(
        page.contains("bob") && !page.contains("slip of the tongue"),
        "{page}"
    );
    let none = latchkey("export", &server.database(), &["--room", "nowhere", "-"]);
    assert!(!none.status.success() && none.stdout.is_empty(), "{none:?}");
}

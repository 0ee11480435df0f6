//! Databases of every earlier schema, made by the migrations of their time and filled with what could stand in them: they
//! are sound, can be copied and put back, and today's server goes on with them as if nothing had happened.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use crate::support::*;

/// What a browser holds, and the SHA-256 of its token in hexadecimal.
struct Holder {
    name: &'static str,
    cookie: &'static str,
    token: &'static str,
    hash: &'static str,
}

const ALICE: Holder = Holder {
    name: "Alice",
    cookie: "latchkey-K9gGyX8OAK8aH8My",
    token: "S_RFMxnqOEoPYPD6XG7Ok0bgEjKqUayRnumkKnHRsx0",
    hash: "88C063838C13E1F2E689835E92C88F84319845B3466BF4102A9C06E4A9E5C608",
};
const BOB: Holder = Holder {
    name: "bob",
    cookie: "latchkey-gbY32PzSxtpjWeaW",
    token: "1vICPy2L6Yg6-BCX7blEz3X84XRJ_ur2eHjHMfF2nJ0",
    hash: "27F80C2F1743FB708C4D53C0895F405FB9FF7E2B7FDE9789F969703EEF1E4822",
};
/// What opens all rooms, and its hash.
const KEY: &str = "open sesame";
const KEY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$iaKDob/HjfbGyfFwGgVpqQ$QCeJxHhUt8omXxHu8ciLxC6VvX3WUvIsRT2FU0S7t2Q";

/// Since which version there is what.
const NO_HEADS: usize = 3;
const ENTRIES: usize = 4;
const PEOPLE: usize = 7;

/// What stands in databases of all versions. Whoever is number 3 has given up their name, room 9 was deleted a moment ago.
const ROWS: &str = "
    INSERT INTO users (id, name, folded, created_at)
        VALUES (1, 'Alice', 'alice', 1000), (2, 'bob', 'bob', 2000), (3, 'runa', NULL, 3000);
    INSERT INTO rooms (id, name, folded, owner_id, key_hash, created_at)
        VALUES (1, 'General', 'general', 1, 'KEY_HASH', 4000), (2, 'quiet', 'quiet', 2, 'KEY_HASH', 5000);
    INSERT INTO members (room_id, user_id, joined_at, seen)
        VALUES (1, 1, 4000, 5), (1, 2, 4500, 3), (2, 2, 5000, 0);
    INSERT INTO LOG (room_id, seq, author_id, id, at, body)
        VALUES (1, 1, 1, x'01900000000070008000000000000001', 6000, 'the first word'),
               (1, 2, 3, x'01900000000070008000000000000002', 6000, 'from somebody who left'),
               (1, 3, 2, x'01900000000070008000000000000003', 7000, 'a walrus'),
               (1, 4, 1, x'01900000000070008000000000000004', 8000, 'Grüße aus 京都, @bob'),
               (1, 5, 2, x'01900000000070008000000000000005', 9000, 'the fifth word'),
               (9, 1, 1, x'01900000000070008000000000000006', 9000, 'of a room that is gone');
    INSERT INTO purges (room_id) VALUES (9);";
const HEADS: &str = "UPDATE rooms SET head = 5 WHERE id = 1;";
const SESSIONS: &str = "INSERT INTO sessions (token_hash, user_id, created_at)
    VALUES (x'ALICES', 1, 1000), (x'BOBS', 2, 2000);";
/// Of an edit, a deletion, a reaction, an answer, and somebody's coming.
const LOGS: &str = "
    INSERT INTO entries (room_id, seq, author_id, id, at, body, kind, about, silent)
        VALUES (1, 6, 2, x'01900000000070008000000000000007', 10000, '', 1, 3, 1),
               (1, 7, 1, x'01900000000070008000000000000008', 11000, '', 2, 1, 2),
               (1, 8, 2, x'01900000000070008000000000000009', 12000, '👍', 3, 4, 3),
               (1, 9, 1, x'0190000000007000800000000000000A', 13000, 'an answer, @bob', 0, 3, 3),
               (1, 10, 2, x'0190000000007000800000000000000B', 14000, '', 5, NULL, 4);
    UPDATE entries SET body = 'a walrus, mended', edited_at = 10000 WHERE room_id = 1 AND seq = 3;
    UPDATE entries SET body = '', deleted = 1 WHERE room_id = 1 AND seq = 1;
    INSERT INTO reactions (room_id, seq, emoji, user_id, entry, since) VALUES (1, 4, '👍', 2, 8, 8);
    INSERT INTO mentions (user_id, room_id, seq) VALUES (2, 1, 4), (2, 1, 9);";
const SEVERAL_SESSIONS: &str =
    "INSERT INTO sessions (token_hash, user_id, created_at, used_at, browser)
        VALUES (x'ALICES', 1, 1000, unixepoch() * 1000, 'Firefox on Linux'),
               (x'BOBS', 2, 2000, unixepoch() * 1000, 'Safari on macOS');
    UPDATE users SET used_at = unixepoch() * 1000;
    UPDATE rooms SET topic = 'All sorts' WHERE id = 1;
    UPDATE members SET role = 1 WHERE room_id = 1 AND user_id = 2;
    INSERT INTO former_names (folded, room_id, until) VALUES ('agora', 1, 5000);";

/// The steps that have ever been, the first first.
fn steps() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/store/migrations");
    let files = fs::read_dir(folder).expect("the migrations");
    let mut files: Vec<PathBuf> = files.map(|it| it.expect("a file").path()).collect();
    files.sort();
    let read = |file| fs::read_to_string(file).expect("a migration");
    files.into_iter().map(read).collect()
}

/// A database as a program of that version left it.
fn make(file: &Path, version: usize) {
    let database = Connection::open(file).expect("a database");
    let run = |sql: &str| {
        let sql = sql
            .replace("KEY_HASH", KEY_HASH)
            .replace("ALICES", ALICE.hash)
            .replace("BOBS", BOB.hash)
            .replace(
                "LOG ",
                if version < ENTRIES {
                    "messages "
                } else {
                    "entries "
                },
            );
        database.execute_batch(&sql).expect("what there was");
    };
    run("PRAGMA journal_mode = WAL");
    steps()[..version].iter().for_each(|step| run(step));
    run(ROWS);
    if version < NO_HEADS {
        run(HEADS);
    }
    if version >= ENTRIES {
        run(LOGS);
    }
    run(if version < PEOPLE {
        SESSIONS
    } else {
        SEVERAL_SESSIONS
    });
    run(&format!("PRAGMA user_version = {version}"));
}

/// The exit status of a command, and what it says.
fn ran(words: &[&str]) -> (Option<i32>, String) {
    let output = latchkey(words);
    (output.status.code(), said(&output))
}

impl Holder {
    fn at(&self, server: &Server) -> Person {
        let browser = server.browser();
        browser.put_cookie(self.cookie, self.token);
        Person {
            browser,
            name: self.name.to_owned(),
        }
    }
}

/// What is said in the first room, each with its seq and its author.
fn said_there(version: usize) -> Vec<(u64, &'static str, &'static str)> {
    let later = version >= ENTRIES;
    let mut said = vec![
        (1, "Alice", if later { "" } else { "the first word" }),
        (2, "runa", "from somebody who left"),
        (
            3,
            "bob",
            if later {
                "a walrus, mended"
            } else {
                "a walrus"
            },
        ),
        (4, "Alice", "Grüße aus 京都, @bob"),
        (5, "bob", "the fifth word"),
    ];
    if later {
        said.push((9, "Alice", "an answer, @bob"));
    }
    said
}

/// Everything that a database of that version had is there, and works with what is new.
async fn all_is_there(server: &Server, version: usize) {
    let (alice, bob) = (ALICE.at(server), BOB.at(server));
    let history = alice.history(1, &[]).await;
    let messages = history["messages"].as_array().expect("messages");
    let found: Vec<_> = messages
        .iter()
        .map(|it| {
            let text = |field: &str| it[field].as_str().expect("text").to_owned();
            (it["seq"].as_u64().expect("a seq"), text("by"), text("body"))
        })
        .collect();
    let said = said_there(version).into_iter();
    let said: Vec<_> = said
        .map(|(seq, by, body)| (seq, by.to_owned(), body.to_owned()))
        .collect();
    assert_eq!(found, said, "version {version}");
    let rooms = bob.rooms().await;
    let general = rooms.iter().find(|it| it["name"] == "General");
    let general = general.unwrap_or_else(|| panic!("version {version}: {rooms:?}"));
    assert_eq!(rooms.len(), 2, "version {version}: {rooms:?}");
    let (head, count) = if version < ENTRIES { (5, 5) } else { (10, 6) };
    assert_eq!(
        (
            &general["head"],
            &general["said"],
            &general["seen"],
            &general["read"]
        ),
        (&json!(head), &json!(count), &json!(3), &json!(3)),
        "version {version}"
    );
    let mentions = if version < ENTRIES { 0 } else { 2 };
    assert_eq!(general["mentions"], mentions, "version {version}");
    assert_eq!(general["owner"], "Alice");
    if version >= ENTRIES {
        assert_eq!(messages[0]["deleted"], true);
        assert_eq!(messages[2]["edited"], 10_000);
        assert_eq!(
            messages[3]["reactions"],
            json!([{"emoji": "👍", "by": ["bob"]}])
        );
        assert_eq!(messages[5]["re"]["body"], "a walrus, mended");
    }
    if version >= PEOPLE {
        assert_eq!(
            (&general["topic"], &general["role"]),
            (&json!("All sorts"), &json!("moderator"))
        );
    }
    let hits = bob.call("search", &[("words", &"walrus")]).await.ok();
    assert_eq!(hits["hits"][0]["message"]["seq"], 3, "version {version}");
    let sessions = alice.call("my_sessions", &[]).await.ok();
    assert_eq!(sessions.as_array().map(Vec::len), Some(1));

    let (newcomer, mut live) = (server.person("runa").await, bob.live_in(1).await);
    newcomer.join("general", KEY).await;
    let next = newcomer.post(1, "and it goes on").await;
    assert_eq!(next, head + 2, "version {version}");
    live.until_message("and it goes on").await;
    let edit = [("room", &1 as Field), ("seq", &4), ("body", &"Grüße")];
    alice.call("edit_message", &edit).await.ok();
    let topic = [("room", &1 as Field), ("topic", &"What is new")];
    alice.call("set_topic", &topic).await.ok();
    eventually(
        "what was said in a room that is gone to be gone",
        async || (!server.database_holds("of a room that is gone")).then_some(()),
    )
    .await;
    server.is_well().await;
}

#[tokio::test]
async fn a_database_of_any_version_is_checked_copied_put_back_and_served() {
    let newest = steps().len();
    for version in 1..=newest {
        let home = Folder::new();
        let (data, copy) = (home.path().join("latchkey.db"), home.path().join("copy.db"));
        make(&data, version);
        let (made, said) = ran(&["backup", "--data", text(&data), text(&copy)]);
        assert_eq!(made, Some(0), "version {version}: {said}");
        for file in [&data, &copy] {
            let (status, said) = ran(&["check", text(file)]);
            let log = if version < ENTRIES {
                "6 messages"
            } else {
                "11 entries"
            };
            for what in [
                "is sound",
                "2 names",
                "2 sessions",
                "2 rooms",
                "3 memberships",
                log,
            ] {
                assert!(said.contains(what), "version {version}: {what} in {said}");
            }
            if version == newest {
                assert_eq!(status, Some(0), "version {version}: {said}");
                continue;
            }
            assert_eq!(status, Some(3), "version {version}: {said}");
            let to_go = newest - version;
            let told = format!(
                "It is of version {version}; `latchkey serve` brings it up by {to_go} more."
            );
            assert!(said.contains(&told), "{said}");
        }
        // As the README says how to put a copy back.
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(home.path().join(format!("latchkey.db{ending}")));
        }
        fs::rename(&copy, &data).expect("it is put back");
        let mut server = Server::on(home, &data, &[], &[]);
        all_is_there(&server, version).await;
        server.stop().await;
        let (status, said) = ran(&["check", text(&server.database())]);
        assert_eq!(status, Some(0), "version {version}: {said}");
    }
}

#[test]
fn what_is_missing_in_a_database_of_any_version_is_found() {
    for version in 1..=steps().len() {
        let home = Folder::new();
        let data = home.path().join("latchkey.db");
        make(&data, version);
        let log = if version < ENTRIES {
            "messages"
        } else {
            "entries"
        };
        for (spoilt, fault) in [
            (
                format!("DELETE FROM {log} WHERE room_id = 1 AND seq = 3"),
                "has a hole",
            ),
            ("DELETE FROM purges".to_owned(), "which is gone"),
            (
                "DELETE FROM members WHERE room_id = 2".to_owned(),
                "no member",
            ),
        ] {
            let database = Connection::open(&data).expect("opens");
            database.execute_batch(&spoilt).expect("is done");
            let (status, said) = ran(&["check", text(&data)]);
            assert!(
                status == Some(1) && said.contains(fault),
                "version {version}: {fault} in {said}"
            );
        }
    }
}

#[tokio::test]
async fn a_file_is_served_as_it_stands_and_what_needs_the_newest_version_says_so() {
    for version in 1..steps().len() {
        let home = Folder::new();
        let data = home.path().join("latchkey.db");
        make(&data, version);
        let lines = home.path().join("all.jsonl");
        let (status, said) = ran(&["export", "--data", text(&data), text(&lines)]);
        assert!(
            status == Some(1) && said.contains("serve it once"),
            "version {version}: {said}"
        );
        assert!(!lines.exists(), "half an export of version {version}");
        let server = Server::on(home, &data, &[], &[]);
        all_is_there(&server, version).await;
    }
}

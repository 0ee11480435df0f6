//! A database file of the release before names had several sessions (`previous/`: the file, and what its people held)
//! comes over whole, and they go on as if nothing had happened.

use std::{fs, io::Read};

use flate2::read::GzDecoder;

use crate::support::*;

const FILE: &[u8] = include_bytes!("previous/latchkey.db.gz");
const HELD: &str = include_str!("previous/held.json");

/// A server on that file, and its people.
async fn server() -> (Server, Person, Person, Value) {
    let mut server = Server::start().await;
    server.stop().await;
    for entry in fs::read_dir(server.home()).expect("the server's folder") {
        fs::remove_file(entry.expect("an entry").path()).expect("a file to remove");
    }
    let mut file = Vec::new();
    GzDecoder::new(FILE)
        .read_to_end(&mut file)
        .expect("the file");
    fs::write(server.database(), file).expect("it is put in place");
    let server = server.restart().await;
    let held: Value = serde_json::from_str(HELD).expect("what they held");
    let person = |name: &str| {
        let browser = server.browser();
        for (cookie, token) in held["cookies"][name].as_object().expect("cookies") {
            browser.put_cookie(cookie, token.as_str().expect("a token"));
        }
        Person {
            browser,
            name: name.to_owned(),
        }
    };
    let (alice, bob) = (person("Alice"), person("bob"));
    (server, alice, bob, held)
}

#[tokio::test]
async fn everybody_stays_signed_in_and_finds_what_there_was() {
    let (server, alice, bob, held) = server().await;
    let room = held["room"].as_i64().expect("a room's number");
    let history = alice.history(room, &[]).await;
    assert_eq!(history["messages"], held["messages"]);
    let rooms = bob.rooms().await;
    assert_eq!(rooms.len(), 1);
    assert_eq!(
        (&rooms[0]["name"], &rooms[0]["owner"], &rooms[0]["role"]),
        (&json!("general"), &json!("Alice"), &json!("member"))
    );
    let mut live = alice.live_in(room).await;
    bob.post(room, "and it goes on").await;
    live.until_message("and it goes on").await;
    let hits = alice.call("search", &[("words", &"typo")]).await.ok();
    assert_eq!(hits["hits"].as_array().map(Vec::len), Some(1));
    assert!(!server.database_holds("regretted"));
    server.is_well().await;
}

#[tokio::test]
async fn what_is_new_works_on_what_is_old() {
    let (server, alice, _bob, _held) = server().await;
    let sessions = alice.call("my_sessions", &[]).await.ok();
    assert_eq!(sessions.as_array().map(Vec::len), Some(1));
    assert_eq!(sessions[0]["here"], true);
    alice.call("log_out", &[]).await.refused(409, "last_way_in");
    let set = [("passphrase", &"correct horse battery staple" as Field)];
    alice.call("set_passphrase", &set).await.ok();
    alice.call("log_out", &[]).await.ok();
    // A name that had been given up is free, and the key opens as before.
    let runa = server.person("runa").await;
    runa.join("general", "open sesame").await;
}

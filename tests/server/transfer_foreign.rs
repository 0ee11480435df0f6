//! What other chat servers keep, brought in: files made here to their published schemas.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rusqlite::Connection;
use serde_json::Value;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::support::*;

/// The tables that messages are in, as `db/schema.rb` of Campfire makes them.
const CAMPFIRE: &str = r#"
CREATE TABLE "users" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "bio" text, "bot_token" varchar,
    "created_at" datetime(6) NOT NULL, "email_address" varchar, "name" varchar NOT NULL, "password_digest" varchar,
    "role" integer DEFAULT 0 NOT NULL, "status" integer DEFAULT 0 NOT NULL, "updated_at" datetime(6) NOT NULL);
CREATE TABLE "rooms" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "created_at" datetime(6) NOT NULL,
    "creator_id" bigint NOT NULL, "name" varchar, "type" varchar NOT NULL, "updated_at" datetime(6) NOT NULL);
CREATE TABLE "memberships" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "connected_at" datetime(6),
    "connections" integer DEFAULT 0 NOT NULL, "created_at" datetime(6) NOT NULL, "involvement" varchar DEFAULT 'mentions',
    "room_id" integer NOT NULL, "unread_at" datetime(6), "updated_at" datetime(6) NOT NULL, "user_id" integer NOT NULL);
CREATE TABLE "messages" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "client_message_id" varchar NOT NULL,
    "created_at" datetime(6) NOT NULL, "creator_id" integer NOT NULL, "room_id" integer NOT NULL,
    "updated_at" datetime(6) NOT NULL);
CREATE TABLE "action_text_rich_texts" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "body" text,
    "created_at" datetime(6) NOT NULL, "name" varchar NOT NULL, "record_id" bigint NOT NULL, "record_type" varchar NOT NULL,
    "updated_at" datetime(6) NOT NULL);
CREATE UNIQUE INDEX "index_action_text_rich_texts_uniqueness"
    ON "action_text_rich_texts" ("record_type", "record_id", "name");
CREATE TABLE "active_storage_attachments" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "blob_id" bigint NOT NULL,
    "created_at" datetime(6) NOT NULL, "name" varchar NOT NULL, "record_id" bigint NOT NULL, "record_type" varchar NOT NULL);
CREATE TABLE "active_storage_blobs" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "byte_size" bigint NOT NULL,
    "checksum" varchar, "content_type" varchar, "created_at" datetime(6) NOT NULL, "filename" varchar NOT NULL,
    "key" varchar NOT NULL, "metadata" text, "service_name" varchar NOT NULL);
CREATE TABLE "boosts" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "booster_id" integer NOT NULL,
    "content" varchar(16) NOT NULL, "created_at" datetime(6) NOT NULL, "message_id" integer NOT NULL,
    "updated_at" datetime(6) NOT NULL);
"#;

/// People: two who are there, one who has left, a program. Rooms: an open one, a closed one of a name that is the same
/// here, a direct one.
const SPOKEN: &str = r#"
INSERT INTO users (id, name, email_address, role, status, created_at, updated_at) VALUES
    (1, 'David Hansson', 'david@example.org', 1, 0, '2024-01-01 08:00:00', '2024-01-01 08:00:00'),
    (2, 'Zoë', 'zoe@example.org', 0, 0, '2024-01-01 08:00:00', '2024-01-01 08:00:00'),
    (3, 'zoë', 'gone@example.org', 0, 1, '2024-01-01 08:00:00', '2024-01-01 08:00:00'),
    (4, 'Bender', NULL, 2, 0, '2024-01-01 08:00:00', '2024-01-01 08:00:00');
INSERT INTO rooms (id, name, type, creator_id, created_at, updated_at) VALUES
    (1, 'All hands', 'Rooms::Open', 1, '2024-01-01 08:00:00', '2024-01-01 08:00:00'),
    (2, 'ALL HANDS', 'Rooms::Closed', 3, '2024-01-01 08:00:00', '2024-01-01 08:00:00'),
    (3, NULL, 'Rooms::Direct', 1, '2024-01-01 08:00:00', '2024-01-01 08:00:00');
INSERT INTO memberships (room_id, user_id, created_at, updated_at, unread_at) VALUES
    (1, 1, '2024-01-01 08:00:00', '2024-01-01 08:00:00', NULL),
    (1, 2, '2024-01-01 08:00:00', '2024-01-01 08:00:00', '2024-01-01 09:00:02'),
    (1, 3, '2024-01-01 08:00:00', '2024-01-01 08:00:00', NULL),
    (2, 2, '2024-01-01 08:00:00', '2024-01-01 08:00:00', NULL),
    (3, 1, '2024-01-01 08:00:00', '2024-01-01 08:00:00', NULL),
    (3, 2, '2024-01-01 08:00:00', '2024-01-01 08:00:00', NULL);
INSERT INTO messages (id, room_id, creator_id, client_message_id, created_at, updated_at) VALUES
    (1, 1, 1, 'a', '2024-01-01 09:00:00.250000', '2024-01-01 09:00:00'),
    (2, 1, 2, 'b', '2024-01-01 09:00:01', '2024-01-01 09:00:00'),
    (3, 1, 3, 'c', '2024-01-01 09:00:02', '2024-01-01 09:00:00'),
    (4, 1, 4, 'd', '2024-01-01 09:00:03', '2024-01-01 09:00:00'),
    (5, 3, 1, 'e', '2024-01-01 09:00:04', '2024-01-01 09:00:00');
INSERT INTO action_text_rich_texts (record_type, record_id, name, body, created_at, updated_at) VALUES
    ('Message', 1, 'body', '<div>Hello <strong>all</strong> &amp; *welcome*<br>second line</div>', '2024-01-01 09:00:00', '2024-01-01 09:30:00'),
    ('Message', 3, 'body', '<blockquote>Hello</blockquote><div>bye</div>', '2024-01-01 09:00:00', '2024-01-01 09:00:00'),
    ('Message', 4, 'body', 'plain _text_', '2024-01-01 09:00:00', '2024-01-01 09:00:00'),
    ('Message', 5, 'body', 'between us', '2024-01-01 09:00:00', '2024-01-01 09:00:00');
INSERT INTO active_storage_blobs (id, byte_size, created_at, filename, key, service_name)
    VALUES (1, 10, '2024-01-01 09:00:00', 'moon.jpg', 'k', 'local');
INSERT INTO active_storage_attachments (blob_id, created_at, name, record_id, record_type)
    VALUES (1, '2024-01-01 09:00:00', 'attachment', 2, 'Message');
INSERT INTO boosts (message_id, booster_id, content, created_at, updated_at) VALUES
    (1, 2, '🎉', '2024-01-01 10:00:00', '2024-01-01 10:00:00'),
    (1, 3, '🎉', '2024-01-01 10:00:01', '2024-01-01 10:00:01'),
    (1, 2, 'Well said!', '2024-01-01 10:00:02', '2024-01-01 10:00:02');
"#;

fn import(from: &str, data: &Path, ways_in: &Path, input: &Path) -> Output {
    let ran = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(["import", "--from", from, "--data"])
        .args([data, Path::new("--ways-in"), ways_in, input])
        .output();
    ran.expect("it runs")
}

fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// A server's data that is still to be, where what lets people in is written, and what is imported.
struct Place {
    home: Folder,
    ways_in: PathBuf,
    input: PathBuf,
    _folder: Folder,
}

impl Place {
    fn new(input: &str) -> Self {
        let (home, folder) = (Folder::new(), Folder::new());
        Self {
            home,
            ways_in: folder.path().join("ways-in.tsv"),
            input: folder.path().join(input),
            _folder: folder,
        }
    }

    fn import(&self, from: &str) -> Output {
        let data = self.home.path().join("latchkey.db");
        import(from, &data, &self.ways_in, &self.input)
    }

    fn campfire(&self, sql: &str) {
        let made = Connection::open(&self.input).and_then(|file| {
            file.execute_batch(CAMPFIRE)?;
            file.execute_batch(sql)
        });
        made.expect("a Campfire");
    }

    fn slack(&self, files: &[(&str, String)]) {
        let mut zip = ZipWriter::new(File::create(&self.input).expect("a file"));
        for (name, text) in files {
            zip.start_file(*name, SimpleFileOptions::default())
                .expect("a file in it");
            zip.write_all(text.as_bytes()).expect("is written");
        }
        zip.finish().expect("a ZIP file");
    }

    /// What is told of in the file, by the lines' first two fields.
    fn way_in(&self, what: &str, name: &str) -> Vec<String> {
        let text = fs::read_to_string(&self.ways_in).expect("what lets people in");
        let mut lines = text.lines().map(|line| line.split('\t'));
        let line = lines.find(|line| line.clone().take(2).eq([what, name]));
        let line = line.unwrap_or_else(|| panic!("no {what} {name} in {text}"));
        line.map(str::to_owned).collect()
    }

    async fn serve(&mut self) -> Server {
        Server::start_in(std::mem::replace(&mut self.home, Folder::new())).await
    }

    fn has_nothing(&self) {
        assert_eq!(
            fs::read_dir(self.home.path()).expect("a folder").count(),
            0,
            "nothing is left of it"
        );
        assert!(!self.ways_in.exists());
    }
}

/// Lets a browser in as the link in the file says.
async fn enter(server: &Server, place: &Place, name: &str) -> Person {
    let link = place.way_in("person", name).pop().expect("a link");
    let pass = link.rsplit_once("#pass=").expect("a pass").1;
    let browser = Browser::new(&server.url);
    let entered = browser.call("use_pass", &[("pass", &pass)]).await.ok();
    assert_eq!(entered["username"], name);
    Person {
        browser,
        name: name.to_owned(),
    }
}

fn said(history: &Value) -> Vec<(&str, &str)> {
    let messages = history["messages"].as_array().expect("messages").iter();
    messages
        .map(|it| (text(&it["by"]), text(&it["body"])))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

#[tokio::test]
async fn a_campfire_comes_in_with_its_people_rooms_and_words() {
    let mut place = Place::new("production.sqlite3");
    place.campfire(SPOKEN);
    let told = ok(&place.import("campfire"));
    for line in [
        "imported 4 names, 2 rooms, 6 entries",
        "left out: 1 direct conversations",
        "left out: 1 messages in direct conversations",
        "left out: 1 attached files",
        "left out: 1 boosts that are not one emoji",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    let mode = fs::metadata(&place.ways_in).expect("a file").permissions();
    assert_eq!(mode.mode() & 0o077, 0, "only its owner reads it");
    assert_eq!(place.way_in("person", "Zoë")[3], "zoe@example.org");

    let server = place.serve().await;
    let (david, zoe) = (
        enter(&server, &place, "David.Hansson").await,
        enter(&server, &place, "Zoë").await,
    );
    let rooms = david.rooms().await;
    assert_eq!(rooms.len(), 1, "{rooms:?}");
    assert_eq!(rooms[0]["name"], "All hands");
    assert_eq!(rooms[0]["role"], "owner");
    let room = rooms[0]["id"].as_i64().expect("a room");
    let history = david.history(room, &[]).await;
    assert_eq!(
        said(&history),
        [
            (
                "David.Hansson",
                "Hello **all** & \\*welcome\\*\nsecond line"
            ),
            ("Zoë", "📎 moon.jpg"),
            ("zoë-2", "> Hello\n\nbye"),
            ("Bender", "plain \\_text\\_"),
        ]
    );
    let first = &history["messages"][0];
    assert_eq!(first["at"], 1_704_099_600_250_i64);
    assert_eq!(first["edited"], 1_704_101_400_000_i64);
    assert_eq!(first["reactions"][0]["by"], json!(["Zoë", "zoë-2"]));
    let zoes = zoe.rooms().await;
    let mine = |name: &str| zoes.iter().find(|room| room["name"] == name).expect("hers");
    let unread = &mine("All hands");
    assert_eq!(
        (&unread["said"], &unread["read"]),
        (&json!(4), &json!(2)),
        "{unread}"
    );
    assert_eq!(mine("ALL HANDS 2")["role"], "owner");

    // The link was good once; the key is the room's.
    let pass = place.way_in("person", "Zoë").pop().expect("a link");
    let pass = pass.rsplit_once("#pass=").expect("a pass").1;
    let another = Browser::new(&server.url);
    another
        .call("use_pass", &[("pass", &pass)])
        .await
        .refused(403, "wrong_pass");
    let runa = server.person("runa").await;
    let key = place.way_in("room", "All hands").pop().expect("a key");
    runa.join("All hands", &key).await;
    runa.post(room, "on we go").await;
    let found = runa.call("search", &[("words", &"welcome")]).await.ok();
    assert_eq!(found["hits"].as_array().map(Vec::len), Some(1), "{found}");
    // Who has left left the name.
    server.person("Bender").await;
}

fn slack() -> Vec<(&'static str, String)> {
    let users = json!([
        {"id": "U1", "name": "alice", "is_admin": true, "profile": {"display_name": "", "real_name": "Alice A", "email": "alice@example.org"}},
        {"id": "U2", "name": "bob", "profile": {"display_name": "Bob B", "email": null}},
        {"id": "U3", "name": "carol", "deleted": true, "profile": {"display_name": "Bob B"}},
        {"id": "USLACKBOT", "name": "slackbot", "profile": {}},
    ]);
    let channels = json!([
        {"id": "C1", "name": "general", "created": 1_700_000_000, "creator": "U1", "members": ["U1", "U2", "U3"],
         "topic": {"value": "All &amp; everything"}, "purpose": {"value": ""}},
        {"id": "C2", "name": "empty", "created": 1_700_000_000, "creator": "U3", "members": []},
    ]);
    let groups = json!([
        {"id": "G1", "name": "secret-plans", "created": 1_700_000_000, "creator": "U2", "members": ["U2"]},
    ]);
    let long = "word ".repeat(1_000);
    let day = json!([
        {"type": "message", "subtype": "channel_join", "user": "U2", "ts": "1700000001.000100", "text": "<@U2> has joined"},
        {"type": "message", "user": "U1", "ts": "1700000003.000200", "text": "hello <@U2> &amp; *all* in <#C1|general>, see <https://example.org|this>",
         "thread_ts": "1700000003.000200", "reply_count": 1, "edited": {"user": "U1", "ts": "1700000009.000000"},
         "reactions": [{"name": "+1", "users": ["U2", "U3"], "count": 2}, {"name": "party-wizard", "users": ["U2"], "count": 1}]},
        {"type": "message", "user": "U2", "ts": "1700000002.500000", "text": "earlier, but written later"},
        {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": "1700000004.000000", "text": "This message was deleted.",
         "thread_ts": "1700000004.000000"},
        {"type": "message", "subtype": "bot_message", "username": "Build Bot", "ts": "1700000005.000000", "text": "",
         "attachments": [{"title": "Build 7", "title_link": "https://ci.example.org/7", "text": "passed"}]},
        {"type": "message", "subtype": "channel_purpose", "user": "U1", "ts": "1700000006.000000", "text": "set the purpose", "purpose": "x"},
        {"type": "message", "user": "U1", "ts": "1700000007.000000", "text": long},
        {"type": "message", "user": "U3", "ts": "1700000008.000000", "text": "look", "files": [{"id": "F1", "name": "plan.pdf"}, {"id": "F2", "mode": "tombstone"}]},
    ]);
    let next_day = json!([
        {"type": "message", "user": "U2", "ts": "1700090000.000000", "text": "an answer", "thread_ts": "1700000003.000200"},
        {"type": "message", "user": "U9", "user_profile": {"display_name": "guest", "real_name": "A Guest", "name": "guest"}, "ts": "1700090001.000000", "text": "from elsewhere"},
        {"type": "message", "user": "U2", "ts": "1700090002.000000", "text": "as to what is gone", "thread_ts": "1700000004.000000"},
    ]);
    let secret =
        json!([{"type": "message", "user": "U2", "ts": "1700000010.000000", "text": "a plan"}]);
    vec![
        ("users.json", users.to_string()),
        ("channels.json", channels.to_string()),
        ("groups.json", groups.to_string()),
        (
            "dms.json",
            json!([{"id": "D1", "created": 1, "members": ["U1", "U2"]}]).to_string(),
        ),
        ("mpims.json", json!([]).to_string()),
        ("integration_logs.json", json!([]).to_string()),
        ("general/2023-11-14.json", day.to_string()),
        ("general/2023-11-15.json", next_day.to_string()),
        ("secret-plans/2023-11-14.json", secret.to_string()),
        ("D1/2023-11-14.json", secret.to_string()),
        ("unlisted/2023-11-14.json", secret.to_string()),
    ]
}

#[tokio::test]
async fn a_slack_comes_in_with_its_people_channels_and_words() {
    let mut place = Place::new("export.zip");
    place.slack(&slack());
    let told = ok(&place.import("slack"));
    for line in [
        "imported 6 names, 3 rooms",
        "left out: 1 direct conversations",
        "left out: 1 days of what is in no list of channels",
        "left out: 2 attached files",
        "left out: 1 reactions with an emoji of its own",
        "left out: 1 notices of Slack's",
        "changed: 1 messages of more than 4,000 characters",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    let server = place.serve().await;
    let (alice, bob) = (
        enter(&server, &place, "alice").await,
        enter(&server, &place, "Bob.B").await,
    );
    let rooms = alice.rooms().await;
    let general = rooms.iter().find(|room| room["name"] == "general");
    let general = general.expect("general");
    assert_eq!(general["topic"], "All & everything");
    assert_eq!(general["role"], "owner");
    assert_eq!(general["said"], general["read"], "nothing waits to be read");
    let room = general["id"].as_i64().expect("a room");
    let history = alice.history(room, &[]).await;
    let words = said(&history);
    let long = "word ".repeat(800);
    assert_eq!(
        words,
        [
            ("Bob.B", "earlier, but written later"),
            (
                "alice",
                "hello @Bob.B & **all** in #general, see [this](<https://example.org>)"
            ),
            ("slackbot", ""),
            ("Build.Bot", "[Build 7](<https://ci.example.org/7>)\npassed"),
            ("alice", long.trim()),
            ("alice", long[..1_000].trim()),
            ("carol", "look\n📎 plan.pdf"),
            ("Bob.B", "an answer"),
            ("guest", "from elsewhere"),
            ("Bob.B", "as to what is gone"),
        ]
    );
    let messages = history["messages"].as_array().expect("messages");
    assert_eq!(messages[1]["at"], 1_700_000_003_000_i64);
    assert_eq!(messages[1]["edited"], 1_700_000_009_000_i64);
    assert_eq!(
        messages[1]["reactions"],
        json!([{"emoji": "👍", "by": ["Bob.B", "carol"]}])
    );
    assert_eq!(messages[2]["deleted"], true);
    assert_eq!(messages[7]["re"]["seq"], messages[1]["seq"]);
    assert_eq!(messages[9]["re"]["seq"], messages[2]["seq"]);
    assert_eq!(history["happenings"][0][1], "joined");
    let secret = bob.rooms().await;
    assert!(secret.iter().any(|room| room["name"] == "secret-plans"));
    assert!(!rooms.iter().any(|room| room["name"] == "secret-plans"));
    let empty = rooms.iter().find(|room| room["name"] == "empty");
    assert_eq!(
        empty.expect("nobody is in it, so that it is an owner's")["owned"],
        true
    );
}

#[test]
fn what_is_no_export_or_is_broken_leaves_nothing() {
    let place = Place::new("other.sqlite3");
    fs::write(&place.input, "no database at all, and no ZIP file").expect("is written");
    for from in ["campfire", "slack"] {
        let refused = place.import(from);
        assert!(!refused.status.success(), "{refused:?}");
        place.has_nothing();
    }
    let place = Place::new("views.sqlite3");
    place.campfire("DROP TABLE boosts; CREATE VIEW boosts AS SELECT 1 AS message_id, 1 AS booster_id, '' AS content, '' AS created_at;");
    let refused = place.import("campfire");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("no boosts"), "{why}");
    place.has_nothing();

    let place = Place::new("export.zip");
    let mut files = slack();
    files[7].1 = "[{\"ts\": \"1\", \"text\": 7}]".to_owned();
    place.slack(&files);
    let refused = place.import("slack");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("general/2023-11-15.json: "), "{why}");
    place.has_nothing();

    let place = Place::new("full.zip");
    place.slack(&slack());
    fs::write(&place.ways_in, "all that there is").expect("is written");
    let refused = place.import("slack");
    assert!(!refused.status.success(), "{refused:?}");
    let kept = fs::read_to_string(&place.ways_in).expect("is there");
    assert_eq!(kept, "all that there is");
}

#[test]
fn a_zip_file_that_unpacks_to_far_too_much_is_refused() {
    let place = Place::new("bomb.zip");
    // Spaces before anything else, more of them than such a file may have.
    let file = File::create(&place.input).expect("a file");
    let mut zip = ZipWriter::new(file);
    zip.start_file("users.json", SimpleFileOptions::default())
        .expect("a file in it");
    let spaces = vec![b' '; 1024 * 1024];
    for _ in 0..300 {
        zip.write_all(&spaces).expect("is written");
    }
    zip.write_all(slack()[0].1.as_bytes()).expect("is written");
    zip.finish().expect("a ZIP file");
    let refused = place.import("slack");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        why.contains("users.json: ") && why.contains("more than can be true"),
        "{why}"
    );
    place.has_nothing();
}

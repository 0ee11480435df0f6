//! A server whose data is in PostgreSQL: started by a URL, moved there, and what it says when PostgreSQL goes away.

use crate::support::{postgres::Postgres, *};

/// A server on that database.
fn serve(url: &str) -> Server {
    Server::on(Folder::new(), url, &[], &[])
}

#[tokio::test]
async fn while_postgresql_is_away_a_server_says_so_and_goes_on_when_it_is_back() {
    let postgres = Postgres::start();
    let database = postgres.database();
    let server = serve(&database.url());
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    alice.post(room, "before").await;
    for crash in [false, true] {
        if crash {
            postgres.kill();
        } else {
            postgres.stop();
        }
        let post = [("room", &room as Field), ("body", &"nobody hears it")];
        alice
            .call("post_message", &post)
            .await
            .refused(503, "unavailable");
        alice
            .call("my_rooms", &[])
            .await
            .refused(503, "unavailable");
        eventually("the server to be ill", async || {
            let health = server.browser().get("/healthz").await;
            (health.status == 503).then_some(())
        })
        .await;
        postgres.start_again();
        eventually("the server to be well", async || {
            let health = server.browser().get("/healthz").await;
            (health.status == 200).then_some(())
        })
        .await;
        alice.post(room, "after").await;
    }
    let messages = alice.messages_after(room, 0).await;
    assert_eq!(seqs(&messages), [1, 2, 3]);
    server.is_well().await;
}

#[tokio::test]
async fn a_server_is_moved_out_of_its_file_whole_or_not_at_all() {
    let postgres = Postgres::shared();
    let (database, other) = (postgres.database(), postgres.database());
    let mut server = Server::on_a_file();
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    for n in 0..50 {
        alice
            .post(room, &format!("number {n}\twith\\ signs\nand lines, @bob"))
            .await;
    }
    let edited = [("room", &room as Field), ("seq", &3), ("body", &"a walrus")];
    alice.call("edit_message", &edited).await.ok();
    let gone = [("room", &room as Field), ("seq", &4)];
    alice.call("delete_message", &gone).await.ok();
    let given = [
        ("room", &room as Field),
        ("seq", &5),
        ("emoji", &"👍"),
        ("on", &true),
    ];
    bob.call("react", &given).await.ok();
    let before = (alice.messages_after(room, 0).await, bob.rooms().await);
    let file = server.database();
    let file = file.to_str().expect("a path");
    let moved = |url: &str| latchkey(&["move", "--from", file, "--to", url]);
    let in_use = moved(&database.url());
    assert!(
        !in_use.status.success() && said(&in_use).contains("using"),
        "{}",
        said(&in_use)
    );
    server.stop().await;
    let done = moved(&database.url());
    assert!(done.status.success(), "{}", said(&done));
    assert!(
        said(&done).contains("2 names, 1 rooms, 54 entries"),
        "{}",
        said(&done)
    );
    let again = moved(&database.url());
    assert!(
        !again.status.success() && said(&again).contains("not empty"),
        "{}",
        said(&again)
    );

    let server = serve(&database.url());
    let (alice, bob) = (alice.now_at(&server.url), bob.now_at(&server.url));
    assert_eq!(
        (alice.messages_after(room, 0).await, bob.rooms().await),
        before
    );
    let found = alice.call("search", &[("words", &"walrus")]).await.ok();
    assert_eq!(found["hits"][0]["message"]["seq"], 3);
    alice.post(room, "and on").await;
    let carol = server.person("carol").await;
    carol.join("general", "sesame").await;
    drop(server);

    // What cannot be moved leaves an empty database.
    let broken = rusqlite::Connection::open(file).expect("the database");
    let hole = broken.execute("DELETE FROM entries WHERE seq = 20", []);
    assert_eq!(hole.expect("a change"), 1);
    drop(broken);
    let failed = moved(&other.url());
    assert!(
        !failed.status.success() && said(&failed).contains("hole"),
        "{}",
        said(&failed)
    );
    assert_eq!(other.ask("SELECT count(*) FROM users"), "0");
}

#[test]
fn a_database_that_will_not_do_is_refused_and_no_password_is_repeated() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let serve = |url: &str| {
        let refused = latchkey(&["serve", "--listen", "127.0.0.1:0", "--data", url]);
        assert!(!refused.status.success());
        let said = said(&refused);
        assert!(!said.contains("s3cret"), "{said}");
        said
    };
    let nobody = serve("postgres://alice:s3cret@127.0.0.1:1/chat");
    assert!(
        nobody.contains("cannot connect to postgres://127.0.0.1:1/chat"),
        "{nobody}"
    );
    let odd = serve("postgres://alice:s3cret@127.0.0.1/chat?colour=blue");
    assert!(odd.contains("URL cannot be read"), "{odd}");
    database.ask("CREATE TABLE latchkey (version integer); INSERT INTO latchkey VALUES (99)");
    let newer = serve(&database.url());
    assert!(newer.contains("newer Latchkey"), "{newer}");
    let backups = ["--backup-every", "1h", "--backup-to", "/nowhere"];
    let url = database.url();
    let asked = [
        &["serve", "--listen", "127.0.0.1:0", "--data", &url][..],
        &backups,
    ]
    .concat();
    database.ask("DROP TABLE latchkey");
    let refused = latchkey(&asked);
    assert!(
        said(&refused).contains("pg_basebackup"),
        "{}",
        said(&refused)
    );
}

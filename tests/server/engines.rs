//! The way to PostgreSQL and to NATS over a network that is not one's own: over TLS, to those whose certificates an
//! authority vouches for and nobody else, with a password.

use std::{fs, path::Path, process::Command};

use crate::support::{nats::Nats, postgres::Postgres, *};

/// Of this machine's addresses, one where nothing else serves PostgreSQL.
const ADDRESS: &str = "127.77.0.1";

fn serve_by(authority: &Path, data: &str, bus: &str) -> Command {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--rate-limits", "off"])
        .args(["--data", data, "--bus", bus])
        // Whom the system trusts.
        .env("SSL_CERT_FILE", authority);
    serve
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_and_nats_are_spoken_to_over_tls_and_only_where_they_prove_who_they_are() {
    let (ours, others) = (Authority::new(), Authority::new());
    let folder = Folder::new();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("ours.pem"), ours.pem()).expect("is written");
    fs::write(at("others.pem"), others.pem()).expect("is written");
    let (certificate, key) = ours.certificate(&["127.0.0.1", ADDRESS]);
    fs::write(at("certificate.pem"), &certificate).expect("is written");
    fs::write(at("key.pem"), &key).expect("is written");

    let postgres = Postgres::over_tls(ADDRESS, &certificate, &key);
    let database = postgres.database();
    let (certificate, key) = (at("certificate.pem"), at("key.pem"));
    let nats = Nats::start_with(&[
        "--tls",
        "--tlscert",
        certificate.to_str().expect("a path"),
        "--tlskey",
        key.to_str().expect("a path"),
        "--user",
        "latchkey",
        "--pass",
        "s3cret",
    ]);
    let data = |mode: &str| {
        let name = database.name();
        format!("postgres://postgres@{ADDRESS}/{name}?sslmode={mode}")
    };
    let bus = |password: &str| format!("tls://latchkey:{password}@127.0.0.1:{}", nats.port());
    let (full, known) = (data("verify-full"), bus("s3cret"));

    let one = Server::launched_by(&mut serve_by(&at("ours.pem"), &full, &known), Folder::new());
    let two = Server::launched_by(&mut serve_by(&at("ours.pem"), &full, &known), Folder::new());
    let (alice, bob) = (one.person("alice").await, two.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    eventually("them to hear of each other", async || {
        let health = one.browser().get("/healthz").await.ok();
        (health["status"] == "ok" && health["bus"]["peers"] == 1).then_some(())
    })
    .await;
    let mut his = bob.live_in(room).await;
    alice.post(room, "in secret").await;
    assert_eq!(his.frame("message").await["body"], "in secret");
    let secret = database.ask("SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND client_addr IS NOT NULL");
    assert_eq!(secret, "t");
    let logs = [one.log(), two.log()];
    assert!(!logs.iter().any(|log| log.contains("s3cret")), "{logs:?}");

    // In the clear, or by the word of somebody else, there is no way in.
    for (authority, mode) in [("ours.pem", "disable"), ("others.pem", "verify-full")] {
        let mut refused = serve_by(&at(authority), &data(mode), &known);
        let ended = refused
            .current_dir(folder.path())
            .output()
            .expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            !ended.status.success() && said.contains("cannot connect"),
            "{said}"
        );
    }
    let named = format!(
        "{}&sslrootcert={}",
        data("verify-full"),
        at("ours.pem").display()
    );
    for (authority, data, bus) in [
        ("others.pem", &named, known.clone()),
        ("ours.pem", &full, bus("wrong")),
    ] {
        let lonely = Server::launched_by(&mut serve_by(&at(authority), data, &bus), Folder::new());
        let tried = async || lonely.log().contains("NATS").then_some(());
        eventually("it to try", tried).await;
        let_things_arrive().await;
        let health = lonely.browser().get("/healthz").await.ok();
        assert_eq!(health["bus"]["connected"], false, "{health}");
    }
}

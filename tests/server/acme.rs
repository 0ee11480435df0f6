//! HTTPS by itself: certificates from an authority that looks who the server is.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

use crate::support::*;

const NAME: &str = "chat.example.org";
const MONTHS: u64 = 90 * 24 * 60 * 60;

/// A server under these names, which orders its certificates from that authority.
fn server(home: Folder, port: u16, names: &[&str], pebble: &[String]) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(["serve", "--rate-limits", "off"]);
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    for name in names {
        command.args(["--https", name]);
    }
    command
        .args(pebble)
        .arg("--data")
        .arg(home.data())
        .current_dir(home.path());
    Server::launched_by(&mut command, home)
}

/// The certificate that is shown for a name, once there is one.
async fn certificate_of(name: &str, port: u16, trust: &Trust) -> Vec<u8> {
    let host = format!("{name}:{port}");
    eventually("a certificate", async || trust.shown(&host).await.ok()).await
}

fn mode(path: impl AsRef<Path>) -> u32 {
    let found = fs::metadata(path).expect("is there");
    found.permissions().mode() & 0o777
}

#[tokio::test]
async fn names_get_certificates_which_are_kept() {
    let port = free_port();
    let mut pebble = Pebble::start(port, MONTHS).await;
    let trust = pebble.trust().await;
    let names = ["refused.example", NAME, "talk.example.org"];
    let home = Folder::new();
    let folder = home.path().to_owned();
    let mut first = server(home, port, &names, &pebble.flags());
    let chat = certificate_of(NAME, port, &trust).await;
    let talk = certificate_of("talk.example.org", port, &trust).await;
    assert_ne!(chat, talk);
    let refused = format!("refused.example:{port}");
    assert!(trust.shown(&refused).await.is_err());
    assert!(
        first.log().contains("has no new certificate"),
        "{}",
        first.log()
    );

    // People come by its name.
    let browser = Browser::over_tls(&format!("https://{NAME}:{port}"), trust.clone());
    let page = browser.get("/").await;
    assert_eq!(page.header("strict-transport-security"), "max-age=604800");
    assert!(page.page().contains("Claim"));
    let alice = browser.claim("alice").await;
    assert!(
        browser.cookies().starts_with("__Host-"),
        "{}",
        browser.cookies()
    );
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    live.post(room, &new_id(), "hello").await;
    live.until_message("hello").await;

    // The account's key and the certificates' are for nobody else to read.
    let kept = folder.join("acme");
    let authority = fs::read_dir(&kept).expect("a folder").next();
    let authority = authority.expect("one").expect("a folder").path();
    let mut files: Vec<_> = fs::read_dir(&authority)
        .expect("a folder")
        .map(|file| {
            file.expect("a file")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "account.json",
            "chat.example.org.pem",
            "talk.example.org.pem"
        ]
    );
    assert_eq!((mode(&kept), mode(&authority)), (0o700, 0o700));
    for file in files {
        assert_eq!(mode(authority.join(&file)), 0o600, "{file}");
    }

    // A second life shows them at once, whether the authority is there or not.
    assert!(first.stop().await.success());
    pebble.stop();
    let names = [NAME, "talk.example.org"];
    let mut words: Vec<_> = pebble.flags().to_vec();
    words.push("--acme-folder".to_owned());
    words.push(kept.display().to_string());
    let second = server(Folder::new(), port, &names, &words);
    let shown = trust.shown(&format!("{NAME}:{port}")).await;
    assert_eq!(shown.expect("a certificate"), chat);
    // Who names no server that it knows is shown the first's, and is right not to believe it.
    assert!(
        trust
            .shown(&format!("elsewhere.example:{port}"))
            .await
            .is_err()
    );
    assert!(!second.log().contains("WARN"), "{}", second.log());
}

#[tokio::test]
async fn certificates_are_renewed_in_time_also_by_an_authority_that_has_forgotten_the_account() {
    const SECONDS: u64 = 30;
    let port = free_port();
    let pebble = Pebble::start(port, SECONDS).await;
    let trust = pebble.trust().await;
    let begun = SystemTime::now();
    let server = server(Folder::new(), port, &[NAME], &pebble.flags());
    let first = certificate_of(NAME, port, &trust).await;
    let browser = Browser::over_tls(&format!("https://{NAME}:{port}"), trust);
    let alice = browser.claim("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    let pebble = pebble.start_over(port, SECONDS).await;
    let trust = pebble.trust().await;
    let second = certificate_of(NAME, port, &trust).await;
    assert_ne!(first, second);
    let taken = begun.elapsed().expect("time goes on");
    assert!(
        taken < Duration::from_secs(SECONDS),
        "it was not renewed in time: {taken:?}"
    );
    live.post(room, &new_id(), "still here").await;
    live.until_message("still here").await;
    assert!(!server.log().contains("WARN"), "{}", server.log());
}

#[tokio::test]
async fn an_authority_that_is_away_is_told_of_and_stops_nothing() {
    let (port, nobody) = (free_port(), free_port());
    let directory = format!("https://127.0.0.1:{nobody}/dir");
    let flags = ["--acme-directory".to_owned(), directory];
    let mut server = server(Folder::new(), port, &[NAME], &flags);
    eventually("the server to say that it has no certificate", async || {
        server
            .log()
            .contains("has no new certificate")
            .then_some(())
    })
    .await;
    let anyone = Authority::shared().trust();
    assert!(anyone.shown(&format!("{NAME}:{port}")).await.is_err());
    assert!(server.stop().await.success());
}

//! HTTPS by itself: certificates from files.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::*;

async fn over_tls() -> Server {
    with("off", &[]).await
}

async fn with(rate_limits: &'static str, flags: &'static [&'static str]) -> Server {
    Server::start_with(Options {
        rate_limits,
        flags,
        https: true,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_page_a_claim_and_a_live_socket_come_over_tls() {
    let server = over_tls().await;
    assert!(
        server.url.starts_with("https://127.0.0.1:"),
        "{}",
        server.url
    );
    // Browsers offer HTTP/2 first, and take what there is.
    let authority = server.home().join("authority.pem");
    fs::write(&authority, Authority::shared().pem()).expect("is written");
    let curl = Command::new("curl")
        .args(["--silent", "--show-error", "--http2", "--cacert"])
        .args([&authority, Path::new(&server.url)])
        .output()
        .expect("curl");
    assert!(
        String::from_utf8_lossy(&curl.stdout).contains("Claim"),
        "{curl:?}"
    );
    let browser = server.browser();
    let page = browser.get("/").await;
    // Who brings a certificate of their own may go back to plain HTTP.
    assert_eq!(page.header("strict-transport-security"), "");
    assert!(page.page().contains("Claim"));
    let claim = browser
        .call("claim_username", &[("username", &"alice")])
        .await;
    let cookie = claim.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("__Host-latchkey-") && cookie.contains("; Secure"),
        "{cookie}"
    );
    let (bob, eve) = (server.person("bob").await, server.person("eve").await);
    let room = bob.create("general", "sesame").await;
    eve.join("general", "sesame").await;
    let (mut speaker, mut listener) = (bob.live_in(room).await, eve.live_in(room).await);
    let long = "🗝".repeat(4_000);
    for n in 0..50 {
        speaker.post(room, &new_id(), &format!("{n}")).await;
        speaker.post(room, &new_id(), &long).await;
    }
    let heard = listener.messages(room, 100).await;
    assert_eq!(
        seqs(&heard),
        (heard[0]["seq"].as_u64().expect("a seq")..)
            .take(100)
            .collect::<Vec<_>>()
    );
    assert!(heard[98]["body"] == "49" && heard[99]["body"] == long);
    // From another site, or from this one in the clear.
    let submitted = bob
        .submit("/@bob", "create_room", &[("name", &"other"), ("key", &"k")])
        .await;
    assert_eq!(submitted.leads_to(), "/@bob/rooms/other");
    let query = "?me=bob";
    let stranger = [("origin", "https://elsewhere.example")];
    bob.browser
        .refused_upgrade(query, &stranger)
        .await
        .refused(403, "cross_origin");
    server.is_well().await;
}

#[tokio::test]
async fn tls_is_spoken_in_versions_that_are_safe_and_in_no_other() {
    let server = over_tls().await;
    let authority = server.home().join("authority.pem");
    fs::write(&authority, Authority::shared().pem()).expect("is written");
    let speak = |words: &[&str]| {
        let ran = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                server.address(),
                "-brief",
                "-verify_return_error",
            ])
            .arg("-CAfile")
            .arg(&authority)
            .args(words)
            .stdin(std::process::Stdio::null())
            .output()
            .expect("openssl");
        let said = [ran.stdout, ran.stderr].concat();
        (
            ran.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    };
    for (version, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let (shook, said) = speak(&[version]);
        assert!(
            shook && said.contains(&format!("Protocol version: {name}")),
            "{said}"
        );
    }
    // As far as this machine's openssl speaks them at all, told to stop at nothing.
    for (version, ciphers) in [
        ("-tls1", "ALL:@SECLEVEL=0"),
        ("-tls1_1", "ALL:@SECLEVEL=0"),
        // Without forward secrecy, and with modes that are broken.
        ("-tls1_2", "AES128-GCM-SHA256:@SECLEVEL=0"),
        (
            "-tls1_2",
            "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0",
        ),
    ] {
        let (shook, said) = speak(&[version, "-cipher", ciphers]);
        assert!(!shook, "{version} {ciphers}: {said}");
        assert!(!said.contains("Unknown option"), "{said}");
    }
    server.is_well().await;
}

#[tokio::test]
async fn what_a_socket_over_tls_has_open_is_closed_with_it() {
    let server = over_tls().await;
    let alice = server.person("alice").await;
    let before = server.files();
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(alice.live().await);
    }
    assert!(server.files() >= before + 20);
    drop(sockets);
    eventually("the files to be closed", async || {
        (server.files() <= before + 1).then_some(())
    })
    .await;
    server.is_well().await;
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_over_tls() {
    let mut server = over_tls().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (mut live, silent) = (alice.live().await, bob.live().await);
    let begun = Instant::now();
    let stopping = server.stop();
    let (status, bye) = tokio::join!(stopping, async {
        let bye = live.frame("bye").await;
        assert_eq!(live.closed().await, 1012);
        bye
    });
    assert_eq!(bye["code"], "restarting");
    assert!(
        status.success() && begun.elapsed() < Duration::from_secs(6),
        "{:?}",
        begun.elapsed()
    );
    // Nobody read there, and yet nothing is lost of what it was told, TLS' own goodbye included.
    let rest = silent.kept_silent().await;
    assert!(String::from_utf8_lossy(&rest).contains(r#""code":"restarting""#));
}

#[tokio::test]
async fn who_does_not_finish_the_handshake_is_let_go() {
    let server = over_tls().await;
    server.is_well().await;
    let before = server.files();
    let mut raws = Vec::new();
    for n in 0..90 {
        let mut raw = Raw::connect(&server, 1 + n).await;
        let begun: &[u8] = match n % 3 {
            0 => b"",
            // The beginning of a record.
            1 => &[22, 3, 1, 2, 0, 1, 0],
            // One that is never whole: of the longest kind, byte by byte.
            _ => &[22, 3, 1, 64, 0],
        };
        assert!(raw.send(begun).await);
        raws.push(raw);
    }
    let begun = Instant::now();
    eventually("the connections to be there", async || {
        (server.files() >= before + 80).then_some(())
    })
    .await;
    eventually("the connections to be let go", async || {
        (server.files() <= before + 2).then_some(())
    })
    .await;
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    // Who speaks in the clear is told so in TLS' own words, and gets nothing else.
    let mut clear = Raw::connect(&server, 1).await;
    clear.send("GET / HTTP/1.1\r\nHost: chat\r\n\r\n").await;
    assert!(!clear.rest().await.contains("HTTP/1.1"));
    server.is_well().await;
}

#[tokio::test]
async fn addresses_are_told_apart_over_tls() {
    let server = with("claims=2/min", &["--max-sockets-per-address", "1"]).await;
    let trust = Authority::shared().trust();
    let at = |last| Browser::over_tls(&server.url, trust.from(last));
    let (here, there) = (at(2), at(3));
    let alice = here.claim("alice").await;
    here.claim("bob").await;
    let third = here.call("claim_username", &[("username", &"eve")]).await;
    third.refused(429, "too_fast");
    let carol = there.claim("carol").await;
    let _live = alice.live().await;
    assert!(alice.try_live().await.is_err());
    carol.live().await;
}

#[tokio::test]
async fn a_certificate_that_changes_is_shown_and_no_socket_is_dropped() {
    let server = over_tls().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let mut live = bob.live_in(room).await;
    let trust = Authority::shared().trust();
    let host = server.address();
    let first = trust.shown(host).await.expect("a certificate");

    let (certificate, key) = Authority::shared().certificate(&["127.0.0.1", "localhost"]);
    let (certificate_file, key_file) = (
        server.home().join("certificate.pem"),
        server.home().join("key.pem"),
    );
    // As some do it who renew them: one, and much later the other.
    fs::write(&certificate_file, &certificate).expect("is written");
    eventually("the server to see that they do not fit", async || {
        server.log().contains("is not used").then_some(())
    })
    .await;
    assert_eq!(trust.shown(host).await.expect("a certificate"), first);
    fs::write(&key_file, &key).expect("is written");
    let second = eventually("the new certificate", async || {
        let shown = trust.shown(host).await.expect("a certificate");
        (shown != first).then_some(shown)
    })
    .await;

    for broken in [
        "",
        "-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n",
    ] {
        let told = server.log().matches("is not used").count();
        fs::write(&key_file, broken).expect("is written");
        eventually("the server to say that it is broken", async || {
            (server.log().matches("is not used").count() > told).then_some(())
        })
        .await;
        assert_eq!(trust.shown(host).await.expect("a certificate"), second);
    }
    alice.post(room, "still here").await;
    live.until_message("still here").await;
    server.is_well().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_explained() {
    let folder = Folder::new();
    let file = |name: &str, pem: &str| {
        let file = folder.path().join(name);
        fs::write(&file, pem).expect("is written");
        file.display().to_string()
    };
    let (one, its_key) = Authority::shared().certificate(&["127.0.0.1"]);
    let (_, other_key) = Authority::shared().certificate(&["127.0.0.1"]);
    let (one, its_key, other_key) = (
        file("one.pem", &one),
        file("key.pem", &its_key),
        file("other.pem", &other_key),
    );
    let nothing = file("nothing.pem", "");
    let nowhere = folder.path().join("nowhere.pem").display().to_string();
    let why = |words: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(words)
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        assert!(!ran.status.success(), "{words:?}");
        String::from_utf8_lossy(&ran.stderr).into_owned()
    };
    for (certificate, key, about) in [
        (&one, &other_key, &other_key),
        (&nowhere, &its_key, &nowhere),
        (&one, &nowhere, &nowhere),
        (&nothing, &its_key, &nothing),
        (&one, &one, &one),
    ] {
        let why = why(&["--cert", certificate, "--key", key]);
        assert!(
            why.contains(about.as_str()) && !why.contains("panicked"),
            "{why}"
        );
    }
    assert!(why(&["--cert", &one]).contains("--key"));
    assert!(why(&["--https", "192.0.2.1"]).contains("--https"));
    assert!(
        why(&[
            "--https",
            "chat.example.org",
            "--cert",
            &one,
            "--key",
            &its_key
        ])
        .contains("--https")
    );
}

#[tokio::test]
async fn plain_http_leads_to_https() {
    let port = free_port();
    let folder = Folder::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--rate-limits", "off"])
        .args(["--redirect-from", &format!("127.0.0.1:{port}")])
        .args(Authority::shared().vouches_for_this_machine_in(folder.path()))
        .arg("--data")
        .arg(folder.data())
        .current_dir(folder.path());
    let mut server = Server::launched_by(&mut command, folder);
    let clear = Browser::new(&format!("http://127.0.0.1:{port}"));
    let answer = clear.get("/@alice/rooms/general?at=8").await;
    assert_eq!(answer.status, 308);
    assert_eq!(
        answer.header("location"),
        format!("{}/@alice/rooms/general?at=8", server.url)
    );
    let nameless = ask_in_the_clear(port, "GET / HTTP/1.1\r\n\r\n").await;
    assert!(nameless.starts_with("HTTP/1.1 400"), "{nameless}");
    let claim = clear
        .call("claim_username", &[("username", &"alice")])
        .await;
    assert!(claim.status == 308 && claim.header("set-cookie").is_empty());
    server.is_well().await;
    assert!(server.stop().await.success());
}

async fn ask_in_the_clear(port: u16, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("is sent");
    let mut bytes = vec![0; 4_096];
    let read = within("an answer", stream.read(&mut bytes))
        .await
        .expect("an answer");
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

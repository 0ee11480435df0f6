//! The browser's files: inside the binary, compressed, cached for good, and few bytes.

use std::{fs, io::Read};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::*;

/// Bytes over the wire that a first visit to a room may cost. It is to become 240,000.
const BUDGET: usize = 338_000;

/// The paths of all files that a page links to: scripts, WASM, styles, icons, manifest.
pub fn files_of(page: &str) -> Vec<String> {
    let mut files: Vec<String> = page
        .split(['"', '\''])
        .filter(|text| text.starts_with('/') && !text.contains(['<', '>', ' ', '?', '#']))
        .filter(|text| {
            text.rsplit('/')
                .next()
                .is_some_and(|name| name.contains('.'))
        })
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    files
}

async fn get_as(browser: &Browser, path: &str, encoding: &str) -> Answer {
    browser
        .send(
            browser
                .request("GET", path)
                .header("accept-encoding", encoding),
            [],
        )
        .await
}

fn decoded(answer: &Answer) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = match answer.header("content-encoding") {
        "br" => {
            brotli_decompressor::Decompressor::new(&*answer.body, 4_096).read_to_end(&mut plain)
        }
        "gzip" => flate2::read::MultiGzDecoder::new(&*answer.body).read_to_end(&mut plain),
        "" => return answer.body.clone(),
        other => panic!("an encoding that nobody asked for: {other}"),
    };
    read.expect("a well compressed answer");
    plain
}

#[tokio::test]
async fn of_a_file_the_part_that_is_asked_for_is_served() {
    let server = Server::start().await;
    let browser = server.browser();
    let whole = browser.get("/tap.wav").await.body;
    let request = browser
        .request("GET", "/tap.wav")
        .header("range", "bytes=8-11");
    let part = browser
        .send(request.header("accept-encoding", "br"), [])
        .await;
    assert_eq!((part.status, &*part.body), (206, &b"WAVE"[..]));
    let range = format!("bytes 8-11/{}", whole.len());
    assert_eq!(
        (
            part.header("content-range"),
            part.header("content-encoding")
        ),
        (&*range, "")
    );
}

#[tokio::test]
async fn the_binary_alone_serves_everything() {
    let folder = Folder::new();
    let binary = folder.path().join("latchkey");
    fs::copy(env!("CARGO_BIN_EXE_latchkey"), &binary).expect("a copy of the binary");
    let mut alone = std::process::Command::new(&binary);
    alone.args(["serve", "--listen", "127.0.0.1:0"]).env_clear();
    let server = Server::launched_by(alone.current_dir(folder.path()), folder);
    let browser = server.browser();
    let files = files_of(&browser.get("/").await.page());
    for kind in [".js", ".wasm", ".css"] {
        assert!(
            files.iter().any(|file| file.ends_with(kind)),
            "no {kind} in {files:?}"
        );
    }
    for file in &files {
        let answer = browser.get(file).await;
        assert_eq!(answer.status, 200, "{file}");
        assert!(!answer.body.is_empty(), "{file} is empty");
    }
    assert!(
        server.home().join("latchkey.db").exists(),
        "the data is beside it"
    );
}

#[tokio::test]
async fn files_are_compressed_and_kept_for_good() {
    let server = Server::start().await;
    let browser = server.browser();
    let files = files_of(&browser.get("/").await.page());
    let of_the_build: Vec<_> = files
        .iter()
        .filter(|file| file.starts_with("/pkg/"))
        .collect();
    assert!(of_the_build.len() >= 3, "{files:?}");
    for file in of_the_build {
        let plain = get_as(&browser, file, "identity").await;
        assert_eq!(
            (plain.status, plain.header("content-encoding")),
            (200, ""),
            "{file}"
        );
        let kind = match file.rsplit('.').next() {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            Some("wasm") => "application/wasm",
            _ => "",
        };
        assert!(
            plain.header("content-type").starts_with(kind),
            "{file}: {}",
            plain.header("content-type")
        );
        for (accepted, encoding) in [
            ("gzip, deflate, br, zstd", "br"),
            ("br;q=1.0, gzip;q=0.5", "br"),
            ("gzip", "gzip"),
            ("gzip, deflate", "gzip"),
        ] {
            let answer = get_as(&browser, file, accepted).await;
            assert_eq!(
                answer.header("content-encoding"),
                encoding,
                "{file} for {accepted}"
            );
            assert!(
                answer.body.len() < plain.body.len(),
                "{file} is not smaller as {encoding}"
            );
            assert!(
                decoded(&answer) == plain.body,
                "{file} is not the same as {encoding}"
            );
            assert!(
                answer
                    .header("vary")
                    .to_ascii_lowercase()
                    .contains("accept-encoding"),
                "{file}"
            );
            let keep = answer.header("cache-control");
            assert!(
                keep.contains("immutable") && keep.contains("max-age=31536000"),
                "{file}: {keep}"
            );
        }
        assert!(
            file.rsplit('/').next().is_some_and(|name| name.len() > 20),
            "{file} has no hash of its content"
        );
    }
    assert_eq!(browser.get("/pkg/no-such-file.js").await.status, 404);
}

#[tokio::test]
async fn pages_are_compressed() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    Sender::new(alice.clone(), room).post(60).await;
    let path = "/@alice/rooms/general";
    let plain = get_as(&alice.browser, path, "identity").await;
    assert_eq!(plain.header("content-encoding"), "");
    for encoding in ["br", "gzip"] {
        let answer = get_as(&alice.browser, path, encoding).await;
        assert_eq!(answer.header("content-encoding"), encoding);
        assert!(
            answer.body.len() * 2 < plain.body.len(),
            "{} of {} bytes",
            answer.body.len(),
            plain.body.len()
        );
        let page = String::from_utf8(decoded(&answer)).expect("UTF-8");
        assert!(page.contains("role=\"log\"") && page.contains("</html>"));
    }
}

#[tokio::test]
async fn what_a_first_visit_to_a_room_costs_is_printed_beside_its_budget() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for n in 1..=60 {
        alice
            .post(
                room,
                &format!("Message {n}: an ordinary sentence, as people say them to each other."),
            )
            .await;
    }
    let path = "/@alice/rooms/general";
    let mut visited = vec![path.to_owned()];
    visited.extend(files_of(&alice.browser.get(path).await.page()));
    let mut total = 0;
    println!("{:>9}  over the wire, in Brotli, headers included", "bytes");
    for path in visited {
        let bytes = bytes_over_the_wire(&server, &alice, &path).await;
        println!("{bytes:>9}  {path}");
        total += bytes;
    }
    println!("{total:>9}  in all, of a budget of {BUDGET}");
    assert!(total <= BUDGET, "a first visit costs {total} bytes");
}

/// What the server writes for one request, to the byte.
async fn bytes_over_the_wire(server: &Server, person: &Person, path: &str) -> usize {
    let mut stream = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\nConnection: close\r\n\r\n",
        server.address(),
        person.browser.cookies(),
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a request to be taken");
    let mut answer = Vec::new();
    within("an answer", stream.read_to_end(&mut answer))
        .await
        .expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{path}");
    answer.len()
}

//! What Prometheus is told, read by Prometheus' own programs.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::support::*;

const METRICS: Options = Options {
    rate_limits: "off",
    log: "info",
    flags: &["--metrics", "127.0.0.1:0"],
    under: &[],
    https: false,
};

/// All samples at a moment, by name and labels as they are written.
struct Scraped(Vec<(String, f64)>);

impl Scraped {
    #[track_caller]
    fn of(&self, series: &str) -> f64 {
        let found = self.0.iter().find(|(name, _)| name == series);
        found
            .unwrap_or_else(|| panic!("{series} is not in {:?}", self.0))
            .1
    }

    /// A series that is there once there is something to count.
    fn count_of(&self, series: &str) -> f64 {
        let found = self.0.iter().find(|(name, _)| name == series);
        found.map_or(0.0, |(_, value)| *value)
    }

    /// All series of that name.
    fn sum_of(&self, name: &str) -> f64 {
        let all = self.0.iter();
        let all = all.filter(|(series, _)| series.split('{').next() == Some(name));
        all.map(|(_, value)| value).sum()
    }
}

async fn scrape(server: &Server) -> Scraped {
    let text = prometheus(server).await.get("/metrics").await;
    assert_eq!(text.status, 200);
    assert_eq!(
        text.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = text.text();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| {
        let (series, value) = line.rsplit_once(' ').expect("a sample");
        (series.to_owned(), value.parse().expect("a number"))
    });
    Scraped(samples.collect())
}

/// Who asks where the log says that the metrics are.
async fn prometheus(server: &Server) -> Browser {
    Browser::new(&format!("http://{}", server.metrics().await))
}

/// What has been said in a room is in memory and in the tails' bytes, which are counted every second.
async fn tails_are_counted(server: &Server) {
    eventually("the tails to be counted", async || {
        let tails = scrape(server).await.of("latchkey_tails_bytes");
        (tails > 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_it() {
    let server = Server::start_with(METRICS).await;
    let alice = server.person("alice").await;
    let room = alice.create("kitchen", "k").await;
    alice.post(room, "hi").await;
    alice.call("search", &[("words", &"hi")]).await.ok();
    alice
        .call("post_message", &[("room", &room), ("body", &"")])
        .await
        .refused(400, "empty_body");
    let text = prometheus(&server).await.get("/metrics").await.text();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed");
    let mut input = promtool.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("it is read");
    drop(input);
    let checked = promtool.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(
        checked.status.success() && said.is_empty(),
        "{said}\n{text}"
    );
}

#[tokio::test]
async fn who_asks_for_openmetrics_gets_it() {
    let server = Server::start_with(METRICS).await;
    let asker = prometheus(&server).await;
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let request = asker.request("GET", "/metrics").header("accept", accept);
    let answer = asker.send(request, []).await;
    assert_eq!(
        answer.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(
        text.contains("# TYPE latchkey_refusals counter\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_post_counts_by_whichever_way_it_came_and_so_does_the_commit() {
    let server = Server::start_with(METRICS).await;
    let alice = server.person("alice").await;
    let room = alice.create("kitchen", "k").await;
    let mut live = alice.live_in(room).await;
    let before = scrape(&server).await;
    let seq = alice.post(room, "over HTTP").await;
    live.post_many(room, 3, "over the socket").await;
    alice
        .call(
            "react",
            &[
                ("room", &room),
                ("seq", &seq),
                ("emoji", &"👍"),
                ("on", &true),
            ],
        )
        .await
        .ok();
    let after = scrape(&server).await;
    let more = |series: &str| after.of(series) - before.of(series);
    let in_all_lanes = |name: &str| after.sum_of(name) - before.sum_of(name);
    assert_eq!(more(r#"latchkey_entries_total{kind="message"}"#), 4.0);
    assert_eq!(more(r#"latchkey_entries_total{kind="reacted"}"#), 1.0);
    assert_eq!(more(r#"latchkey_entries_total{kind="edited"}"#), 0.0);
    let commits = in_all_lanes("latchkey_commit_duration_seconds_count");
    let changes = in_all_lanes("latchkey_commit_changes_sum");
    assert!(commits >= 2.0 && changes >= 5.0, "{commits} {changes}");
    assert!(in_all_lanes("latchkey_commit_duration_seconds_sum") > 0.0);
    tails_are_counted(&server).await;
}

#[tokio::test]
async fn a_refusal_counts_by_its_code_over_http_on_a_page_and_on_a_socket() {
    let server = Server::start_with(METRICS).await;
    let alice = server.person("alice").await;
    let room = alice.create("kitchen", "k").await;
    let mut live = alice.live_in(room).await;
    let before = scrape(&server).await;
    let wrong = [("name", &"kitchen" as Field), ("key", &"wrong")];
    let bob = server.person("bob").await;
    bob.call("join_room", &wrong)
        .await
        .refused(403, "wrong_key");
    // As a page without a script has it.
    bob.submit("/@bob", "join_room", &wrong).await.leads_to();
    // The framework finds this one.
    bob.call("post_message", &[])
        .await
        .refused(400, "bad_request");
    live.post(room, &new_id(), "").await;
    live.frame("refused").await;
    let gone = bob.browser.get("/@bob/rooms/kitchen").await;
    assert_eq!(gone.status, 404);
    let after = scrape(&server).await;
    let more = |code: &str| {
        let series = format!("latchkey_refusals_total{{code=\"{code}\"}}");
        after.count_of(&series) - before.count_of(&series)
    };
    let codes = ["wrong_key", "bad_request", "empty_body", "no_such_room"];
    assert_eq!(codes.map(more), [2.0, 1.0, 1.0, 1.0]);
    assert_eq!(more("too_fast"), 0.0);
}

#[tokio::test]
async fn a_socket_comes_and_goes_and_leaves_its_bytes() {
    let server = Server::start_with(METRICS).await;
    let alice = server.person("alice").await;
    let room = alice.create("kitchen", "k").await;
    let none = scrape(&server).await;
    assert_eq!(none.of("latchkey_live_sockets"), 0.0);
    assert_eq!(none.of("latchkey_people_online"), 0.0);
    let (mut first, second) = (alice.live_in(room).await, alice.live_in(room).await);
    let both = scrape(&server).await;
    assert_eq!(both.of("latchkey_live_sockets"), 2.0);
    assert_eq!(both.of("latchkey_people_online"), 1.0);
    let body = "x".repeat(4_000);
    first.post(room, &new_id(), &body).await;
    first.frame("message").await;
    drop((first, second));
    let gone = eventually("the sockets to be gone", async || {
        let now = scrape(&server).await;
        (now.of("latchkey_live_sockets") == 0.0).then_some(now)
    })
    .await;
    assert_eq!(gone.of("latchkey_people_online"), 0.0);
    for direction in ["received", "sent"] {
        let series = format!("latchkey_live_{direction}_bytes_total");
        let bytes = gone.of(&series) - both.of(&series);
        assert!(bytes >= 4_000.0, "{direction}: {bytes}");
    }
}

#[tokio::test]
async fn searches_are_timed_and_the_process_tells_what_it_takes() {
    let server = Server::start_with(METRICS).await;
    let alice = server.person("alice").await;
    let before = scrape(&server).await;
    alice.call("search", &[("words", &"hi")]).await.ok();
    let after = scrape(&server).await;
    let searches = "latchkey_search_duration_seconds_count";
    assert_eq!(after.of(searches) - before.of(searches), 1.0);
    assert_eq!(after.of("latchkey_healthy"), 1.0);
    assert_eq!(after.of("latchkey_hashing_waiting"), 0.0);
    let (told, memory) = (
        after.of("process_resident_memory_bytes"),
        server.memory() as f64,
    );
    assert!((told / memory - 1.0).abs() < 0.5, "{told} {memory}");
    let files = after.of("process_open_fds");
    assert!(
        files > 5.0 && files < after.of("process_max_fds"),
        "{files}"
    );
    assert!(after.of("process_cpu_seconds_total") > 0.0);
    let started = after.of("process_start_time_seconds");
    let now = std::time::UNIX_EPOCH
        .elapsed()
        .expect("a time")
        .as_secs_f64();
    assert!(started <= now && now - started < 120.0, "{started} {now}");
}

#[tokio::test]
async fn the_file_the_disk_and_the_newest_backup_are_shown_where_there_are_any() {
    let home = Folder::new();
    let at = |name: &str| home.path().join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--metrics",
            "127.0.0.1:0",
        ])
        .args(["--backup-every", "1h", "--data"])
        .arg(at("latchkey.db"))
        .arg("--backup-to")
        .arg(at("backup"));
    let server = Server::launched_by(&mut command, home);
    let newest = "latchkey_last_backup_timestamp_seconds";
    let made = eventually("a backup", async || {
        let now = scrape(&server).await;
        (now.of(newest) > 0.0).then_some(now)
    })
    .await;
    let now = std::time::UNIX_EPOCH
        .elapsed()
        .expect("a time")
        .as_secs_f64();
    assert!((now - made.of(newest)).abs() < 120.0);
    assert!(made.of("latchkey_data_bytes") >= 4_096.0);
    assert!(made.of("latchkey_data_free_bytes") > 0.0);
}

#[tokio::test]
async fn they_are_nowhere_else_and_where_they_are_is_nothing_else() {
    let server = Server::start_with(METRICS).await;
    assert_eq!(server.browser().get("/metrics").await.status, 404);
    let asker = prometheus(&server).await;
    for path in ["/", "/healthz", "/live?me=alice"] {
        assert_eq!(asker.get(path).await.status, 404, "{path}");
    }
    // Where nobody asked for them there is no such listener.
    let other = Server::start().await;
    other.is_well().await;
    assert!(!other.log().contains("metrics address="));
}

#[tokio::test]
async fn so_many_ask_for_them_at_once_and_nobody_else_minds() {
    const MOST: usize = 16;
    let server = Server::start_with(METRICS).await;
    let (address, before) = (server.metrics().await, server.files());
    let connect = || std::net::TcpStream::connect(&address).expect("a connection");
    let asking: Vec<_> = (0..5 * MOST).map(|_| connect()).collect();
    let_things_arrive().await;
    let files = server.files();
    assert!(files <= before + MOST, "{before} {files}");
    server.is_well().await;
    drop(asking);
    scrape(&server).await;
}

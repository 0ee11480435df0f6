//! The board and the alerts of `deploy/`, held against what the server really tells and against the real Prometheus.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
};

use crate::support::{
    nats::Nats,
    postgres::{Database, Postgres},
    *,
};

const BOARD: &str = include_str!("../../deploy/grafana.json");
const ALERTS: &str = include_str!("../../deploy/alerts.yml");
/// What `promtool` tries the alerts with.
const TRIALS: &str = include_str!("alerts.yml");

/// The real one, and how it is asked.
struct Prometheus {
    _running: Running,
    browser: Browser,
}

impl Prometheus {
    /// One that watches servers by the rules, every second.
    async fn watching(servers: [&Server; 2], folder: &Folder) -> Self {
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("alerts.yml"), ALERTS).expect("is written");
        let [one, other] = servers;
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [alerts.yml]\nscrape_configs:\n  \
             - job_name: latchkey\n    static_configs: [{{targets: [\"{}\", \"{}\"]}}]\n",
            one.metrics().await,
            other.metrics().await
        );
        fs::write(at("prometheus.yml"), config).expect("is written");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", at("prometheus.yml")))
            .arg(format!("--storage.tsdb.path={}", at("data")))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::null());
        let prometheus = Self {
            _running: run(&mut command),
            browser: Browser::new(&format!("http://{address}")),
        };
        eventually("Prometheus to be there", async || {
            std::net::TcpStream::connect(&address).ok()
        })
        .await;
        eventually("Prometheus to be ready", async || {
            let ready = prometheus.browser.get("/-/ready").await;
            (ready.status == 200).then_some(())
        })
        .await;
        prometheus
    }

    async fn get(&self, path: &str) -> Value {
        self.browser.get(path).await.ok()["data"].take()
    }

    /// How many series an expression gives now.
    async fn series(&self, expression: &str) -> usize {
        let request = self.browser.request("POST", "/api/v1/query");
        let answer = self
            .browser
            .send_form(request, &[("query", &expression)])
            .await;
        assert_eq!(answer.status, 200, "{expression}: {}", answer.text());
        let found = answer.ok();
        found["data"]["result"].as_array().map_or(0, Vec::len)
    }
}

/// A server that has something to tell of everything.
async fn server_with_backups() -> Server {
    let home = Folder::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .args(["serve", "--rate-limits", "off", "--backup-every", "1h"])
        .args(["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"])
        .arg("--data")
        .arg(home.path().join("latchkey.db"))
        .arg("--backup-to")
        .arg(home.path().join("backup"));
    Server::launched_by(&mut command, home)
}

/// One process of several, with what it needs.
struct Several {
    server: Server,
    _nats: Nats,
    _database: Database<'static>,
}

impl Several {
    fn start() -> Self {
        let (nats, database) = (Nats::start(), Postgres::shared().database());
        let bus = format!("nats://127.0.0.1:{}", nats.port());
        let flags = ["--bus", &bus, "--metrics", "127.0.0.1:0"];
        Self {
            server: Server::on(Folder::new(), database.url(), &flags, &[]),
            _nats: nats,
            _database: database,
        }
    }

    /// Once it has heard itself.
    async fn is_well(&self) {
        eventually("its echo", async || {
            let health = self.server.browser().get("/healthz").await.ok();
            (health["status"] == "ok").then_some(())
        })
        .await;
    }
}

/// All texts of the board that ask Prometheus something.
fn board_expressions() -> Vec<String> {
    fn look(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if name == "expr" => found.push(text.clone()),
                        value => look(value, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| look(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    look(&serde_json::from_str(BOARD).expect("JSON"), &mut found);
    found
}

/// Names of ours, and of the process, in a text.
fn names_in(text: &str) -> BTreeSet<&str> {
    text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_'))
        .filter(|word| {
            ["latchkey_", "process_"]
                .iter()
                .any(|ours| word.starts_with(ours))
        })
        .collect()
}

#[tokio::test]
async fn every_figure_that_the_board_and_the_alerts_use_is_told() {
    let (server, several) = (server_with_backups().await, Several::start());
    several.is_well().await;
    let mut told = String::new();
    for server in [&server, &several.server] {
        let metrics = Browser::new(&format!("http://{}", server.metrics().await));
        told += &metrics.get("/metrics").await.text();
    }
    let samples = told.lines().filter(|line| !line.starts_with('#'));
    let told: BTreeSet<_> = samples
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let used = &names_in(BOARD) | &names_in(ALERTS);
    assert!(used.len() > 20, "{used:?}");
    let missing: Vec<_> = used.difference(&told).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {told:?}");
}

#[tokio::test]
async fn prometheus_reads_the_server_and_answers_all_that_the_board_asks() {
    let (server, several) = (server_with_backups().await, Several::start());
    several.is_well().await;
    let alice = server.person("alice").await;
    let room = alice.create("kitchen", "k").await;
    alice.post(room, "hi").await;
    let folder = Folder::new();
    let prometheus = Prometheus::watching([&server, &several.server], &folder).await;
    let targets = eventually("the servers to be read", async || {
        let targets = prometheus.get("/api/v1/targets").await;
        let targets = targets["activeTargets"].as_array()?.clone();
        let known = targets.iter().all(|target| target["health"] != "unknown");
        (known && targets.len() == 2).then_some(targets)
    })
    .await;
    for target in targets {
        assert_eq!(
            (&target["health"], &target["lastError"]),
            (&json!("up"), &json!("")),
            "{target}"
        );
    }
    eventually("two readings", async || {
        let readings = "count_over_time(latchkey_healthy[1m]) >= 2";
        (prometheus.series(readings).await == 2).then_some(())
    })
    .await;
    let expressions = board_expressions();
    assert!(expressions.len() > 20);
    for expression in expressions {
        let expression = expression
            .replace("$__rate_interval", "1m")
            .replace("$job", "latchkey")
            .replace("$instance", ".*");
        assert!(!expression.contains('$'), "{expression}");
        // An event that there has not been, and what there is nothing to divide of.
        let may_be_empty = expression.starts_with("changes(");
        let found = prometheus.series(&expression).await;
        assert!(found > 0 || may_be_empty, "{expression} finds nothing");
    }
    eventually("the rules to be tried", async || {
        let rules = prometheus.get("/api/v1/rules").await;
        let rules = rules["groups"][0]["rules"].as_array()?.clone();
        if rules.iter().any(|rule| rule["health"] == "unknown") {
            return None;
        }
        for rule in &rules {
            assert_eq!(rule["health"], "ok", "{rule}");
            assert_ne!(rule["state"], "firing", "{rule}");
        }
        Some(())
    })
    .await;
}

#[test]
fn each_alert_is_heard_when_it_is_due_and_none_while_all_is_well() {
    let folder = Folder::new();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("alerts.yml"), ALERTS).expect("is written");
    fs::write(at("trials.yml"), TRIALS).expect("is written");
    for words in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "trials.yml"],
    ] {
        let ran = Command::new("promtool")
            .args(words)
            .current_dir(folder.path())
            .output()
            .expect("promtool is installed");
        let said = [ran.stdout, ran.stderr].concat();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&said));
    }
    for line in ALERTS.lines() {
        if let Some((_, alert)) = line.split_once("- alert: ") {
            let tried = format!("{{alertname=\"{alert}\"}}");
            assert!(TRIALS.contains(&tried), "{alert} is not tried");
        }
    }
}

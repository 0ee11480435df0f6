//! `make bench`: Latchkey's live engine beside its peers and beside the bare limit, in one run on one machine; and
//! its pages in a browser.
//!
//! Writes `results.json`; `benches/report.py` makes the table and the charts of it.

mod browser;
mod cluster;
mod dialect;
mod hostile;
mod house;
mod limit;
mod load;
#[path = "../../tests/server/support/nats.rs"]
mod nats;
mod own;
mod pages;
mod peers;
#[path = "../../tests/server/support/ports.rs"]
mod ports;
#[path = "../../tests/server/support/postgres.rs"]
mod postgres;
mod recovery;
mod secure;
#[path = "../../tests/server/cluster/way.rs"]
mod way;
mod wire;
mod work;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
};

use clap::Parser;
use mio::net::TcpListener;
use nix::sys::socket::Backlog;
use serde_json::{Value, json};

use self::{
    peers::{Peer, SERVER_CORE},
    ports::free_port,
    postgres::{Database, Postgres},
    work::{Bench, Pace},
};

#[derive(Parser)]
struct Asked {
    /// Where the peers are installed.
    #[arg(long, default_value = "target/bench")]
    tools: PathBuf,
    /// Only these works: lone, saturated, rooms, idle, crowd, posts, cluster, recovery, mixed, pages, search, https, hostile, browser.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only peers whose name contains one of these.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Only these numbers of sockets for lone messages.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000, 5_000, 15_000])]
    sockets: Vec<usize>,
    /// How long each measurement takes.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How often each peer's lone messages, saturation and many rooms are measured, all peers in turn. Of a
    /// peer's rounds the one counts whose CPU time per delivery is the median.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Another build's server, to be measured in the browser in turn with this one.
    #[arg(long)]
    against: Option<PathBuf>,
    /// cargo passes this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let done = match (words.next().as_deref(), words.next(), words.next()) {
        (Some("limit"), Some(port), log) => port
            .parse()
            .map_err(|_| "limit PORT [LOG]".to_owned())
            .and_then(|port| {
                limit::serve(port, log.as_deref().map(Path::new)).map_err(|error| error.to_string())
            }),
        _ => run(&Asked::parse()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(asked: &Asked) -> Result<(), String> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    if cores > 1 {
        pin_to(SERVER_CORE + 1)?;
    }
    fs::create_dir_all(&asked.tools).map_err(|error| error.to_string())?;
    let tools = asked
        .tools
        .canonicalize()
        .map_err(|error| error.to_string())?;
    let folder = tools.join("data");
    let bench = Bench {
        tools: &tools,
        folder: &folder,
        pace: Pace {
            seconds: asked.seconds,
        },
        others: None,
        database: None,
        bus: None,
        beside: &[],
    };
    let peers: Vec<Peer> = Peer::ALL
        .into_iter()
        .filter(|peer| {
            asked.peers.is_empty()
                || asked
                    .peers
                    .iter()
                    .any(|part| peer.name().contains(part.as_str()))
        })
        .collect();
    let wanted = |work: &str| asked.only.is_empty() || asked.only.iter().any(|only| only == work);
    let mut results = Results {
        machine: machine(cores),
        measured: Vec::new(),
    };
    if wanted("lone") {
        for &sockets in &asked.sockets {
            let measure = |peer| bench.lone(peer, sockets);
            results.in_turn("lone", sockets, asked.rounds, &peers, measure);
        }
    }
    if wanted("saturated") {
        let measure = |peer| bench.saturated(peer, 1_000);
        results.in_turn("saturated", 1_000, asked.rounds, &peers, measure);
    }
    if wanted("rooms") {
        let measure = |peer| bench.many_rooms(peer, 1_000, 2_000);
        results.in_turn("rooms", 10_000, asked.rounds, &peers, measure);
    }
    if wanted("idle") {
        for &peer in &peers {
            results.add("idle", peer.name(), 15_000, bench.idle(peer, 15_000));
        }
    }
    if wanted("crowd") {
        results.add(
            "crowd",
            Peer::Limit.name(),
            10_000,
            bench.crowd_limit(10_000),
        );
        results.add("crowd", Peer::Latchkey.name(), 10_000, bench.crowd(10_000));
    }
    if wanted("posts") {
        for peer in [Peer::DurableLimit, Peer::Latchkey] {
            results.add("posts", peer.name(), 64, bench.posts(peer));
        }
        let posts = on_postgres(|database| {
            let database = Some(database);
            Bench { database, ..bench }.posts(Peer::OnPostgres)
        });
        results.add("posts", Peer::OnPostgres.name(), 64, posts);
    }
    if wanted("cluster") {
        cluster::measure(&bench, &mut results);
    }
    if wanted("cluster") || wanted("recovery") {
        recovery::measure(&bench, &mut results);
    }
    if wanted("mixed") {
        for (work, size, one_in, measure) in MIXED {
            let bench = Bench {
                others: Some(one_in),
                ..bench
            };
            results.add(work, Peer::Latchkey.name(), size, measure(&bench, size));
        }
    }
    if wanted("pages") {
        results.add("pages", Peer::Latchkey.name(), 16, bench.pages());
    }
    if wanted("search") {
        results.add("search", Peer::Latchkey.name(), 1_000_000, bench.search());
    }
    if wanted("https") {
        let measure = |peer| {
            let mut figures = bench.lone(peer, 1_000)?;
            figures["kib_per_socket"] = bench.idle(peer, 1_000)?["kib_per_socket"].take();
            Ok(figures)
        };
        results.in_turn("https", 1_000, asked.rounds, &Peer::OVER_TLS, measure);
    }
    if wanted("browser") {
        let found = empty(&folder)
            .and_then(|()| browser::measure(&folder, cores, asked.against.as_deref()));
        match found {
            Ok(builds) => {
                for (build, figures) in builds {
                    results.add("browser", &build, browser::ROUNDS, Ok(figures));
                }
            }
            Err(why) => results.add("browser", Peer::Latchkey.name(), browser::ROUNDS, Err(why)),
        }
    }
    if wanted("hostile") {
        results.add("hostile", Peer::Guarded.name(), 2, bench.hostile());
    }
    let file = tools.join("results.json");
    let text = serde_json::to_string_pretty(&results.json()).map_err(|error| error.to_string())?;
    fs::write(&file, text).map_err(|error| error.to_string())?;
    empty(&folder)
}

/// The works that are also measured with edits and reactions among the messages, one in so many entries.
const MIXED: [(&str, usize, u64, Mixed); 3] = [
    ("lone, mixed", 1_000, 10, |bench, sockets| {
        bench.lone(Peer::Latchkey, sockets)
    }),
    ("posts, mixed", 64, 10, |bench, _| {
        bench.posts(Peer::Latchkey)
    }),
    ("crowd, mixed", 10_000, 4, |bench, sockets| {
        bench.crowd(sockets)
    }),
];
type Mixed = fn(&Bench<'_>, usize) -> Result<Value, String>;

/// Measures something on a PostgreSQL of its own, which may use all cores.
fn on_postgres(
    measure: impl FnOnce(&Database<'_>) -> Result<Value, String>,
) -> Result<Value, String> {
    let server = Postgres::durable();
    let all = format!("0-{}", nix::sched::CpuSet::count() - 1);
    let pid = server.pid().to_string();
    Command::new("taskset")
        .args(["--cpu-list", "--pid", &all, &pid])
        .output()
        .map_err(|error| error.to_string())?;
    measure(&server.database())
}

struct Results {
    machine: Value,
    measured: Vec<Value>,
}

impl Results {
    /// Measures all peers so often, in turn, so that what else the machine does is spread over them.
    fn in_turn(
        &mut self,
        work: &str,
        size: usize,
        rounds: u16,
        peers: &[Peer],
        measure: impl Fn(Peer) -> Result<Value, String>,
    ) {
        let mut found: Vec<Result<Vec<Value>, String>> =
            peers.iter().map(|_| Ok(Vec::new())).collect();
        for _ in 0..rounds {
            for (&peer, found) in peers.iter().zip(&mut found) {
                if let Ok(before) = found {
                    match measure(peer) {
                        Ok(figures) => before.push(figures),
                        Err(why) => *found = Err(why),
                    }
                }
            }
        }
        for (peer, found) in peers.iter().zip(found) {
            self.add(work, peer.name(), size, found.map(median));
        }
    }

    /// Keeps what was found, or why there is nothing, and says it.
    fn add(&mut self, work: &str, peer: &str, size: usize, found: Result<Value, String>) {
        let entry = match found {
            Ok(figures) => json!({ "work": work, "peer": peer, "size": size, "figures": figures }),
            Err(why) => json!({ "work": work, "peer": peer, "size": size, "missing": why }),
        };
        println!("{entry}");
        self.measured.push(entry);
    }

    fn json(&self) -> Value {
        json!({ "machine": self.machine, "measured": self.measured })
    }
}

/// The round in the middle by CPU time per delivery, with all rounds' deliveries and faults.
fn median(mut rounds: Vec<Value>) -> Value {
    const CPU: &str = "cpu_us_per_delivery";
    rounds.sort_by(|one, other| {
        let cpu = |round: &Value| round[CPU].as_f64().unwrap_or_default();
        cpu(one).total_cmp(&cpu(other))
    });
    let mut middle = rounds[rounds.len() / 2].clone();
    for counted in ["delivered", "missing", "repeated_or_out_of_order"] {
        let sum: u64 = rounds
            .iter()
            .filter_map(|round| round[counted].as_u64())
            .sum();
        middle[counted] = sum.into();
    }
    middle["rounds"] = rounds.iter().map(|round| round[CPU].clone()).collect();
    middle
}

fn machine(cores: usize) -> Value {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    json!({
        "processor": processor.unwrap_or("unknown"),
        "cores": cores,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
    })
}

fn pin_to(core: usize) -> Result<(), String> {
    let mut cores = nix::sched::CpuSet::new();
    cores
        .set(core)
        .and_then(|()| nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &cores))
        .map_err(|error| format!("cannot pin to core {core}: {error}"))
}

/// An empty folder, whatever it was.
fn empty(folder: &Path) -> Result<(), String> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| error.to_string())
}

/// With room for a crowd to wait in, which by default is too small for the load.
fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(([127, 0, 0, 1], port).into())?;
    nix::sys::socket::listen(&listener, Backlog::new(4_096)?)?;
    Ok(listener)
}

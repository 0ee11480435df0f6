//! How long readers wait once something has gone wrong between three processes: a frame is lost on the bus, a process is
//! killed before it has told what it committed, NATS was away. Each again and again, to the last reader.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use uuid::Uuid;

use super::{
    Results, free_port,
    house::{self, Room},
    nats::Nats,
    peers::{MOVED_TO, SERVER_CORE},
    postgres::Postgres,
    way::{To, Way, Weather},
    work::Bench,
};

const ROUNDS: usize = 10;
/// Of each of the two processes that only readers are connected to.
const READERS: usize = 4;
/// How long NATS is away.
const AWAY: Duration = Duration::from_secs(3);
/// Longer than anything that ends.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn measure(bench: &Bench<'_>, results: &mut Results) {
    let found = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(all(bench)));
    match found {
        Ok(found) => {
            for (what, seconds) in found {
                results.add(WORK, what, ROUNDS, Ok(seconds));
            }
        }
        Err(why) => results.add(WORK, "a lost frame", ROUNDS, Err(why)),
    }
}

const WORK: &str = "cluster: recovery";

async fn all(bench: &Bench<'_>) -> Result<Vec<(&'static str, Value)>, String> {
    let (postgres, nats) = (Postgres::durable(), Nats::start());
    let database = postgres.database();
    let _ = fs::remove_dir_all(bench.folder);
    fs::create_dir_all(bench.folder).map_err(|error| error.to_string())?;
    let room = Room {
        members: 0..3,
        messages: 0,
    };
    house::furnish(bench.folder, bench.tools, 3, &[room])?;
    house::move_to(bench.folder, &database.url())?;
    let data =
        fs::read_to_string(bench.folder.join(MOVED_TO)).map_err(|error| error.to_string())?;
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(Process::start(&data, Way::to(To::Nats(nats.port())).await).await?);
    }
    let (heard, hears) = mpsc::unbounded_channel();
    for (user, process) in processes.iter().enumerate().skip(1) {
        for _ in 0..READERS {
            read(process.port, user, heard.clone()).await?;
        }
    }
    let mut house = House {
        data,
        processes,
        nats,
        hears,
    };
    house.are_well().await?;
    Ok(vec![
        (
            "a lost frame",
            house.again_and_again(House::a_lost_frame).await?,
        ),
        (
            "a killed publisher",
            house.again_and_again(House::a_killed_publisher).await?,
        ),
        ("NATS back", house.again_and_again(House::nats_back).await?),
    ])
}

struct House {
    data: String,
    processes: Vec<Process>,
    nats: Nats,
    /// The messages that readers are given, each with when.
    hears: mpsc::UnboundedReceiver<(Uuid, Instant)>,
}

impl House {
    async fn again_and_again(
        &mut self,
        once: impl AsyncFn(&mut Self) -> Result<Duration, String>,
    ) -> Result<Value, String> {
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            // At another moment between two beats and two comparisons each time.
            sleep(Duration::from_millis(1_370)).await;
            took.push(once(self).await?.as_secs_f64());
        }
        took.sort_by(f64::total_cmp);
        Ok(json!({
            "seconds": { "median": took[ROUNDS / 2], "most": took[ROUNDS - 1] },
            "rounds": took,
        }))
    }

    /// From when it is confirmed.
    async fn a_lost_frame(&mut self) -> Result<Duration, String> {
        self.turn(Weather::Lost(1));
        let (id, confirmed) = self.post().await?;
        sleep(Duration::from_millis(30)).await;
        self.turn(Weather::Fair);
        self.last_has_it(id, confirmed).await
    }

    /// From when it is killed: what it has committed has not left it.
    async fn a_killed_publisher(&mut self) -> Result<Duration, String> {
        self.processes[0].bus.turns(Weather::Stalled);
        let (id, _) = self.post().await?;
        self.processes[0].end();
        let killed = Instant::now();
        self.processes[0].bus.turns(Weather::Cut);
        let took = self.last_has_it(id, killed).await?;
        self.processes[0].bus.turns(Weather::Fair);
        self.processes[0].start_again(&self.data).await?;
        self.are_well().await?;
        Ok(took)
    }

    /// From when it is back: until a message that is posted then is with all readers, and all processes hear themselves.
    async fn nats_back(&mut self) -> Result<Duration, String> {
        self.nats.kill();
        sleep(AWAY).await;
        self.nats.start_again();
        let back = Instant::now();
        let (id, _) = self.post().await?;
        let took = self.last_has_it(id, back).await?;
        self.are_well().await?;
        Ok(took.max(back.elapsed()))
    }

    /// On the way from NATS to those whom only readers are connected to.
    fn turn(&self, weather: Weather) {
        let readers = self.processes[1..].iter();
        readers.for_each(|process| process.bus.turns(weather));
    }

    /// Says something at the first process. Answers when that was confirmed.
    async fn post(&self) -> Result<(Uuid, Instant), String> {
        let (mut socket, id) = (connect(self.processes[0].port, 0).await?, Uuid::now_v7());
        let post = json!({ "t": "send", "room": 1, "id": id, "body": "hello" });
        say(&mut socket, &post).await?;
        let confirmed = async {
            loop {
                if next(&mut socket).await?["t"] == "sent" {
                    return Ok((id, Instant::now()));
                }
            }
        };
        let confirmed = timeout(PATIENCE, confirmed).await;
        confirmed.map_err(|_| "a post is not confirmed".to_owned())?
    }

    async fn last_has_it(&mut self, id: Uuid, since: Instant) -> Result<Duration, String> {
        let mut last = Duration::ZERO;
        for _ in 0..2 * READERS {
            let it = async {
                while let Some((heard, at)) = self.hears.recv().await {
                    if heard == id {
                        return at;
                    }
                }
                Instant::now()
            };
            let at = timeout(PATIENCE, it).await;
            let at = at.map_err(|_| "not all readers have it".to_owned())?;
            last = last.max(at.saturating_duration_since(since));
        }
        Ok(last)
    }

    async fn are_well(&self) -> Result<(), String> {
        let well = async {
            for process in &self.processes {
                while !process.is_well().await {
                    sleep(Duration::from_millis(10)).await;
                }
            }
        };
        let well = timeout(PATIENCE, well).await;
        well.map_err(|_| "not all processes are well".to_owned())
    }
}

struct Process {
    child: Child,
    port: u16,
    bus: Way,
}

impl Process {
    async fn start(data: &str, bus: Way) -> Result<Self, String> {
        let port = free_port();
        let child = serve(data, port, &bus)?;
        let process = Self { child, port, bus };
        process.listens().await?;
        Ok(process)
    }

    async fn start_again(&mut self, data: &str) -> Result<(), String> {
        self.child = serve(data, self.port, &self.bus)?;
        self.listens().await
    }

    async fn listens(&self) -> Result<(), String> {
        let listens = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let listens = timeout(PATIENCE, listens).await;
        listens.map_err(|_| "a process does not start".to_owned())
    }

    /// Whether it says of itself that nothing is wrong.
    async fn is_well(&self) -> bool {
        let asked = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            let request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer.contains(r#""status":"ok""#))
        };
        asked.await.unwrap_or(false)
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

fn serve(data: &str, port: u16, bus: &Way) -> Result<Child, String> {
    Command::new("taskset")
        .args(["--cpu-list", &SERVER_CORE.to_string()])
        .args([
            env!("CARGO_BIN_EXE_latchkey"),
            "serve",
            "--rate-limits",
            "off",
        ])
        .args(["--log", "error", "--data", data])
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .args(["--bus", &format!("nats://127.0.0.1:{}", bus.port)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(port: u16, user: usize) -> Result<Socket, String> {
    let address = format!("127.0.0.1:{port}");
    let mut request = format!("ws://{address}/live?me=u{user}")
        .into_client_request()
        .map_err(|error| error.to_string())?;
    let cookie = house::cookie(user);
    let cookie = cookie.trim().trim_start_matches("Cookie: ");
    for (name, value) in [
        ("origin", &*format!("http://{address}")),
        ("cookie", cookie),
    ] {
        let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
        request.headers_mut().insert(name, value);
    }
    let stream = TcpStream::connect(&address).await;
    let stream = stream.map_err(|error| error.to_string())?;
    let connected = client_async(request, stream).await;
    Ok(connected.map_err(|error| error.to_string())?.0)
}

async fn say(socket: &mut Socket, frame: &Value) -> Result<(), String> {
    let said = socket.send(Message::text(frame.to_string())).await;
    said.map_err(|error| error.to_string())
}

async fn next(socket: &mut Socket) -> Result<Value, String> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                return serde_json::from_str(&text).map_err(|error| error.to_string());
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return Err("a socket has ended".to_owned()),
        }
    }
}

/// A socket that follows the room, and tells of each message that it is given.
async fn read(
    port: u16,
    user: usize,
    heard: mpsc::UnboundedSender<(Uuid, Instant)>,
) -> Result<(), String> {
    let mut socket = connect(port, user).await?;
    say(&mut socket, &json!({ "t": "open", "room": 1 })).await?;
    tokio::spawn(async move {
        while let Ok(frame) = next(&mut socket).await {
            let id = frame["id"].as_str().and_then(|id| id.parse().ok());
            if let Some(id) = id.filter(|_| frame["t"] == "message") {
                let _ = heard.send((id, Instant::now()));
            }
        }
    });
    Ok(())
}

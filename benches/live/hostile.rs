//! What two people who talk notice of a flood beside them: of all that strangers and a member can send, from many
//! addresses, with the server's limits on.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    house::{self, Room},
    load::Load,
    peers::{Peer, Running},
    wire,
    work::{Bench, settle, spread},
};

/// Of `--seconds`, so many times: with what is usual, a minute.
const LASTS: u64 = 15;
/// Each of the two says something so often.
const PAUSE: Duration = Duration::from_millis(200);
/// Members who misuse their sockets.
const MEMBERS: usize = 6;
/// Hostile clients of each kind at the same time.
const CLIENTS: u64 = 4;
/// What one client waits between one attack and the next: the flood is not to take the core that measures.
const BREATH: Duration = Duration::from_millis(10);

impl Bench<'_> {
    /// (i) Confirmations of two people's messages, without the flood and with it, and what it leaves behind.
    pub fn hostile(&self) -> Result<Value, String> {
        super::empty(self.folder)?;
        let users = 2 + MEMBERS;
        let rooms = [Room {
            members: 0..users,
            messages: 0,
        }];
        house::furnish(self.folder, self.tools, users, &rooms)?;
        let server = Peer::Guarded.start(self.tools, self.folder)?;
        let mut load = Load::new(Peer::Guarded.dialect(), &[server.port], 1)
            .map_err(|error| error.to_string())?;
        let visitors: Vec<_> = (0..2)
            .map(|user| house::visitor(user, 0, server.port))
            .collect();
        load.connect(&visitors, Duration::from_secs(30))?;
        settle(&mut load)?;
        let lasts = Duration::from_secs(self.pace.seconds * LASTS);
        let files = server.files();
        let mut calm = talk(&mut load, &server, lasts)?;
        let (on, attacks) = (AtomicBool::new(true), AtomicU64::new(0));
        let mut beside = thread::scope(|scope| {
            for kind in 0..5 {
                for client in 0..CLIENTS {
                    let (on, attacks) = (&on, &attacks);
                    let port = server.port;
                    scope.spawn(move || flood(kind, kind * CLIENTS + client, port, on, attacks));
                }
            }
            for member in 0..MEMBERS {
                let (on, attacks) = (&on, &attacks);
                let port = server.port;
                scope.spawn(move || misuse(2 + member, member, port, on, attacks));
            }
            let beside = talk(&mut load, &server, lasts);
            on.store(false, Ordering::Relaxed);
            beside
        })?;
        // Until what was left half done has been let go.
        let until = Instant::now() + Duration::from_secs(20);
        while server.files() > files && Instant::now() < until {
            load.turn(Duration::from_millis(100))?;
        }
        let (calm_us, beside_us) = (spread(&mut calm.latencies), spread(&mut beside.latencies));
        Ok(json!({
            "attacks": attacks.into_inner(),
            "calm_us": calm_us,
            "beside_us": beside_us,
            "said": beside.latencies.len(),
            "unconfirmed": beside.unconfirmed + calm.unconfirmed,
            "kib_before": calm.memory,
            "kib_most": beside.memory,
            "files_left": server.files().saturating_sub(files),
        }))
    }
}

/// What was measured while two people talked.
struct Talk {
    latencies: Vec<u64>,
    unconfirmed: u64,
    /// The server's most, in KiB.
    memory: u64,
}

/// The two say something in turn, and wait for its confirmation.
fn talk(load: &mut Load, server: &Running, lasts: Duration) -> Result<Talk, String> {
    let mut talk = Talk {
        latencies: Vec::new(),
        unconfirmed: 0,
        memory: 0,
    };
    let begun = Instant::now();
    for n in 0.. {
        let due = begun + PAUSE / 2 * n;
        if due >= begun + lasts {
            break;
        }
        while Instant::now() < due {
            load.turn(due.saturating_duration_since(Instant::now()))?;
        }
        let person = n as usize % 2;
        load.confirmed.clear();
        let said = Instant::now();
        load.say(person);
        while !load.confirmed.contains(&person) && said.elapsed() < Duration::from_secs(10) {
            load.turn(Duration::from_millis(100))?;
        }
        if load.confirmed.contains(&person) {
            talk.latencies.push(said.elapsed().as_nanos() as u64);
        } else {
            talk.unconfirmed += 1;
        }
        talk.memory = talk.memory.max(server.memory());
    }
    Ok(talk)
}

/// One stranger's connections, one after the other.
fn flood(kind: u64, seed: u64, port: u16, on: &AtomicBool, attacks: &AtomicU64) {
    let mut n = seed;
    while on.load(Ordering::Relaxed) {
        // Any sequence that does not repeat soon.
        n = n
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let _ = attack(kind, n, port, on);
        attacks.fetch_add(1, Ordering::Relaxed);
        thread::sleep(BREATH);
    }
}

fn attack(kind: u64, n: u64, port: u16, on: &AtomicBool) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    stream.set_write_timeout(Some(Duration::from_millis(200)))?;
    let from = format!(
        "X-Forwarded-For: 198.18.{}.{}\r\n",
        n >> 40 & 0xff,
        n >> 48 & 0xff
    );
    let post = |call: &str, length: usize| {
        format!(
            "POST /api/{call} HTTP/1.1\r\nHost: chat\r\n{from}Content-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n"
        )
    };
    match kind {
        0 => {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: chat\r\nX-")?;
            rest(Duration::from_secs(2), on);
        }
        1 => {
            let huge = "x".repeat(60_000);
            write!(stream, "GET / HTTP/1.1\r\n{from}X-Huge: {huge}\r\n\r\n")?;
            answer(&mut stream);
        }
        2 => {
            write!(stream, "{}\r\nusername=", post("claim_username", 100_000))?;
            for _ in 0..20 {
                stream.write_all(b"x")?;
                rest(Duration::from_millis(100), on);
            }
        }
        3 => {
            let claim = format!("username=m{n}");
            write!(stream, "{}\r\n{claim}", post("claim_username", claim.len()))?;
            answer(&mut stream);
            let guess = format!("me=u2&name=r0&key=k{n}");
            let mut stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_read_timeout(Some(Duration::from_millis(200)))?;
            let head = post("join_room", guess.len());
            write!(stream, "{head}{}\r\n{guess}", house::cookie(2))?;
            answer(&mut stream);
        }
        _ => {
            let cookies: Vec<_> = (0..16).map(|i| format!("latchkey-{i}={n}")).collect();
            let cookies = cookies.join("; ");
            write!(
                stream,
                "GET /none HTTP/1.1\r\nHost: chat\r\n{from}Cookie: {cookies}\r\n\r\n"
            )?;
            answer(&mut stream);
        }
    }
    Ok(())
}

/// A member's sockets, one after the other: each says much and reads nothing.
fn misuse(user: usize, kind: usize, port: u16, on: &AtomicBool, attacks: &AtomicU64) {
    while on.load(Ordering::Relaxed) {
        let _ = misuse_once(user, kind, port, on);
        attacks.fetch_add(1, Ordering::Relaxed);
        thread::sleep(BREATH);
    }
}

fn misuse_once(user: usize, kind: usize, port: u16, on: &AtomicBool) -> std::io::Result<()> {
    let visitor = house::visitor(user, 0, port);
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    stream.set_write_timeout(Some(Duration::from_millis(500)))?;
    let host = format!("127.0.0.1:{port}");
    stream.write_all(&wire::handshake(&host, &visitor.path, &visitor.headers))?;
    answer(&mut stream);
    for n in 0..2_000_u32 {
        if !on.load(Ordering::Relaxed) {
            break;
        }
        let mut bytes = Vec::new();
        match kind {
            0 => bytes.extend((0..500_u32).map(|i| (i * 31 + n * 7) as u8)),
            1 => wire::push_text(&mut bytes, &format!(r#"{{"t":"seen","room":1,"seq":{n}}}"#)),
            2 => wire::push_text(&mut bytes, r#"{"t":"typing","room":1}"#),
            3 => wire::push_text(&mut bytes, r#"{"t":"open","room":1,"after":0}"#),
            4 => wire::push_text(&mut bytes, r#"{"t":"shut","room":1}"#),
            _ => wire::push_text(&mut bytes, &"x".repeat(1_000)),
        }
        stream.write_all(&bytes)?;
    }
    rest(Duration::from_secs(1), on);
    Ok(())
}

fn answer(stream: &mut TcpStream) {
    // Whatever it is.
    let _ = stream.read(&mut [0; 4_096]);
}

fn rest(time: Duration, on: &AtomicBool) {
    let until = Instant::now() + time;
    while on.load(Ordering::Relaxed) && Instant::now() < until {
        thread::sleep(Duration::from_millis(20).min(time));
    }
}

impl Running {
    /// Files that the process has open, sockets among them.
    fn files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.id())).map_or(0, Iterator::count)
    }
}

//! The servers that are measured: how each is started, pinned to its core, and what it has used.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};

use super::{dialect::Dialect, free_port, secure};

/// The server's core; the load has another, where there is one.
pub const SERVER_CORE: usize = 0;
/// The file that says where else the data in its folder is.
pub const MOVED_TO: &str = "moved-to";
/// The file that says where the NATS is that processes share.
pub const BUS: &str = "bus";
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    Limit,
    /// The same with a log; only posts are asked of it.
    DurableLimit,
    Latchkey,
    /// The same with its data in a PostgreSQL beside it; only posts are asked of it.
    OnPostgres,
    /// So many processes that share a PostgreSQL and a NATS.
    Cluster(u8),
    /// The same over TLS by itself.
    Https,
    /// The same, nginx speaking TLS in front of it.
    BehindNginx,
    /// The same with its limits on; only a flood is let loose on it.
    Guarded,
    UWebSockets,
    Ws,
    SocketIo,
    FlaskGevent,
    FlaskThreading,
}

impl Peer {
    pub const ALL: [Self; 7] = [
        Self::Limit,
        Self::Latchkey,
        Self::UWebSockets,
        Self::Ws,
        Self::SocketIo,
        Self::FlaskGevent,
        Self::FlaskThreading,
    ];

    /// Those whose TLS is compared, and what it costs without.
    pub const OVER_TLS: [Self; 3] = [Self::Latchkey, Self::Https, Self::BehindNginx];

    pub fn over_tls(self) -> bool {
        matches!(self, Self::Https | Self::BehindNginx)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Limit | Self::DurableLimit => "bare limit",
            Self::Latchkey | Self::Guarded => "Latchkey",
            Self::OnPostgres => "Latchkey on PostgreSQL",
            Self::Cluster(1) => "1 process",
            Self::Cluster(2) => "2 processes",
            Self::Cluster(_) => "3 processes",
            Self::Https => "Latchkey, HTTPS by itself",
            Self::BehindNginx => "Latchkey behind nginx",
            Self::UWebSockets => "uWebSockets",
            Self::Ws => "ws (Node)",
            Self::SocketIo => "Socket.IO",
            Self::FlaskGevent => "Flask-SocketIO (gevent)",
            Self::FlaskThreading => "Flask-SocketIO (threading)",
        }
    }

    pub fn dialect(self) -> Dialect {
        match self {
            Self::Latchkey
            | Self::OnPostgres
            | Self::Cluster(_)
            | Self::Https
            | Self::BehindNginx
            | Self::Guarded => Dialect::Latchkey,
            Self::Limit | Self::DurableLimit | Self::UWebSockets | Self::Ws => Dialect::Plain,
            Self::SocketIo | Self::FlaskGevent | Self::FlaskThreading => Dialect::SocketIo,
        }
    }

    pub fn path(self) -> &'static str {
        match self.dialect() {
            Dialect::SocketIo => "/socket.io/?EIO=4&transport=websocket",
            _ => "/",
        }
    }

    /// The command that serves on `port`, with what it keeps in `folder`. `tools` holds what was installed.
    fn command(self, port: u16, tools: &Path, folder: &Path) -> Command {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
        let (program, arguments): (PathBuf, Vec<PathBuf>) = match self {
            Self::Limit | Self::DurableLimit => (
                std::env::current_exe().unwrap_or_default(),
                vec!["limit".into()],
            ),
            Self::Latchkey
            | Self::OnPostgres
            | Self::Cluster(_)
            | Self::Https
            | Self::BehindNginx
            | Self::Guarded => (env!("CARGO_BIN_EXE_latchkey").into(), vec!["serve".into()]),
            Self::UWebSockets => (
                tools.join("python/bin/python"),
                vec![sources.join("uwebsockets.py")],
            ),
            Self::Ws => ("node".into(), vec![tools.join("node/ws.mjs")]),
            Self::SocketIo => ("node".into(), vec![tools.join("node/socketio.mjs")]),
            Self::FlaskGevent | Self::FlaskThreading => (
                tools.join("python/bin/python"),
                vec![
                    sources.join("flask_socketio_chat.py"),
                    if self == Self::FlaskGevent {
                        "gevent".into()
                    } else {
                        "threading".into()
                    },
                ],
            ),
        };
        let mut command = Command::new("taskset");
        command
            .args(["--cpu-list", &SERVER_CORE.to_string()])
            .arg(program)
            .args(arguments);
        match self {
            _ if self.dialect() == Dialect::Latchkey => command
                .args([
                    "--rate-limits",
                    if self == Self::Guarded { "on" } else { "off" },
                ])
                .args(["--log", "warn"])
                .args(["--listen", &format!("127.0.0.1:{port}")])
                .arg("--data")
                .arg(self.data(folder)),
            Self::FlaskGevent | Self::FlaskThreading => {
                command.arg(port.to_string()).arg(folder.join("flask.db"))
            }
            Self::DurableLimit => command.arg(port.to_string()).arg(folder.join("log")),
            _ => command.arg(port.to_string()),
        };
        if let Self::Cluster(_) = self {
            let bus = fs::read_to_string(folder.join(BUS)).unwrap_or_default();
            command.args(["--bus", &bus]);
        }
        if self == Self::Https {
            command.arg("--cert").arg(folder.join(secure::CERTIFICATE));
            command.arg("--key").arg(folder.join(secure::KEY));
        }
        command
    }

    pub fn is_on_postgres(self) -> bool {
        matches!(self, Self::OnPostgres | Self::Cluster(_))
    }

    /// Where Latchkey keeps its data: the file that the folder holds, or where it says that was moved to.
    fn data(self, folder: &Path) -> OsString {
        match fs::read_to_string(folder.join(MOVED_TO)) {
            Ok(url) if self.is_on_postgres() => url.into(),
            _ => folder.join("latchkey.db").into(),
        }
    }

    /// Starts another process of the same server.
    fn another(self, tools: &Path, folder: &Path) -> Result<(Child, u16), String> {
        let port = free_port();
        let mut command = self.command(port, tools, folder);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().map_err(|error| error.to_string())?;
        Ok((child, port))
    }

    /// Starts it and waits until it takes connections.
    ///
    /// # Errors
    /// What it said instead.
    pub fn start(self, tools: &Path, folder: &Path) -> Result<Running, String> {
        let mut port = free_port();
        if self.over_tls() {
            secure::certify(folder)?;
        }
        let mut child = self
            .command(port, tools, folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("stderr")).map_err(|error| error.to_string())?)
            .spawn()
            .map_err(|error| error.to_string())?;
        let (tell, told) = mpsc::channel();
        let mut lines = BufReader::new(child.stdout.take().ok_or("no pipe")?).lines();
        // Reads on, so that the server never waits for us to.
        thread::spawn(move || {
            while let Some(Ok(line)) = lines.next() {
                let _ = tell.send(line);
            }
        });
        let said = told.recv_timeout(PATIENCE);
        let mut front = None;
        if self == Self::BehindNginx {
            let server = port;
            port = free_port();
            let nginx = secure::nginx(folder, port, server, SERVER_CORE)?.spawn();
            front = Some(nginx.map_err(|error| error.to_string())?);
        }
        let others = match self {
            Self::Cluster(processes) => (1..processes)
                .map(|_| self.another(tools, folder))
                .collect::<Result<_, _>>()?,
            _ => Vec::new(),
        };
        let running = Running {
            child,
            front,
            port,
            others,
            beside: Vec::new(),
        };
        let until = Instant::now() + PATIENCE;
        while said.is_ok() && Instant::now() < until {
            let reached = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
            if running.ports().into_iter().all(reached) {
                return Ok(running);
            }
            thread::sleep(Duration::from_millis(20));
        }
        drop(running);
        let said = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
        Err(said.lines().last().unwrap_or("it did not start").to_owned())
    }
}

/// A server that runs; dropped, it ends.
pub struct Running {
    child: Child,
    /// What works beside it, and is measured by itself.
    pub beside: Vec<(&'static str, u32)>,
    /// Other processes of the same server, and their ports.
    others: Vec<(Child, u16)>,
    /// What stands before it.
    front: Option<Child>,
    pub port: u16,
}

impl Running {
    pub fn ports(&self) -> Vec<u16> {
        let others = self.others.iter().map(|(_, port)| *port);
        [self.port].into_iter().chain(others).collect()
    }

    /// CPU time that the process, and what stands before it, has used in user and system mode, all threads together.
    pub fn cpu(&self) -> Duration {
        let of = |child: &Child| {
            let pid = Pid::from_raw(child.id().cast_signed());
            clock_getcpuclockid(pid)
                .and_then(ClockId::now)
                .map(Duration::from)
                .unwrap_or_default()
        };
        let others = self.others.iter().map(|(child, _)| of(child));
        let all = [of(&self.child)].into_iter().chain(others);
        all.chain(self.front.as_ref().map(of)).sum()
    }

    /// What each of those that work beside it has used.
    pub fn cpu_beside(&self) -> Vec<(&'static str, Duration)> {
        let beside = self.beside.iter();
        beside.map(|(name, pid)| (*name, family(*pid))).collect()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// KiB of memory that are the process's own, and of what stands before it: resident and not a file's.
    pub fn memory(&self) -> u64 {
        let of = |child: &Child| {
            let status =
                fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let kib = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name))?;
                line.split_whitespace().next()?.parse::<u64>().ok()
            };
            kib("RssAnon:").unwrap_or(0) + kib("RssShmem:").unwrap_or(0)
        };
        of(&self.child) + self.front.as_ref().map(of).unwrap_or_default()
    }

    /// Stops it as an operator would, so that it closes its files.
    pub fn stop(mut self) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        for _ in 0..500 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let others = self.others.iter_mut().map(|(child, _)| child);
        let one = [Some(&mut self.child), self.front.as_mut()];
        for child in one.into_iter().flatten().chain(others) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// CPU time of a process and its children.
fn family(parent: u32) -> Duration {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children = pids.filter(|pid| stat(*pid).is_some_and(|stat| stat[1] == parent.to_string()));
    of(parent).unwrap_or_default() + children.filter_map(of).sum::<Duration>()
}

fn of(pid: u32) -> Option<Duration> {
    // Of a second (`USER_HZ`), as Linux tells every program.
    const TICKS: u32 = 100;
    let stat = stat(pid)?;
    let ticks: u32 = [11, 12]
        .into_iter()
        .filter_map(|place: usize| stat[place].parse::<u32>().ok())
        .sum();
    Some(Duration::from_secs(1) * ticks / TICKS)
}

/// What `/proc/PID/stat` says after the name: its state, its parent …
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

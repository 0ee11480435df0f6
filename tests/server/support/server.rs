//! The server under test: the real binary, in a folder of its own, ended by its own process id.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
};

use super::{Authority, Browser, Folder, PATIENCE, Person, eventually, memory_of};

/// Whether the servers of this run speak HTTPS, where nothing else is said: where it is set.
const HTTPS: &str = "LATCHKEY_TEST_HTTPS";

/// How to start a server; the rest is as the program has it.
pub struct Options {
    pub rate_limits: &'static str,
    pub log: &'static str,
    /// More flags.
    pub flags: &'static [&'static str],
    /// Whether it speaks HTTPS, with a certificate from [`Authority::shared`].
    pub https: bool,
    /// Started as the arguments of this command, where there is one.
    pub under: &'static [&'static str],
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rate_limits: "off",
            log: "info",
            flags: &[],
            https: std::env::var_os(HTTPS).is_some(),
            under: &[],
        }
    }
}

pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`, or `https`.
    pub url: String,
    home: Arc<Folder>,
    log: Arc<Mutex<String>>,
    /// What it has printed after its first line.
    printed: Arc<Mutex<String>>,
}

impl Server {
    /// A server with an empty database and no rate limits.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        Self::launch(Arc::new(Folder::new()), options)
    }

    /// A server with a database in a folder that exists already.
    pub async fn start_in(home: Folder) -> Self {
        Self::launch(Arc::new(home), Options::default())
    }

    /// A second life on the same data. The first must have ended.
    pub async fn restart(self) -> Self {
        self.restart_with(Options::default()).await
    }

    pub async fn restart_with(self, options: Options) -> Self {
        let home = Arc::clone(&self.home);
        drop(self);
        Self::launch(home, options)
    }

    /// A server with its data in a file, whatever the others of this run keep theirs in.
    pub fn on_a_file() -> Self {
        let home = Folder::new();
        let file = home.path().join("latchkey.db");
        Self::on(home, file, &[], &[])
    }

    /// A server with its data there, with more flags, started as the arguments of a command where there is one.
    pub fn on(home: Folder, data: impl Into<OsString>, flags: &[&str], under: &[&str]) -> Self {
        let mut command = serve(under);
        command
            .args(["--rate-limits", "off"])
            .args(flags)
            .arg("--data")
            .arg(data.into())
            .current_dir(home.path());
        Self::launched_by(&mut command, home)
    }

    fn launch(home: Arc<Folder>, options: Options) -> Self {
        let mut command = serve(options.under);
        command
            .args(["--rate-limits", options.rate_limits, "--log", options.log])
            .args(options.flags)
            .arg("--data")
            .arg(home.data())
            .current_dir(home.path());
        if options.https {
            command.args(Authority::shared().vouches_for_this_machine_in(home.path()));
        }
        Self::run(&mut command, home)
    }

    /// A server that a command of the test's own starts, with its data in `home`.
    pub fn launched_by(command: &mut Command, home: Folder) -> Self {
        Self::run(command, Arc::new(home))
    }

    /// A server with its data in `home` that is handed a socket to serve on, as systemd does it.
    pub fn handed(listener: &TcpListener, home: &Arc<Folder>) -> Self {
        const HAND_OVER: &str =
            r#"exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@""#;
        let mut command = Command::new("sh");
        command
            .args(["-c", HAND_OVER, env!("CARGO_BIN_EXE_latchkey")])
            .args(["serve", "--rate-limits", "off", "--data"])
            .arg(home.data())
            .current_dir(home.path());
        let socket = listener.try_clone().expect("a file for it");
        Self::run_with(&mut command, Arc::clone(home), OwnedFd::from(socket).into())
    }

    fn run(command: &mut Command, home: Arc<Folder>) -> Self {
        Self::run_with(command, home, Stdio::null())
    }

    fn run_with(command: &mut Command, home: Arc<Folder>, stdin: Stdio) -> Self {
        command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let log = Arc::new(Mutex::new(String::new()));
        keep(child.stderr.take().expect("a pipe"), Arc::clone(&log));
        let printed = Arc::new(Mutex::new(String::new()));
        let output = child.stdout.take().expect("a pipe");
        let line = first_line(output, Arc::clone(&printed)).unwrap_or_default();
        let url = line
            .strip_prefix("Latchkey is at ")
            .unwrap_or_default()
            .trim()
            .to_owned();
        let server = Self {
            child,
            url,
            home,
            log,
            printed,
        };
        assert!(
            server.url.starts_with("http"),
            "it says {line:?} and logs:\n{}",
            server.log()
        );
        server
    }

    /// Someone's browser, without cookies.
    pub fn browser(&self) -> Browser {
        if self.url.starts_with("https") {
            Browser::over_tls(&self.url, Authority::shared().trust())
        } else {
            Browser::new(&self.url)
        }
    }

    /// Someone with a browser of their own and this username.
    pub async fn person(&self, name: &str) -> Person {
        self.browser().claim(name).await
    }

    pub fn address(&self) -> &str {
        let (_, address) = self.url.split_once("://").expect("a server's address");
        address
    }

    /// The folder that the server runs in and keeps its data in.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn database(&self) -> PathBuf {
        self.home().join("latchkey.db")
    }

    /// All that the server has written to its log so far.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .expect("no reader of the log panics")
            .clone()
    }

    /// What lets the keeper in, as it was printed.
    pub async fn keepers_code(&self) -> String {
        eventually("the keeper's link", async || {
            let printed = self.printed.lock().expect("no reader of it panics");
            let (link, _) = printed.split_once('\n')?;
            let (page, code) = link.strip_prefix("For its keeper: ")?.split_once('#')?;
            assert_eq!(page, format!("{}/keeper", self.url));
            Some(code.to_owned())
        })
        .await
    }

    /// Where its metrics are, as its log says.
    pub async fn metrics(&self) -> String {
        eventually("the metrics' address", async || {
            let log = self.log();
            let (_, rest) = log.split_once("metrics address=")?;
            rest.split_once('\n').map(|(address, _)| address.to_owned())
        })
        .await
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of memory that the process has in use.
    pub fn memory(&self) -> u64 {
        memory_of(self.pid())
    }

    /// How many files the process has open, sockets among them.
    pub fn files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid()))
            .expect("/proc/PID/fd")
            .count()
    }

    /// Ends the process at once, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server has ended");
    }

    pub fn signal(&self, signal: &str) {
        let kill = Command::new("kill")
            .args(["-s", signal, &self.pid().to_string()])
            .status();
        assert!(kill.expect("the kill command").success());
    }

    pub async fn ended(&mut self) -> ExitStatus {
        eventually("the server to end", async || {
            self.child.try_wait().expect("the server's status")
        })
        .await
    }

    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended().await
    }

    /// Changes rows; answers how many. The server is not running.
    pub fn alter(&self, sql: &str) -> usize {
        if let Some(database) = self.home.database() {
            let sql = format!("WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed");
            return database.ask(&sql).parse().expect("a count");
        }
        let file = rusqlite::Connection::open(self.database()).expect("the database");
        file.execute(sql, []).expect("a change")
    }

    /// Whether any file of the database holds these bytes, or any row of it.
    pub fn database_holds(&self, needle: impl AsRef<[u8]>) -> bool {
        let needle = needle.as_ref();
        if let Some(database) = self.home.database() {
            let rows = database.dump();
            return rows.windows(needle.len()).any(|window| window == needle);
        }
        let files = fs::read_dir(self.home()).expect("the server's folder");
        files
            .map(|file| fs::read(file.expect("an entry").path()).expect("a database file"))
            .any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
    }

    /// Fails the test where the server does not answer, or has panicked anywhere.
    pub async fn is_well(&self) {
        self.browser().get("/healthz").await.ok();
        let log = self.log();
        assert!(!log.contains("panicked"), "the server panicked:\n{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What serves at a port that is free, as the arguments of a command where there is one.
fn serve(under: &[&str]) -> Command {
    let words = [
        under,
        &[
            env!("CARGO_BIN_EXE_latchkey"),
            "serve",
            "--listen",
            "127.0.0.1:0",
        ],
    ]
    .concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

/// The first line that the process prints; none where it ends without one. What comes after it is kept.
fn first_line(output: impl Read + Send + 'static, kept: Arc<Mutex<String>>) -> Option<String> {
    let (found, line) = mpsc::channel();
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = String::new();
        if output.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            let _ = found.send(line);
        }
        // A closed pipe would break a server that prints more.
        keep(output, kept);
    });
    line.recv_timeout(PATIENCE).ok()
}

/// Reads a process's log as it is written, so that the pipe never fills.
fn keep(log: impl Read + Send + 'static, kept: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut log = BufReader::new(log);
        let mut line = Vec::new();
        while log
            .read_until(b'\n', &mut line)
            .is_ok_and(|bytes| bytes > 0)
        {
            kept.lock()
                .expect("no reader of the log panics")
                .push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
}

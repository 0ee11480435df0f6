//! A real PostgreSQL for a test run, started from what is installed, and a database of each test's own in it.
//!
//! It lives in a folder of its own under the system's temporary one, speaks over a socket there, and is ended by a
//! process that waits for the test run to end, however it does.

#![allow(
    dead_code,
    reason = "the store's tests, the server's and the benchmark each need another part of it"
)]

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Where Debian and others put what belongs to one version.
const PLACES: &str = "/usr/lib/postgresql";
/// The user that it runs as where the tests are root's: it refuses to be that.
const USER: &str = "postgres";
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a power cut is of no concern, as in a test.
const QUICK: &str =
    "-c fsync=off -c full_page_writes=off -c shared_buffers=64MB -c max_wal_size=256MB";
/// As PostgreSQL is without being asked, but for the memory that is usually given to it.
const DURABLE: &str = "-c shared_buffers=512MB -c max_wal_size=4GB";

/// How an empty one is made, and one that follows another.
const NEW: &str =
    r#""$BIN/initdb" -D data -U postgres --auth=trust --encoding=UTF8 --locale=C --no-sync"#;
const STANDBY: &str = r#""$BIN/pg_basebackup" -D data -R -X stream -c fast --no-sync \
    -d "host=$PRIMARY user=postgres application_name=standby""#;

/// Makes it, starts it, waits for the end of its standard input, and ends it.
const SCRIPT: &str = r#"
    eval "$MAKE" >make.log 2>&1 || exit 1
    start() {
        "$BIN/postgres" -D data -k "$PWD" -c listen_addresses= -c max_connections=400 \
            -c log_min_messages=fatal $SETTINGS \
            >>log 2>&1 </dev/null &
        pid=$!
    }
    start
    while read -r what; do
        case "$what" in
            stop) kill -INT $pid; wait $pid ;;
            kill) kill -KILL $pid; wait $pid ;;
            start) start ;;
            promote) "$BIN/pg_ctl" -D data promote >>log 2>&1 ;;
        esac
        echo "$what" >done
    done
    kill -INT $pid 2>/dev/null
    wait
    cd / && rm -rf "$HERE"
"#;

/// A server. Its clients are the tests', as the user `postgres`, who may do anything.
pub struct Postgres {
    folder: PathBuf,
    bin: PathBuf,
    /// Ends it when this process ends.
    keeper: Mutex<Child>,
}

impl Postgres {
    /// The one that the tests of this process share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One of a test's own, which it may stop.
    pub fn start() -> Self {
        Self::start_with(QUICK, NEW, Path::new(""))
    }

    /// One that keeps what it confirms whatever happens.
    pub fn durable() -> Self {
        Self::start_with(DURABLE, NEW, Path::new(""))
    }

    /// One that is reached at that address of this machine, too, over TLS alone.
    pub fn over_tls(address: &str, certificate: &str, key: &str) -> Self {
        let listens = format!("{QUICK} -c listen_addresses={address}");
        let server = Self::start_with(&listens, NEW, Path::new(""));
        let data = server.folder.join("data");
        for (name, pem) in [("server.crt", certificate), ("server.key", key)] {
            let file = data.join(name);
            fs::write(&file, pem).expect("is written");
            fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("it is ours");
            server.give(&file);
        }
        let hosts = "local all all trust\nhostssl all all 127.0.0.0/8 trust\n";
        fs::write(data.join("pg_hba.conf"), hosts).expect("is written");
        server.set("ssl = on");
        server.asked_until("SHOW ssl", "on");
        server
    }

    /// Gives a file to whom it runs as.
    fn give(&self, file: &Path) {
        if id(&["-u"]) == 0 {
            let (user, group) = (id(&["-u", USER]), id(&["-g", USER]));
            chown(file, Some(user), Some(group)).expect("PostgreSQL's own file");
        }
    }

    /// Another that has all that this one confirms from now on, to take its place.
    pub fn synchronous_standby(&self) -> Self {
        let standby = Self::start_with(QUICK, STANDBY, &self.folder);
        self.set("synchronous_standby_names = 'standby'");
        self.asked_until("SELECT sync_state FROM pg_stat_replication", "sync");
        standby
    }

    /// Does not wait for that standby any more, which is not given anything any more.
    pub fn goes_on_without(&self, standby: &Self) {
        self.set("synchronous_standby_names = ''");
        standby.set("primary_conninfo = ''");
        standby.asked_until("SELECT count(*) FROM pg_stat_wal_receiver", "0");
        self.asked_until("SELECT count(*) FROM pg_stat_replication", "0");
    }

    fn set(&self, what: &str) {
        self.ask(&format!("ALTER SYSTEM SET {what}"));
        self.ask("SELECT pg_reload_conf()");
    }

    fn asked_until(&self, sql: &str, answer: &str) {
        let since = Instant::now();
        while self.ask(sql) != answer {
            assert!(since.elapsed() < PATIENCE, "{sql} is not {answer}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What its own database answers.
    fn ask(&self, sql: &str) -> String {
        let system = Database {
            server: self,
            name: USER.to_owned(),
        };
        let answer = system.ask(sql);
        // It is nobody's to drop.
        std::mem::forget(system);
        answer
    }

    /// A standby becomes what it stood by for. That one must not be there any more.
    pub fn promote(&self) {
        self.tell("promote");
    }

    fn start_with(settings: &str, make: &str, primary: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("latchkey-postgres-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder for PostgreSQL");
        let bin = installed();
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", SCRIPT])
            .env("BIN", &bin)
            .env("HERE", &folder)
            .env("SETTINGS", settings)
            .env("MAKE", make)
            .env("PRIMARY", primary)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if id(&["-u"]) == 0 {
            let (user, group) = (id(&["-u", USER]), id(&["-g", USER]));
            chown(&folder, Some(user), Some(group)).expect("PostgreSQL's own folder");
            keeper.uid(user).gid(group);
        }
        // A signal from a terminal is for the tests: this ends when they have.
        keeper.process_group(0);
        let keeper = keeper.spawn().expect("a shell");
        let server = Self {
            folder,
            bin,
            keeper: Mutex::new(keeper),
        };
        server.wait_until_ready();
        server
    }

    /// A new, empty database.
    pub fn database(&self) -> Database<'_> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let made = self.command("createdb").arg(&name).output();
        let made = made.expect("createdb");
        assert!(made.status.success(), "{made:?}");
        Database { server: self, name }
    }

    /// Where its clients find it.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// Of the process that all others are children of.
    pub fn pid(&self) -> u32 {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid"));
        let file = file.expect("it runs");
        let line = file.lines().next().expect("a line");
        line.parse().expect("a number")
    }

    /// Ends it in order; clients lose their connections.
    pub fn stop(&self) {
        self.tell("stop");
    }

    /// Ends it as a crash would.
    pub fn kill(&self) {
        self.tell("kill");
    }

    /// Starts it again.
    pub fn start_again(&self) {
        self.tell("start");
        self.wait_until_ready();
    }

    /// Ends it for good, and takes its folder away.
    pub fn end(&self) {
        let mut keeper = self.keeper.lock().expect("nobody panicked");
        // Its input ends with this.
        drop(keeper.stdin.take());
        let _ = keeper.wait();
    }

    fn tell(&self, what: &str) {
        let done = self.folder.join("done");
        let _ = fs::remove_file(&done);
        let mut keeper = self.keeper.lock().expect("nobody panicked");
        let input = keeper.stdin.as_mut().expect("a pipe");
        writeln!(input, "{what}").expect("a keeper");
        let since = Instant::now();
        while !done.exists() {
            assert!(since.elapsed() < PATIENCE, "PostgreSQL does not {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn wait_until_ready(&self) {
        let since = Instant::now();
        loop {
            let asked = self.command("pg_isready").arg("-q").status();
            if asked.is_ok_and(|status| status.success()) {
                return;
            }
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(
                since.elapsed() < PATIENCE,
                "PostgreSQL does not start: {}",
                log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.arg("-h").arg(&self.folder).args(["-U", USER]);
        command.stdin(Stdio::null());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end();
    }
}

/// A database, gone when this is.
pub struct Database<'s> {
    server: &'s Postgres,
    name: String,
}

impl<'s> Database<'s> {
    /// The same one, in a server that has taken the place of the one it was in.
    pub fn now_on(&self, server: &'s Postgres) -> Self {
        Self {
            server,
            name: self.name.clone(),
        }
    }
}

impl Database<'_> {
    pub fn url(&self) -> String {
        format!(
            "postgres://{USER}@/{}?host={}",
            self.name,
            self.server.folder.display()
        )
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a query answers, a row a line, columns separated by `|`.
    pub fn ask(&self, sql: &str) -> String {
        let mut psql = self.server.command("psql");
        let asked = psql.args(["-d", &self.name, "-XAtqc", sql]).output();
        let asked = asked.expect("psql");
        let said = String::from_utf8_lossy(&asked.stderr);
        assert!(asked.status.success(), "{said}");
        String::from_utf8_lossy(&asked.stdout).trim().to_owned()
    }
}

impl Database<'_> {
    /// All that it holds, as SQL.
    pub fn dump(&self) -> Vec<u8> {
        let mut dump = self.server.command("pg_dump");
        let dumped = dump.args(["--data-only", &self.name]).output();
        let dumped = dumped.expect("pg_dump");
        assert!(dumped.status.success(), "{dumped:?}");
        dumped.stdout
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let mut dropdb = self.server.command("dropdb");
        // One that is left goes with its server.
        let _ = dropdb.args(["--force", "--if-exists", &self.name]).output();
    }
}

/// Where the newest version's programs are.
fn installed() -> PathBuf {
    let versions = fs::read_dir(PLACES).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let newest = newest.expect("PostgreSQL is not installed: `make postgres` installs it");
    Path::new(PLACES).join(newest.to_string()).join("bin")
}

fn id(of: &[&str]) -> u32 {
    let asked = Command::new("id")
        .args(of)
        .output()
        .expect("the id command");
    let said = String::from_utf8_lossy(&asked.stdout);
    said.trim().parse().expect("a number")
}

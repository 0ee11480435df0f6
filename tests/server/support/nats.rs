//! A real NATS for a test, started from what is installed, and ended when the test is.

#![allow(
    dead_code,
    reason = "the server's tests and the benchmark each need another part of it"
)]

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Nats {
    child: Child,
    port: u16,
    /// Where it has written its port down.
    folder: PathBuf,
}

impl Nats {
    pub fn start() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("latchkey-nats-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder for NATS");
        let ports = folder.display().to_string();
        let mut child = run(&["-p", "-1", "--ports_file_dir", &ports]);
        let since = Instant::now();
        let port = loop {
            if let Some(port) = told(&folder) {
                break port;
            }
            assert!(
                child.try_wait().is_ok_and(|ended| ended.is_none()),
                "NATS has ended"
            );
            assert!(since.elapsed() < PATIENCE, "NATS does not start");
            thread::sleep(Duration::from_millis(5));
        };
        Self {
            child,
            port,
            folder,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }

    /// Starts it again, where it was.
    pub fn start_again(&mut self) {
        self.child = run(&["-p", &self.port.to_string()]);
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(since.elapsed() < PATIENCE, "NATS does not start again");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn run(arguments: &[&str]) -> Child {
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("nats-server")
        .env("PATH", path + ":/usr/sbin")
        .args(["-a", "127.0.0.1"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("NATS is not installed: `make nats` installs it")
}

/// The port that it has written down, as in `{"nats":["nats://127.0.0.1:4222"]}`.
fn told(folder: &Path) -> Option<u16> {
    let files = fs::read_dir(folder).expect("the folder");
    let is_it = |path: &Path| path.extension().is_some_and(|it| it == "ports");
    let file = files
        .flatten()
        .map(|file| file.path())
        .find(|path| is_it(path))?;
    let ports: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let (_, port) = ports["nats"][0].as_str()?.rsplit_once(':')?;
    port.parse().ok()
}

//! A real NATS for a test, started from what is installed, and ended when the test is.

use std::{
    fs,
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Folder, PATIENCE};

pub struct Nats {
    child: Child,
    port: u16,
    _home: Folder,
}

impl Nats {
    pub fn start() -> Self {
        let home = Folder::new();
        let mut child = run(&[
            "-p",
            "-1",
            "--ports_file_dir",
            &home.path().display().to_string(),
        ]);
        let since = Instant::now();
        let port = loop {
            if let Some(port) = told(&home) {
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
            _home: home,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
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
fn told(home: &Folder) -> Option<u16> {
    let files = fs::read_dir(home.path()).expect("the folder");
    let file = files
        .flatten()
        .find(|file| file.path().extension().is_some_and(|it| it == "ports"))?;
    let ports: super::Value = serde_json::from_slice(&fs::read(file.path()).ok()?).ok()?;
    let (_, port) = ports["nats"][0].as_str()?.rsplit_once(':')?;
    port.parse().ok()
}

//! A real NATS for a test, started from what is installed, and ended when the test is.

#![allow(
    dead_code,
    reason = "the server's tests and the benchmark each need another part of it"
)]

use std::{
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::free_port;

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Nats {
    child: Child,
    port: u16,
    flags: Vec<String>,
}

impl Nats {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// One with more flags.
    pub fn start_with(flags: &[&str]) -> Self {
        let port = free_port();
        let flags: Vec<_> = flags.iter().map(|&flag| flag.to_owned()).collect();
        let child = listening(port, &flags);
        Self { child, port, flags }
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
        self.child = listening(self.port, &self.flags);
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One that answers at this port.
fn listening(port: u16, flags: &[String]) -> Child {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut child = Command::new("nats-server")
        .env("PATH", path + ":/usr/sbin")
        .args(["-a", "127.0.0.1", "-p", &port.to_string()])
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("NATS is not installed: `make nats` installs it");
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            child.try_wait().is_ok_and(|ended| ended.is_none()),
            "NATS has ended"
        );
        assert!(since.elapsed() < PATIENCE, "NATS does not start");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

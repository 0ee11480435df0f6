//! Another program than the server, which ends with its test.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

pub struct Running(Child);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.0.wait();
    }
}

pub fn run(command: &mut Command) -> Running {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null());
    Running(quiet.spawn().expect("the program is installed"))
}

/// Bytes of memory that a process has in use.
pub fn memory_of(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("/proc/PID/status");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("resident memory");
    line.trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .expect("kilobytes")
        * 1024
}

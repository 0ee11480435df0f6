//! The program at other work than serving; and other programs, which end with their test.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// What comes of running the program so, once it has ended.
pub fn latchkey(words: &[&str]) -> Output {
    let ran = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(words)
        .output();
    ran.expect("the program runs")
}

/// All that a program has said.
pub fn said(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(error)
}

/// A path as a word of a command.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

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

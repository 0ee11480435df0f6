//! What the system says of this process, under the names that Prometheus' own clients give it.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use nix::sys::{
    resource::{Resource, UsageWho, getrlimit, getrusage},
    time::TimeVal,
};
use prometheus_client::{
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

/// `started` is when the process did. What the system does not say is left out.
pub fn register(all: &mut Registry, started: SystemTime) {
    let all = all.sub_registry_with_prefix("process");
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
        let spent = seconds(usage.user_time()) + seconds(usage.system_time());
        let help = "Time of processors, the system's for it included";
        all.register_with_unit("cpu", help, Unit::Seconds, ConstCounter::new(spent));
    }
    if let Some(bytes) = resident_memory() {
        let help = "Memory in use";
        let bytes = ConstGauge::new(bytes);
        all.register_with_unit("resident_memory", help, Unit::Bytes, bytes);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // One of them is for this look.
        let open = files.count().saturating_sub(1);
        let help = "Open files, sockets among them";
        all.register("open_fds", help, ConstGauge::new(open));
    }
    if let Ok((most, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let help = "Files that it may have open";
        all.register("max_fds", help, ConstGauge::new(most));
    }
    if let Ok(since) = started.duration_since(UNIX_EPOCH) {
        let help = "When it started, since 1970";
        let since = ConstGauge::new(since.as_secs_f64());
        all.register_with_unit("start_time", help, Unit::Seconds, since);
    }
}

fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

/// Bytes.
fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

//! The static program with nothing around it but its data: what `make static` builds, and tests with these.

use std::{
    env,
    fs::{self, File},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use crate::support::*;

/// Who it runs as: nobody that anything knows of.
const STRANGER: u32 = 65_532;
/// Bytes of the file, and of its memory at rest, at most. Most of that memory is the file's own pages.
const SIZE: u64 = 23_000_000;
const MEMORY: u64 = 12 << 20;

/// Makes the root read-only but for the data, and becomes the program in it. Who is not root is only root of a
/// namespace of their own, as who nobody in there knows of either.
const INTO_AN_EMPTY_ROOT: &str = r#"
set -eu
root=$1 as=$2; shift 2
PATH=$PATH:/usr/sbin:/sbin
mount --bind "$root" "$root"
mount --bind "$root/data" "$root/data"
mount -o remount,bind,ro "$root"
exec chroot $as "$root" /latchkey "$@"
"#;

fn program() -> PathBuf {
    let program = env::var_os("LATCHKEY_STATIC").map(PathBuf::from);
    program.expect("LATCHKEY_STATIC says where the static program is")
}

/// An empty root, with the program and a folder for its data.
fn empty_root() -> Folder {
    let root = Folder::new();
    let data = root.path().join("data");
    fs::create_dir(&data).expect("a folder");
    fs::copy(program(), root.path().join("latchkey")).expect("the program");
    // Tests' own folders are their owner's.
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("is changed");
    if is_root() {
        chown(&data, Some(STRANGER), Some(STRANGER)).expect("is given away");
    }
    root
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0)
}

/// The program with these words, in that root.
fn alone_in(root: &Path, words: &[&str]) -> Command {
    let (mut command, stranger) = (Command::new("unshare"), STRANGER.to_string());
    let stranger = format!("--userspec={stranger}:{stranger}");
    let whom = if is_root() { stranger.as_str() } else { "" };
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
        .args(["--mount", "sh", "-c", INTO_AN_EMPTY_ROOT, "sh"])
        .arg(root)
        .arg(whom)
        .args(words)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default());
    command
}

const SERVE: [&str; 7] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--metrics",
    "127.0.0.1:0",
    "--data",
    "/data/latchkey.db",
];

#[tokio::test]
#[ignore = "is about what `make static` builds"]
async fn it_serves_from_an_empty_root_that_it_cannot_write_to() {
    let root = empty_root();
    let place = root.path().to_owned();
    let mut server = Server::launched_by(&mut alone_in(&place, &SERVE), root);
    let root_of_it = format!("/proc/{}/root", server.pid());
    let found: Vec<_> = fs::read_dir(&root_of_it)
        .expect("its root")
        .map(|file| file.expect("an entry").file_name())
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    if is_root() {
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("status");
        let uids = format!("Uid:\t{STRANGER}\t{STRANGER}\t{STRANGER}\t{STRANGER}");
        assert!(status.contains(&uids), "{status}");
    }
    let alice = server.person("alice").await;
    let room = alice.create("kitchen", "k").await;
    let mut live = alice.live_in(room).await;
    alice.post(room, "from an empty room").await;
    live.frame("message").await;
    // What sorts and what sends a page with its site are the likeliest to want something from around them.
    let found = alice.call("search", &[("words", &"empty")]).await.ok();
    assert_eq!(found["hits"][0]["message"]["body"], "from an empty room");
    let page = alice.browser.get("/@alice/rooms/kitchen").await.page();
    assert!(page.contains("from an empty room"));
    let file = page
        .split('"')
        .find(|it| it.starts_with("/pkg/") && it.ends_with(".css"));
    let style = alice.browser.get(file.expect("a style sheet")).await;
    assert_eq!(style.status, 200);
    let metrics = Browser::new(&format!("http://{}", server.metrics().await));
    assert!(
        metrics
            .get("/metrics")
            .await
            .text()
            .contains("latchkey_healthy 1\n")
    );
    server.is_well().await;
    drop(live);
    assert!(server.stop().await.success());

    // Another writes what it made, and cannot write anywhere else.
    let run = |words: &[&str]| alone_in(&place, words).output().expect("it runs");
    let copy = ["backup", "--data", "/data/latchkey.db", "/data/copy.db"];
    let made = run(&copy);
    assert!(made.status.success(), "{made:?}");
    let refused = run(&["backup", "--data", "/data/latchkey.db", "/copy.db"]);
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && why.contains("Read-only"),
        "{why}"
    );
}

/// Has the system read a file from the disk again, as after a start of the machine. What was just written would be in
/// memory in larger pieces, each of them counted whole for whoever needs a page of it.
fn forget(file: &Path) {
    let file = File::open(file).expect("the file");
    file.sync_all().expect("it is on the disk");
    posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED).expect("it is forgotten");
}

#[tokio::test]
#[ignore = "is about what `make static` builds"]
async fn it_is_small_and_modest_and_soon_there() {
    const STARTS: usize = 9;
    let (program, home) = (program(), Folder::new());
    let bytes = fs::metadata(&program).expect("the program").len();
    forget(&program);
    let serve = |address: &str| {
        let mut command = Command::new(&program);
        let data = home.path().join("latchkey.db");
        command
            .args(["serve", "--listen", address, "--data"])
            .arg(data);
        command
    };
    // The first makes the database, which whoever starts it again does not wait for.
    let first = Server::launched_by(&mut serve("127.0.0.1:0"), Folder::new());
    let address = first.address().to_owned();
    drop(first);
    let (mut starts, mut memory) = (Vec::new(), 0);
    for _ in 0..STARTS {
        let began = Instant::now();
        let running = run(serve(&address).stderr(Stdio::null()));
        starts.push(loop {
            let asked = ureq::get(format!("http://{address}/healthz")).call();
            if asked.is_ok_and(|answer| answer.status() == 200) {
                break began.elapsed();
            }
            assert!(began.elapsed() < PATIENCE, "it does not start");
            std::thread::sleep(Duration::from_micros(500));
        });
        std::thread::sleep(Duration::from_secs(1));
        memory = memory.max(memory_of(running.pid()));
    }
    starts.sort();
    println!(
        "{:.1} MB on disk, {} ms from the command to /healthz (median of {STARTS}, the quickest {}), {:.1} MiB of memory at rest",
        bytes as f64 / 1e6,
        starts[STARTS / 2].as_millis(),
        starts[0].as_millis(),
        memory as f64 / f64::from(1 << 20),
    );
    assert!(bytes <= SIZE && memory <= MEMORY);
}

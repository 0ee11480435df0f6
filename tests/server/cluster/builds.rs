//! Two builds of the program at once, as while one process after the other is replaced.

use std::{fs, path::PathBuf, process::Command};

use super::{Cluster, bad_days::for_a_while};
use crate::{assets::files_of, support::*};

/// The program, built otherwise: the same, but that what its pages start from is called otherwise. So it gives pages that
/// name other files, and says that it is another build.
struct Build {
    folder: Folder,
}

impl Build {
    /// Other than the one whose page this is.
    fn other_than(page: &str) -> Self {
        let folder = Folder::new();
        let build = Self { folder };
        fs::copy(env!("CARGO_BIN_EXE_latchkey"), build.program()).expect("a copy of the program");
        let mut rename = Command::new("sed");
        rename.env("LC_ALL", "C").arg("-i");
        for file in of_the_build(page) {
            let (path, ending) = file.rsplit_once('.').expect("an ending");
            let (path, last) = path.split_at(path.len() - 1);
            let other = if last == "A" { "B" } else { "A" };
            let name = path.strip_prefix('/').expect("a path").replace('.', r"\.");
            let path = &path[1..];
            rename.arg("-e").arg(format!(
                "s,{name}{last}\\.{ending},{path}{other}.{ending},g"
            ));
        }
        let renamed = rename.arg(build.program()).status().expect("sed");
        assert!(renamed.success());
        build
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("latchkey")
    }

    /// As the arguments of a command, what runs it in the place of the program that it is given.
    fn command(&self) -> [String; 4] {
        let program = self.program().display().to_string();
        let instead = r#"shift; exec "$0" "$@""#;
        ["sh", "-c", instead, &program].map(str::to_owned)
    }
}

/// What a page starts from.
fn of_the_build(page: &str) -> Vec<String> {
    let mut files = files_of(page);
    files.retain(|file| file.starts_with("/pkg/"));
    assert!(files.len() >= 3, "{files:?}");
    files
}

/// What a process's page starts from, all of which any other has as well.
async fn are_found_everywhere(cluster: &Cluster, which: usize) -> Vec<String> {
    let browser = cluster.processes[which].server.browser();
    let files = of_the_build(&browser.get("/").await.page());
    for file in &files {
        let mut first = None;
        for process in &cluster.processes {
            let answer = eventually("the files to be shared", async || {
                let answer = process.server.browser().get(file).await;
                (answer.status == 200).then_some(answer)
            });
            let answer = answer.await;
            let as_served =
                ["content-type", "cache-control"].map(|it| answer.header(it).to_owned());
            let found = (answer.body, as_served);
            let expected = first.get_or_insert_with(|| found.clone());
            assert!(*expected == found, "{file} is another one elsewhere");
        }
    }
    files
}

async fn build_of(cluster: &Cluster, which: usize, person: &Person) -> String {
    let person = person.now_at(&cluster.url(which));
    let mut live = person.try_live().await.expect("a live socket");
    let hello = live.frame("hello").await;
    hello["build"].as_str().expect("a build").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_after_the_other_is_replaced_by_another_build() {
    let mut cluster = Cluster::start().await;
    let page = cluster.processes[0].server.browser().get("/").await.page();
    let other = Build::other_than(&page);
    let command = other.command();
    let other: Vec<_> = command.iter().map(String::as_str).collect();
    let someone = cluster.processes[0].server.person("someone").await;
    let days = async |cluster: &mut Cluster| {
        // Forth and, as when it was no good, back.
        for program in [&*other, &[]] {
            for which in 0..3 {
                let before = build_of(cluster, which, &someone).await;
                let ended = cluster.processes[which].server.stop().await;
                assert!(ended.success(), "{}", cluster.processes[which].server.log());
                cluster.start_again(which, program);
                assert_ne!(build_of(cluster, which, &someone).await, before);
                if which == 0 {
                    let here = are_found_everywhere(cluster, 0).await;
                    let there = are_found_everywhere(cluster, 1).await;
                    assert!(here.iter().all(|file| !there.contains(file)), "{here:?}");
                }
                for_a_while(1).await;
            }
        }
    };
    cluster.endures(days).await;
    let nobodys = cluster.processes[0].server.browser();
    assert_eq!(nobodys.get("/pkg/latchkey.nobodys.css").await.status, 404);
}

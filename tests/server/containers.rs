//! The container files of `deploy/`, as far as they can be tried without an engine that runs containers.

use std::{collections::BTreeMap, process::Command};

use crate::support::*;

const CONTAINERFILE: &str = include_str!("../../deploy/Containerfile");
const COMPOSE: &str = include_str!("../../deploy/compose.yaml");
const MAKEFILE: &str = include_str!("../../Makefile");

type Environment = BTreeMap<String, String>;

/// The instructions of the Containerfile, each with its words.
fn instructions() -> Vec<(&'static str, Vec<&'static str>)> {
    let lines = CONTAINERFILE.lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().expect("an instruction"), words.collect())
        })
        .collect()
}

/// What the image sets.
fn image_environment() -> Environment {
    let set = instructions()
        .into_iter()
        .filter(|(what, _)| *what == "ENV");
    set.flat_map(|(_, words)| words)
        .map(|word| word.split_once('=').expect("NAME=VALUE"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn compose() -> Value {
    serde_yaml_ng::from_str(COMPOSE).expect("YAML")
}

/// What a service sets on top of it.
fn environment(service: &Value) -> Environment {
    let own = service["environment"]
        .as_object()
        .expect("variables")
        .iter();
    let own = own.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()));
    image_environment().into_iter().chain(own).collect()
}

#[test]
fn the_image_is_made_of_what_make_makes() {
    let instructions = instructions();
    let stages: Vec<_> = instructions
        .iter()
        .filter(|(what, _)| *what == "FROM")
        .collect();
    assert_eq!(stages.last().expect("a stage").1, ["scratch"]);
    let commands = instructions.iter().filter(|(what, _)| *what == "RUN");
    let commands: Vec<_> = commands.map(|(_, words)| words.join(" ")).collect();
    let made = commands.iter().find_map(|it| it.strip_prefix("make "));
    let target = made
        .and_then(|it| it.split(' ').next())
        .expect("make TARGET");
    let (_, rule) = MAKEFILE
        .split_once(&format!("\n{target}: "))
        .expect("the Makefile has that target");
    let rule = rule.split("\n\n").next().expect("a rule");
    let place = instructions.iter().find(|(what, _)| *what == "WORKDIR");
    let place = place.expect("a place to build in").1[0];
    let program = instructions.iter().find_map(|(what, words)| {
        (*what == "COPY" && words.last() == Some(&"/latchkey")).then(|| words[words.len() - 2])
    });
    let program = program.expect("the program is copied");
    let folder = program
        .strip_prefix(&format!("{place}/"))
        .and_then(|path| path.strip_suffix("/latchkey"))
        .expect("it is built there");
    let kept = format!("/latchkey {folder}");
    let copies = |line: &str| line.starts_with("\tcp ") && line.ends_with(&kept);
    assert!(rule.lines().any(copies), "{rule}");
    assert!(instructions.contains(&("ENTRYPOINT", vec![r#"["/latchkey"]"#])));
    assert!(instructions.contains(&("CMD", vec![r#"["serve"]"#])));
}

#[test]
fn what_they_set_are_variables_that_the_server_reads() {
    let help = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(["serve", "--help"])
        .output()
        .expect("the program runs");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    // Its lines break anywhere.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let compose = compose();
    let ours = ["latchkey", "several"].map(|name| environment(&compose["services"][name]));
    for name in ours.iter().flat_map(BTreeMap::keys) {
        // Of PostgreSQL's own clients.
        assert!(
            name == "PGPASSWORD" || help.contains(&format!("[env: {name}")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_server_starts_as_the_one_service_starts_it() {
    let compose = compose();
    let service = &compose["services"]["latchkey"];
    assert_eq!(service["volumes"], json!(["data:/data"]));
    let home = Folder::new();
    let here = home.path().display().to_string();
    let environment = environment(service).into_iter().map(|(name, value)| {
        let value = value.replace("/data", &here);
        // Any port will do here, and nobody else is to reach it.
        let port = value.starts_with("0.0.0.0:");
        (
            name,
            if port {
                "127.0.0.1:0".to_owned()
            } else {
                value
            },
        )
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.arg("serve").env_clear().envs(environment);
    let server = Server::launched_by(&mut command, home);
    let alice = server.person("alice").await;
    alice.create("kitchen", "k").await;
    eventually("a backup", async || {
        let copies = std::fs::read_dir(server.home().join("backup")).ok()?;
        (copies.count() > 0).then_some(())
    })
    .await;
    assert!(server.database().exists());
    server.metrics().await;
}

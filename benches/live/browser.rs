//! (h) What going about in Latchkey costs a browser: `benches/browser/`, run by Playwright in Chromium.

use std::{fs, path::Path, process::Command};

use serde_json::{Map, Value, json};

/// How often what varies is measured.
pub const ROUNDS: usize = 25;

/// The figures of each build by work, or why there are none: of this one, and of `against`, another build's
/// server, measured in turn with it. `folder` keeps what is found meanwhile.
///
/// # Errors
/// Where nothing at all was found.
pub fn measure(
    folder: &Path,
    cores: usize,
    against: Option<&Path>,
) -> Result<Map<String, Value>, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lines = folder.join("browser");
    // A browser is many processes: they share all cores, with the server.
    let mut command = Command::new("taskset");
    command
        .args(["--cpu-list", &format!("0-{}", cores - 1), "node"])
        .arg(here.join("end2end/node_modules/@playwright/test/cli.js"))
        .args(["test", "--config"])
        .arg(here.join("benches/browser/playwright.config.mts"))
        .env("LATCHKEY_BIN", env!("CARGO_BIN_EXE_latchkey"))
        .env("BENCH_ROUNDS", ROUNDS.to_string())
        .env("BENCH_FIGURES", &lines);
    if let Some(against) = against {
        let server = against
            .canonicalize()
            .map_err(|error| format!("{}: {error}", against.display()))?;
        command.env("BENCH_AGAINST", server);
    }
    // It says itself what has failed; what has not counts.
    let ended = command.status().map_err(|error| error.to_string())?;
    let found =
        fs::read_to_string(&lines).map_err(|_| format!("Playwright measured nothing: {ended}"))?;
    let mut builds = Map::new();
    for line in found.lines() {
        let line: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let (Some(build), Some(work)) = (line["build"].as_str(), line["work"].as_str()) else {
            continue;
        };
        let works = builds.entry(build).or_insert_with(|| json!({}));
        works[work] = match &line["figures"] {
            Value::Null => json!({ "missing": line["missing"] }),
            figures => figures.clone(),
        };
    }
    Ok(builds)
}

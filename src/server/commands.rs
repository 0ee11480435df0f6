//! What the keeper of a server does with its data from a terminal.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::store::{self, Progress};

/// The exit statuses of `check`, besides 0.
const DAMAGED: u8 = 1;
const UNREADABLE: u8 = 2;
const OLDER: u8 = 3;
const NEWER: u8 = 4;

/// Where nobody watches, one line in so long.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// `latchkey backup`.
pub fn backup(data: &Path, target: &Path) -> ExitCode {
    if let Some(why) = kept_elsewhere(data) {
        eprintln!("latchkey: {why}");
        return ExitCode::from(UNREADABLE);
    }
    let shown = Shown::new();
    let copied = store::copy(data, target, |progress| shown.tell(progress));
    shown.end();
    match copied {
        Ok(found) => {
            say(&format!(
                "{} is whole: {}",
                target.display(),
                counts(&found)
            ));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("latchkey: no backup was made: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `latchkey check`.
pub fn check(file: &Path) -> ExitCode {
    if let Some(why) = kept_elsewhere(file) {
        eprintln!("latchkey: {why}");
        return ExitCode::from(UNREADABLE);
    }
    let found = match store::check(file) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("latchkey: cannot read {}: {error}", file.display());
            return ExitCode::from(UNREADABLE);
        }
    };
    for fault in &found.faults {
        eprintln!("latchkey: {fault}");
    }
    if !found.is_sound() {
        say(&format!("{} is damaged.", file.display()));
        return ExitCode::from(DAMAGED);
    }
    if found.is_too_new() {
        say(&format!(
            "{} is of version {}, which is newer than this program.",
            file.display(),
            found.version
        ));
        return ExitCode::from(NEWER);
    }
    say(&format!("{} is sound: {}", file.display(), counts(&found)));
    match found.steps_to_go() {
        0 => ExitCode::SUCCESS,
        steps => {
            say(&format!(
                "It is of version {}; `latchkey serve` brings it up by {steps} more.",
                found.version
            ));
            ExitCode::from(OLDER)
        }
    }
}

/// Why a server's data cannot be had as a file.
fn kept_elsewhere(data: &Path) -> Option<&'static str> {
    let name = data.to_str()?;
    let postgres = ["postgres://", "postgresql://"];
    postgres.iter().any(|scheme| name.starts_with(scheme)).then_some(
        "what a server keeps in PostgreSQL is PostgreSQL's to copy and to check: use pg_dump and pg_amcheck",
    )
}

fn counts(found: &store::Checkup) -> String {
    let counts = found.counts.iter();
    let counts: Vec<_> = counts
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    counts.join(", ")
}

/// For whoever reads it; nobody may.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// How a copy's progress is shown: as a bar, or as lines where there is no terminal.
enum Shown {
    Bar(ProgressBar),
    Lines(std::cell::Cell<Instant>),
}

impl Shown {
    fn new() -> Self {
        if !io::stderr().is_terminal() {
            return Self::Lines(std::cell::Cell::new(Instant::now()));
        }
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} %  {eta} left") {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    fn tell(&self, Progress { done, of }: Progress) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(of);
                bar.set_position(done);
            }
            Self::Lines(last) if last.get().elapsed() >= LINE_EVERY => {
                last.set(Instant::now());
                eprintln!("copied {done} of {of} pages");
            }
            Self::Lines(_) => {}
        }
    }

    fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

//! What the keeper of a server does with its data from a terminal.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, BufWriter, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    aside::Aside,
    store::{self, Data, Loaded, Progress},
    transfer::{
        ImportError,
        foreign::{self, From, Told, WaysIn},
        page::Page,
    },
};
use crate::domain::{RoomName, Username};

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
    let shown = Shown::new("pages");
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

/// `latchkey export`.
pub fn export(data: &Path, room: Option<&str>, html: bool, out: &Path) -> ExitCode {
    match try_export(data, room, html, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("latchkey: nothing was exported: {why}");
            ExitCode::FAILURE
        }
    }
}

fn try_export(data: &Path, room: Option<&str>, html: bool, out: &Path) -> Result<(), String> {
    if let Some(why) = kept_elsewhere(data) {
        return Err(why.to_owned());
    }
    let room = room.map(RoomName::parse).transpose();
    let room = room
        .map_err(|error| error.message)?
        .map(|name| name.folded());
    let write = |to: &mut dyn Write| {
        let mut to = BufWriter::new(to);
        let dumped = if html {
            let mut page = Page::new(&mut to);
            store::dump(data, room.as_ref(), |line| page.take(line))
        } else {
            store::dump(data, room.as_ref(), |line| {
                serde_json::to_writer(&mut to, line)?;
                to.write_all(b"\n")
            })
        };
        dumped.map_err(|error| error.to_string())?;
        to.flush().map_err(|error| error.to_string())
    };
    if is_stream(out) {
        return write(&mut io::stdout().lock());
    }
    // What was there stays until all of it is written.
    let mut aside = Aside::new(out).map_err(|error| error.to_string())?;
    write(aside.file()).map_err(|why| format!("{}: {why}", out.display()))?;
    aside.put_in_place().map_err(|error| error.to_string())
}

/// `latchkey import`. `room` is what a single room is to be called, and who is to own it.
pub fn import(data: &Path, room: Option<(&str, &str)>, input: &Path) -> ExitCode {
    match try_import(data, room, input) {
        Ok(Loaded {
            names,
            rooms,
            entries,
        }) => {
            say(&format!(
                "imported {names} names, {rooms} rooms, {entries} entries"
            ));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("latchkey: nothing was imported: {why}");
            ExitCode::FAILURE
        }
    }
}

fn try_import(data: &Path, room: Option<(&str, &str)>, input: &Path) -> Result<Loaded, String> {
    if let Some(why) = kept_elsewhere(data) {
        return Err(why.to_owned());
    }
    let lines: Box<dyn io::BufRead> = if is_stream(input) {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(input).map_err(|why| format!("{}: {why}", input.display()))?;
        Box::new(BufReader::new(file))
    };
    let tell = told_now_and_then();
    let loaded = match room {
        None => store::load(data, lines, tell),
        Some((name, owner)) => {
            let name = RoomName::parse(name).map_err(|error| error.message)?;
            let owner = Username::parse(owner).map_err(|error| error.message)?;
            store::load_room(data, lines, &name, &owner, tell)
        }
    };
    loaded.map_err(|error| error.to_string())
}

/// `latchkey import --from`.
pub fn import_from(from: From, data: &Path, ways_in: &Path, input: &Path) -> ExitCode {
    match try_import_from(from, data, ways_in, input) {
        Ok((loaded, told)) => {
            let Loaded {
                names,
                rooms,
                entries,
            } = loaded;
            say(&format!(
                "imported {names} names, {rooms} rooms, {entries} entries\n{told}what lets people in is in {}: keep it to yourself",
                ways_in.display()
            ));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("latchkey: nothing was imported: {why}");
            ExitCode::FAILURE
        }
    }
}

fn try_import_from(
    from: From,
    data: &Path,
    ways_in: &Path,
    input: &Path,
) -> Result<(Loaded, Told), String> {
    if let Some(why) = kept_elsewhere(data) {
        return Err(why.to_owned());
    }
    let mut told = Told::default();
    let mut kept = None;
    let loaded = store::load_from(
        data,
        |take| {
            let mut letters = WaysIn::new(ways_in)?;
            told = foreign::read(from, input, &mut letters, take)?;
            // Before anything is there that only they lead to.
            kept = Some(letters.keep()?);
            Ok::<_, ImportError>(())
        },
        told_now_and_then(),
    );
    let loaded = loaded.map_err(|error| error.to_string())?;
    if let Some(kept) = kept {
        kept.for_good();
    }
    Ok((loaded, told))
}

/// Tells how many entries there are so far, not too often.
fn told_now_and_then() -> impl FnMut(u64) {
    let mut last = Instant::now();
    move |entries| {
        if last.elapsed() >= LINE_EVERY {
            last = Instant::now();
            eprintln!("imported {entries} entries");
        }
    }
}

/// `latchkey move`.
pub fn move_to(from: &Path, to: &Data) -> ExitCode {
    match try_move(from, to) {
        Ok(Loaded {
            names,
            rooms,
            entries,
        }) => {
            say(&format!(
                "moved {names} names, {rooms} rooms, {entries} entries; serve them with --data, and keep {} until all is well",
                from.display()
            ));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("latchkey: nothing was moved: {why}");
            ExitCode::FAILURE
        }
    }
}

fn try_move(from: &Path, to: &Data) -> Result<Loaded, String> {
    let Data::Postgres(url) = to else {
        return Err("it can only be moved to a URL that begins with postgres://".to_owned());
    };
    let address = url.address().map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let shown = Shown::new("entries");
    let moved = runtime.block_on(store::move_all(from, &address, |progress| {
        shown.tell(progress)
    }));
    shown.end();
    moved.map_err(|error| error.to_string())
}

fn is_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
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
    /// When the last was, and of what they tell.
    Lines(Cell<Instant>, &'static str),
}

impl Shown {
    fn new(what: &'static str) -> Self {
        if !io::stderr().is_terminal() {
            return Self::Lines(Cell::new(Instant::now()), what);
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
            Self::Lines(last, what) if last.get().elapsed() >= LINE_EVERY => {
                last.set(Instant::now());
                eprintln!("copied {done} of {of} {what}");
            }
            Self::Lines(..) => {}
        }
    }

    fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

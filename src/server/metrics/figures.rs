//! All figures of a moment: those that were counted ([`counts`]), and those that stand where the work is done.

use std::time::SystemTime;

use prometheus_client::{
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use super::{
    each::Each,
    files::{self, Files},
    logs, process,
};
use crate::server::{
    counts::{self, entries, refusals, traffic},
    rooms::Chat,
    store::LaneFigures,
};

/// What is looked at, and since when.
#[derive(Clone)]
pub struct Watched {
    pub chat: Chat,
    pub files: Files,
    pub started: SystemTime,
}

/// `healthy` is whether the server can do its work. Looks at files, and so may block.
pub fn all(watched: &Watched, healthy: bool) -> Registry {
    let mut all = Registry::default();
    let ours = all.sub_registry_with_prefix("latchkey");
    let version = [(env!("CARGO_PKG_VERSION"), ConstGauge::new(1))];
    ours.register(
        "build_info",
        "Which version it is",
        Each::new("version", version),
    );
    ours.register(
        "healthy",
        "Whether it can do its work, as /healthz says: 1 or 0",
        ConstGauge::new(i64::from(healthy)),
    );
    people(ours, &watched.chat);
    live(ours);
    happened(ours);
    store(ours, watched.chat.store().lanes());
    logs::register(ours, &watched.chat);
    files::register(ours, &watched.files);
    process::register(&mut all, watched.started);
    all
}

fn people(all: &mut Registry, chat: &Chat) {
    all.register(
        "live_sockets",
        "Live sockets that are open",
        ConstGauge::new(chat.sockets().count()),
    );
    all.register(
        "people_online",
        "Names with a live socket here",
        ConstGauge::new(chat.live().people()),
    );
    all.register(
        "hashing_waiting",
        "Keys and passphrases that wait to be hashed",
        ConstGauge::new(chat.keys().waiting()),
    );
}

fn live(all: &mut Registry) {
    let traffic = traffic::all();
    all.register_with_unit(
        "live_received",
        "What live sockets were sent by browsers",
        Unit::Bytes,
        ConstCounter::new(traffic.received),
    );
    all.register_with_unit(
        "live_sent",
        "What live sockets sent to browsers",
        Unit::Bytes,
        ConstCounter::new(traffic.sent),
    );
    all.register_with_unit(
        "tails",
        "Rooms' newest entries in memory, as they were counted within the last second",
        Unit::Bytes,
        ConstGauge::new(traffic.tails),
    );
}

fn happened(all: &mut Registry) {
    let entries = entries::all().map(|(kind, count)| (kind, ConstCounter::new(count)));
    all.register(
        "entries",
        "Entries committed to rooms' logs, by kind; a post is a message",
        Each::new("kind", entries),
    );
    all.register(
        "refusals",
        "What was refused over HTTP and on live sockets, by code",
        refusals::all(),
    );
    all.register_with_unit(
        "search_duration",
        "How long the store looked for what people searched",
        Unit::Seconds,
        counts::SEARCHES.clone(),
    );
}

/// Lanes by number. SQLite has one.
fn store(all: &mut Registry, lanes: Vec<LaneFigures>) {
    let waiting = |of: fn(&LaneFigures) -> usize| {
        let each = lanes.iter().map(of).map(ConstGauge::new);
        Each::new("lane", each.enumerate())
    };
    let changes = waiting(|lane| lane.waiting.changes);
    let bytes = waiting(|lane| lane.waiting.bytes);
    let (took, sizes): (Vec<_>, Vec<_>) = lanes
        .into_iter()
        .map(|lane| (lane.commits.took, lane.commits.changes))
        .unzip();
    all.register(
        "store_waiting_changes",
        "Changes that wait to be committed",
        changes,
    );
    all.register_with_unit(
        "store_waiting",
        "Memory that those take, about",
        Unit::Bytes,
        bytes,
    );
    all.register_with_unit(
        "commit_duration",
        "From when changes were taken until they were durable",
        Unit::Seconds,
        Each::new("lane", took.into_iter().enumerate()),
    );
    all.register(
        "commit_changes",
        "Changes in a commit",
        Each::new("lane", sizes.into_iter().enumerate()),
    );
}

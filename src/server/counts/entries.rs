//! What was committed to rooms' logs, by what it is.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    protocol::ServerFrame,
    server::store::{Event, Journal},
};

/// Entries, as the live socket calls them.
const KINDS: [&str; 9] = [
    "message",
    "edited",
    "deleted_message",
    "reacted",
    "joined",
    "left",
    "removed",
    "changed",
    "erased",
];

static ENTRIES: [AtomicU64; KINDS.len()] = [const { AtomicU64::new(0) }; KINDS.len()];

/// A journal that counts what it passes on.
pub struct Counted(pub Arc<dyn Journal>);

impl Journal for Counted {
    fn committed(&self, event: Event) {
        if let Event::Entry(entry) = &event
            && let Some(kind) = kind(&entry.frame)
        {
            ENTRIES[kind].fetch_add(1, Ordering::Relaxed);
        }
        self.0.committed(event);
    }

    fn settled(&self) {
        self.0.settled();
    }

    fn anew(&self) {
        self.0.anew();
    }
}

/// How many there were of each kind.
pub fn all() -> impl Iterator<Item = (&'static str, u64)> {
    let counts = ENTRIES.iter().map(|count| count.load(Ordering::Relaxed));
    KINDS.into_iter().zip(counts)
}

/// Where it stands in [`KINDS`].
fn kind(frame: &ServerFrame) -> Option<usize> {
    Some(match frame {
        ServerFrame::Message(_) => 0,
        ServerFrame::Edited { .. } => 1,
        ServerFrame::DeletedMessage { .. } => 2,
        ServerFrame::Reacted { .. } => 3,
        ServerFrame::Joined { .. } => 4,
        ServerFrame::Left { .. } => 5,
        ServerFrame::Removed { .. } => 6,
        ServerFrame::Changed { .. } => 7,
        ServerFrame::Erased { .. } => 8,
        _ => return None,
    })
}

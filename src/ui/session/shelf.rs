//! Keeps unsent messages in the browser's storage, so that they survive a reload. One entry a message: two
//! tabs of one identity do not overwrite each other's.
//!
//! Storage may be missing or full (a private window, a quota). The message is then only on the page, which
//! still sends it: so nothing here fails.

use uuid::Uuid;
use web_sys::Storage;

use super::{Unsent, tap::choices_of};
use crate::{
    domain::RoomId,
    ui::browser::{self, of_this_browser as storage},
};

/// The entries of one identity in one room.
pub struct Shelf {
    prefix: String,
}

impl Shelf {
    pub fn new(me: &str, room: RoomId) -> Self {
        Self {
            prefix: format!("{}{room}/", of(me)),
        }
    }

    pub fn keep(&self, item: &Unsent) {
        if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(item)) {
            let _ = storage.set_item(&self.key(item.id), &text);
        }
    }

    pub fn drop(&self, id: Uuid) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(&self.key(id));
        }
    }

    fn key(&self, id: Uuid) -> String {
        format!("{}{id}", self.prefix)
    }
}

/// All that `me` has not sent, in every room, in no order.
pub fn unsent(me: &str) -> Vec<(RoomId, Unsent)> {
    let Some(storage) = storage() else {
        return Vec::new();
    };
    let prefix = of(me);
    keys(&storage, &prefix, 1)
        .filter_map(|key| {
            let room = key[prefix.len()..].split('/').next()?.parse().ok()?;
            let text = storage.get_item(&key).ok().flatten()?;
            Some((room, serde_json::from_str(&text).ok()?))
        })
        .collect()
}

/// Forgets all that `me` has not sent, in every room, and what they wanted to be told of: the name is given up, and
/// whoever claims it next is someone else.
pub fn forget(me: &str) {
    if let Some(storage) = storage() {
        let (unsent, chosen) = (of(me), choices_of(me));
        let keys = keys(&storage, &unsent, 1).chain(keys(&storage, &chosen, 0));
        for key in keys.collect::<Vec<_>>() {
            let _ = storage.remove_item(&key);
        }
    }
}

/// What the entries of one identity begin with. `ROOM/ID` follows.
fn of(me: &str) -> String {
    format!("latchkey.outbox/{me}/")
}

/// The keys that are a prefix and then so many slashes: a username may hold some, too.
fn keys(storage: &Storage, prefix: &str, slashes: usize) -> impl Iterator<Item = String> {
    browser::names(storage).filter(move |key| {
        key.strip_prefix(prefix)
            .is_some_and(|rest| rest.matches('/').count() == slashes)
    })
}

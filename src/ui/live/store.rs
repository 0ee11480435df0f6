//! Keeps unsent messages in the browser's storage, so that they survive a reload. One entry a message: two
//! tabs of one identity do not overwrite each other's.
//!
//! Storage may be missing or full (a private window, a quota). The message is then only on the page, which
//! still sends it: so nothing here fails.

use leptos::prelude::window;
use uuid::Uuid;
use web_sys::Storage;

use super::Unsent;
use crate::domain::RoomId;

/// The entries of one identity in one room.
pub struct Shelf {
    prefix: String,
}

impl Shelf {
    pub fn new(me: &str, room: RoomId) -> Self {
        Self {
            prefix: format!("latchkey.outbox/{me}/{room}/"),
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

    /// All that is kept, in no order.
    pub fn all(&self) -> Vec<Unsent> {
        let Some(storage) = storage() else {
            return Vec::new();
        };
        let keys = (0..storage.length().unwrap_or(0))
            .filter_map(|index| storage.key(index).ok().flatten());
        keys.filter(|key| {
            key.strip_prefix(&self.prefix)
                .is_some_and(|id| Uuid::try_parse(id).is_ok())
        })
        .filter_map(|key| storage.get_item(&key).ok().flatten())
        .filter_map(|text| serde_json::from_str(&text).ok())
        .collect()
    }

    fn key(&self, id: Uuid) -> String {
        format!("{}{id}", self.prefix)
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

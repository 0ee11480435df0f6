//! Rendered pages, kept as long as nothing that they show has changed.
//!
//! Whatever happens to a room's messages moves its head, so that stands for all of them in a page's key; the rest is
//! in it as it is. What strangers see is kept apart: names that somebody makes up must not push members' rooms out.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use leptos::nonce::Nonce;
use uuid::Uuid;

use crate::server::rooms::Entered;

/// Bytes of HTML kept at most; past that, all of its kind is forgotten.
const ROOM_BYTES: usize = 8 * 1024 * 1024;
const STRANGERS_BYTES: usize = 1024 * 1024;

/// What is kept.
pub struct Caches {
    pub rooms: Cache<RoomKey>,
    pub strangers: Cache<StrangersKey>,
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            rooms: Cache::of_at_most(ROOM_BYTES),
            strangers: Cache::of_at_most(STRANGERS_BYTES),
        }
    }
}

/// A page as a browser sees it that holds no name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum StrangersKey {
    Landing,
    SignIn,
    Nowhere,
    /// The invitation to the room of this name.
    Invite(String),
}

/// All that a room's newest page shows, its messages by the room's head.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RoomKey {
    pub me: String,
    /// The names that the browser holds.
    pub names: Vec<String>,
    /// The reader's offset from UTC, whether their clocks go to 12, and the day there.
    pub today: (Option<i32>, bool, i64),
    pub entered: Entered,
}

/// What is another in every answer, and random, so that nothing else in a page is equal to it.
pub struct Unique {
    pub nonce: Nonce,
    /// The id that the message written on this page will have.
    pub message: Uuid,
}

impl Unique {
    pub fn new() -> Self {
        Self {
            nonce: Nonce::new(),
            message: Uuid::now_v7(),
        }
    }
}

/// Pages of one kind, up to a number of bytes.
pub struct Cache<K> {
    most: usize,
    kept: Mutex<Kept<K>>,
}

struct Kept<K> {
    pages: HashMap<K, Arc<Template>>,
    bytes: usize,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Self {
            pages: HashMap::new(),
            bytes: 0,
        }
    }
}

impl<K: Eq + Hash> Cache<K> {
    fn of_at_most(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::default(),
        }
    }

    /// The page, if it is as it was when it was last rendered.
    pub fn find(&self, key: &K, unique: &Unique) -> Option<String> {
        let template = self.kept().pages.get(key).cloned()?;
        Some(template.fill(unique))
    }

    /// Keeps a page that was rendered with this `unique`.
    pub fn keep(&self, key: K, html: &str, unique: &Unique) {
        let template = Arc::new(Template::of(html, unique));
        let mut kept = self.kept();
        if kept.bytes + html.len() > self.most {
            *kept = Kept::default();
        }
        if kept.pages.insert(key, template).is_none() {
            kept.bytes += html.len();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept<K>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page with slots where each answer has something else.
struct Template {
    /// A stretch of the page, and what comes after it.
    pieces: Vec<(String, Slot)>,
    end: String,
}

#[derive(Clone, Copy)]
enum Slot {
    Nonce,
    Message,
}

impl Template {
    fn of(html: &str, unique: &Unique) -> Self {
        let message = unique.message.to_string();
        let (mut pieces, mut rest) = (Vec::new(), html);
        loop {
            let nonce = rest
                .find(&*unique.nonce)
                .map(|at| (at, Slot::Nonce, unique.nonce.len()));
            let id = rest
                .find(&message)
                .map(|at| (at, Slot::Message, message.len()));
            let Some((at, slot, len)) = nonce.into_iter().chain(id).min_by_key(|(at, ..)| *at)
            else {
                break;
            };
            pieces.push((rest[..at].to_owned(), slot));
            rest = &rest[at + len..];
        }
        Self {
            pieces,
            end: rest.to_owned(),
        }
    }

    fn fill(&self, unique: &Unique) -> String {
        let message = unique.message.to_string();
        let len: usize = self.pieces.iter().map(|(text, _)| text.len() + 64).sum();
        let mut html = String::with_capacity(len + self.end.len());
        for (text, slot) in &self.pieces {
            html.push_str(text);
            html.push_str(match slot {
                Slot::Nonce => &unique.nonce,
                Slot::Message => &message,
            });
        }
        html.push_str(&self.end);
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Role, Room};

    const BYTES: usize = 1024 * 1024;

    fn key(head: u64) -> RoomKey {
        let room = Room {
            id: 1,
            name: "general".to_owned(),
            topic: String::new(),
            owner: "alice".to_owned(),
            owned: true,
            role: Role::Owner,
            posting: Default::default(),
            keep: None,
            head,
            seen: head,
            said: head,
            read: head,
            mentions: 0,
            online: 1,
        };
        RoomKey {
            me: "alice".to_owned(),
            names: vec!["alice".to_owned()],
            today: (Some(0), false, 20_000),
            entered: Entered {
                room,
                members: Vec::new(),
                rooms: Vec::new(),
            },
        }
    }

    fn page(unique: &Unique) -> String {
        format!("<a {0}><b {1}>words<c {0}>", &*unique.nonce, unique.message)
    }

    #[test]
    fn a_kept_page_comes_back_with_a_nonce_and_an_id_of_its_own() {
        let (first, second) = (Unique::new(), Unique::new());
        let cache = Cache::of_at_most(BYTES);
        cache.keep(key(7), &page(&first), &first);
        assert_eq!(cache.find(&key(7), &second), Some(page(&second)));
    }

    #[test]
    fn a_page_that_would_show_something_else_is_not_found() {
        let unique = Unique::new();
        let cache = Cache::of_at_most(BYTES);
        cache.keep(key(7), &page(&unique), &unique);
        assert_eq!(cache.find(&key(8), &unique), None);
    }

    #[test]
    fn it_keeps_a_bounded_number_of_bytes() {
        let unique = Unique::new();
        let cache = Cache::of_at_most(BYTES);
        let large = "x".repeat(BYTES / 4);
        (0..20).for_each(|head| cache.keep(key(head), &large, &unique));
        assert!(cache.kept().bytes <= BYTES && cache.kept().pages.len() <= 4);
    }
}

//! What the keeper has to say to everybody, such as that the server is about to start again: it stands on top of every
//! page, and is told to those that are open.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::domain::{Millis, Topic};

/// Something that was said to everybody, at whichever process of the server. What was said last is what is so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// When, by the clock of whoever took it; 0 where nothing was ever said.
    at: Millis,
    /// As long as a topic may be; empty where there is nothing to say any more.
    text: String,
}

#[derive(Default)]
pub struct Announced(Mutex<State>);

#[derive(Default)]
struct State {
    said: Said,
    /// Whether the other processes have not been told yet.
    is_news: bool,
}

impl Announced {
    pub fn text(&self) -> Option<String> {
        Some(self.state().said.text.clone()).filter(|text| !text.is_empty())
    }

    /// Says something else; nothing, where it is empty.
    pub fn say(&self, text: &Topic, now: Millis) {
        let mut state = self.state();
        state.said = Said {
            // Whatever the clock says: it was said after what was said before.
            at: now.max(state.said.at + 1),
            text: text.as_str().to_owned(),
        };
        state.is_news = true;
    }

    /// What was said here since this was asked last.
    pub fn news(&self) -> Option<Said> {
        let mut state = self.state();
        std::mem::take(&mut state.is_news).then(|| state.said.clone())
    }

    /// What was said last, where anything ever was.
    pub fn last(&self) -> Option<Said> {
        Some(self.state().said.clone()).filter(|said| said.at > 0)
    }

    /// Takes what was said at another process. Answers whether it is new here.
    pub fn hear(&self, said: Said) -> bool {
        let mut state = self.state();
        let is_newer = said.at > state.said.at;
        if is_newer {
            (state.said, state.is_news) = (said, false);
        }
        is_newer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(text: &str) -> Topic {
        Topic::parse(text).expect("a topic")
    }

    #[test]
    fn what_was_said_last_is_so_at_whichever_process_and_however_late_it_is_heard() {
        let (here, there) = (Announced::default(), Announced::default());
        assert_eq!((here.text(), here.last(), here.news()), (None, None, None));
        here.say(&topic("back in five minutes"), 10);
        let first = here.news().expect("news");
        assert_eq!(here.news(), None, "it is told once");
        assert!(there.hear(first.clone()) && !there.hear(first.clone()));
        assert_eq!(there.text().as_deref(), Some("back in five minutes"));
        // A clock that goes wrong swaps nothing.
        there.say(&topic(""), 3);
        assert!(here.hear(there.news().expect("news")));
        assert!(!here.hear(first) && here.text().is_none());
        assert_eq!(here.last(), there.last());
        assert_eq!(here.news(), None, "who said it tells it");
    }
}

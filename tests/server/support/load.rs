//! Senders and followers that go on through cuts and restarts, and remember what they were told.

use std::collections::{BTreeMap, VecDeque};

use super::{Live, Person, Value, json, new_id};

/// One who posts as fast as the server confirms, a few messages at a time.
pub struct Sender {
    person: Person,
    room: i64,
    /// Sent, not confirmed: to be sent again after a cut, under the same ids.
    waiting: VecDeque<String>,
    /// What the server has confirmed: seq by id.
    pub confirmed: BTreeMap<String, u64>,
}

impl Sender {
    const AT_ONCE: usize = 8;

    pub fn new(person: Person, room: i64) -> Self {
        Self {
            person,
            room,
            waiting: VecDeque::new(),
            confirmed: BTreeMap::new(),
        }
    }

    pub fn now_at(mut self, server: &str) -> Self {
        self.person = self.person.now_at(server);
        self
    }

    /// Posts until the socket ends, or until `count` messages are confirmed that were not before.
    pub async fn post(&mut self, count: usize) {
        let goal = self.confirmed.len() + count;
        let Ok(mut live) = self.person.try_live().await else {
            return;
        };
        for id in self.waiting.clone() {
            self.offer(&mut live, &id).await;
        }
        while self.confirmed.len() < goal {
            while self.waiting.len() < Self::AT_ONCE
                && self.confirmed.len() + self.waiting.len() < goal
            {
                let id = new_id();
                self.waiting.push_back(id.clone());
                self.offer(&mut live, &id).await;
            }
            let Some(frame) = live.try_next().await else {
                return;
            };
            assert_ne!(frame["t"], "refused", "{frame}");
            if frame["t"] == "sent" {
                let (id, seq) = (
                    frame["id"].as_str().expect("an id"),
                    frame["seq"].as_u64().expect("a seq"),
                );
                self.waiting.retain(|waiting| waiting != id);
                self.confirmed.insert(id.to_owned(), seq);
            }
        }
    }

    async fn offer(&self, live: &mut Live, id: &str) {
        live.post(self.room, id, &format!("message {id}")).await;
    }
}

/// One who reads a room as the browser does: opens it after what it has, and fetches from history what the
/// live socket says it has left out.
pub struct Follower {
    person: Person,
    room: i64,
    pub seen: Vec<u64>,
    /// How many holes were filled from history.
    pub holes: usize,
}

impl Follower {
    pub fn new(person: Person, room: i64) -> Self {
        Self {
            person,
            room,
            seen: Vec::new(),
            holes: 0,
        }
    }

    pub fn now_at(mut self, server: &str) -> Self {
        self.person = self.person.now_at(server);
        self
    }

    pub fn last(&self) -> u64 {
        self.seen.last().copied().unwrap_or(0)
    }

    /// Follows until `enough` says so, then cuts the socket. Ends early where the socket does.
    pub async fn follow(&mut self, mut enough: impl FnMut(u64) -> bool) {
        let Ok(mut live) = self.person.try_live().await else {
            return;
        };
        live.send(json!({ "t": "open", "room": self.room, "after": self.last() }))
            .await;
        while !enough(self.last()) {
            let Some(frame) = live.try_next().await else {
                return;
            };
            self.take(&frame).await;
        }
    }

    /// Takes in one frame of a socket that this follower reads.
    pub async fn take(&mut self, frame: &Value) {
        if frame["room"] != self.room {
            return;
        }
        match frame["t"].as_str() {
            Some("opened") => {
                self.fill_up_to(frame["from"].as_u64().expect("from") - 1)
                    .await
            }
            Some("message") => self.seen.push(frame["seq"].as_u64().expect("a seq")),
            _ => {}
        }
    }

    async fn fill_up_to(&mut self, end: u64) {
        self.holes += usize::from(self.last() < end);
        let mut more = true;
        while more && self.last() < end {
            let page = self
                .person
                .history(self.room, &[("after", &self.last()), ("limit", &200)])
                .await;
            let messages = super::seqs(page["messages"].as_array().expect("messages"));
            // What begins at `end` comes by itself.
            self.seen
                .extend(messages.into_iter().filter(|seq| *seq <= end));
            more = page["more"] == true;
        }
    }

    /// Fails the test where anything that was said was missed, repeated or out of order.
    pub async fn has_seen_all_up_to(&self, seq: u64) {
        assert!(self.last() >= seq, "{} is not {seq}", self.last());
        let mut said = super::seqs(&self.person.messages_after(self.room, 0).await);
        said.retain(|seq| *seq <= self.last());
        let pairs = self.seen.iter().zip(&said);
        let wrong = pairs.into_iter().find(|(seen, said)| seen != said);
        assert_eq!(wrong, None, "(seen, said)");
        assert_eq!(self.seen.len(), said.len());
    }
}

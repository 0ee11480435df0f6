//! People on the processes of a cluster, who do things and read, come back whenever they are cut off, and remember it all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::checker::{Asked, Stream};
use crate::support::*;

/// Where the processes are now.
pub type Urls = Arc<Mutex<Vec<String>>>;

/// From one thing that somebody does to the next.
const PAUSE: Duration = Duration::from_millis(60);
/// How long somebody tries to reach one process.
const PATIENCE: Duration = Duration::from_secs(12);

/// What all of them are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    Work,
    /// Nothing new is done; what was done is confirmed.
    Finish,
    /// The logs' heads are known, and everybody comes there.
    Read(BTreeMap<i64, u64>),
}

pub struct Actor {
    person: Person,
    urls: Urls,
    /// Which process they go to first.
    at: usize,
    rooms: Vec<i64>,
    phase: watch::Receiver<Phase>,
    asked: Vec<Asked>,
    /// What is not confirmed yet, and the frame that asks for it.
    waiting: BTreeMap<String, Value>,
    streams: Vec<Stream>,
    last: BTreeMap<i64, u64>,
    /// Messages that were seen, of everybody and of one's own.
    seen: Vec<(i64, u64)>,
    own: Vec<(i64, u64)>,
}

impl Actor {
    pub fn new(
        person: Person,
        urls: Urls,
        at: usize,
        rooms: &[i64],
        phase: watch::Receiver<Phase>,
    ) -> Self {
        Self {
            person,
            urls,
            at,
            rooms: rooms.to_vec(),
            phase,
            asked: Vec::new(),
            waiting: BTreeMap::new(),
            streams: Vec::new(),
            last: rooms.iter().map(|room| (*room, 0)).collect(),
            seen: Vec::new(),
            own: Vec::new(),
        }
    }

    /// Goes on until all is confirmed and read to its end.
    pub async fn run(mut self) -> (Vec<Asked>, Vec<Stream>) {
        loop {
            let url = self.urls.lock().expect("nobody panicked")[self.at].clone();
            let person = self.person.now_at(&url);
            let connected = timeout(PATIENCE, person.try_live()).await;
            let Ok(Ok(live)) = connected else {
                // As a balancer would: to another.
                self.at = (self.at + 1) % 3;
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            if self.stay(live).await {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        for room in &self.rooms {
            if let Some(last) = self.streams.iter_mut().rfind(|stream| stream.room == *room) {
                last.to_the_end = true;
            }
        }
        (self.asked, self.streams)
    }

    /// Answers whether all is done; otherwise the socket has ended.
    async fn stay(&mut self, mut live: Live) -> bool {
        for room in self.rooms.clone() {
            let after = self.last[&room];
            live.send(json!({ "t": "open", "room": room, "after": after }))
                .await;
        }
        for frame in self.waiting.values() {
            live.send(frame.clone()).await;
        }
        let mut next = Instant::now();
        loop {
            let phase = self.phase.borrow().clone();
            if let Phase::Read(heads) = &phase
                && self.waiting.is_empty()
                && self.rooms.iter().all(|room| self.last[room] >= heads[room])
            {
                return true;
            }
            let wait = next.saturating_duration_since(Instant::now());
            tokio::select! {
                frame = live.try_next() => match frame {
                    Some(frame) => if !self.take(&frame) { return false },
                    None => return false,
                },
                () = sleep(wait) => {
                    next = Instant::now() + PAUSE;
                    if phase == Phase::Work && self.waiting.len() < 4 {
                        let frame = self.think();
                        live.send(frame).await;
                    }
                }
            }
        }
    }

    /// Something to do, that is asked for until it is answered.
    fn think(&mut self) -> Value {
        let room = self.rooms[chance(self.rooms.len() as u64) as usize];
        let id = new_id();
        let some =
            |of: &[(i64, u64)]| (!of.is_empty()).then(|| of[chance(of.len() as u64) as usize]);
        let (room, frame) = match (chance(10), some(&self.own), some(&self.seen)) {
            (0 | 1, Some((room, of)), _) => {
                let body = format!("edited {id}");
                (
                    room,
                    json!({ "t": "edit", "room": room, "id": id, "of": of, "body": body }),
                )
            }
            (2, Some((room, of)), _) => {
                self.own.retain(|own| *own != (room, of));
                (
                    room,
                    json!({ "t": "delete", "room": room, "id": id, "of": of }),
                )
            }
            (3 | 4, _, Some((room, of))) => {
                // One that nobody has given yet: each is an entry.
                self.seen.retain(|seen| *seen != (room, of));
                (
                    room,
                    json!({ "t": "react", "room": room, "id": id, "of": of, "emoji": "👍", "on": true }),
                )
            }
            _ => {
                let body = format!("message {id}");
                (
                    room,
                    json!({ "t": "send", "room": room, "id": id, "body": body }),
                )
            }
        };
        self.asked.push(Asked {
            room,
            by: self.person.name.clone(),
            id: id.clone(),
            at: Instant::now(),
            confirmed: None,
            again: Vec::new(),
            refused: false,
        });
        self.waiting.insert(id, frame.clone());
        frame
    }

    /// Takes a frame. Answers whether the socket is of use still.
    fn take(&mut self, frame: &Value) -> bool {
        let room = frame["room"].as_i64().unwrap_or_default();
        match frame["t"].as_str().unwrap_or_default() {
            "opened" => {
                let from = frame["from"].as_u64().expect("a seq");
                self.last.insert(room, from - 1);
                self.streams.push(Stream {
                    room,
                    who: self.person.name.clone(),
                    from,
                    entries: Vec::new(),
                    to_the_end: false,
                });
            }
            "sent" => self.answered(frame, true),
            "refused" if frame["code"] == "unavailable" && frame["id"].is_null() => return false,
            // It is asked for again, as a browser does.
            "refused" if frame["code"] == "unavailable" => return false,
            "refused" => self.answered(frame, false),
            "bye" => return false,
            kind => {
                if let Some(seq) = frame["seq"].as_u64().filter(|_| is_entry(kind)) {
                    self.entry(room, seq, kind, frame);
                }
            }
        }
        true
    }

    fn entry(&mut self, room: i64, seq: u64, kind: &str, frame: &Value) {
        let stream = self.streams.iter_mut().rfind(|stream| stream.room == room);
        let stream = stream.expect("it was opened");
        let is_message = kind == "message";
        let id = is_message.then(|| frame["id"].as_str().expect("an id").to_owned());
        stream.entries.push((seq, id));
        self.last.insert(room, seq);
        if is_message && self.seen.len() < 50 {
            self.seen.push((room, seq));
        }
    }

    fn answered(&mut self, frame: &Value, well: bool) {
        let id = frame["id"].as_str().unwrap_or_default();
        let Some(asked) = self.asked.iter_mut().rfind(|asked| asked.id == id) else {
            return;
        };
        let waited = self.waiting.remove(id);
        if !well {
            // A message that was deleted by its author meanwhile, or has a thumb already.
            asked.refused = true;
            return;
        }
        let seq = frame["seq"].as_u64().expect("a seq");
        let is_reaction = waited.as_ref().is_some_and(|frame| frame["t"] == "react");
        if is_reaction {
            // Somebody's who was first may be the entry that is named: it is not looked for.
            self.asked.retain(|asked| asked.id != id);
            return;
        }
        match &asked.confirmed {
            None => asked.confirmed = Some((Instant::now(), seq)),
            Some(_) => asked.again.push(seq),
        }
        if waited.is_some_and(|frame| frame["t"] == "send") {
            self.own.push((asked.room, seq));
        }
    }
}

fn is_entry(kind: &str) -> bool {
    matches!(
        kind,
        "message"
            | "edited"
            | "deleted_message"
            | "reacted"
            | "joined"
            | "left"
            | "removed"
            | "changed"
            | "erased"
    )
}

//! Somebody who comes to a room again and again, and is shown out each time.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

use super::{
    actor::{Phase, Urls},
    checker::Stream,
};
use crate::support::*;

/// How long a guest may stay.
const STAY: Duration = Duration::from_millis(400);

pub struct Guest {
    pub person: Person,
    pub owner: Person,
    pub urls: Urls,
    pub at: usize,
    pub room: i64,
    pub name: &'static str,
    pub phase: watch::Receiver<Phase>,
}

impl Guest {
    /// Goes on as long as the others work. Answers what it was given, and how often it was shown out.
    pub async fn run(self) -> (Vec<Stream>, usize) {
        let (mut streams, mut times) = (Vec::new(), 0);
        while *self.phase.borrow() == Phase::Work {
            let url = self.urls.lock().expect("nobody panicked")[self.at].clone();
            let person = self.person.now_at(&url);
            let key = [("name", &self.name as Field), ("key", &"sesame")];
            let joined = person.try_call("join_room", &key).await;
            if !joined.is_ok_and(|answer| answer.status == 200) {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
            let Ok(Ok(mut live)) = timeout(Duration::from_secs(12), person.try_live()).await else {
                continue;
            };
            live.send(json!({ "t": "open", "room": self.room })).await;
            let shown_out = self.shown_out();
            let read = self.read(&mut live, &mut streams);
            let (_, removed) = tokio::join!(shown_out, read);
            if removed {
                times += 1;
                // Known to be out, they are not let in.
                live.send(json!({ "t": "open", "room": self.room })).await;
                let answer = timeout(Duration::from_secs(5), async {
                    while let Some(frame) = live.try_next().await {
                        if ["opened", "refused"].contains(&frame["t"].as_str().unwrap_or_default())
                        {
                            return Some(frame);
                        }
                    }
                    None
                });
                if let Ok(Some(frame)) = answer.await {
                    assert_eq!(frame["t"], "refused", "{frame}");
                }
            }
        }
        (streams, times)
    }

    /// The owner, at the next process, shows the guest out after a while, and tries until it is done.
    async fn shown_out(&self) {
        tokio::time::sleep(STAY).await;
        let mut at = self.at;
        loop {
            at = (at + 1) % 3;
            let url = self.urls.lock().expect("nobody panicked")[at].clone();
            let owner = self.owner.now_at(&url);
            let whom = [("room", &self.room as Field), ("who", &self.person.name)];
            match owner.try_call("remove_member", &whom).await {
                Ok(answer) if answer.status == 200 || answer.status == 404 => return,
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Reads until it is shown out, for a while after that, or until the socket ends. Answers whether it was told.
    async fn read(&self, live: &mut Live, streams: &mut Vec<Stream>) -> bool {
        let mut stream = None;
        let mut removed = false;
        loop {
            // Whoever learns late learns within this time, after whatever it is has healed.
            let patience = if removed {
                STAY
            } else {
                Duration::from_secs(20)
            };
            let Ok(Some(frame)) = timeout(patience, live.try_next()).await else {
                break;
            };
            match frame["t"].as_str().unwrap_or_default() {
                "opened" => {
                    stream = Some(Stream {
                        room: self.room,
                        who: self.person.name.clone(),
                        from: frame["from"].as_u64().expect("a seq"),
                        entries: Vec::new(),
                        to_the_end: false,
                    });
                }
                "refused" | "bye" => break,
                "mention" | "read" | "head" | "sent" => {}
                kind => {
                    if let (Some(seq), Some(stream)) = (frame["seq"].as_u64(), stream.as_mut()) {
                        let id = frame["id"].as_str().map(str::to_owned);
                        stream.entries.push((seq, id));
                    }
                    removed |= kind == "removed" && frame["who"] == self.person.name;
                }
            }
        }
        streams.extend(stream);
        removed
    }
}

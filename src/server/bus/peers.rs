//! Which other processes there are, and whether all that they said was heard. Without I/O, and without a clock of its own.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::server::live::ProcessId;

/// A process that is silent for so long is not there any more.
pub const SILENCE: Duration = Duration::from_secs(5);
/// How often another is asked who is there at most, and they are told.
pub const ASKED_EVERY: Duration = Duration::from_secs(1);

/// What a message is, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// This process's own.
    Echo,
    /// The one after the last.
    Next,
    /// A later one: so many are missing. Or the first that is heard of a process.
    Missed(u64),
    /// An older one, that was counted as missing or was heard before.
    Late,
}

pub struct Peers {
    me: ProcessId,
    others: HashMap<ProcessId, Peer>,
}

struct Peer {
    number: u64,
    heard: Instant,
    /// Whether it is to be asked who is there, and when it was last.
    lacking: bool,
    asked: Option<Instant>,
}

impl Peers {
    pub fn new(me: ProcessId) -> Self {
        Self {
            me,
            others: HashMap::new(),
        }
    }

    /// Hears a message.
    pub fn hear(&mut self, from: ProcessId, number: u64, now: Instant) -> Heard {
        if from == self.me {
            return Heard::Echo;
        }
        let Some(peer) = self.others.get_mut(&from) else {
            let peer = Peer {
                number,
                heard: now,
                lacking: true,
                asked: None,
            };
            self.others.insert(from, peer);
            return Heard::Missed(0);
        };
        peer.heard = now;
        if number <= peer.number {
            return Heard::Late;
        }
        let missed = number - peer.number - 1;
        peer.number = number;
        if missed == 0 {
            Heard::Next
        } else {
            peer.lacking = true;
            Heard::Missed(missed)
        }
    }

    /// Those that are to be asked who is there, because that may have been among what was missed; each not too often.
    pub fn whom_to_ask(&mut self, now: Instant) -> Vec<ProcessId> {
        let due = |peer: &Peer| {
            let asked = peer.asked.map(|asked| now.saturating_duration_since(asked));
            peer.lacking && asked.is_none_or(|ago| ago >= ASKED_EVERY)
        };
        let mut asked = Vec::new();
        for (process, peer) in self.others.iter_mut().filter(|(_, peer)| due(peer)) {
            (peer.lacking, peer.asked) = (false, Some(now));
            asked.push(*process);
        }
        asked
    }

    /// A process has said goodbye.
    pub fn forget(&mut self, process: ProcessId) {
        self.others.remove(&process);
    }

    /// Forgets those that have been silent for too long, and answers which these are.
    pub fn silent(&mut self, now: Instant) -> Vec<ProcessId> {
        let silent = self
            .others
            .iter()
            .filter(|(_, peer)| now.saturating_duration_since(peer.heard) >= SILENCE);
        let silent: Vec<_> = silent.map(|(process, _)| *process).collect();
        for process in &silent {
            self.others.remove(process);
        }
        silent
    }

    pub fn me(&self) -> ProcessId {
        self.me
    }

    pub fn count(&self) -> usize {
        self.others.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_left_out_is_missed_and_late_when_it_comes() {
        let (mut peers, now) = (Peers::new(1), Instant::now());
        assert_eq!(peers.hear(1, 5, now), Heard::Echo);
        assert_eq!(peers.hear(2, 40, now), Heard::Missed(0), "it is new");
        assert_eq!(peers.hear(2, 41, now), Heard::Next);
        assert_eq!(peers.hear(2, 44, now), Heard::Missed(2));
        assert_eq!(peers.hear(2, 43, now), Heard::Late);
        assert_eq!(peers.hear(2, 44, now), Heard::Late, "again");
        assert_eq!(peers.hear(2, 45, now), Heard::Next);
        assert_eq!(peers.whom_to_ask(now), [2], "once for all that was missed");
        assert!(peers.whom_to_ask(now + ASKED_EVERY).is_empty());
        peers.hear(2, 47, now);
        assert!(peers.whom_to_ask(now).is_empty(), "it was asked just now");
        assert_eq!(peers.whom_to_ask(now + ASKED_EVERY), [2]);
    }

    #[test]
    fn who_is_silent_for_too_long_is_forgotten_and_new_when_they_come_again() {
        let (mut peers, now) = (Peers::new(1), Instant::now());
        peers.hear(2, 1, now);
        peers.hear(3, 1, now + SILENCE / 2);
        assert_eq!(peers.silent(now + SILENCE), [2]);
        assert_eq!(peers.count(), 1);
        assert_eq!(peers.hear(2, 2, now + SILENCE), Heard::Missed(0));
    }
}

//! A room as one shard knows it: who of its members is connected here, who follows it, its tail, and the
//! latest values beside it.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use super::{
    frames::{self, Framed},
    presence::Follows,
    socket::SocketKey,
    tail::Tail,
};
use crate::{
    domain::{RoomId, Seq, limits},
    protocol::ServerFrame,
    server::store::UserId,
};

/// How often somebody says at most that they type; more is dropped.
const TYPING_PAUSE: Duration = Duration::from_secs(limits::TYPING_SECONDS as u64);
/// How long somebody counts as typing after their last `typing` frame.
const TYPING: Duration = Duration::from_secs(limits::TYPING_SECONDS as u64 * 2);
/// Latest values go out at most this often …
const VALUE_PAUSE: Duration = Duration::from_millis(200);
/// … and not more often than their writes are affordable: this much longer for each reader.
const VALUE_PAUSE_PER_READER: Duration = Duration::from_micros(200);

/// How long a tail is kept that nobody follows.
const WARM: Duration = Duration::from_secs(60);

/// The room's log, as far as this shard has it.
pub enum Log {
    /// Nobody here follows the room, or has for a while.
    Cold,
    /// The store was asked for the tail; these sockets wait to be let in, each after a seq or at the head.
    Loading(Vec<(SocketKey, Option<Seq>)>),
    Warm(Tail),
}

/// Something to do for a room later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Heads,
    Presence,
    Typing,
    TypingEnds,
}

/// A value of which only the newest matters.
#[derive(Default)]
pub struct Latest {
    /// The newest frame, once anybody wanted it.
    pub frame: Option<Framed>,
    /// Counts the frames, so that a cursor can tell whether it has the newest.
    pub version: u32,
}

impl Latest {
    pub fn set(&mut self, frame: &ServerFrame) {
        self.frame = Some(frames::text(frame));
        self.version += 1;
    }
}

pub struct Room {
    pub id: RoomId,
    /// Connected members on this shard.
    pub members: HashSet<UserId>,
    /// Sockets that follow the room, each where its cursor says.
    pub readers: Vec<SocketKey>,
    pub log: Log,
    /// Seq of the newest message that came while a member was here; 0 before one did.
    pub head: Seq,
    /// Messages up to there.
    pub said: u64,
    pub presence: Latest,
    pub typing: Latest,
    /// Who is typing, and until when.
    pub typists: Vec<(String, Instant)>,
    /// Whether readers wait for frames of the log in this turn.
    pub moved: bool,
    /// What has been put off and is not due yet, by [`Due`].
    pub scheduled: [bool; 4],
    /// When somebody was last let in or a frame last came, to a second.
    pub used: Instant,
    /// Since when nobody has been seen to follow the room.
    idle_since: Option<Instant>,
    heads_sent: Option<Instant>,
    values_sent: Option<Instant>,
}

impl Room {
    pub fn new(id: RoomId) -> Self {
        Self {
            id,
            members: HashSet::new(),
            readers: Vec::new(),
            log: Log::Cold,
            head: 0,
            said: 0,
            presence: Latest::default(),
            typing: Latest::default(),
            typists: Vec::new(),
            moved: false,
            scheduled: [false; 4],
            used: Instant::now(),
            idle_since: None,
            heads_sent: None,
            values_sent: None,
        }
    }

    /// Forgets the tail once nobody has followed the room for a while, and answers whether it did. Not at once:
    /// whoever lost the network is about to come back, and so is everybody else.
    pub fn cool_down(&mut self, now: Instant) -> bool {
        if !self.readers.is_empty() {
            self.idle_since = None;
            return false;
        }
        let idle = now.saturating_duration_since(*self.idle_since.get_or_insert(now));
        let cools = idle >= WARM && matches!(self.log, Log::Warm(_));
        if cools {
            self.cool();
        }
        cools
    }

    /// Forgets the tail.
    pub fn cool(&mut self) {
        self.log = Log::Cold;
        self.presence = Latest::default();
        self.typing = Latest::default();
    }

    /// Bytes of the tail.
    pub fn tail_bytes(&self) -> usize {
        match &self.log {
            Log::Warm(tail) => tail.size(),
            Log::Cold | Log::Loading(_) => 0,
        }
    }

    /// Whether nothing here needs the room.
    pub fn is_needless(&self) -> bool {
        self.members.is_empty() && matches!(self.log, Log::Cold)
    }

    pub fn follows(&self) -> Follows {
        match self.log {
            _ if !self.readers.is_empty() => Follows::Closely,
            Log::Cold => Follows::Nothing,
            Log::Loading(_) | Log::Warm(_) => Follows::Log,
        }
    }

    /// When the heads may go out next.
    pub fn heads_due(&self, now: Instant) -> Instant {
        self.due(self.heads_sent, self.members.len(), now)
    }

    pub fn heads_went(&mut self, now: Instant) {
        self.heads_sent = Some(now);
    }

    /// When presence or typing may go out next.
    pub fn values_due(&self, now: Instant) -> Instant {
        self.due(self.values_sent, self.readers.len(), now)
    }

    pub fn values_went(&mut self, now: Instant) {
        self.values_sent = Some(now);
    }

    fn due(&self, last: Option<Instant>, readers: usize, now: Instant) -> Instant {
        let pause =
            VALUE_PAUSE.max(VALUE_PAUSE_PER_READER * u32::try_from(readers).unwrap_or(u32::MAX));
        last.map_or(now, |last| (last + pause).max(now))
    }

    /// Whether it is long enough since somebody last said that they type for that to be news.
    pub fn may_type(&self, name: &str, now: Instant) -> bool {
        let mut typists = self.typists.iter();
        let last = typists.find(|(typist, _)| typist == name);
        last.is_none_or(|(_, until)| *until <= now + (TYPING - TYPING_PAUSE))
    }

    /// Notes that somebody types, or, without `typing`, that they stopped. Answers whether the list changed.
    pub fn types(&mut self, name: &str, typing: bool, now: Instant) -> bool {
        let at = self.typists.iter().position(|(typist, _)| typist == name);
        match (at, typing) {
            (Some(at), true) => {
                self.typists[at].1 = now + TYPING;
                false
            }
            (None, true) => {
                self.typists.push((name.to_owned(), now + TYPING));
                true
            }
            (Some(at), false) => {
                self.typists.remove(at);
                true
            }
            (None, false) => false,
        }
    }

    /// Drops those whose time is over. Answers whether the list changed, and when to look again.
    pub fn expire_typists(&mut self, now: Instant) -> (bool, Option<Instant>) {
        let before = self.typists.len();
        self.typists.retain(|(_, until)| *until > now);
        (
            self.typists.len() != before,
            self.typists.iter().map(|(_, until)| *until).min(),
        )
    }

    /// The room's head frame.
    pub fn head_frame(&self) -> ServerFrame {
        ServerFrame::Head {
            room: self.id,
            seq: self.head,
            said: self.said,
        }
    }

    /// The room's typing frame.
    pub fn typing_frame(&self) -> ServerFrame {
        ServerFrame::Typing {
            room: self.id,
            who: self.typists.iter().map(|(name, _)| name.clone()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_types_is_told_once_in_three_seconds() {
        let mut room = Room::new(1);
        let begun = Instant::now();
        let after = |millis| begun + Duration::from_millis(millis);
        assert!(room.may_type("alice", begun));
        room.types("alice", true, begun);
        assert!(!room.may_type("alice", after(0)) && !room.may_type("alice", after(2_900)));
        assert!(room.may_type("bob", after(0)));
        assert!(room.may_type("alice", after(3_000)));
        room.types("alice", true, after(3_000));
        assert!(!room.may_type("alice", after(5_900)));
        // Who has said something may type at once.
        room.types("alice", false, after(5_900));
        assert!(room.may_type("alice", after(5_900)));
    }
}

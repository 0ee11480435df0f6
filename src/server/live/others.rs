//! What the engine tells the other processes of the server, and takes from them, besides changes.

use std::{
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::timeout;

use super::{
    Live,
    mailbox::Command,
    presence::{Changed, ProcessId, Sighting},
    sequencer::Counts,
    shared::Shared,
};
use crate::{
    domain::{RoomId, Seq, Topic},
    server::{
        announced::Said,
        store::{SessionId, UserId, now},
    },
};

/// How long a shard may take to answer.
const GOOD_TIME: Duration = Duration::from_secs(2);
/// Names of those who type that wait to be told, at most.
const TYPISTS: usize = 1_000;

impl Live {
    /// From now on there may be other processes.
    pub fn tell_others(&self) {
        self.shared.presence.tell_others();
        *self.typed() = Some(Vec::new());
    }

    /// Who has come and gone here since this was asked last.
    pub fn news(&self) -> Vec<Sighting> {
        self.shared.presence.news()
    }

    /// All who are connected here.
    pub fn all_here(&self) -> Vec<Sighting> {
        self.shared.presence.all_here()
    }

    /// Who has begun to type here since this was asked last.
    pub fn typing(&self) -> Vec<(RoomId, String)> {
        self.typed()
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    pub fn sighted_elsewhere(&self, process: ProcessId, sightings: Vec<Sighting>) {
        self.tell_readers(self.shared.presence.elsewhere(process, sightings));
    }

    /// A process is not there any more, or tells anew who is connected to it.
    pub fn forget_process(&self, process: ProcessId) {
        self.tell_readers(self.shared.presence.forget(process));
    }

    fn tell_readers(&self, changed: Vec<Changed>) {
        for Changed { room, readers } in changed {
            self.shared
                .leave_for(readers, || Command::Presence { room });
        }
    }

    pub fn types_elsewhere(&self, room: RoomId, name: &str) {
        let readers = self.shared.presence.reading(room);
        self.shared.leave_for(readers, || Command::Typing {
            room,
            name: name.into(),
        });
    }

    /// What is announced to everybody, where something is.
    pub fn notice(&self) -> Option<String> {
        self.shared.announced.text()
    }

    /// Announces something else to all who are and will be connected; nothing, where it is empty.
    pub fn announce(&self, text: &Topic) {
        self.shared.announced.say(text, now());
        self.tell_all_of_it();
    }

    /// What was announced here since this was asked last.
    pub fn announced(&self) -> Option<Said> {
        self.shared.announced.news()
    }

    /// What was announced last, at whichever process, where anything ever was.
    pub fn announced_last(&self) -> Option<Said> {
        self.shared.announced.last()
    }

    pub fn announced_elsewhere(&self, said: Said) {
        if self.shared.announced.hear(said) {
            self.tell_all_of_it();
        }
    }

    fn tell_all_of_it(&self) {
        let shards = self.shared.shards().iter();
        shards.for_each(|shard| shard.send(Command::Announced));
    }

    /// Follows no longer the logs of rooms that nobody here needs.
    pub fn forget_needless(&self) {
        let mut sequencer = self.shared.sequencer();
        sequencer.keep(|room| !self.shared.presence.concerned(room).is_empty());
    }

    /// The rooms whose log is followed here.
    pub fn followed(&self) -> Vec<RoomId> {
        self.shared.sequencer().rooms()
    }

    /// Rooms have come so far.
    pub fn hear_of(&self, rooms: impl IntoIterator<Item = (RoomId, Seq)>) {
        self.shared.hear_of(rooms);
    }

    /// Who is connected here.
    pub fn users(&self) -> Vec<UserId> {
        self.shared.presence.users()
    }

    /// Somebody is a member of a room, as of when its head was this.
    pub fn is_member(&self, user: UserId, room: RoomId, head: Seq) {
        if self.shared.presence.is_in(user, room) {
            self.shared.hear_of([(room, head)]);
        } else {
            self.shared.admit(room, user, head);
        }
    }

    /// The sessions of all live sockets.
    pub async fn sessions(&self) -> Vec<(UserId, SessionId)> {
        let mut sessions = Vec::new();
        for answer in self.ask_all(Command::Sessions) {
            if let Ok(Ok(some)) = timeout(GOOD_TIME, answer).await {
                sessions.extend(some);
            }
        }
        sessions.sort_unstable();
        sessions.dedup();
        sessions
    }

    /// Asks all sockets to come again, to another process.
    pub fn send_away(&self) {
        let shards = self.shared.shards();
        shards
            .iter()
            .for_each(|shard| shard.send(Command::SendAway));
    }

    /// How whole the rooms' logs are here.
    pub fn counts(&self) -> Counts {
        self.shared.sequencer().counts()
    }

    fn typed(&self) -> MutexGuard<'_, Option<Vec<(RoomId, String)>>> {
        self.shared
            .typed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Somebody has begun to type here.
    pub fn note_typing(&self, room: RoomId, name: &str) {
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(typed) = typed.as_mut().filter(|typed| typed.len() < TYPISTS) {
            typed.push((room, name.to_owned()));
        }
    }
}

//! What is brought in, line by line: under names that are free, by the limits of here, and in order.

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use uuid::Uuid;

use super::{
    bodies::pieces,
    names::Taken,
    told::Told,
    ways_in::{LINK_DAYS, WaysIn},
};
use crate::{
    domain::{Emoji, Key, Millis, Posting, Role, RoomId, Seq, Topic, limits},
    server::{
        identity,
        keys::hash_now,
        store::{UserId, now},
        transfer::{Entry, Given, ImportError, Line, Take},
    },
};

const DAY: Millis = 24 * 60 * 60 * 1_000;

/// What is brought in, and what of it is there so far.
pub struct Foreign<'a, 't> {
    take: &'a mut Take<'a>,
    ways_in: &'a mut WaysIn<'t>,
    pub told: Told,
    people: Taken,
    rooms: Taken,
    users: UserId,
    pub begun: Millis,
}

/// Somebody, as they were known where they come from.
pub struct Person<'a> {
    /// What they might be called, the best first.
    pub names: &'a [&'a str],
    pub mail: &'a str,
    /// Whether they are still there; else only what they did is brought.
    pub here: bool,
    pub since: Millis,
}

/// A room's log, as far as it is written.
pub struct Log {
    pub room: RoomId,
    pub owner: UserId,
    pub since: Millis,
    pub head: Seq,
    pub at: Millis,
}

/// What somebody said.
#[derive(Default)]
pub struct Said<'a> {
    pub by: UserId,
    pub at: Millis,
    pub body: &'a str,
    pub about: Option<Seq>,
    pub edited: Option<Millis>,
    pub mentions: Vec<UserId>,
    pub reactions: Vec<(Emoji, UserId)>,
}

pub struct Membership {
    pub who: UserId,
    pub since: Millis,
    pub seen: Seq,
}

impl<'a, 't> Foreign<'a, 't> {
    pub fn new(take: &'a mut Take<'a>, ways_in: &'a mut WaysIn<'t>) -> Self {
        Self {
            take,
            ways_in,
            told: Told::default(),
            people: Taken::people(),
            rooms: Taken::rooms(),
            users: 0,
            begun: now(),
        }
    }
}

impl Foreign<'_, '_> {
    fn take(&mut self, line: Line) -> Result<(), ImportError> {
        (self.take)(line).map_err(ImportError::Whole)
    }

    /// Gives somebody a name that is free, and where they are still there a way in.
    pub fn person(&mut self, person: &Person<'_>) -> Result<(UserId, String), ImportError> {
        let (name, changed) = self.people.free(person.names, "someone");
        if changed {
            self.told.changed("names of people");
        }
        self.users += 1;
        let id = self.users;
        self.take(Line::Name {
            id,
            name: name.clone(),
            held: person.here,
            since: person.since,
            used: self.begun,
            passphrase: None,
        })?;
        if person.here {
            let (pass, hash) = identity::new_pass().map_err(no_randomness)?;
            let token = BASE64.encode(hash.0);
            self.take(Line::Pass {
                of: id,
                token,
                expires: self.begun + LINK_DAYS * DAY,
            })?;
            let was = person.names.first().copied().unwrap_or_default();
            self.ways_in.person(&name, was, person.mail, &pass);
        } else {
            self.told
                .changed("people who are gone, or programs: known by name, and hold none");
        }
        Ok((id, name))
    }

    /// Opens a room under a name that is free.
    pub fn room(
        &mut self,
        room: RoomId,
        wanted: &str,
        topic: &str,
        owner: UserId,
        since: Millis,
    ) -> Result<Log, ImportError> {
        let (name, changed) = self.rooms.free(&[wanted], "room");
        if changed {
            self.told.changed("names of rooms");
        }
        let topic = self.topic(topic);
        let (key, _) = identity::new_token().map_err(no_randomness)?;
        self.ways_in.room(&name, &key);
        let key = Key::parse(&key).map_err(|error| ImportError::Whole(error.message))?;
        let key = hash_now(&key).map_err(no_randomness)?;
        self.take(Line::Room {
            id: room,
            name,
            topic,
            owner,
            key,
            posting: Posting::Everyone,
            keep: None,
            erased: 0,
            since,
        })?;
        Ok(Log {
            room,
            owner,
            since,
            head: 0,
            at: since,
        })
    }

    /// The topic on one line, as much of it as one may have.
    fn topic(&mut self, text: &str) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let clean: String = line
            .chars()
            .filter(|c| Topic::parse(c.encode_utf8(&mut [0; 4])).is_ok())
            .take(limits::TOPIC_CHARS)
            .collect();
        if clean != text.trim() {
            self.told.changed("topics");
        }
        clean.trim().to_owned()
    }

    /// Adds what somebody said, in as many messages as it takes. Answers the first, where there is anything.
    pub fn say(&mut self, log: &mut Log, said: Said<'_>) -> Result<Option<Seq>, ImportError> {
        let pieces = pieces(said.body);
        if pieces.is_empty() {
            self.told.left_out("messages with nothing in them");
            return Ok(None);
        }
        if pieces.len() > 1 {
            self.told
                .changed("messages of more than 4,000 characters: each became several");
        }
        let first = log.head + 1;
        let reactions = self.given(first + pieces.len() as Seq, said.reactions);
        let mut mentions = said.mentions;
        mentions.sort_unstable();
        mentions.dedup();
        mentions.truncate(limits::MENTIONS);
        for (n, piece) in pieces.into_iter().enumerate() {
            let is_first = n == 0;
            self.entry(log, said.at, |entry| {
                entry.by = said.by;
                entry.body = piece.to_owned();
                entry.about = said.about;
                entry.edited = said.edited;
                if is_first {
                    entry.reactions = reactions.clone();
                    entry.mentions = std::mem::take(&mut mentions);
                }
            })?;
        }
        for given in reactions {
            self.entry(log, said.at, |entry| {
                entry.kind = "reacted".to_owned();
                entry.by = given.by;
                entry.about = Some(first);
                entry.body = given.emoji;
            })?;
        }
        Ok(Some(first))
    }

    /// Reactions that the entries from `next` on give.
    fn given(&mut self, next: Seq, reactions: Vec<(Emoji, UserId)>) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::new();
        let mut kinds = 0;
        for (emoji, by) in reactions {
            let alike = || given.iter().filter(|given| given.emoji == emoji.as_str());
            if alike().any(|given| given.by == by) {
                continue;
            }
            let entry = next + given.len() as Seq;
            let since = match alike().next() {
                Some(first) => first.since,
                None if kinds == limits::REACTION_KINDS => {
                    self.told
                        .left_out("reactions of too many kinds to a message");
                    continue;
                }
                None => {
                    kinds += 1;
                    entry
                }
            };
            given.push(Given {
                emoji: emoji.as_str().to_owned(),
                by,
                entry,
                since,
            });
        }
        given
    }

    /// Adds a message that is deleted: others may answer it.
    pub fn deleted(&mut self, log: &mut Log, by: UserId, at: Millis) -> Result<Seq, ImportError> {
        self.entry(log, at, |entry| {
            entry.by = by;
            entry.deleted = true;
        })?;
        Ok(log.head)
    }

    /// Adds what happened to the room itself.
    pub fn happened(
        &mut self,
        log: &mut Log,
        kind: &str,
        by: UserId,
        at: Millis,
        to: String,
    ) -> Result<(), ImportError> {
        self.entry(log, at, |entry| {
            entry.kind = kind.to_owned();
            entry.by = by;
            entry.body = to;
        })
    }

    /// Adds an entry. None is older than the one before it, whatever their clocks said.
    fn entry(
        &mut self,
        log: &mut Log,
        at: Millis,
        fill: impl FnOnce(&mut Entry),
    ) -> Result<(), ImportError> {
        log.head += 1;
        log.at = log.at.max(at);
        let mut entry = Entry {
            room: log.room,
            seq: log.head,
            kind: "said".to_owned(),
            by: log.owner,
            id: id_at(log.at)?,
            at: log.at,
            body: String::new(),
            about: None,
            whom: None,
            edited: None,
            deleted: false,
            reactions: Vec::new(),
            mentions: Vec::new(),
        };
        fill(&mut entry);
        self.take(Line::Entry(entry))
    }

    /// Closes a room with those who are in it, and its owner.
    pub fn members(&mut self, log: &Log, members: Vec<Membership>) -> Result<(), ImportError> {
        let owner = Membership {
            who: log.owner,
            since: log.since,
            seen: log.head,
        };
        let mut members = members;
        if !members.iter().any(|member| member.who == log.owner) {
            members.push(owner);
        }
        members.sort_by_key(|member| member.who);
        members.dedup_by_key(|member| member.who);
        for Membership { who, since, seen } in members {
            let role = if who == log.owner {
                Role::Owner
            } else {
                Role::Member
            };
            self.take(Line::Member {
                room: log.room,
                who,
                role,
                since,
                seen,
            })?;
        }
        Ok(())
    }
}

/// An id such as browsers make (UUIDv7), of that time.
fn id_at(at: Millis) -> Result<Uuid, ImportError> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(no_randomness)?;
    let at = u64::try_from(at).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(at, &random).into_uuid())
}

fn no_randomness(_: impl Sized) -> ImportError {
    ImportError::Whole("the system gives no randomness, or no memory".to_owned())
}

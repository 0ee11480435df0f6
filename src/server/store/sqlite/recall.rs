//! What the writer remembers of rooms from one post to the next, so that a message costs one statement.
//!
//! Read positions that posts move are written once a transaction, and before anything else in it looks at
//! them ([`Recall::settle`]). All of this can be forgotten at any time between transactions.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{basics::role, index::Backlog};
use crate::{
    domain::{Deed, Millis, Posting, Role, RoomId, Seq},
    server::store::{Actor, Event, Reading, SessionId, UserId},
};

/// Authors remembered at most; past that, all are forgotten and looked up again.
const AUTHORS: usize = 100_000;

#[derive(Default)]
pub struct Recall {
    rooms: HashMap<RoomId, Room>,
    authors: usize,
    /// Sessions that there are.
    sessions: HashMap<SessionId, UserId>,
    /// Rooms with something to settle.
    moved: Vec<RoomId>,
    backlog: Backlog,
}

/// How far a room's log is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    pub head: Seq,
    /// Messages up to the head.
    pub said: u64,
    /// When the head was committed: time does not run backwards in a room.
    pub at: Millis,
}

/// Who appends something, and where to.
pub struct Known<'r> {
    pub standing: Standing,
    pub name: &'r str,
    pub may_post: bool,
}

struct Room {
    standing: Standing,
    /// Those members who have appended something: their names, and whether they may post.
    authors: HashMap<UserId, (String, bool)>,
    /// What was said in this transaction.
    runs: Vec<Run>,
}

/// Messages of one author's with no other's between them.
struct Run {
    author: UserId,
    /// Seq of the first, and how many messages there are before it.
    first: Seq,
    before: u64,
    /// Seq of the last, and how many messages there are up to it.
    last: Seq,
    said: u64,
}

impl Recall {
    /// How far the room is, and what is known of the author; `None` where the author is not a member.
    ///
    /// # Errors
    /// Those of the database; so for all of these.
    pub fn author(
        &mut self,
        connection: &Connection,
        room: RoomId,
        author: UserId,
    ) -> rusqlite::Result<Option<Known<'_>>> {
        let known = self
            .rooms
            .get(&room)
            .is_some_and(|room| room.authors.contains_key(&author));
        if !known {
            let found: Option<(String, Role, Posting)> = connection
                .prepare_cached(concat!(
                    "SELECT users.name, ",
                    role!(),
                    ", rooms.posting FROM members
                     JOIN users ON users.id = members.user_id
                     JOIN rooms ON rooms.id = members.room_id
                     WHERE members.room_id = ?1 AND members.user_id = ?2",
                ))?
                .query_row([room, author], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((name, role, posting)) = found else {
                return Ok(None);
            };
            let standing = self.standing(connection, room)?;
            if self.authors >= AUTHORS && self.moved.is_empty() {
                self.forget_all();
            }
            self.authors += 1;
            let new = || Room {
                standing,
                authors: HashMap::new(),
                runs: Vec::new(),
            };
            self.rooms
                .entry(room)
                .or_insert_with(new)
                .authors
                .insert(author, (name, role.may(Deed::Post { posting })));
        }
        let Some(room) = self.rooms.get(&room) else {
            return Ok(None);
        };
        Ok(room.authors.get(&author).map(|(name, may_post)| Known {
            standing: room.standing,
            name,
            may_post: *may_post,
        }))
    }

    /// Whether somebody's session has not ended.
    pub fn has_session(&mut self, connection: &Connection, by: Actor) -> rusqlite::Result<bool> {
        if self.sessions.get(&by.session) == Some(&by.user) {
            return Ok(true);
        }
        let there = connection
            .prepare_cached("SELECT 1 FROM sessions WHERE id = ?1 AND user_id = ?2")?
            .exists([by.session, by.user])?;
        if there {
            if self.sessions.len() >= AUTHORS {
                self.sessions.clear();
            }
            self.sessions.insert(by.session, by.user);
        }
        Ok(there)
    }

    /// Forgets which sessions there are: some have ended.
    pub fn forget_sessions(&mut self) {
        self.sessions.clear();
    }

    /// How far the room is.
    pub fn standing(&self, connection: &Connection, room: RoomId) -> rusqlite::Result<Standing> {
        if let Some(room) = self.rooms.get(&room) {
            return Ok(room.standing);
        }
        let standing = connection
            .prepare_cached(
                "SELECT seq, seq - silent, at FROM entries WHERE room_id = ?1
                 ORDER BY seq DESC LIMIT 1",
            )?
            .query_row([room], |row| {
                Ok(Standing {
                    head: row.get(0)?,
                    said: row.get(1)?,
                    at: row.get(2)?,
                })
            })
            .optional()?;
        Ok(standing.unwrap_or_default())
    }

    /// Notes that the author's message, the new head, is in the transaction.
    pub fn said(&mut self, id: RoomId, author: UserId, standing: Standing) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        room.standing = standing;
        self.backlog.said(id);
        let Standing { head, said, .. } = standing;
        if let Some(run) = room.runs.last_mut()
            && run.author == author
        {
            (run.last, run.said) = (head, said);
            return;
        }
        if room.runs.is_empty() {
            self.moved.push(id);
        }
        room.runs.push(Run {
            author,
            first: head,
            before: said - 1,
            last: head,
            said,
        });
    }

    /// Notes that another entry, the new head, is in the transaction.
    pub fn moved(&mut self, room: RoomId, standing: Standing) {
        if let Some(room) = self.rooms.get_mut(&room) {
            room.standing = standing;
        }
    }

    /// Notes that a message in the index says something else in the transaction.
    pub fn replaced(&mut self) {
        self.backlog.replaced();
    }

    /// Has some of what was said indexed, where that is due.
    pub fn index(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.backlog.settle(connection)
    }

    /// Writes the read positions that posts have moved in this transaction, and adds what has moved to
    /// `events`.
    pub fn settle(
        &mut self,
        connection: &Connection,
        events: &mut Vec<Event>,
    ) -> rusqlite::Result<()> {
        for id in std::mem::take(&mut self.moved) {
            let Some(room) = self.rooms.get_mut(&id) else {
                continue;
            };
            for run in std::mem::take(&mut room.runs) {
                // Nobody has their own words still to read: who had read what was said before them has read them
                // too.
                let moved = connection
                    .prepare_cached(
                        "UPDATE members SET seen = ?4
                         WHERE room_id = ?1 AND user_id = ?2 AND seen < ?4 AND (seen >= ?3 - 1 OR
                             coalesce((SELECT entries.seq - entries.silent FROM entries
                                       WHERE entries.room_id = ?1 AND entries.seq = seen), 0) >= ?5)",
                    )?
                    .execute(params![id, run.author, run.first, run.last, run.before])?;
                if moved > 0 {
                    events.push(Event::Seen {
                        room: id,
                        user: run.author,
                        seq: run.last,
                        read: run.said,
                        by: Reading::OwnWords,
                    });
                }
            }
        }
        Ok(())
    }

    /// Forgets a room that is gone. It has been settled.
    pub fn forget_gone(&mut self, room: RoomId) {
        self.forget(room);
        self.backlog.forget(room);
    }

    /// Forgets a room whose members or rules change. It has been settled.
    pub fn forget(&mut self, room: RoomId) {
        if let Some(room) = self.rooms.remove(&room) {
            self.authors -= room.authors.len();
        }
    }

    /// Forgets everything, as after a transaction that was not committed.
    pub fn forget_all(&mut self) {
        *self = Self::default();
    }
}

//! What the writer remembers of rooms from one post to the next, so that a message costs one statement.
//!
//! Read positions that posts move are written once a transaction, and before anything else in it looks at
//! them ([`Recall::settle`]). All of this can be forgotten at any time between transactions.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::reads::head;
use crate::{
    domain::{RoomId, Seq},
    server::store::{Event, Reading, UserId},
};

/// Authors remembered at most; past that, all are forgotten and looked up again.
const AUTHORS: usize = 100_000;

#[derive(Default)]
pub struct Recall {
    rooms: HashMap<RoomId, Room>,
    authors: usize,
    /// Rooms with something to settle.
    moved: Vec<RoomId>,
}

struct Room {
    head: Seq,
    /// Names of those members who have posted.
    authors: HashMap<UserId, String>,
    /// Who posted in this transaction: first and last of messages in a row by one author, in order.
    said: Vec<(UserId, Seq, Seq)>,
}

impl Recall {
    /// The room's head and the author's name; `None` where the author is not a member.
    ///
    /// # Errors
    /// Those of the database.
    pub fn author(
        &mut self,
        connection: &Connection,
        room: RoomId,
        author: UserId,
    ) -> rusqlite::Result<Option<(Seq, &str)>> {
        let known = self
            .rooms
            .get(&room)
            .is_some_and(|room| room.authors.contains_key(&author));
        if !known {
            let found: Option<(Seq, String)> = connection
                .prepare_cached(concat!(
                    "SELECT ",
                    head!("?1"),
                    ", users.name FROM members
                     JOIN users ON users.id = members.user_id
                     WHERE members.room_id = ?1 AND members.user_id = ?2",
                ))?
                .query_row([room, author], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((head, name)) = found else {
                return Ok(None);
            };
            if self.authors >= AUTHORS && self.moved.is_empty() {
                self.forget_all();
            }
            self.authors += 1;
            let new = || Room {
                head,
                authors: HashMap::new(),
                said: Vec::new(),
            };
            self.rooms
                .entry(room)
                .or_insert_with(new)
                .authors
                .insert(author, name);
        }
        let Some(room) = self.rooms.get(&room) else {
            return Ok(None);
        };
        Ok(room
            .authors
            .get(&author)
            .map(|name| (room.head, name.as_str())))
    }

    /// Notes that the author's message with this seq, the one after the head, is in the transaction.
    pub fn posted(&mut self, id: RoomId, author: UserId, seq: Seq) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        room.head = seq;
        match room.said.last_mut() {
            Some((by, _, last)) if *by == author => *last = seq,
            Some(_) => room.said.push((author, seq, seq)),
            None => {
                room.said.push((author, seq, seq));
                self.moved.push(id);
            }
        }
    }

    /// Writes the read positions that posts have moved in this transaction, and adds what has moved to
    /// `events`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn settle(
        &mut self,
        connection: &Connection,
        events: &mut Vec<Event>,
    ) -> rusqlite::Result<()> {
        for id in std::mem::take(&mut self.moved) {
            let Some(room) = self.rooms.get_mut(&id) else {
                continue;
            };
            for (author, first, last) in std::mem::take(&mut room.said) {
                // Nobody has their own words still to read: who had read up to them has read them too.
                let moved = connection
                    .prepare_cached(
                        "UPDATE members SET seen = ?4
                         WHERE room_id = ?1 AND user_id = ?2 AND seen >= ?3 - 1 AND seen < ?4",
                    )?
                    .execute(params![id, author, first, last])?;
                if moved > 0 {
                    events.push(Event::Seen {
                        room: id,
                        user: author,
                        seq: last,
                        read: last,
                        by: Reading::OwnWords,
                    });
                }
            }
        }
        Ok(())
    }

    /// Forgets a room whose members or existence change. It has been settled.
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

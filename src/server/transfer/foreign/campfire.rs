//! Campfire's SQLite file, by its schema (`db/schema.rb` of basecamp/once-campfire).
//!
//! Open and closed rooms come with their members; direct conversations stay behind. What was written as rich text
//! (HTML) becomes markup, boosts that are one emoji become reactions, and of attached files the name is told.

mod html;

use std::{collections::HashMap, path::Path};

use rusqlite::{Connection, OpenFlags, Row, config::DbConfig, params};

use super::brought::{Foreign, Log, Membership, Person, Said};
use crate::{
    domain::{Emoji, Millis, RoomId, Seq},
    server::{store::UserId, transfer::ImportError},
};

/// The tables and columns that are read.
const TABLES: [(&str, &str); 8] = [
    ("users", "id, name, email_address, role, status, created_at"),
    ("rooms", "id, name, type, creator_id, created_at"),
    ("memberships", "room_id, user_id, created_at, unread_at"),
    ("messages", "id, room_id, creator_id, created_at"),
    (
        "action_text_rich_texts",
        "record_type, record_id, name, body, created_at, updated_at",
    ),
    ("boosts", "message_id, booster_id, content, created_at"),
    (
        "active_storage_attachments",
        "record_type, record_id, name, blob_id",
    ),
    ("active_storage_blobs", "id, filename"),
];

/// Bytes of one value at most: a stranger's file may say anything.
const VALUE_BYTES: i32 = 16 * 1024 * 1024;

/// An edit this soon is the writing of the message itself.
const AT_ONCE: Millis = 1_000;

const ADMINISTRATOR: i64 = 1;
const BOT: i64 = 2;
const ACTIVE: i64 = 0;

struct Campfire<'a, 'f, 't> {
    file: &'a Connection,
    to: &'a mut Foreign<'f, 't>,
    people: HashMap<i64, Known>,
    /// Who owns a room that has nobody else in it.
    keeper: UserId,
}

struct Known {
    id: UserId,
    name: String,
    here: bool,
}

pub fn read(file: &Path, to: &mut Foreign<'_, '_>) -> Result<(), ImportError> {
    let why = |error: rusqlite::Error| {
        ImportError::Whole(format!("{} cannot be read: {error}", file.display()))
    };
    let connection = open(file).map_err(why)?;
    for (table, columns) in TABLES {
        let there = connection
            .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")
            .and_then(|mut query| query.exists([table]))
            .map_err(why)?;
        let asked = format!("SELECT {columns} FROM {table} LIMIT 0");
        if !there || connection.prepare(&asked).is_err() {
            return Err(ImportError::Whole(format!(
                "{} is no Campfire database, or of a version that is not known: it has no {table} with {columns}",
                file.display()
            )));
        }
    }
    let mut campfire = Campfire {
        file: &connection,
        to,
        people: HashMap::new(),
        keeper: 0,
    };
    campfire.people()?;
    campfire.rooms()
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    // Nothing in a stranger's file is run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES)?;
    // All of it as of one moment.
    connection.execute_batch("BEGIN")?;
    Ok(connection)
}

/// SQL for a time of Campfire's, in milliseconds.
macro_rules! millis {
    ($column:literal) => {
        concat!(
            "CAST(round(unixepoch(",
            $column,
            ", 'subsec') * 1000) AS INTEGER)"
        )
    };
}

impl Campfire<'_, '_, '_> {
    fn people(&mut self) -> Result<(), ImportError> {
        // Those who are still there choose their names first.
        let sql = concat!(
            "SELECT id, name, coalesce(email_address, ''), role, status, ",
            millis!("created_at"),
            " FROM users ORDER BY status <> 0 OR role = 2, role <> 1, id"
        );
        let mut query = self.file.prepare(sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, role, status): (i64, i64, i64) = (row.get(0)?, row.get(3)?, row.get(4)?);
            let (name, mail) = (text(row, 1)?, text(row, 2)?);
            let here = status == ACTIVE && role != BOT;
            let (user, called) = self.to.person(&Person {
                names: &[&name],
                mail: if here { &mail } else { "" },
                here,
                since: time(row, 5)?,
            })?;
            if here && (self.keeper == 0 || role == ADMINISTRATOR && self.keeper > user) {
                self.keeper = user;
            }
            let known = Known {
                id: user,
                name: called,
                here,
            };
            self.people.insert(id, known);
        }
        if self.keeper == 0 {
            return Err(ImportError::Whole(
                "nobody is there any more who could own its rooms".to_owned(),
            ));
        }
        Ok(())
    }

    fn rooms(&mut self) -> Result<(), ImportError> {
        let file = self.file;
        let (rooms, messages): (u64, u64) = file.query_row(
            "SELECT (SELECT count(*) FROM rooms WHERE type = 'Rooms::Direct'),
                    (SELECT count(*) FROM messages JOIN rooms ON rooms.id = room_id WHERE type = 'Rooms::Direct')",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let told = &mut self.to.told;
        told.many_left_out("direct conversations", rooms);
        told.many_left_out("messages in direct conversations", messages);
        let sql = concat!(
            "SELECT id, name, creator_id, ",
            millis!("created_at"),
            " FROM rooms WHERE type <> 'Rooms::Direct' ORDER BY id"
        );
        let mut query = file.prepare(sql)?;
        let mut rows = query.query([])?;
        let mut number = 0;
        while let Some(row) = rows.next()? {
            number += 1;
            let (id, name) = (row.get(0)?, text(row, 1)?);
            self.room(id, number, &name, row.get(2)?, time(row, 3)?)?;
        }
        Ok(())
    }

    fn room(
        &mut self,
        room: i64,
        number: RoomId,
        name: &str,
        creator: i64,
        since: Millis,
    ) -> Result<(), ImportError> {
        let members = self.members(room)?;
        // Who made it, else who has been in it longest.
        let creator = self.people.get(&creator).map(|known| known.id);
        let owner = members
            .iter()
            .find(|(who, ..)| Some(*who) == creator)
            .or(members.first())
            .map_or(self.keeper, |(who, ..)| *who);
        let mut log = self.to.room(number, name, "", owner, since)?;
        let times = self.messages(room, &mut log)?;
        let head = log.head;
        let read = |unread: Option<Millis>| match unread {
            None => head,
            Some(at) => match times.partition_point(|(said, _)| *said < at) {
                0 => 0,
                before => times[before - 1].1,
            },
        };
        let members = members.into_iter();
        let members = members.map(|(who, since, unread)| Membership {
            who,
            since,
            seen: read(unread),
        });
        self.to.members(&log, members.collect())
    }

    /// Those who are in a room and still there: since when, and since when there is something that they have not read.
    fn members(&self, room: i64) -> Result<Vec<(UserId, Millis, Option<Millis>)>, ImportError> {
        let sql = concat!(
            "SELECT user_id, ",
            millis!("created_at"),
            ", ",
            millis!("unread_at"),
            " FROM memberships WHERE room_id = ?1 ORDER BY created_at, id"
        );
        let mut query = self.file.prepare_cached(sql)?;
        let mut rows = query.query([room])?;
        let mut members = Vec::new();
        while let Some(row) = rows.next()? {
            let known = self.people.get(&row.get(0)?);
            if let Some(known) = known.filter(|known| known.here) {
                members.push((known.id, time(row, 1)?, row.get(2)?));
            }
        }
        Ok(members)
    }

    /// Adds all that was said in a room. Answers when each was, and up to where the log is with it.
    fn messages(&mut self, room: i64, log: &mut Log) -> Result<Vec<(Millis, Seq)>, ImportError> {
        let file = self.file;
        let sql = concat!(
            "SELECT messages.id, creator_id, ",
            millis!("messages.created_at"),
            ", body, ",
            millis!("texts.updated_at"),
            " - ",
            millis!("texts.created_at"),
            ", ",
            millis!("texts.updated_at"),
            " FROM messages LEFT JOIN action_text_rich_texts AS texts
             ON texts.record_type = 'Message' AND texts.record_id = messages.id AND texts.name = 'body'
             WHERE room_id = ?1 ORDER BY messages.created_at, messages.id"
        );
        let mut query = file.prepare_cached(sql)?;
        let mut rows = query.query([room])?;
        let mut times = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, creator): (i64, i64) = (row.get(0)?, row.get(1)?);
            let at = time(row, 2)?;
            let Some(by) = self.people.get(&creator).map(|known| known.id) else {
                self.to.told.left_out("messages of people who are unknown");
                continue;
            };
            let mut written = html::markup(&text(row, 3)?, &|id| {
                let known = self.people.get(&id)?;
                Some((known.id, known.name.as_str()))
            });
            for file in self.files(id)? {
                written.file(&file);
            }
            for _ in 0..written.files {
                self.to
                    .told
                    .left_out("attached files: their names are told");
            }
            let late: Option<Millis> = row.get(4)?;
            let said = Said {
                by,
                at,
                body: &written.text,
                edited: match late {
                    Some(late) if late > AT_ONCE => row.get(5)?,
                    _ => None,
                },
                mentions: written.mentions,
                reactions: self.boosts(id)?,
                ..Said::default()
            };
            self.to.say(log, said)?;
            times.push((at, log.head));
        }
        Ok(times)
    }

    fn files(&self, message: i64) -> Result<Vec<String>, ImportError> {
        let mut query = self.file.prepare_cached(
            "SELECT filename FROM active_storage_attachments AS attached
             JOIN active_storage_blobs AS blobs ON blobs.id = attached.blob_id
             WHERE record_type = 'Message' AND record_id = ?1 AND attached.name = 'attachment'",
        )?;
        let files = query.query_map([message], |row| text(row, 0))?;
        Ok(files.collect::<Result<_, _>>()?)
    }

    fn boosts(&mut self, message: i64) -> Result<Vec<(Emoji, UserId)>, ImportError> {
        let mut query = self.file.prepare_cached(
            "SELECT booster_id, content FROM boosts WHERE message_id = ?1 ORDER BY created_at, id",
        )?;
        let mut rows = query.query(params![message])?;
        let mut reactions = Vec::new();
        while let Some(row) = rows.next()? {
            let by = self.people.get(&row.get(0)?).map(|known| known.id);
            match (by, Emoji::parse(text(row, 1)?.trim())) {
                (Some(by), Ok(emoji)) => reactions.push((emoji, by)),
                _ => self.to.told.left_out("boosts that are not one emoji"),
            }
        }
        Ok(reactions)
    }
}

/// Text, whatever it is kept as.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    let value = row.get_ref(column)?;
    let bytes = value.as_bytes_or_null().ok().flatten();
    Ok(bytes.map_or_else(String::new, |bytes| {
        String::from_utf8_lossy(bytes).into_owned()
    }))
}

/// A time; the oldest where it is none.
fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Millis> {
    Ok(row.get::<_, Option<Millis>>(column)?.unwrap_or(0).max(0))
}

//! One room's lines into a database that may be in use.

use std::{collections::HashMap, io::BufRead, path::Path};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{
    super::{migrate, open},
    lines::{Filling, Load, Loaded, Wrong, run},
};
use crate::{
    domain::{RoomId, RoomName, Seq, Username},
    server::{
        store::now,
        transfer::{ImportError, Line, Of, read::Lines},
    },
};

/// Entries that are written in one transaction where others write, too.
const STEP: usize = 500;

/// Brings one room's lines into a database as another room, called `name` and owned by `owner`, who is on the server
/// already. It may be in use. Whoever else spoke in the room is known by name, and holds nothing on this server.
///
/// Until all of it is there the room's entries lie as those of a room that is gone: what is left by an import that was
/// killed is taken away when the server starts next.
///
/// # Errors
/// [`ImportError`].
pub fn load_room(
    file: &Path,
    input: impl BufRead,
    name: &RoomName,
    owner: &Username,
    mut tell: impl FnMut(u64),
) -> Result<Loaded, ImportError> {
    let (of, mut lines) = Lines::begin(input)?;
    if of == Of::Server {
        return Err(ImportError::Whole(
            "this is an export of a whole server, and can only fill an empty one".to_owned(),
        ));
    }
    if !file.exists() {
        return Err(ImportError::Whole(
            "there is no database of that name".to_owned(),
        ));
    }
    let mut connection = open::writer(file)?;
    let mut room = Room::begin(&mut connection, name, owner)?;
    let loaded = loop {
        let mut step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.set_drop_behavior(rusqlite::DropBehavior::Rollback);
        let mut load = Load::new(&step);
        load.loaded = room.loaded;
        load.room = room.filling.take();
        let mut more = true;
        for _ in 0..STEP {
            match lines.next()? {
                Some(line) => room.take(&mut load, line).map_err(|why| lines.wrong(why))?,
                None => {
                    more = false;
                    break;
                }
            }
        }
        room.loaded = load.loaded;
        room.filling = load.room.take();
        if !more {
            room.open(&step, name)?;
            step.commit()?;
            break room.loaded;
        }
        step.commit()?;
        tell(room.loaded.entries);
    };
    Ok(loaded)
}

/// A room that is brought into a database in use.
struct Room {
    id: RoomId,
    owner: i64,
    /// By the numbers that names have in the export.
    names: HashMap<i64, i64>,
    row: Option<Line>,
    filling: Option<Filling>,
    loaded: Loaded,
}

impl Room {
    /// Takes a number for the room, and has its entries taken away should it not come to be.
    fn begin(
        connection: &mut Connection,
        name: &RoomName,
        owner: &Username,
    ) -> Result<Self, ImportError> {
        if migrate::version(connection)? != migrate::STEPS.len() {
            return Err(ImportError::Whole(
                "the database is of another version: serve it once with this program first"
                    .to_owned(),
            ));
        }
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let owner: Option<i64> = change
            .query_row(
                "SELECT id FROM users WHERE folded = ?1",
                [owner.folded().as_str()],
                |row| row.get(0),
            )
            .optional()?;
        let owner = owner.ok_or_else(|| {
            ImportError::Whole("nobody on the server holds the name of the owner".to_owned())
        })?;
        if taken(&change, name)? {
            return Err(ImportError::Whole(
                "a room of that name is there already".to_owned(),
            ));
        }
        // As if the room had been there, and were gone.
        let id: RoomId = change.query_row(
            "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'rooms'), 0) + 1",
            [],
            |row| row.get(0),
        )?;
        change.execute(
            "INSERT INTO rooms (id, name, folded, owner_id, key_hash, created_at) VALUES (?1, '', '', ?2, '', 0)",
            params![id, owner],
        )?;
        change.execute("DELETE FROM rooms WHERE id = ?1", [id])?;
        change.execute("INSERT INTO purges (room_id) VALUES (?1)", [id])?;
        change.commit()?;
        Ok(Self {
            id,
            owner,
            names: HashMap::new(),
            row: None,
            filling: Some(Filling {
                id,
                owner,
                has_owner: true,
                head: 0,
                silent: 0,
                at: 0,
            }),
            loaded: Loaded::default(),
        })
    }

    fn take(&mut self, load: &mut Load<'_>, line: Line) -> Result<(), Wrong> {
        match line {
            Line::Name {
                id, name, since, ..
            } => {
                load.loaded.names += 1;
                let name = Username::parse(&name).map_err(|error| error.message)?;
                run(
                    load.change,
                    "INSERT INTO users (name, created_at, used_at) VALUES (?1, ?2, ?2)",
                    params![name.as_str(), since],
                )?;
                self.names.insert(id, load.change.last_insert_rowid());
                Ok(())
            }
            Line::Room { .. } if self.row.is_none() => {
                load.loaded.rooms += 1;
                self.row = Some(line);
                Ok(())
            }
            // Who was in it is in it where it came from.
            Line::Member { .. } => Ok(()),
            Line::Entry(mut entry) => {
                let here = |user: &i64| {
                    let here = self.names.get(user).copied();
                    here.ok_or_else(|| format!("nobody has the number {user}"))
                };
                entry.room = self.id;
                entry.by = here(&entry.by)?;
                entry.whom = entry.whom.as_ref().map(here).transpose()?;
                for given in &mut entry.reactions {
                    given.by = here(&given.by)?;
                }
                entry.mentions.clear();
                load.entry(entry)
            }
            _ => Err("it has no place in an export of a room".to_owned()),
        }
    }

    /// All of it is there: the room is one.
    fn open(&self, change: &Transaction<'_>, name: &RoomName) -> Result<(), ImportError> {
        let Some(Line::Room {
            topic,
            key,
            posting,
            keep,
            erased,
            since,
            ..
        }) = &self.row
        else {
            return Err(ImportError::Whole("there is no room in it".to_owned()));
        };
        if taken(change, name)? {
            return Err(ImportError::Whole(
                "a room of that name has come to be".to_owned(),
            ));
        }
        let head = self.filling.as_ref().map_or(0, |filling| filling.head);
        let there: Seq = change.query_row(
            "SELECT count(*) FROM entries WHERE room_id = ?1",
            [self.id],
            |row| row.get(0),
        )?;
        if there != head {
            return Err(ImportError::Whole(
                "the server has cleared away what was there so far: try again".to_owned(),
            ));
        }
        change.execute("DELETE FROM purges WHERE room_id = ?1", [self.id])?;
        change.execute(
            "INSERT INTO rooms (id, name, folded, topic, owner_id, key_hash, posting, keep_days, erased_to, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                self.id,
                name.as_str(),
                name.folded().as_str(),
                topic,
                self.owner,
                key,
                posting,
                keep,
                erased,
                since
            ],
        )?;
        change.execute(
            "INSERT INTO members (room_id, user_id, joined_at, seen) VALUES (?1, ?2, ?3, ?4)",
            params![self.id, self.owner, now(), head],
        )?;
        change.execute(
            "DELETE FROM former_names WHERE folded = ?1",
            [name.folded().as_str()],
        )?;
        Ok(())
    }
}

fn taken(connection: &Connection, name: &RoomName) -> rusqlite::Result<bool> {
    connection
        .prepare("SELECT 1 FROM rooms WHERE folded = ?1")?
        .exists([name.folded().as_str()])
}

//! A database as lines, row for row, as of one moment.

use std::{io, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use rusqlite::{Connection, Params, Row, params};
use uuid::Uuid;

use super::{
    basics::role,
    entries::Kind,
    migrate::{self, STEPS},
    open,
};
use crate::{
    domain::{Folded, RoomId, Seq},
    server::{
        store::now,
        transfer::{Entry, Given, Line, Of, VERSION},
    },
};

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    #[error("cannot read the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("cannot write: {0}")]
    Io(#[from] io::Error),
    #[error("there is no room of that name")]
    NoSuchRoom,
    #[error(
        "the database is of version {found}, and this program exports version {known}: serve it once, which brings it up to date"
    )]
    OtherVersion { found: usize, known: usize },
}

/// Gives `take` each line of the database `file`, or of one of its rooms. It may be in use.
///
/// # Errors
/// [`DumpError`].
pub fn dump(
    file: &Path,
    room: Option<&Folded>,
    mut take: impl FnMut(&Line) -> io::Result<()>,
) -> Result<(), DumpError> {
    let connection = open::reader(file)?;
    let snapshot = connection.unchecked_transaction()?;
    let found = migrate::version(&snapshot)?;
    if found != STEPS.len() {
        let known = STEPS.len();
        return Err(DumpError::OtherVersion { found, known });
    }
    let mut lines = 0;
    let mut tell = |line: &Line| {
        lines += 1;
        take(line)
    };
    let only: Option<RoomId> = match room {
        None => None,
        Some(name) => Some(
            snapshot
                .query_row(
                    "SELECT id FROM rooms WHERE folded = ?1",
                    [name.as_str()],
                    |row| row.get(0),
                )
                .map_err(|error| match error {
                    rusqlite::Error::QueryReturnedNoRows => DumpError::NoSuchRoom,
                    error => error.into(),
                })?,
        ),
    };
    let of = only.map_or(Of::Server, |_| Of::Room);
    tell(&Line::Latchkey {
        version: VERSION,
        of,
        at: now(),
    })?;
    match only {
        None => {
            each(&snapshot, NAMES, [], name, &mut tell)?;
            each(&snapshot, SESSIONS, [], session, &mut tell)?;
            each(&snapshot, PASSES, [now()], pass, &mut tell)?;
            each(&snapshot, PASSKEYS, [], passkey, &mut tell)?;
        }
        Some(room) => each(&snapshot, NAMES_OF_ROOM, [room], name, &mut tell)?,
    }
    let rooms: Vec<RoomId> = match only {
        Some(room) => vec![room],
        None => {
            let mut query = snapshot.prepare("SELECT id FROM rooms ORDER BY id")?;
            let rooms = query.query_map([], |row| row.get(0))?;
            rooms.collect::<Result<_, _>>()?
        }
    };
    for id in rooms {
        each(&snapshot, ROOM, [id], self::room, &mut tell)?;
        if only.is_none() {
            each(&snapshot, FORMER, [id], former, &mut tell)?;
            each(&snapshot, INVITES, [id], invite, &mut tell)?;
        }
        each(&snapshot, MEMBERS, [id], member, &mut tell)?;
        each(
            &snapshot,
            ENTRIES,
            [id],
            |row| entry(&snapshot, row),
            &mut tell,
        )?;
    }
    let end = Line::End { lines };
    take(&end)?;
    Ok(())
}

fn each(
    connection: &Connection,
    sql: &str,
    with: impl Params,
    line: impl Fn(&Row<'_>) -> rusqlite::Result<Line>,
    take: &mut impl FnMut(&Line) -> io::Result<()>,
) -> Result<(), DumpError> {
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query(with)?;
    while let Some(row) = rows.next()? {
        take(&line(row)?)?;
    }
    Ok(())
}

const NAMES: &str = "SELECT id, name, folded IS NOT NULL, created_at, used_at, passphrase_hash
     FROM users ORDER BY id";

/// Those who have done anything in the room or are in it; what lets them in stays behind.
const NAMES_OF_ROOM: &str =
    "SELECT id, name, folded IS NOT NULL, created_at, used_at, NULL FROM users
     WHERE id IN (SELECT user_id FROM members WHERE room_id = ?1
                  UNION SELECT author_id FROM entries WHERE room_id = ?1
                  UNION SELECT subject FROM entries WHERE room_id = ?1
                  UNION SELECT user_id FROM reactions WHERE room_id = ?1
                  UNION SELECT user_id FROM mentions WHERE room_id = ?1)
     ORDER BY id";

fn name(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Name {
        id: row.get(0)?,
        name: row.get(1)?,
        held: row.get(2)?,
        since: row.get(3)?,
        used: row.get(4)?,
        passphrase: row.get(5)?,
    })
}

const SESSIONS: &str =
    "SELECT id, user_id, token_hash, created_at, used_at, browser FROM sessions ORDER BY id";

fn session(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Session {
        id: row.get(0)?,
        of: row.get(1)?,
        token: BASE64.encode(row.get_ref(2)?.as_blob()?),
        since: row.get(3)?,
        used: row.get(4)?,
        browser: row.get(5)?,
    })
}

const PASSES: &str = "SELECT user_id, token_hash, expires_at FROM passes WHERE expires_at > ?1
     ORDER BY user_id, expires_at, token_hash";

fn pass(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Pass {
        of: row.get(0)?,
        token: BASE64.encode(row.get_ref(1)?.as_blob()?),
        expires: row.get(2)?,
    })
}

const PASSKEYS: &str =
    "SELECT id, user_id, passkey, name, created_at, used_at FROM passkeys ORDER BY created_at, id";

fn passkey(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Passkey {
        id: BASE64.encode(row.get_ref(0)?.as_blob()?),
        of: row.get(1)?,
        passkey: row.get(2)?,
        name: row.get(3)?,
        since: row.get(4)?,
        used: row.get(5)?,
    })
}

const ROOM: &str =
    "SELECT id, name, topic, owner_id, key_hash, posting, keep_days, erased_to, created_at
     FROM rooms WHERE id = ?1";

fn room(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Room {
        id: row.get(0)?,
        name: row.get(1)?,
        topic: row.get(2)?,
        owner: row.get(3)?,
        key: row.get(4)?,
        posting: row.get(5)?,
        keep: row.get(6)?,
        erased: row.get(7)?,
        since: row.get(8)?,
    })
}

const FORMER: &str =
    "SELECT room_id, folded, until FROM former_names WHERE room_id = ?1 ORDER BY until, folded";

fn former(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Former {
        room: row.get(0)?,
        name: row.get(1)?,
        until: row.get(2)?,
    })
}

const MEMBERS: &str = concat!(
    "SELECT members.room_id, members.user_id, ",
    role!(),
    ", members.joined_at, members.seen
     FROM members JOIN rooms ON rooms.id = members.room_id
     WHERE members.room_id = ?1 ORDER BY members.joined_at, members.user_id"
);

fn member(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Member {
        room: row.get(0)?,
        who: row.get(1)?,
        role: row.get(2)?,
        since: row.get(3)?,
        seen: row.get(4)?,
    })
}

const INVITES: &str = "SELECT id, room_id, author_id, token_hash, created_at, expires_at, uses_left
     FROM invites WHERE room_id = ?1 ORDER BY id";

fn invite(row: &Row<'_>) -> rusqlite::Result<Line> {
    Ok(Line::Invite {
        id: row.get(0)?,
        room: row.get(1)?,
        by: row.get(2)?,
        token: BASE64.encode(row.get_ref(3)?.as_blob()?),
        since: row.get(4)?,
        expires: row.get(5)?,
        left: row.get(6)?,
    })
}

/// What the room keeps no longer may still be there, and is not told.
const ENTRIES: &str = "SELECT room_id, seq, kind, author_id, entries.id, at,
            iif(kind = 0 AND seq <= erased_to, '', body), iif(kind = 0 AND seq <= erased_to, NULL, about), subject,
            iif(seq <= erased_to, NULL, edited_at), deleted OR (kind = 0 AND seq <= erased_to)
     FROM entries JOIN rooms ON rooms.id = room_id WHERE room_id = ?1 ORDER BY seq";

fn entry(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Line> {
    let (room, seq): (RoomId, Seq) = (row.get(0)?, row.get(1)?);
    let (kind, deleted): (Kind, bool) = (row.get(2)?, row.get(10)?);
    let (mut reactions, mut mentions) = (Vec::new(), Vec::new());
    if kind == Kind::Said && !deleted {
        reactions = connection
            .prepare_cached(
                "SELECT emoji, user_id, entry, since FROM reactions
                 WHERE room_id = ?1 AND seq = ?2 ORDER BY since, entry",
            )?
            .query_map(params![room, seq], |row| {
                Ok(Given {
                    emoji: row.get(0)?,
                    by: row.get(1)?,
                    entry: row.get(2)?,
                    since: row.get(3)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        mentions = connection
            .prepare_cached(
                "SELECT user_id FROM mentions WHERE room_id = ?1 AND seq = ?2 ORDER BY user_id",
            )?
            .query_map(params![room, seq], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
    }
    Ok(Line::Entry(Entry {
        room,
        seq,
        kind: kind.name().to_owned(),
        by: row.get(3)?,
        id: Uuid::from_bytes(row.get(4)?),
        at: row.get(5)?,
        body: row.get(6)?,
        about: row.get(7)?,
        whom: row.get(8)?,
        edited: row.get(9)?,
        deleted,
        reactions,
        mentions,
    }))
}

//! Lines on their way into a database, checked one by one.

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use rusqlite::{Connection, Transaction, params};

use crate::{
    domain::{Body, Role, RoomId, RoomName, Seq, Topic, Username, limits},
    server::{
        store::sqlite::entries::Kind,
        transfer::{Entry, ImportError, Line},
    },
};

/// What was imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    pub names: u64,
    pub rooms: u64,
    pub entries: u64,
}

/// Lines on their way in.
pub struct Load<'t> {
    pub change: &'t Transaction<'t>,
    pub loaded: Loaded,
    /// The room that is being filled.
    pub room: Option<Filling>,
}

pub struct Filling {
    pub id: RoomId,
    pub owner: i64,
    pub has_owner: bool,
    pub head: Seq,
    pub silent: u64,
    pub at: i64,
}

/// Why a line cannot be taken.
pub type Wrong = String;

impl<'t> Load<'t> {
    pub fn new(change: &'t Transaction<'t>) -> Self {
        Self {
            change,
            loaded: Loaded::default(),
            room: None,
        }
    }

    pub fn take(&mut self, line: Line) -> Result<(), Wrong> {
        match line {
            Line::Latchkey { .. } | Line::End { .. } => Err("it is in the wrong place".to_owned()),
            Line::Entry(entry) => self.entry(entry),
            line => self.around(line),
        }
    }

    /// What stands around the logs.
    fn around(&mut self, line: Line) -> Result<(), Wrong> {
        let change = self.change;
        match line {
            Line::Name {
                id,
                name,
                held,
                since,
                used,
                passphrase,
            } => {
                self.loaded.names += 1;
                let name = Username::parse(&name).map_err(|error| error.message)?;
                let folded = held.then(|| name.folded());
                let folded = folded.as_ref().map(|folded| folded.as_str());
                run(
                    change,
                    "INSERT INTO users (id, name, folded, created_at, used_at, passphrase_hash)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![id, name.as_str(), folded, since, used, passphrase],
                )
            }
            Line::Session {
                id,
                of,
                token,
                since,
                used,
                browser,
            } => run(
                change,
                "INSERT INTO sessions (id, user_id, token_hash, created_at, used_at, browser)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![id, of, hash(&token)?, since, used, browser],
            ),
            Line::Pass { of, token, expires } => run(
                change,
                "INSERT INTO passes (token_hash, user_id, expires_at) VALUES (?1, ?2, ?3)",
                params![hash(&token)?, of, expires],
            ),
            Line::Passkey {
                id,
                of,
                passkey,
                name,
                since,
                used,
            } => run(
                change,
                "INSERT INTO passkeys (id, user_id, passkey, name, created_at, used_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![bytes(&id)?, of, passkey, name, since, used],
            ),
            Line::Room {
                id,
                name,
                topic,
                owner,
                key,
                posting,
                keep,
                erased,
                since,
            } => {
                self.leave_room()?;
                self.loaded.rooms += 1;
                let name = RoomName::parse(&name).map_err(|error| error.message)?;
                let topic = Topic::parse(&topic).map_err(|error| error.message)?;
                self.room = Some(Filling {
                    id,
                    owner,
                    has_owner: false,
                    head: 0,
                    silent: 0,
                    at: 0,
                });
                run(
                    change,
                    "INSERT INTO rooms (id, name, folded, topic, owner_id, key_hash, posting, keep_days,
                                        erased_to, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    params![
                        id,
                        name.as_str(),
                        name.folded().as_str(),
                        topic.as_str(),
                        owner,
                        key,
                        posting,
                        keep,
                        erased,
                        since
                    ],
                )
            }
            Line::Former { room, name, until } => run(
                change,
                "INSERT INTO former_names (room_id, folded, until) VALUES (?1, ?2, ?3)",
                params![room, name, until],
            ),
            Line::Member {
                room,
                who,
                role,
                since,
                seen,
            } => {
                let filling = self.filling(room)?;
                filling.has_owner |= filling.owner == who;
                // The owner is in the room's own row.
                let kept = role.min(Role::Moderator);
                let kept = if role == Role::Owner { Role::Member } else { kept };
                run(
                    change,
                    "INSERT INTO members (room_id, user_id, joined_at, seen, role)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![room, who, since, seen, kept],
                )
            }
            Line::Invite {
                id,
                room,
                by,
                token,
                since,
                expires,
                left,
            } => run(
                change,
                "INSERT INTO invites (id, room_id, author_id, token_hash, created_at, expires_at, uses, uses_left)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
                params![id, room, by, hash(&token)?, since, expires, left],
            ),
            Line::Latchkey { .. } | Line::Entry(_) | Line::End { .. } => Ok(()),
        }
    }

    pub fn entry(&mut self, entry: Entry) -> Result<(), Wrong> {
        let kind = Kind::named(&entry.kind).ok_or("its kind is none that there is")?;
        let change = self.change;
        let filling = self.filling(entry.room)?;
        if entry.seq != filling.head + 1 {
            return Err(format!(
                "its seq is {}, and the next of the room is {}",
                entry.seq,
                filling.head + 1
            ));
        }
        if entry.at < filling.at {
            return Err("it is older than the entry before it".to_owned());
        }
        let seqs = entry
            .reactions
            .iter()
            .flat_map(|given| [given.entry, given.since]);
        if entry
            .about
            .is_some_and(|about| about == 0 || about >= entry.seq)
            || seqs.into_iter().any(|seq| seq == 0)
        {
            return Err("it is about an entry that is not there".to_owned());
        }
        if kind == Kind::Said && !entry.deleted {
            Body::parse(&entry.body).map_err(|error| error.message)?;
        } else if entry.body.chars().count() > limits::BODY_CHARS {
            return Err("it is too long".to_owned());
        }
        (filling.head, filling.at) = (entry.seq, entry.at);
        filling.silent += u64::from(kind != Kind::Said);
        let silent = filling.silent;
        self.loaded.entries += 1;
        run(
            change,
            "INSERT INTO entries (room_id, seq, author_id, id, at, body, kind, about, silent, edited_at, deleted,
                                  subject)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                entry.room,
                entry.seq,
                known(change, entry.by)?,
                entry.id.as_bytes(),
                entry.at,
                entry.body,
                kind,
                entry.about,
                silent,
                entry.edited,
                entry.deleted,
                entry.whom
            ],
        )?;
        for given in &entry.reactions {
            run(
                change,
                "INSERT INTO reactions (room_id, seq, emoji, user_id, entry, since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    entry.room,
                    entry.seq,
                    given.emoji,
                    known(change, given.by)?,
                    given.entry,
                    given.since
                ],
            )?;
        }
        for &user in &entry.mentions {
            run(
                change,
                "INSERT INTO mentions (user_id, room_id, seq) VALUES (?1, ?2, ?3)",
                params![known(change, user)?, entry.room, entry.seq],
            )?;
        }
        Ok(())
    }

    fn filling(&mut self, room: RoomId) -> Result<&mut Filling, Wrong> {
        let filling = self.room.as_mut().filter(|filling| filling.id == room);
        filling.ok_or_else(|| "it is of a room that it does not stand under".to_owned())
    }

    /// A room is whole.
    fn leave_room(&mut self) -> Result<(), Wrong> {
        match self.room.take() {
            Some(filling) if !filling.has_owner => {
                Err(format!("room {} before it has no owner in it", filling.id))
            }
            _ => Ok(()),
        }
    }

    pub fn end(mut self) -> Result<Loaded, ImportError> {
        self.leave_room().map_err(ImportError::Whole)?;
        Ok(self.loaded)
    }
}

pub fn run(change: &Connection, sql: &str, with: impl rusqlite::Params) -> Result<(), Wrong> {
    let done = change
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(with));
    done.map(|_| ()).map_err(|error| error.to_string())
}

/// A user who is there: entries point to them without the database's looking.
fn known(change: &Connection, user: i64) -> Result<i64, Wrong> {
    let there = change
        .prepare_cached("SELECT 1 FROM users WHERE id = ?1")
        .and_then(|mut query| query.exists([user]));
    match there {
        Ok(true) => Ok(user),
        Ok(false) => Err(format!("nobody has the number {user}")),
        Err(error) => Err(error.to_string()),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, Wrong> {
    BASE64.decode(text).map_err(|error| error.to_string())
}

fn hash(text: &str) -> Result<Vec<u8>, Wrong> {
    let hash = bytes(text)?;
    if hash.len() == 32 {
        Ok(hash)
    } else {
        Err("its token is no SHA-256".to_owned())
    }
}

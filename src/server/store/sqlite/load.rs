//! Lines into a database: a whole server's into a new one, or one room's into one that may be in use.

use std::{collections::HashMap, io::BufRead, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{entries::Kind, index, migrate, open};
use crate::{
    domain::{Body, Role, RoomId, RoomName, Seq, Topic, Username, limits},
    server::{
        store::now,
        transfer::{Entry, ImportError, Line, Of, read::Lines},
    },
};

/// What was imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    pub names: u64,
    pub rooms: u64,
    pub entries: u64,
}

/// Fills a database that has nobody in it, or is not there yet, with a server's lines. All of them, or none.
///
/// # Errors
/// [`ImportError`], with the number of the line that is wrong.
pub fn load(
    file: &Path,
    input: impl BufRead,
    tell: impl FnMut(u64),
) -> Result<Loaded, ImportError> {
    let (of, lines) = Lines::begin(input)?;
    if of == Of::Room {
        return Err(ImportError::Whole(
            "this is an export of one room: say as what it is to come in, with --as".to_owned(),
        ));
    }
    let is_new = !file.exists();
    let loaded = fill(file, lines, tell);
    if is_new && loaded.is_err() {
        for end in ["", "-wal", "-shm"] {
            let mut path = file.as_os_str().to_owned();
            path.push(end);
            let _ = std::fs::remove_file(path);
        }
    }
    loaded
}

fn fill(
    file: &Path,
    mut lines: Lines<impl BufRead>,
    mut tell: impl FnMut(u64),
) -> Result<Loaded, ImportError> {
    let _lock = open::lock(file)?;
    let mut connection = open::writer(file)?;
    migrate::to_newest(&mut connection)?;
    let empty: bool = connection.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM users) AND NOT EXISTS (SELECT 1 FROM rooms)",
        [],
        |row| row.get(0),
    )?;
    if !empty {
        return Err(ImportError::Whole(
            "the database has people in it: an import begins with an empty one".to_owned(),
        ));
    }
    let change = connection.transaction()?;
    let mut load = Load::new(&change);
    while let Some(line) = lines.next()? {
        load.take(line).map_err(|why| lines.wrong(why))?;
        if load.loaded.entries.is_multiple_of(1_000) {
            tell(load.loaded.entries);
        }
    }
    let loaded = load.end()?;
    change.commit()?;
    index::catch_up(&mut connection)?;
    Ok(loaded)
}

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
        let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version != migrate::STEPS.len() {
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

/// Lines on their way in.
struct Load<'t> {
    change: &'t Transaction<'t>,
    loaded: Loaded,
    /// The room that is being filled.
    room: Option<Filling>,
}

struct Filling {
    id: RoomId,
    owner: i64,
    has_owner: bool,
    head: Seq,
    silent: u64,
    at: i64,
}

/// Why a line cannot be taken.
type Wrong = String;

impl<'t> Load<'t> {
    fn new(change: &'t Transaction<'t>) -> Self {
        Self {
            change,
            loaded: Loaded::default(),
            room: None,
        }
    }

    fn take(&mut self, line: Line) -> Result<(), Wrong> {
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

    fn entry(&mut self, entry: Entry) -> Result<(), Wrong> {
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

    fn end(mut self) -> Result<Loaded, ImportError> {
        self.leave_room().map_err(ImportError::Whole)?;
        Ok(self.loaded)
    }
}

fn run(change: &Connection, sql: &str, with: impl rusqlite::Params) -> Result<(), Wrong> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{super::dump::dump, *};
    use crate::{
        domain::Posting,
        server::transfer::{Given, VERSION},
    };

    const PEOPLE: i64 = 4;

    /// A folder that goes with its test.
    struct Place(std::path::PathBuf);

    impl Place {
        fn new() -> Self {
            let place = std::env::temp_dir().join(Uuid::now_v7().to_string());
            std::fs::create_dir(&place).expect("a folder");
            Self(place)
        }

        fn file(&self) -> std::path::PathBuf {
            self.0.join("latchkey.db")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn names() -> Vec<Line> {
        let name = |id| Line::Name {
            id,
            name: format!("person{id}"),
            held: id != PEOPLE,
            since: id,
            used: 10 * id,
            passphrase: (id == 2).then(|| "$argon2id$…".to_owned()),
        };
        let session = |id| Line::Session {
            id,
            of: id,
            token: BASE64.encode([u8::try_from(id).expect("few"); 32]),
            since: id,
            used: id,
            browser: "Firefox on Linux".to_owned(),
        };
        (1..=PEOPLE)
            .map(name)
            .chain((1..PEOPLE).map(session))
            .collect()
    }

    /// What happens in a room, one number an entry: whatever it is, a log that could have come to be.
    fn room(id: RoomId, happenings: &[u32]) -> Vec<Line> {
        let mut lines = vec![Line::Room {
            id,
            name: format!("Room {id}"),
            topic: if id % 2 == 0 { "of late" } else { "" }.to_owned(),
            owner: 1 + id % 3,
            key: "$argon2id$…".to_owned(),
            posting: [Posting::Everyone, Posting::Moderators][usize::from(id % 3 == 0)],
            keep: (id % 2 == 1).then_some(30),
            erased: 0,
            since: id,
        }];
        for who in 1..PEOPLE {
            lines.push(Line::Member {
                room: id,
                who,
                role: if who == 1 + id % 3 {
                    Role::Owner
                } else if who == 1 {
                    Role::Moderator
                } else {
                    Role::Member
                },
                since: who,
                seen: 0,
            });
        }
        let mut said: Vec<Seq> = Vec::new();
        for (n, &random) in happenings.iter().enumerate() {
            let seq = n as Seq + 1;
            let about = said.get(random as usize % said.len().max(1)).copied();
            let (kind, about) = match (random % 8, about) {
                (0, Some(about)) => ("edited", Some(about)),
                (1, Some(about)) => ("reacted", Some(about)),
                (2, _) => ("joined", None),
                (3, _) => ("topic", None),
                (4, about) => ("said", about),
                _ => ("said", None),
            };
            let deleted = kind == "said" && random % 11 == 0;
            if kind == "said" {
                said.push(seq);
            }
            let given = Given {
                emoji: "👍".to_owned(),
                by: 1 + i64::from(random % 3),
                entry: seq + 1,
                since: seq + 1,
            };
            let says = kind == "said" && !deleted;
            lines.push(Line::Entry(Entry {
                room: id,
                seq,
                kind: kind.to_owned(),
                by: 1 + i64::from(random % 4),
                id: Uuid::from_u128(u128::from(random) << 64 | u128::from(seq)),
                at: 1_000 + n as i64,
                body: match kind {
                    "said" if says => format!("word{random} \u{1f511} \"quoted\"\nand a line"),
                    "topic" => "of late".to_owned(),
                    "reacted" => "👍".to_owned(),
                    _ => String::new(),
                },
                about: about.filter(|_| !deleted),
                whom: None,
                edited: (says && random % 5 == 0).then_some(5_000),
                deleted,
                reactions: if says && random % 3 == 0 {
                    vec![given]
                } else {
                    Vec::new()
                },
                mentions: if says && random % 7 == 0 {
                    vec![1, 2]
                } else {
                    Vec::new()
                },
            }));
        }
        lines
    }

    fn whole(of: Of, between: Vec<Line>) -> Vec<Line> {
        let first = Line::Latchkey {
            version: VERSION,
            of,
            at: 0,
        };
        let lines = between.len() as u64 + 1;
        let ends = [Line::End { lines }];
        [first].into_iter().chain(between).chain(ends).collect()
    }

    fn text(lines: &[Line]) -> Vec<u8> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line).expect("JSON");
            text.push(b'\n');
        }
        text
    }

    fn dumped(file: &Path) -> Vec<Line> {
        let mut lines = Vec::new();
        let take = |line: &Line| {
            lines.push(line.clone());
            Ok(())
        };
        dump(file, None, take).expect("an export");
        if let Line::Latchkey { at, .. } = &mut lines[0] {
            *at = 0;
        }
        lines
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn what_was_exported_comes_back_as_it_was(
            rooms in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..60), 0..4),
        ) {
            let rooms = (1..).zip(&rooms).flat_map(|(id, happenings)| room(id, happenings));
            let lines = whole(Of::Server, names().into_iter().chain(rooms).collect());
            let place = Place::new();
            load(&place.file(), &text(&lines)[..], |_| ()).expect("an import");
            prop_assert_eq!(dumped(&place.file()), lines);
            let sound = super::super::check::check(&place.file()).expect("is read");
            prop_assert!(sound.is_sound(), "{:?}", sound.faults);
        }

        #[test]
        fn a_line_that_is_spoilt_or_missing_is_named_and_nothing_is_there(
            happenings in prop::collection::vec(any::<u32>(), 5..30),
            at in any::<prop::sample::Index>(),
            missing in any::<bool>(),
        ) {
            let lines = whole(Of::Server, [names(), room(1, &happenings)].concat());
            let bytes = text(&lines);
            let mut each: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let at = at.index(each.len());
            if missing {
                each.remove(at);
            } else {
                each[at] = b"{\"t\":\"entry\",\"room\":1}\n";
            }
            let place = Place::new();
            let failed = load(&place.file(), &each.concat()[..], |_| ());
            let failed = failed.expect_err("it is not whole");
            if !missing {
                let named = matches!(&failed, ImportError::Line { line, .. } if *line == at as u64 + 1);
                prop_assert!(named, "{failed} at {}", at + 1);
            }
            prop_assert_eq!(std::fs::read_dir(&place.0).expect("a folder").count(), 0);
        }
    }
}

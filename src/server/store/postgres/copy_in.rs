//! A whole server's lines into an empty database, by `COPY`, in one transaction: all of it, or nothing.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use bytes::Bytes;
use deadpool_postgres::Transaction;
use futures::SinkExt;

use super::{basics::bound, move_error::MoveError, rows::terms_of};
use crate::{
    domain::{ApiError, Folded, Millis, Role, RoomId, RoomName, Seq, Username},
    server::{
        store::kind::Kind,
        transfer::{Entry, Line},
    },
};

/// Bytes that are gathered before they are sent.
const ENOUGH: usize = 4 * 1024 * 1024;

/// The tables, each after those that it points to, and the columns that are filled.
const TABLES: [(&str, &str); 12] = [
    (
        "users",
        "id, name, folded, created_at, used_at, passphrase_hash",
    ),
    (
        "sessions",
        "id, token_hash, user_id, created_at, used_at, browser",
    ),
    (
        "passkeys",
        "id, user_id, passkey, name, created_at, used_at",
    ),
    ("passes", "token_hash, user_id, expires_at"),
    (
        "rooms",
        "id, name, folded, owner_id, key_hash, created_at, topic, posting, keep_days, erased_to",
    ),
    ("former_names", "folded, room_id, until"),
    (
        "invites",
        "id, token_hash, room_id, author_id, created_at, expires_at, uses, uses_left",
    ),
    ("members", "room_id, user_id, joined_at, seen, role"),
    (
        "entries",
        "room_id, seq, author_id, id, at, kind, deleted, about, silent, subject, edited_at, body, terms",
    ),
    ("reactions", "room_id, seq, emoji, user_id, entry, since"),
    ("mentions", "user_id, room_id, seq"),
    ("heads", "id, head, said, at"),
];
const USERS: usize = 0;
const SESSIONS: usize = 1;
const PASSKEYS: usize = 2;
const PASSES: usize = 3;
const ROOMS: usize = 4;
const FORMER: usize = 5;
const INVITES: usize = 6;
const MEMBERS: usize = 7;
const ENTRIES: usize = 8;
const REACTIONS: usize = 9;
const MENTIONS: usize = 10;
const HEADS: usize = 11;

/// What is on its way into the tables.
pub struct CopyIn<'t> {
    change: &'t Transaction<'t>,
    tables: [Table; TABLES.len()],
    /// How far each room is: its head, its messages up to there, and when that was.
    heads: BTreeMap<RoomId, (Seq, u64, Millis)>,
    pub entries: u64,
}

impl<'t> CopyIn<'t> {
    pub fn new(change: &'t Transaction<'t>) -> Self {
        Self {
            change,
            tables: Default::default(),
            heads: BTreeMap::new(),
            entries: 0,
        }
    }

    pub async fn take(&mut self, line: Line) -> Result<(), MoveError> {
        match line {
            Line::Latchkey { .. } | Line::End { .. } => {}
            Line::Name {
                id,
                name,
                held,
                since,
                used,
                passphrase,
            } => {
                let folded = match held {
                    true => Some(folded(
                        Username::parse(&name).map(|name| name.folded()),
                        &name,
                    )?),
                    false => None,
                };
                let row = self.row(USERS);
                row.number(id).text(&name).maybe(folded.as_deref());
                row.number(since).number(used).maybe(passphrase.as_deref());
            }
            Line::Session {
                id,
                of,
                token,
                since,
                used,
                browser,
            } => {
                let row = self.row(SESSIONS);
                row.number(id).bytes(&token)?.number(of);
                row.number(since).number(used).text(&browser);
            }
            Line::Pass { of, token, expires } => {
                let row = self.row(PASSES);
                row.bytes(&token)?.number(of).number(expires);
            }
            Line::Passkey {
                id,
                of,
                passkey,
                name,
                since,
                used,
            } => {
                let row = self.row(PASSKEYS);
                row.bytes(&id)?.number(of).text(&passkey).text(&name);
                row.number(since).number(used);
            }
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
                let folded = folded(RoomName::parse(&name).map(|name| name.folded()), &name)?;
                let row = self.row(ROOMS);
                row.number(id).text(&name).text(&folded).number(owner);
                row.text(&key).number(since).text(&topic);
                row.number(posting as i64).maybe_number(keep.map(i64::from));
                row.number(bound(erased));
                self.heads.insert(id, (0, 0, 0));
            }
            Line::Former { room, name, until } => {
                self.row(FORMER).text(&name).number(room).number(until);
            }
            Line::Member {
                room,
                who,
                role,
                since,
                seen,
            } => {
                // The owner is in the room's own row.
                let role = if role == Role::Moderator {
                    role
                } else {
                    Role::Member
                };
                let row = self.row(MEMBERS);
                row.number(room).number(who).number(since);
                row.number(bound(seen)).number(role as i64);
            }
            Line::Invite {
                id,
                room,
                by,
                token,
                since,
                expires,
                left,
            } => {
                let row = self.row(INVITES);
                row.number(id).bytes(&token)?.number(room).number(by);
                row.number(since).maybe_number(expires);
                let left = left.map(i64::from);
                row.maybe_number(left).maybe_number(left);
            }
            Line::Entry(entry) => self.entry(entry)?,
        }
        if self.tables.iter().map(|table| table.0.len()).sum::<usize>() >= ENOUGH {
            self.flush().await?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> Result<(), MoveError> {
        let Entry { room, seq, at, .. } = entry;
        let wrong = |why: &str| MoveError::Source(format!("entry {seq} of room {room}: {why}"));
        let kind = Kind::named(&entry.kind).ok_or_else(|| wrong("of no known kind"))?;
        let standing = self.heads.entry(room).or_default();
        if seq != standing.0 + 1 {
            return Err(wrong("there is a hole before it"));
        }
        *standing = (seq, standing.1 + u64::from(kind == Kind::Said), at);
        let silent = seq - standing.1;
        let found_by = (kind == Kind::Said && !entry.deleted).then(|| terms_of(room, &entry.body));
        let row = self.row(ENTRIES);
        row.number(room).number(bound(seq)).number(entry.by);
        row.text(&entry.id.to_string())
            .number(at)
            .number(kind as i64);
        row.text(if entry.deleted { "t" } else { "f" });
        row.maybe_number(entry.about.map(bound))
            .number(bound(silent));
        row.maybe_number(entry.whom).maybe_number(entry.edited);
        row.text(&entry.body).maybe(found_by.as_deref());
        for given in entry.reactions {
            let row = self.row(REACTIONS);
            row.number(room).number(bound(seq)).text(&given.emoji);
            row.number(given.by)
                .number(bound(given.entry))
                .number(bound(given.since));
        }
        for user in entry.mentions {
            self.row(MENTIONS)
                .number(user)
                .number(room)
                .number(bound(seq));
        }
        self.entries += 1;
        Ok(())
    }

    /// Sends what is left, and notes how far each room is.
    pub async fn end(mut self) -> Result<(), MoveError> {
        let heads = std::mem::take(&mut self.heads);
        for (room, (head, said, at)) in heads {
            let row = self.row(HEADS);
            row.number(room)
                .number(bound(head))
                .number(bound(said))
                .number(at);
        }
        let change = self.change;
        change
            .batch_execute("CREATE TEMPORARY TABLE heads (id bigint, head bigint, said bigint, at bigint) ON COMMIT DROP")
            .await?;
        self.flush().await?;
        change
            .batch_execute(
                "UPDATE rooms SET head = heads.head, said = heads.said, head_at = heads.at
                 FROM heads WHERE heads.id = rooms.id",
            )
            .await?;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), MoveError> {
        for (rows, (table, columns)) in self.tables.iter_mut().zip(TABLES) {
            let bytes = rows.take();
            if bytes.is_empty() {
                continue;
            }
            let sql = format!("COPY {table} ({columns}) FROM STDIN");
            let sink = self.change.copy_in(&sql).await?;
            let mut sink = std::pin::pin!(sink);
            sink.send(Bytes::from(bytes)).await?;
            sink.finish().await?;
        }
        Ok(())
    }

    fn row(&mut self, table: usize) -> &mut Table {
        self.tables[table].begin()
    }
}

/// Rows of a table, as `COPY` reads them: a row a line, with a tab after each but the last of its values.
#[derive(Default)]
struct Table(Vec<u8>);

impl Table {
    fn begin(&mut self) -> &mut Self {
        if let Some(last) = self.0.last_mut() {
            *last = b'\n';
        }
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            match byte {
                b'\\' => self.0.extend_from_slice(b"\\\\"),
                b'\n' => self.0.extend_from_slice(b"\\n"),
                b'\r' => self.0.extend_from_slice(b"\\r"),
                b'\t' => self.0.extend_from_slice(b"\\t"),
                byte => self.0.push(byte),
            }
        }
        self.0.push(b'\t');
        self
    }

    fn nothing(&mut self) -> &mut Self {
        self.0.extend_from_slice(b"\\N\t");
        self
    }

    fn maybe(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.nothing(),
        }
    }

    fn number(&mut self, number: i64) -> &mut Self {
        self.text(&number.to_string())
    }

    fn maybe_number(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.number(number),
            None => self.nothing(),
        }
    }

    /// Bytes that are given in base64.
    fn bytes(&mut self, base64: &str) -> Result<&mut Self, MoveError> {
        let bytes = BASE64
            .decode(base64)
            .map_err(|_| MoveError::Source("something that is no base64".to_owned()))?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(self.text(&format!("\\x{hex}")))
    }

    /// The rows, the last of them ended too.
    fn take(&mut self) -> Vec<u8> {
        self.begin();
        std::mem::take(&mut self.0)
    }
}

fn folded(name: Result<Folded, ApiError>, text: &str) -> Result<String, MoveError> {
    let name = name.map_err(|_| MoveError::Source(format!("{text:?} is no name")))?;
    Ok(name.as_str().to_owned())
}

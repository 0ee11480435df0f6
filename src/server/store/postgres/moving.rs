//! `latchkey move`: a server out of its file, into an empty database, compared when it is there and before it counts.

use std::{collections::BTreeMap, path::Path};

use deadpool_postgres::{GenericClient, Transaction};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::{
    address::Address,
    basics::{bound, number, optional_seq, row, rows},
    connect::{Purpose, pool},
    copy_in::CopyIn,
    migrate,
    move_error::MoveError,
    open,
};
use crate::{
    domain::{RoomId, Seq},
    server::{
        store::{Loaded, Progress, Source, kind::Kind},
        transfer::{Entry, Given, Line},
    },
};

/// Lines that are on their way at once.
const ON_THE_WAY: usize = 10_000;
/// Entries that are read at once to be compared.
const STEP: u64 = 10_000;

/// What is sent, counted and digested on its way.
#[derive(Default)]
struct Sent {
    loaded: Loaded,
    counts: BTreeMap<&'static str, u64>,
    rooms: BTreeMap<RoomId, (Seq, Sha256)>,
}

impl Sent {
    fn note(&mut self, line: &Line) {
        let table = match line {
            Line::Latchkey { .. } | Line::End { .. } => return,
            Line::Name { .. } => {
                self.loaded.names += 1;
                "users"
            }
            Line::Session { .. } => "sessions",
            Line::Passkey { .. } => "passkeys",
            Line::Pass { .. } => "passes",
            Line::Room { id, .. } => {
                self.loaded.rooms += 1;
                self.rooms.entry(*id).or_default();
                "rooms"
            }
            Line::Former { .. } => "former_names",
            Line::Member { .. } => "members",
            Line::Invite { .. } => "invites",
            Line::Entry(entry) => {
                self.loaded.entries += 1;
                let (head, digest) = self.rooms.entry(entry.room).or_default();
                *head = entry.seq;
                digest_in(digest, entry);
                "entries"
            }
        };
        *self.counts.entry(table).or_default() += 1;
    }
}

fn digest_in(digest: &mut Sha256, entry: &Entry) {
    // An entry can be written as JSON: it has no maps, and no numbers that JSON lacks.
    let json = serde_json::to_vec(entry).unwrap_or_default();
    digest.update(json);
    digest.update(b"\n");
}

/// Moves all that is in the file into the database.
///
/// # Errors
/// [`MoveError`].
pub async fn move_all(
    from: &Path,
    to: &Address,
    tell: impl Fn(Progress),
) -> Result<Loaded, MoveError> {
    let source = Source::open(from)?;
    let (of, numbers) = (source.entries()?, source.numbers()?);
    let pool = pool(to, Purpose::Write).map_err(MoveError::Open)?;
    let mut client = open::client(&pool, to).await?;
    migrate::to_newest(&mut client).await?;
    let change = client.transaction().await?;
    // However long it takes; and no server begins meanwhile.
    change
        .batch_execute(
            "SET LOCAL idle_in_transaction_session_timeout = 0;
             LOCK TABLE users, rooms, entries IN EXCLUSIVE MODE",
        )
        .await?;
    let any =
        "SELECT 1 FROM users UNION ALL SELECT 1 FROM rooms UNION ALL SELECT 1 FROM entries LIMIT 1";
    if row(&change, any, &[]).await?.is_some() {
        return Err(MoveError::NotEmpty);
    }

    let (send, mut lines) = mpsc::channel(ON_THE_WAY);
    let reading = tokio::task::spawn_blocking(move || {
        let sent = source.lines(|line| {
            let taken = send.blocking_send(line.clone());
            taken.map_err(|_| std::io::ErrorKind::BrokenPipe.into())
        });
        // The file is held until all of it has been read, and longer: until it is there.
        sent.map(|()| source)
    });
    let (mut copy, mut sent) = (CopyIn::new(&change), Sent::default());
    while let Some(line) = lines.recv().await {
        sent.note(&line);
        copy.take(line).await?;
        tell(Progress {
            done: sent.loaded.entries,
            of,
        });
    }
    let source = reading.await.map_err(|_| MoveError::CutShort)??;
    copy.end().await?;
    for (table, number) in numbers {
        go_on_after(&change, &table, number).await?;
    }
    compare(&change, &sent).await?;
    change.commit().await?;
    client.batch_execute("ANALYZE").await?;
    drop(source);
    Ok(sent.loaded)
}

/// Has a table's next number be one that was never given out.
async fn go_on_after(change: &Transaction<'_>, table: &str, number: i64) -> Result<(), MoveError> {
    if !["users", "sessions", "rooms", "invites"].contains(&table) || number < 1 {
        return Ok(());
    }
    let sql = "SELECT setval(pg_get_serial_sequence($1, 'id'), $2)";
    row(change, sql, &[&table, &number]).await?;
    Ok(())
}

/// Looks whether all that was sent has arrived as it was.
async fn compare(change: &Transaction<'_>, sent: &Sent) -> Result<(), MoveError> {
    for (table, count) in &sent.counts {
        let there = row(change, &format!("SELECT count(*) FROM {table}"), &[]).await?;
        let there = there.map_or(0, |row| number(&row, 0));
        if there != *count {
            let why = format!("{there} of {count} {table} are there");
            return Err(MoveError::Different(why));
        }
    }
    for (room, (head, digest)) in &sent.rooms {
        let found = row(change, "SELECT head FROM rooms WHERE id = $1", &[room]).await?;
        let found = found.map_or(0, |row| number(&row, 0));
        if found != *head {
            let why = format!("the head of room {room} is {found}, not {head}");
            return Err(MoveError::Different(why));
        }
        if digest_of(change, *room, *head).await? != digest.clone().finalize().as_slice() {
            return Err(MoveError::Different(format!("the entries of room {room}")));
        }
    }
    Ok(())
}

async fn digest_of(
    change: &Transaction<'_>,
    room: RoomId,
    head: Seq,
) -> Result<Vec<u8>, MoveError> {
    let mut digest = Sha256::default();
    let mut from = 1;
    while from <= head {
        let below = from + STEP;
        for entry in entries(change, room, from, below).await? {
            digest_in(&mut digest, &entry);
        }
        from = below;
    }
    Ok(digest.finalize().to_vec())
}

/// Entries as they are sent.
async fn entries(
    client: &impl GenericClient,
    room: RoomId,
    from: Seq,
    below: Seq,
) -> Result<Vec<Entry>, tokio_postgres::Error> {
    let within: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&room, &bound(from), &bound(below)];
    let mut reactions: BTreeMap<Seq, Vec<Given>> = BTreeMap::new();
    let given = "SELECT seq, emoji, user_id, entry, since FROM reactions
        WHERE room_id = $1 AND seq >= $2 AND seq < $3 ORDER BY seq, since, entry";
    for row in rows(client, given, &within).await? {
        reactions.entry(number(&row, 0)).or_default().push(Given {
            emoji: row.get(1),
            by: row.get(2),
            entry: number(&row, 3),
            since: number(&row, 4),
        });
    }
    let mut mentions: BTreeMap<Seq, Vec<i64>> = BTreeMap::new();
    let named = "SELECT seq, user_id FROM mentions
        WHERE room_id = $1 AND seq >= $2 AND seq < $3 ORDER BY seq, user_id";
    for row in rows(client, named, &within).await? {
        mentions
            .entry(number(&row, 0))
            .or_default()
            .push(row.get(1));
    }
    let entries = "SELECT seq, kind, author_id, id, at, body, about, subject, edited_at, deleted
        FROM entries WHERE room_id = $1 AND seq >= $2 AND seq < $3 ORDER BY seq";
    let entries = rows(client, entries, &within).await?;
    let entry = |row: &tokio_postgres::Row| {
        let seq = number(row, 0);
        let kind = Kind::numbered(row.get::<_, i16>(1).into());
        Entry {
            room,
            seq,
            kind: kind.map(Kind::name).unwrap_or_default().to_owned(),
            by: row.get(2),
            id: row.get(3),
            at: row.get(4),
            body: row.get(5),
            about: optional_seq(row, 6),
            whom: row.get(7),
            edited: row.get(8),
            deleted: row.get(9),
            reactions: reactions.remove(&seq).unwrap_or_default(),
            mentions: mentions.remove(&seq).unwrap_or_default(),
        }
    };
    Ok(entries.iter().map(entry).collect())
}

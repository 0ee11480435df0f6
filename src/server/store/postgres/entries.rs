//! A room's log as it is read: the messages that its entries come to, and its newest entries as frames.

use std::collections::{BTreeSet, HashMap};

use deadpool_postgres::GenericClient;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::basics::{With, bound, limit as most, number, optional_seq, require_member, row, rows};
use crate::{
    domain::{
        Changes, Happened, Happening, History, Message, Quote, Reaction, RoomId, Seq, limits,
    },
    protocol::ServerFrame,
    server::store::{Crossing, Entry, StoreError, Stretch, UserId, kind::Kind, noted::Noted},
};

/// Entries that are looked at for each message that is wanted, at most: a long run of others must end, too.
const ENTRIES_PER_MESSAGE: usize = 10;

/// Whether an entry is a message that its room keeps no longer, as an expression: its body may still be there.
macro_rules! gone {
    () => {
        "(entries.kind = 0 AND entries.seq <= rooms.erased_to)"
    };
}

/// Columns of [`message_of`] and [`frame_of`]: entries, and the messages they are about.
macro_rules! entries {
    ($which:literal) => {
        concat!(
            "SELECT entries.seq, entries.id, users.name, entries.at,
                    CASE WHEN ",
            gone!(),
            " THEN '' ELSE entries.body END, CASE WHEN NOT ",
            gone!(),
            " THEN entries.edited_at END, entries.deleted OR ",
            gone!(),
            ", CASE WHEN NOT ",
            gone!(),
            " THEN entries.about END, entries.kind,
                    CASE WHEN entries.about <= rooms.erased_to THEN '' ELSE others.body END,
                    authors.name, subjects.name, entries.room_id, entries.author_id,
                    entries.subject, entries.silent
             FROM ",
            $which,
            " JOIN rooms ON rooms.id = entries.room_id
              JOIN users ON users.id = entries.author_id
              LEFT JOIN users AS subjects ON subjects.id = entries.subject
              LEFT JOIN entries AS others
                  ON others.room_id = entries.room_id AND others.seq = entries.about
              LEFT JOIN users AS authors ON authors.id = others.author_id "
        )
    };
}

/// A message but for its reactions.
fn message_of(row: &Row) -> Message {
    let re = optional_seq(row, 7)
        .zip(row.get::<_, Option<String>>(10))
        .zip(row.get::<_, Option<&str>>(9))
        .map(|((seq, by), body)| Quote::new(seq, by, body));
    let id: Uuid = row.get(1);
    Message {
        re,
        edited: row.get(5),
        deleted: row.get(6),
        ..Message::new(
            row.get(12),
            number(row, 0),
            id,
            row.get(2),
            row.get(3),
            row.get(4),
        )
    }
}

/// An entry as a reader is given it now. Reactions come after the messages they were given to, each by itself.
fn frame_of(row: &Row) -> ServerFrame {
    let noted = Noted {
        room: row.get(12),
        seq: number(row, 0),
        at: row.get(3),
        by: row.get(2),
        of: optional_seq(row, 7),
        says: row.get(9),
        who: row.get(11),
        body: row.get(4),
    };
    let frame = noted.frame(kind_of(row, 8));
    frame.unwrap_or_else(|| ServerFrame::Message(message_of(row)))
}

/// What this program has written is a kind that it knows; a later one's says nothing to anybody.
fn kind_of(row: &Row, column: usize) -> Kind {
    Kind::numbered(row.get::<_, i16>(column).into()).unwrap_or(Kind::Rekeyed)
}

/// Adds the reactions that messages have now.
async fn react(client: &impl GenericClient, messages: &mut [Message]) -> Result<(), Error> {
    if messages.is_empty() {
        return Ok(());
    }
    let of: Vec<RoomId> = messages.iter().map(|message| message.room).collect();
    let seqs: Vec<i64> = messages.iter().map(|message| bound(message.seq)).collect();
    let given = rows(
        client,
        "SELECT reactions.room_id, reactions.seq, reactions.emoji, users.name
         FROM unnest($1::bigint[], $2::bigint[]) AS asked (room_id, seq)
         CROSS JOIN LATERAL (
             SELECT * FROM reactions
             WHERE reactions.room_id = asked.room_id AND reactions.seq = asked.seq
             OFFSET 0) AS reactions
         JOIN users ON users.id = reactions.user_id
         ORDER BY reactions.room_id, reactions.seq, reactions.since, reactions.entry",
        &[&of, &seqs],
    )
    .await?;
    let mut reactions: HashMap<(RoomId, Seq), Vec<Reaction>> = HashMap::new();
    for row in given {
        let of = reactions.entry((row.get(0), number(&row, 1))).or_default();
        let (emoji, by): (&str, String) = (row.get(2), row.get(3));
        match of.last_mut() {
            Some(kind) if kind.emoji == emoji => kind.by.push(by),
            _ => of.push(Reaction {
                emoji: emoji.to_owned(),
                by: vec![by],
            }),
        }
    }
    for message in messages {
        if let Some(of) = reactions.remove(&(message.room, message.seq)) {
            message.reactions = of;
        }
    }
    Ok(())
}

/// Messages, whole, of those places that are messages, in their order.
pub async fn messages(
    client: &impl GenericClient,
    places: &[(RoomId, Seq)],
) -> Result<Vec<Message>, Error> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let of: Vec<RoomId> = places.iter().map(|(room, _)| *room).collect();
    let seqs: Vec<i64> = places.iter().map(|(_, seq)| bound(*seq)).collect();
    let found = rows(
        client,
        concat!(
            entries!(
                "unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (room_id, seq, place)
                 CROSS JOIN LATERAL (
                     SELECT * FROM entries
                     WHERE entries.room_id = asked.room_id AND entries.seq = asked.seq
                         AND entries.kind = 0
                     LIMIT 1) AS entries"
            ),
            "WHERE entries.seq > rooms.erased_to ORDER BY asked.place"
        ),
        &[&of, &seqs],
    )
    .await?;
    let mut messages: Vec<Message> = found.iter().map(message_of).collect();
    react(client, &mut messages).await?;
    Ok(messages)
}

/// The newest messages of some rooms, by room.
pub async fn newest(
    client: &impl GenericClient,
    of: &[RoomId],
) -> Result<HashMap<RoomId, Message>, Error> {
    let found = rows(
        client,
        "SELECT asked.room_id, newest.seq
         FROM unnest($1::bigint[]) AS asked (room_id)
         JOIN rooms ON rooms.id = asked.room_id
         JOIN LATERAL (SELECT seq FROM entries
                       WHERE entries.room_id = rooms.id AND entries.kind = 0
                           AND entries.seq > rooms.erased_to
                       ORDER BY seq DESC LIMIT 1) AS newest ON true",
        &[&of],
    )
    .await?;
    let places: Vec<_> = found
        .iter()
        .map(|row| (row.get(0), number(row, 1)))
        .collect();
    let messages = messages(client, &places).await?;
    Ok(messages
        .into_iter()
        .map(|message| (message.room, message))
        .collect())
}

/// Bounded by what does not depend on a row, so that the index is read from there and no further.
const BEFORE: &str = concat!(
    entries!("entries"),
    "WHERE entries.room_id = $1 AND entries.kind = 0 AND entries.seq < $2
         AND entries.seq > (SELECT erased_to FROM rooms WHERE id = $1)
     ORDER BY entries.seq DESC LIMIT $3"
);
const AFTER: &str = concat!(
    entries!("entries"),
    "WHERE entries.room_id = $1 AND entries.kind = 0
         AND entries.seq > greatest($2, (SELECT erased_to FROM rooms WHERE id = $1))
     ORDER BY entries.seq LIMIT $3"
);
const NEWEST: &str = concat!(
    entries!("entries"),
    "WHERE entries.room_id = $1 ORDER BY entries.seq DESC LIMIT $2"
);
const NEXT: &str = concat!(
    entries!("entries"),
    "WHERE entries.room_id = $1 AND entries.seq > $3 ORDER BY entries.seq LIMIT $2"
);

/// All from one snapshot, which `client` has: nobody reads on after they have left.
pub async fn history(
    client: &impl GenericClient,
    room: RoomId,
    user: UserId,
    from: Stretch,
    limit: usize,
) -> Result<History, StoreError> {
    require_member(client, room, user).await?;
    let (mut messages, more, newer) = match from {
        Stretch::Newest => reversed(page(client, BEFORE, room, Seq::MAX, limit).await?, None),
        Stretch::Before(seq) => reversed(page(client, BEFORE, room, seq, limit).await?, None),
        Stretch::After(seq) => {
            let (messages, more) = page(client, AFTER, room, seq, limit).await?;
            (messages, more, None)
        }
        Stretch::Around(seq) => {
            let (after, newer) = page(client, AFTER, room, seq, limit / 2).await?;
            let up_to = seq.saturating_add(1);
            let before = page(client, BEFORE, room, up_to, limit - limit / 2).await?;
            let (mut messages, more, newer) = reversed(before, Some(newer));
            messages.extend(after);
            (messages, more, newer)
        }
    };
    react(client, &mut messages).await?;
    let head = head_of(client, room).await?;
    // The stretch of the log that these messages are the messages of, neither edge included.
    let (first, last) = (messages.first(), messages.last());
    let older = first.filter(|_| more).map_or(0, |first| first.seq);
    let (after, before) = match from {
        Stretch::Newest => (older, Seq::MAX),
        Stretch::Before(seq) => (older, seq),
        Stretch::After(seq) => (seq, last.filter(|_| more).map_or(Seq::MAX, |last| last.seq)),
        Stretch::Around(_) => {
            let newer = last.filter(|_| newer == Some(true));
            (older, newer.map_or(Seq::MAX, |last| last.seq))
        }
    };
    let before = before.min(head + 1);
    let within = |message: &&Message| after < message.seq && message.seq < before;
    let said = messages.iter().filter(within).count() as Seq;
    // Where all of it is messages nothing else happened.
    let happenings = if before.saturating_sub(after).saturating_sub(1) > said {
        happenings(client, room, after, before).await?
    } else {
        Vec::new()
    };
    Ok(History {
        messages,
        more,
        newer,
        head,
        happenings,
    })
}

/// What happened to the room itself between two seqs, the newest of it, oldest first.
async fn happenings(
    client: &impl GenericClient,
    room: RoomId,
    after: Seq,
    before: Seq,
) -> Result<Vec<Happening>, Error> {
    let found = rows(
        client,
        "SELECT entries.seq, entries.kind, users.name, subjects.name, entries.body, entries.about
         FROM entries
         JOIN users ON users.id = entries.author_id
         LEFT JOIN users AS subjects ON subjects.id = entries.subject
         WHERE room_id = $1 AND seq > $2 AND seq < $3 AND kind >= 5
         ORDER BY seq DESC LIMIT $4",
        &[
            &room,
            &bound(after),
            &bound(before),
            &most(limits::HAPPENINGS),
        ],
    )
    .await?;
    let happening = |row: &Row| {
        let what = kind_of(row, 1).happened()?;
        let to = match what {
            Happened::Joined | Happened::Left | Happened::Removed | Happened::Key => None,
            Happened::Erased => optional_seq(row, 5).map(|seq| seq.to_string()),
            _ => Some(row.get(4)),
        };
        Some(Happening {
            seq: number(row, 0),
            what,
            by: row.get(2),
            who: row.get(3),
            to,
        })
    };
    Ok(found.iter().rev().filter_map(happening).collect())
}

/// At most so many messages in the order of `sql`, without their reactions, and whether there are more.
async fn page(
    client: &impl GenericClient,
    sql: &str,
    room: RoomId,
    from: Seq,
    limit: usize,
) -> Result<(Vec<Message>, bool), Error> {
    // One more than asked for tells whether there are more.
    let with: With<'_> = &[&room, &bound(from), &most(limit + 1)];
    let mut messages: Vec<Message> = rows(client, sql, with)
        .await?
        .iter()
        .map(message_of)
        .collect();
    let more = messages.len() > limit;
    messages.truncate(limit);
    Ok((messages, more))
}

fn reversed(
    (mut messages, more): (Vec<Message>, bool),
    newer: Option<bool>,
) -> (Vec<Message>, bool, Option<bool>) {
    messages.reverse();
    (messages, more, newer)
}

/// The messages that the entries after `since` made or touched, from one snapshot.
pub async fn changes(
    client: &impl GenericClient,
    room: RoomId,
    user: UserId,
    since: Seq,
    limit: usize,
) -> Result<Changes, StoreError> {
    require_member(client, room, user).await?;
    let head = head_of(client, room).await?;
    let (mut touched, mut to) = (BTreeSet::new(), since.min(head));
    let mut any_happened = false;
    let entries = rows(
        client,
        "SELECT seq, kind, about FROM entries WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        &[&room, &bound(since), &most(limit * ENTRIES_PER_MESSAGE)],
    ).await?;
    for row in entries {
        if touched.len() >= limit {
            break;
        }
        to = number(&row, 0);
        let message = match kind_of(&row, 1) {
            Kind::Said => Some(to),
            Kind::Edited | Kind::Deleted | Kind::Reacted | Kind::TookBack => optional_seq(&row, 2),
            _ => {
                any_happened = true;
                None
            }
        };
        touched.extend(message);
    }
    let places: Vec<_> = touched.into_iter().map(|seq| (room, seq)).collect();
    let happenings = if any_happened {
        happenings(client, room, since, to + 1).await?
    } else {
        Vec::new()
    };
    Ok(Changes {
        messages: messages(client, &places).await?,
        to,
        more: to < head,
        head,
        happenings,
    })
}

/// The first entries after a seq, or else the newest, oldest first.
pub async fn log(
    client: &impl GenericClient,
    room: RoomId,
    after: Option<Seq>,
    limit: usize,
) -> Result<Vec<Entry>, Error> {
    let limit = most(limit);
    let mut found = match after {
        Some(after) => rows(client, NEXT, &[&room, &limit, &bound(after)]).await?,
        None => rows(client, NEWEST, &[&room, &limit]).await?,
    };
    if after.is_none() {
        found.reverse();
    }
    let mut entries: Vec<_> = found.iter().map(entry_of).collect();
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Ok(entries);
    };
    let (first, last) = (bound(first.seq), bound(last.seq));
    let named = "SELECT seq, user_id FROM mentions WHERE room_id = $1 AND seq BETWEEN $2 AND $3";
    for row in rows(client, named, &[&room, &first, &last]).await? {
        let seq = number(&row, 0);
        if let Ok(at) = entries.binary_search_by_key(&seq, |entry| entry.seq) {
            entries[at].mentioned.push(row.get(1));
        }
    }
    Ok(entries)
}

fn entry_of(row: &Row) -> Entry {
    let seq = number(row, 0);
    Entry {
        room: row.get(12),
        seq,
        said: seq - number(row, 15),
        frame: frame_of(row),
        mentioned: Vec::new(),
        crossing: Crossing::of(kind_of(row, 8), row.get(13), row.get(14)),
    }
}

async fn head_of(client: &impl GenericClient, room: RoomId) -> Result<Seq, Error> {
    let head = row(client, "SELECT head FROM rooms WHERE id = $1", &[&room]).await?;
    Ok(head.map_or(0, |row| number(&row, 0)))
}

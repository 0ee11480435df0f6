//! What members say, and do to what was said: entries on their way into a room's log. Check first, write last.

use rusqlite::{OptionalExtension, params};

use super::{
    change::{Change, Changed, Stop},
    entries::Kind,
    index,
    mentions::{forget_mentions, members_named, mention},
    notes::{Author, note, noted},
    permit::{permit, require_session},
    recall::{Known, Standing},
};
use crate::{
    domain::{Body, Deed, Emoji, Message, Posted, Quote, RoomId, Seq, limits},
    protocol::ServerFrame,
    server::store::{Act, Entry, Event, NewEntry, StoreError, UserId, noted::NewNoted, now},
};

/// The message that an entry is about.
struct Target {
    seq: Seq,
    author: UserId,
    by: String,
    body: String,
    deleted: bool,
}

pub fn append(change: &mut Change<'_>, entry: NewEntry) -> Changed<Posted> {
    let NewEntry { room, by, id, act } = entry;
    require_session(change, by)?;
    let user = by.user;
    let known = change.recall.author(change.connection, room, user)?;
    let Known {
        standing,
        name,
        may_post,
    } = known.ok_or(Stop::Refused(StoreError::NoSuchRoom))?;
    let author = Author {
        room,
        user,
        name: name.to_owned(),
        id,
        standing,
    };
    match act {
        Act::Say { .. } if !may_post => Err(Stop::Refused(StoreError::NotAllowed)),
        Act::Say { body, re } => say(change, author, body, re),
        Act::Edit { of, body } => edit(change, author, of, body),
        Act::Delete { of } => delete(change, author, of),
        Act::React { of, emoji, on } => react(change, author, of, emoji, on),
    }
}

fn say(change: &mut Change<'_>, author: Author, body: Body, re: Option<Seq>) -> Changed<Posted> {
    let quoted = match re {
        // An answer to what was deleted meanwhile is still an answer.
        Some(seq) => Some(target(change, author.room, seq)?.ok_or(NO_SUCH_MESSAGE)?),
        None => None,
    };
    let Author {
        room,
        user,
        name,
        id,
        standing,
    } = author;
    let (seq, at, said) = (standing.head + 1, now().max(standing.at), standing.said + 1);
    let inserted = change
        .connection
        .prepare_cached(
            "INSERT INTO entries (room_id, seq, author_id, id, at, body, about, silent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id, author_id, room_id) DO NOTHING",
        )?
        .execute(params![
            room,
            seq,
            user,
            id.as_bytes(),
            at,
            body.as_str(),
            re,
            seq - said
        ])?;
    if inserted == 0 {
        let first = noted(change, room, user, id)?;
        return first.ok_or(Stop::Failed(StoreError::Unavailable));
    }
    change.recall.said(
        room,
        user,
        Standing {
            head: seq,
            said,
            at,
        },
    );
    let mentioned = members_named(change, room, user, body.as_str())?;
    mention(change, room, seq, &mentioned)?;
    let re = quoted.map(|quoted| Quote::new(quoted.seq, quoted.by, &quoted.body));
    let message = Message {
        re,
        ..Message::new(room, seq, id, name, at, body.into_string())
    };
    change.events.push(Event::Entry(Entry {
        room,
        seq,
        said,
        frame: ServerFrame::Message(message),
        mentioned,
        crossing: None,
    }));
    Ok(Posted { id, seq, at })
}

fn edit(change: &mut Change<'_>, author: Author, of: Seq, body: Body) -> Changed<Posted> {
    if let Some(first) = noted(change, author.room, author.user, author.id)? {
        return Ok(first);
    }
    let message = there(change, author.room, of)?;
    let own = message.author == author.user;
    permit(change, author.room, author.user, Deed::Edit { own })?;
    let (room, by) = (author.room, author.name.clone());
    let named = members_named(change, room, author.user, body.as_str())?;
    let posted = note(
        change,
        &author,
        NewNoted::about(Kind::Edited, of),
        |seq, at| ServerFrame::Edited {
            room,
            seq,
            of,
            by,
            at,
            body: body.as_str().to_owned(),
        },
    )?;
    change
        .connection
        .prepare_cached(
            "UPDATE entries SET body = ?3, edited_at = ?4 WHERE room_id = ?1 AND seq = ?2",
        )?
        .execute(params![room, of, body.as_str(), posted.at])?;
    index_anew(change, room, &message, Some(&body))?;
    let before = forget_mentions(change, room, of)?;
    mention(change, room, of, &named)?;
    if let Some(Event::Entry(entry)) = change.events.last_mut() {
        let news = named.into_iter().filter(|user| !before.contains(user));
        entry.mentioned = news.collect();
    }
    change.purged = true;
    Ok(posted)
}

fn delete(change: &mut Change<'_>, author: Author, of: Seq) -> Changed<Posted> {
    if let Some(first) = noted(change, author.room, author.user, author.id)? {
        return Ok(first);
    }
    let message = there(change, author.room, of)?;
    let own = message.author == author.user;
    permit(change, author.room, author.user, Deed::Erase { own })?;
    let (room, by) = (author.room, author.name.clone());
    let posted = note(
        change,
        &author,
        NewNoted::about(Kind::Deleted, of),
        |seq, at| ServerFrame::DeletedMessage {
            room,
            seq,
            of,
            by,
            at,
        },
    )?;
    let connection = change.connection;
    connection
        .prepare_cached(
            "UPDATE entries SET body = '', about = NULL, edited_at = NULL, deleted = 1
             WHERE room_id = ?1 AND seq = ?2",
        )?
        .execute(params![room, of])?;
    index_anew(change, room, &message, None)?;
    connection
        .prepare_cached("DELETE FROM reactions WHERE room_id = ?1 AND seq = ?2")?
        .execute(params![room, of])?;
    forget_mentions(change, room, of)?;
    change.purged = true;
    Ok(posted)
}

fn react(
    change: &mut Change<'_>,
    author: Author,
    of: Seq,
    emoji: Emoji,
    on: bool,
) -> Changed<Posted> {
    let (room, user, id) = (author.room, author.user, author.id);
    if let Some(first) = noted(change, room, user, id)? {
        return Ok(first);
    }
    there(change, room, of)?;
    let connection = change.connection;
    let emoji = emoji.as_str();
    let given: Option<Seq> = connection
        .prepare_cached(
            "SELECT entry FROM reactions
             WHERE room_id = ?1 AND seq = ?2 AND emoji = ?3 AND user_id = ?4",
        )?
        .query_row(params![room, of, emoji, user], |row| row.get(0))
        .optional()?;
    if given.is_some() == on {
        // It is so already: by the entry that gave it, or as the message came.
        let seq = given.unwrap_or(of);
        let at = connection
            .prepare_cached("SELECT at FROM entries WHERE room_id = ?1 AND seq = ?2")?
            .query_row(params![room, seq], |row| row.get(0))?;
        return Ok(Posted { id, seq, at });
    }
    // Since which entry there are some of this kind, and how many kinds there are.
    let (since, kinds): (Option<Seq>, usize) = connection
        .prepare_cached(
            "SELECT min(since) FILTER (WHERE emoji = ?3), count(DISTINCT emoji) FROM reactions
             WHERE room_id = ?1 AND seq = ?2",
        )?
        .query_row(params![room, of, emoji], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if on && since.is_none() && kinds >= limits::REACTION_KINDS {
        return Err(Stop::Refused(StoreError::TooManyReactions));
    }
    let kind = if on { Kind::Reacted } else { Kind::TookBack };
    let by = author.name.clone();
    let noted = NewNoted {
        body: emoji,
        ..NewNoted::about(kind, of)
    };
    let posted = note(change, &author, noted, |seq, at| ServerFrame::Reacted {
        room,
        seq,
        of,
        by,
        at,
        emoji: emoji.to_owned(),
        on,
    })?;
    if on {
        connection
            .prepare_cached(
                "INSERT INTO reactions (room_id, seq, emoji, user_id, entry, since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                room,
                of,
                emoji,
                user,
                posted.seq,
                since.unwrap_or(posted.seq)
            ])?;
    } else {
        connection
            .prepare_cached(
                "DELETE FROM reactions
                 WHERE room_id = ?1 AND seq = ?2 AND emoji = ?3 AND user_id = ?4",
            )?
            .execute(params![room, of, emoji, user])?;
    }
    Ok(posted)
}

/// Has a message found by what it says now, if anything.
fn index_anew(
    change: &mut Change<'_>,
    room: RoomId,
    message: &Target,
    now: Option<&Body>,
) -> Changed<()> {
    let Target {
        seq, author, body, ..
    } = message;
    let now = now.map(Body::as_str);
    if index::replace(change.connection, room, *seq, *author, body, now)? {
        change.recall.replaced();
    }
    Ok(())
}

const NO_SUCH_MESSAGE: Stop = Stop::Refused(StoreError::NoSuchMessage);

/// A message that is there, and not deleted.
fn there(change: &Change<'_>, room: RoomId, seq: Seq) -> Changed<Target> {
    let message = target(change, room, seq)?;
    message
        .filter(|message| !message.deleted)
        .ok_or(NO_SUCH_MESSAGE)
}

fn target(change: &Change<'_>, room: RoomId, seq: Seq) -> Changed<Option<Target>> {
    let mut query = change.connection.prepare_cached(
        "SELECT entries.author_id, users.name, entries.body, entries.deleted
         FROM entries JOIN users ON users.id = entries.author_id
         WHERE entries.room_id = ?1 AND entries.seq = ?2 AND entries.kind = 0
         AND entries.seq > (SELECT erased_to FROM rooms WHERE id = ?1)",
    )?;
    let found = query.query_row(
        params![room, i64::try_from(seq).unwrap_or(i64::MAX)],
        |row| {
            Ok(Target {
                seq,
                author: row.get(0)?,
                by: row.get(1)?,
                body: row.get(2)?,
                deleted: row.get(3)?,
            })
        },
    );
    Ok(found.optional()?)
}

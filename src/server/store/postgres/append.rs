//! What members say, and do to what was said: entries on their way into a room's log. Check first, write last.

use super::{
    basics::{bound, optional_seq, row, rows, run},
    change::{Change, Standing},
    facts::Author,
    notes::{NO_SUCH_ROOM, note},
    rows::{NewRow, terms_of},
};
use crate::{
    domain::{Body, Deed, Emoji, Message, Posted, Quote, RoomId, Seq, limits},
    protocol::ServerFrame,
    server::store::{
        Act, Entry, Event, NewEntry, StoreError, UserId,
        asked::Asked,
        kind::Kind,
        noted::NewNoted,
        now,
        stop::{Changed, Stop, allow},
    },
};

/// The message that an entry is about.
struct Target {
    author: UserId,
    by: String,
}

/// What the entry's author may do is among the transaction's facts.
pub async fn append(change: &mut Change, entry: NewEntry) -> Changed<Posted> {
    let NewEntry { room, by, id, act } = entry;
    if !change.facts.has_session(by) {
        return Err(Stop::Refused(StoreError::NotMe));
    }
    let user = by.user;
    let author = change.facts.author(room, user).cloned();
    let author = author.ok_or(NO_SUCH_ROOM)?;
    let may_post = author.role.may(Deed::Post {
        posting: author.posting,
    });
    let asked = Asked { room, user, id };
    if !may_post && matches!(act, Act::Say { .. }) {
        return Err(Stop::Refused(StoreError::NotAllowed));
    }
    if let Some((seq, at)) = change.facts.noted(room, user, id) {
        return Ok(Posted { id, seq, at });
    }
    match act {
        Act::Say { body, re } => say(change, asked, author, body, re).await,
        Act::Edit { of, body } => edit(change, asked, author, of, body).await,
        Act::Delete { of } => delete(change, asked, author, of).await,
        Act::React { of, emoji, on } => react(change, asked, author, of, emoji, on).await,
    }
}

async fn say(
    change: &mut Change,
    asked: Asked,
    author: Author,
    body: Body,
    re: Option<Seq>,
) -> Changed<Posted> {
    let Asked { room, user, id } = asked;
    let quote = match re {
        // An answer to what was deleted meanwhile is still an answer.
        Some(seq) => {
            let (by, said) = change.facts.quoted(room, seq).ok_or(NO_SUCH_MESSAGE)?;
            Some(Quote::new(seq, by.clone(), said))
        }
        None => None,
    };
    let standing = change.standing(room).await?.ok_or(NO_SUCH_ROOM)?;
    let (seq, at, said) = (standing.head + 1, now().max(standing.at), standing.said + 1);
    let standing = Standing {
        head: seq,
        said,
        at,
    };
    let row = NewRow {
        room,
        seq,
        author: user,
        id,
        at,
        kind: Kind::Said,
        about: re,
        said,
        subject: None,
        body: body.as_str(),
    };
    change.add(row, standing);
    change.said(room, user, standing);
    let mentioned = change.facts.members_named(room, user, body.as_str());
    change.mention(room, seq, &mentioned);
    change.facts.says(room, seq, &author.name, body.as_str());
    let message = Message {
        re: quote,
        ..Message::new(room, seq, id, author.name, at, body.into_string())
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

async fn edit(
    change: &mut Change,
    asked: Asked,
    author: Author,
    of: Seq,
    body: Body,
) -> Changed<Posted> {
    let Asked { room, user, .. } = asked;
    let message = there(change, room, of).await?;
    let own = message.author == user;
    allow(author.role, Deed::Edit { own })?;
    let named = change.facts.members_named(room, user, body.as_str());
    let noted = NewNoted::about(Kind::Edited, of);
    let posted = note(change, asked, noted, |seq, at| ServerFrame::Edited {
        room,
        seq,
        of,
        by: author.name.clone(),
        at,
        body: body.as_str().to_owned(),
    })
    .await?;
    let text = body.as_str();
    run(
        &change.client,
        "UPDATE entries SET body = $3, edited_at = $4, terms = $5::text::tsvector
         WHERE room_id = $1 AND seq = $2",
        &[&room, &bound(of), &text, &posted.at, &terms_of(room, text)],
    )
    .await?;
    change.facts.says(room, of, &message.by, text);
    let before = forget_mentions(change, room, of).await?;
    change.mention(room, of, &named);
    if let Some(Event::Entry(entry)) = change.events.last_mut() {
        let news = named.into_iter().filter(|user| !before.contains(user));
        entry.mentioned = news.collect();
    }
    Ok(posted)
}

async fn delete(change: &mut Change, asked: Asked, author: Author, of: Seq) -> Changed<Posted> {
    let Asked { room, user, .. } = asked;
    let message = there(change, room, of).await?;
    let own = message.author == user;
    allow(author.role, Deed::Erase { own })?;
    let noted = NewNoted::about(Kind::Deleted, of);
    let posted = note(change, asked, noted, |seq, at| {
        ServerFrame::DeletedMessage {
            room,
            seq,
            of,
            by: author.name.clone(),
            at,
        }
    })
    .await?;
    let message_of = bound(of);
    run(
        &change.client,
        "UPDATE entries SET body = '', about = NULL, edited_at = NULL, deleted = true, terms = NULL
         WHERE room_id = $1 AND seq = $2",
        &[&room, &message_of],
    )
    .await?;
    run(
        &change.client,
        "DELETE FROM reactions WHERE room_id = $1 AND seq = $2",
        &[&room, &message_of],
    )
    .await?;
    change.facts.says(room, of, &message.by, "");
    forget_mentions(change, room, of).await?;
    Ok(posted)
}

async fn react(
    change: &mut Change,
    asked: Asked,
    author: Author,
    of: Seq,
    emoji: Emoji,
    on: bool,
) -> Changed<Posted> {
    let Asked { room, user, id } = asked;
    there(change, room, of).await?;
    let (emoji, message) = (emoji.as_str(), bound(of));
    let given = row(
        &change.client,
        "SELECT entry FROM reactions WHERE room_id = $1 AND seq = $2 AND emoji = $3 AND user_id = $4",
        &[&room, &message, &emoji, &user],
    )
    .await?;
    let given = given.as_ref().and_then(|row| optional_seq(row, 0));
    if given.is_some() == on {
        // It is so already: by the entry that gave it, or as the message came.
        let seq = given.unwrap_or(of);
        let first = row(
            &change.client,
            "SELECT at FROM entries WHERE room_id = $1 AND seq = $2",
            &[&room, &bound(seq)],
        )
        .await?;
        let first = first.ok_or(NO_SUCH_MESSAGE)?;
        return Ok(Posted {
            id,
            seq,
            at: first.get(0),
        });
    }
    // Since which entry there are some of this kind, and how many kinds there are.
    let kinds = row(
        &change.client,
        "SELECT min(since) FILTER (WHERE emoji = $3), count(DISTINCT emoji) FROM reactions
         WHERE room_id = $1 AND seq = $2",
        &[&room, &message, &emoji],
    )
    .await?;
    let kinds = kinds.ok_or(Stop::Failed(StoreError::Unavailable))?;
    let (since, kinds) = (optional_seq(&kinds, 0), kinds.get::<_, i64>(1));
    if on && since.is_none() && kinds >= super::basics::limit(limits::REACTION_KINDS) {
        return Err(Stop::Refused(StoreError::TooManyReactions));
    }
    let noted = NewNoted {
        body: emoji,
        ..NewNoted::about(if on { Kind::Reacted } else { Kind::TookBack }, of)
    };
    let posted = note(change, asked, noted, |seq, at| ServerFrame::Reacted {
        room,
        seq,
        of,
        by: author.name.clone(),
        at,
        emoji: emoji.to_owned(),
        on,
    })
    .await?;
    if on {
        let entry = bound(posted.seq);
        let since = since.map_or(entry, bound);
        run(
            &change.client,
            "INSERT INTO reactions (room_id, seq, emoji, user_id, entry, since)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[&room, &message, &emoji, &user, &entry, &since],
        )
        .await?;
    } else {
        run(
            &change.client,
            "DELETE FROM reactions
             WHERE room_id = $1 AND seq = $2 AND emoji = $3 AND user_id = $4",
            &[&room, &message, &emoji, &user],
        )
        .await?;
    }
    Ok(posted)
}

/// A message names nobody any more. Answers whom it had named.
async fn forget_mentions(change: &mut Change, room: RoomId, seq: Seq) -> Changed<Vec<UserId>> {
    let named = rows(
        &change.client,
        "DELETE FROM mentions WHERE room_id = $1 AND seq = $2 RETURNING user_id",
        &[&room, &bound(seq)],
    )
    .await?;
    Ok(named.iter().map(|row| row.get(0)).collect())
}

/// A message that is there, and not deleted. All that is to be written is, before it is looked for.
async fn there(change: &mut Change, room: RoomId, seq: Seq) -> Changed<Target> {
    change.settle().await.map_err(Stop::Failed)?;
    let found = row(
        &change.client,
        "SELECT entries.author_id, users.name
         FROM entries JOIN users ON users.id = entries.author_id
         JOIN rooms ON rooms.id = entries.room_id
         WHERE entries.room_id = $1 AND entries.seq = $2 AND entries.kind = 0
             AND NOT entries.deleted AND entries.seq > rooms.erased_to",
        &[&room, &bound(seq)],
    )
    .await?;
    let found = found.ok_or(NO_SUCH_MESSAGE)?;
    Ok(Target {
        author: found.get(0),
        by: found.get(1),
    })
}

const NO_SUCH_MESSAGE: Stop = Stop::Refused(StoreError::NoSuchMessage);

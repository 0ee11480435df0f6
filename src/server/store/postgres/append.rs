//! Entries on their way into a room's log, and what they do to the messages in it: check first, write last.

use super::{
    basics::{bound, optional_seq, row, rows, run},
    change::{Change, Standing},
    facts::Author,
    rows::{NewRow, terms_of},
};
use crate::{
    domain::{Body, Deed, Emoji, Message, Posted, Quote, RoomId, Seq, limits},
    protocol::{ServerFrame, What},
    server::store::{
        Act, Crossing, Entry, Event, NewEntry, StoreError, User, UserId,
        asked::Asked,
        kind::Kind,
        now,
        stop::{Changed, Stop},
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
    allow(&author, Deed::Edit { own })?;
    let named = change.facts.members_named(room, user, body.as_str());
    let noted = Noted::about(Kind::Edited, of);
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
    allow(&author, Deed::Erase { own })?;
    let noted = Noted::about(Kind::Deleted, of);
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
    let noted = Noted {
        body: emoji,
        ..Noted::about(if on { Kind::Reacted } else { Kind::TookBack }, of)
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

/// Somebody has become a member, or is none any more by their own doing.
pub async fn came_or_went(change: &mut Change, room: RoomId, crossing: Crossing) -> Changed<()> {
    let (user, kind) = crossing.noted_as();
    let who = name_of(change, user).await?;
    let asked = Asked::newly(room, user);
    note(change, asked, Noted::of(kind), |seq, at| match kind {
        Kind::Left => ServerFrame::Left { room, seq, who, at },
        _ => ServerFrame::Joined { room, seq, who, at },
    })
    .await?;
    crossed(change, crossing);
    Ok(())
}

/// Has the entry that was noted last be somebody's coming or going.
fn crossed(change: &mut Change, crossing: Crossing) {
    if let Some(Event::Entry(entry)) = change.events.last_mut() {
        entry.crossing = Some(crossing);
    }
}

/// Notes what a member has changed in a room or about `whom`, another of its members.
pub async fn changed(
    change: &mut Change,
    asked: Asked,
    what: What,
    to: Option<String>,
    whom: Option<&User>,
) -> Changed<()> {
    let room = asked.room;
    let by = name_of(change, asked.user).await?;
    let noted = Noted {
        subject: whom.map(|user| user.id),
        body: to.as_deref().unwrap_or_default(),
        ..Noted::of(Kind::of(what))
    };
    note(change, asked, noted, |seq, at| ServerFrame::Changed {
        room,
        seq,
        by,
        at,
        what,
        to: to.clone(),
        who: whom.map(|user| user.name.clone()),
    })
    .await?;
    Ok(())
}

/// Notes that a room has no messages up to that one any more.
pub async fn erased(change: &mut Change, room: RoomId, owner: UserId, of: Seq) -> Changed<()> {
    let by = name_of(change, owner).await?;
    let (asked, noted) = (Asked::newly(room, owner), Noted::about(Kind::Erased, of));
    note(change, asked, noted, |seq, at| ServerFrame::Erased {
        room,
        seq,
        of,
        by,
        at,
    })
    .await?;
    Ok(())
}

/// Shows a member out: their membership ends, and whatever they are given of the room.
pub async fn remove(change: &mut Change, asked: Asked, whom: &User) -> Changed<()> {
    let room = asked.room;
    let by = name_of(change, asked.user).await?;
    run(
        &change.client,
        "DELETE FROM members WHERE room_id = $1 AND user_id = $2",
        &[&room, &whom.id],
    )
    .await?;
    let noted = Noted {
        subject: Some(whom.id),
        ..Noted::of(Kind::Removed)
    };
    note(change, asked, noted, |seq, at| ServerFrame::Removed {
        room,
        seq,
        who: whom.name.clone(),
        by,
        at,
    })
    .await?;
    crossed(change, Crossing::Removed { user: whom.id });
    Ok(())
}

async fn name_of(change: &Change, user: UserId) -> Changed<String> {
    let name = row(
        &change.client,
        "SELECT name FROM users WHERE id = $1",
        &[&user],
    )
    .await?;
    let name = name.ok_or(Stop::Failed(StoreError::Unavailable))?;
    Ok(name.get(0))
}

/// An entry that says nothing.
pub struct Noted<'a> {
    kind: Kind,
    about: Option<Seq>,
    subject: Option<UserId>,
    body: &'a str,
}

impl Noted<'_> {
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            about: None,
            subject: None,
            body: "",
        }
    }

    pub fn about(kind: Kind, message: Seq) -> Self {
        Self {
            about: Some(message),
            ..Self::of(kind)
        }
    }
}

/// Adds an entry that says nothing, and has readers told.
pub async fn note(
    change: &mut Change,
    asked: Asked,
    noted: Noted<'_>,
    frame: impl FnOnce(Seq, i64) -> ServerFrame,
) -> Changed<Posted> {
    let Asked { room, user, id } = asked;
    let standing = change.standing(room).await?.ok_or(NO_SUCH_ROOM)?;
    let (seq, at, said) = (standing.head + 1, now().max(standing.at), standing.said);
    let row = NewRow {
        room,
        seq,
        author: user,
        id,
        at,
        kind: noted.kind,
        about: noted.about,
        said,
        subject: noted.subject,
        body: noted.body,
    };
    let standing = Standing {
        head: seq,
        said,
        at,
    };
    change.add(row, standing);
    change.events.push(Event::Entry(Entry {
        room,
        seq,
        said,
        frame: frame(seq, at),
        mentioned: Vec::new(),
        crossing: None,
    }));
    Ok(Posted { id, seq, at })
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

/// The entry that this author's id stands for already.
pub async fn noted(change: &Change, asked: Asked) -> Changed<Option<Seq>> {
    let found = row(
        &change.client,
        "SELECT seq FROM entries WHERE room_id = $1 AND author_id = $2 AND id = $3",
        &[&asked.room, &asked.user, &asked.id],
    )
    .await?;
    Ok(found.as_ref().and_then(|row| optional_seq(row, 0)))
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

fn allow(author: &Author, deed: Deed) -> Changed<()> {
    if author.role.may(deed) {
        Ok(())
    } else {
        Err(Stop::Refused(deed.into()))
    }
}

const NO_SUCH_ROOM: Stop = Stop::Refused(StoreError::NoSuchRoom);
const NO_SUCH_MESSAGE: Stop = Stop::Refused(StoreError::NoSuchMessage);

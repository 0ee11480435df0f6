//! Entries that say nothing: who came and went, what was changed, removed and erased, and what became of messages.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::{
    change::{Change, Changed},
    entries::Kind,
    recall::Standing,
};
use crate::{
    domain::{Millis, Posted, RoomId, Seq},
    protocol::{ServerFrame, What},
    server::store::{Crossing, Entry, Event, User, UserId, asked::Asked, noted::NewNoted, now},
};

/// Who appends an entry, and where it goes.
pub struct Author {
    pub room: RoomId,
    pub user: UserId,
    pub name: String,
    /// The id of what they do.
    pub id: Uuid,
    pub standing: Standing,
}

/// Writes an entry that says nothing, and has readers told.
pub fn note(
    change: &mut Change<'_>,
    author: &Author,
    noted: NewNoted<'_>,
    frame: impl FnOnce(Seq, Millis) -> ServerFrame,
) -> Changed<Posted> {
    let Author {
        room,
        user,
        id,
        standing,
        ..
    } = *author;
    let (seq, at, said) = (standing.head + 1, now().max(standing.at), standing.said);
    change
        .connection
        .prepare_cached(
            "INSERT INTO entries (room_id, seq, author_id, id, at, body, kind, about, silent, subject)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            room,
            seq,
            user,
            id.as_bytes(),
            at,
            noted.body,
            noted.kind,
            noted.about,
            seq - said,
            noted.subject
        ])?;
    change.recall.moved(
        room,
        Standing {
            head: seq,
            said,
            at,
        },
    );
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

/// The entry that this author's id stands for already.
pub fn noted(
    change: &Change<'_>,
    room: RoomId,
    author: UserId,
    id: Uuid,
) -> Changed<Option<Posted>> {
    let mut query = change.connection.prepare_cached(
        "SELECT seq, at FROM entries WHERE room_id = ?1 AND author_id = ?2 AND id = ?3",
    )?;
    let first = query.query_row(params![room, author, id.as_bytes()], |row| {
        Ok(Posted {
            id,
            seq: row.get(0)?,
            at: row.get(1)?,
        })
    });
    Ok(first.optional()?)
}

/// Somebody has become a member, or is none any more by their own doing.
pub fn came_or_went(change: &mut Change<'_>, room: RoomId, crossing: Crossing) -> Changed<()> {
    let (user, kind) = crossing.noted_as();
    let author = author_of(change, Asked::newly(room, user))?;
    let who = author.name.clone();
    note(change, &author, NewNoted::of(kind), |seq, at| match kind {
        Kind::Left => ServerFrame::Left { room, seq, who, at },
        _ => ServerFrame::Joined { room, seq, who, at },
    })?;
    crossed(change, crossing);
    Ok(())
}

/// Notes what a member has changed in a room or about `whom`, another of its members.
pub fn changed(
    change: &mut Change<'_>,
    asked: Asked,
    what: What,
    to: Option<String>,
    whom: Option<&User>,
) -> Changed<()> {
    let room = asked.room;
    let author = author_of(change, asked)?;
    let (by, who) = (author.name.clone(), whom.map(|user| user.name.clone()));
    let noted = NewNoted {
        subject: whom.map(|user| user.id),
        body: to.as_deref().unwrap_or_default(),
        ..NewNoted::of(Kind::of(what))
    };
    note(change, &author, noted, |seq, at| ServerFrame::Changed {
        room,
        seq,
        by,
        at,
        what,
        to: to.clone(),
        who,
    })?;
    Ok(())
}

/// Notes that a room has no messages up to that one any more.
pub fn erased(change: &mut Change<'_>, room: RoomId, owner: UserId, of: Seq) -> Changed<()> {
    let author = author_of(change, Asked::newly(room, owner))?;
    let by = author.name.clone();
    let noted = NewNoted::about(Kind::Erased, of);
    note(change, &author, noted, |seq, at| ServerFrame::Erased {
        room,
        seq,
        of,
        by,
        at,
    })?;
    Ok(())
}

/// Shows a member out: their membership ends, and whatever they are given of the room.
pub fn remove(change: &mut Change<'_>, asked: Asked, whom: &User) -> Changed<()> {
    let room = asked.room;
    let author = author_of(change, asked)?;
    change.connection.execute(
        "DELETE FROM members WHERE room_id = ?1 AND user_id = ?2",
        [room, whom.id],
    )?;
    change.recall.forget(room);
    let by = author.name.clone();
    let noted = NewNoted {
        subject: Some(whom.id),
        ..NewNoted::of(Kind::Removed)
    };
    note(change, &author, noted, |seq, at| ServerFrame::Removed {
        room,
        seq,
        who: whom.name.clone(),
        by,
        at,
    })?;
    crossed(change, Crossing::Removed { user: whom.id });
    Ok(())
}

/// Has the entry that was noted last be somebody's coming or going.
fn crossed(change: &mut Change<'_>, crossing: Crossing) {
    if let Some(Event::Entry(entry)) = change.events.last_mut() {
        entry.crossing = Some(crossing);
    }
}

fn author_of(change: &Change<'_>, asked: Asked) -> Changed<Author> {
    let Asked { room, user, id } = asked;
    let connection = change.connection;
    Ok(Author {
        room,
        user,
        name: connection
            .prepare_cached("SELECT name FROM users WHERE id = ?1")?
            .query_row([user], |row| row.get(0))?,
        id,
        standing: change.recall.standing(connection, room)?,
    })
}

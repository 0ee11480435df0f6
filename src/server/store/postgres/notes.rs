//! Entries that say nothing: who came and went, what was changed, removed and erased, and what became of messages.

use super::{
    basics::{optional_seq, row, run},
    change::{Change, Standing},
    rows::NewRow,
};
use crate::{
    domain::{Posted, RoomId, Seq},
    protocol::{ServerFrame, What},
    server::store::{
        Crossing, Entry, Event, StoreError, User, UserId,
        asked::Asked,
        kind::Kind,
        noted::NewNoted,
        now,
        stop::{Changed, Stop},
    },
};

/// Adds an entry that says nothing, and has readers told.
pub async fn note(
    change: &mut Change,
    asked: Asked,
    noted: NewNoted<'_>,
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

/// Somebody has become a member, or is none any more by their own doing.
pub async fn came_or_went(change: &mut Change, room: RoomId, crossing: Crossing) -> Changed<()> {
    let (user, kind) = crossing.noted_as();
    let who = name_of(change, user).await?;
    let asked = Asked::newly(room, user);
    note(change, asked, NewNoted::of(kind), |seq, at| match kind {
        Kind::Left => ServerFrame::Left { room, seq, who, at },
        _ => ServerFrame::Joined { room, seq, who, at },
    })
    .await?;
    crossed(change, crossing);
    Ok(())
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
    let noted = NewNoted {
        subject: whom.map(|user| user.id),
        body: to.as_deref().unwrap_or_default(),
        ..NewNoted::of(Kind::of(what))
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
    let (asked, noted) = (Asked::newly(room, owner), NewNoted::about(Kind::Erased, of));
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
    let noted = NewNoted {
        subject: Some(whom.id),
        ..NewNoted::of(Kind::Removed)
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

/// Has the entry that was noted last be somebody's coming or going.
fn crossed(change: &mut Change, crossing: Crossing) {
    if let Some(Event::Entry(entry)) = change.events.last_mut() {
        entry.crossing = Some(crossing);
    }
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

pub const NO_SUCH_ROOM: Stop = Stop::Refused(StoreError::NoSuchRoom);

//! What a room's owner and moderators change in it: its name, its key and its rules, who is in it and as what. Each
//! inside a transaction that others share: check first, write last.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::{
    basics::{exists, role},
    change::{Change, Changed, Stop},
    notes::{changed, noted, remove},
    permit::require_session,
    writes::take_name,
};
use crate::{
    domain::{Deed, Folded, Posting, Role, RoomId, RoomName, Topic, limits},
    protocol::What,
    server::store::{Actor, Setting, StoreError, User, asked::Asked, now, stop::allow},
};

pub fn set(
    change: &mut Change<'_>,
    room: RoomId,
    by: Actor,
    id: Uuid,
    setting: Setting,
) -> Changed<()> {
    require_session(change, by)?;
    let user = by.user;
    let asked = Asked { room, user, id };
    let role = change.role(room, user)?.ok_or(NO_SUCH_ROOM)?;
    // Before anything else: it may have taken from its author what it asks for.
    if noted(change, room, user, id)?.is_some() {
        return Ok(());
    }
    allow(role, setting.deed())?;
    match setting {
        Setting::Name(name) => rename(change, asked, &name),
        Setting::Topic(topic) => set_topic(change, asked, &topic),
        Setting::Key { hash, everyone_out } => change_key(change, asked, &hash, everyone_out),
        Setting::Role { who, role } => set_role(change, asked, &who, role),
        Setting::Out { who } => show_out(change, asked, role, &who),
        Setting::Posting(posting) => set_posting(change, asked, posting),
        Setting::Keep(days) => set_keep(change, asked, days),
    }
}

fn rename(change: &mut Change<'_>, asked: Asked, name: &RoomName) -> Changed<()> {
    let room = asked.room;
    let folded = name.folded();
    let taken = exists(
        change.connection,
        "SELECT 1 FROM rooms WHERE folded = ?1 AND id <> ?2",
        params![folded.as_str(), room],
    )?;
    if taken {
        return Err(Stop::Refused(StoreError::RoomTaken));
    }
    let connection = change.connection;
    let (was, was_folded): (String, String) = connection
        .prepare_cached("SELECT name, folded FROM rooms WHERE id = ?1")?
        .query_row([room], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if was == name.as_str() {
        return Ok(());
    }
    connection.execute(
        "UPDATE rooms SET name = ?2, folded = ?3 WHERE id = ?1",
        params![room, name.as_str(), folded.as_str()],
    )?;
    take_name(change, &folded)?;
    if was_folded != folded.as_str() {
        connection.execute(
            "INSERT INTO former_names (folded, room_id, until) VALUES (?1, ?2, ?3)",
            params![was_folded, room, now()],
        )?;
        connection.execute(
            "DELETE FROM former_names WHERE room_id = ?1 AND folded NOT IN
                 (SELECT folded FROM former_names WHERE room_id = ?1 ORDER BY until DESC LIMIT ?2)",
            params![room, limits::FORMER_NAMES],
        )?;
    }
    let to = name.as_str().to_owned();
    changed(change, asked, What::Name, Some(to), None)?;
    Ok(())
}

fn set_topic(change: &mut Change<'_>, asked: Asked, topic: &Topic) -> Changed<()> {
    let news = change.connection.execute(
        "UPDATE rooms SET topic = ?2 WHERE id = ?1 AND topic IS NOT ?2",
        params![asked.room, topic.as_str()],
    )?;
    told(change, asked, news, What::Topic, topic.as_str().to_owned())
}

fn set_posting(change: &mut Change<'_>, asked: Asked, posting: Posting) -> Changed<()> {
    let news = change.connection.execute(
        "UPDATE rooms SET posting = ?2 WHERE id = ?1 AND posting IS NOT ?2",
        params![asked.room, posting],
    )?;
    change.recall.forget(asked.room);
    let to = posting.as_str().to_owned();
    told(change, asked, news, What::Posting, to)
}

fn set_keep(change: &mut Change<'_>, asked: Asked, days: Option<u32>) -> Changed<()> {
    let news = change.connection.execute(
        "UPDATE rooms SET keep_days = ?2 WHERE id = ?1 AND keep_days IS NOT ?2",
        params![asked.room, days],
    )?;
    change.keeps_less |= news > 0;
    let to = days.map(|days| days.to_string()).unwrap_or_default();
    told(change, asked, news, What::Keep, to)
}

/// Tells what a rule is now, where that is news.
fn told(change: &mut Change<'_>, asked: Asked, news: usize, what: What, to: String) -> Changed<()> {
    if news == 0 {
        return Ok(());
    }
    changed(change, asked, what, Some(to), None)
}

/// Gives the room another key. `everyone_out` shows all others out first, so that they learn of nothing after it, and
/// ends the invites, by which they could come back.
fn change_key(
    change: &mut Change<'_>,
    asked: Asked,
    hash: &str,
    everyone_out: bool,
) -> Changed<()> {
    let Asked { room, user, .. } = asked;
    if everyone_out {
        let others: Vec<User> = change
            .connection
            .prepare_cached(
                "SELECT users.id, users.name FROM members JOIN users ON users.id = members.user_id
                 WHERE members.room_id = ?1 AND members.user_id <> ?2 ORDER BY users.id",
            )?
            .query_map([room, user], |row| {
                let (id, name) = (row.get(0)?, row.get(1)?);
                Ok(User { id, name })
            })?
            .collect::<Result<_, _>>()?;
        for other in &others {
            remove(change, Asked::newly(room, user), other)?;
        }
        change
            .connection
            .execute("DELETE FROM invites WHERE room_id = ?1", [room])?;
    }
    change.connection.execute(
        "UPDATE rooms SET key_hash = ?2 WHERE id = ?1",
        params![room, hash],
    )?;
    changed(change, asked, What::Key, None, None)
}

fn set_role(change: &mut Change<'_>, asked: Asked, who: &Folded, role: Role) -> Changed<()> {
    let Asked { room, user, .. } = asked;
    let (whom, was) = member_named(change, room, who)?;
    if was == role {
        return Ok(());
    }
    if whom.id == user {
        // The room would be nobody's: it is handed over, to somebody.
        return Err(Stop::Refused(StoreError::NotAllowed));
    }
    let become_role = "UPDATE members SET role = ?3 WHERE room_id = ?1 AND user_id = ?2";
    let connection = change.connection;
    if role == Role::Owner {
        connection.execute(
            "UPDATE rooms SET owner_id = ?2 WHERE id = ?1",
            [room, whom.id],
        )?;
        connection.execute(become_role, params![room, user, Role::Moderator])?;
    } else {
        connection.execute(become_role, params![room, whom.id, role])?;
    }
    change.recall.forget(room);
    let to = role.as_str().to_owned();
    changed(change, asked, What::Role, Some(to), Some(&whom))?;
    Ok(())
}

/// Shows a member out. Invites that they made end with that: they could come back by them.
fn show_out(change: &mut Change<'_>, asked: Asked, role: Role, who: &Folded) -> Changed<()> {
    let room = asked.room;
    let (whom, theirs) = member_named(change, room, who)?;
    allow(role, Deed::Remove { whom: theirs })?;
    change.connection.execute(
        "DELETE FROM invites WHERE room_id = ?1 AND author_id = ?2",
        [room, whom.id],
    )?;
    remove(change, asked, &whom)
}

/// A member by any form of their name.
fn member_named(change: &Change<'_>, room: RoomId, who: &Folded) -> Changed<(User, Role)> {
    let found = change
        .connection
        .prepare_cached(concat!(
            "SELECT users.id, users.name, ",
            role!(),
            " FROM members
             JOIN users ON users.id = members.user_id
             JOIN rooms ON rooms.id = members.room_id
             WHERE members.room_id = ?1 AND users.folded = ?2"
        ))?
        .query_row(params![room, who.as_str()], |row| {
            let (id, name) = (row.get(0)?, row.get(1)?);
            Ok((User { id, name }, row.get(2)?))
        })
        .optional()?;
    found.ok_or(Stop::Refused(StoreError::NoSuchMember))
}

const NO_SUCH_ROOM: Stop = Stop::Refused(StoreError::NoSuchRoom);

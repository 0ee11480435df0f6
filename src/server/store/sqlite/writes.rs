//! The changes to rooms and to who is in them, each inside a transaction that others share: check first, write last.

use rusqlite::{OptionalExtension, params};

use super::{
    basics::{exists, head},
    change::{Change, Changed, Stop},
    notes::came_or_went,
    permit::{is_member, permit, require_session},
};
use crate::{
    domain::{Deed, Folded, RoomId, RoomName, Seq},
    server::store::{Actor, Crossing, Event, Lock, Reading, StoreError, UserId, now},
};

pub fn create_room(
    change: &mut Change<'_>,
    owner: Actor,
    name: &RoomName,
    key_hash: &str,
) -> Changed<RoomId> {
    require_session(change, owner)?;
    let owner = owner.user;
    let folded = name.folded();
    let taken = exists(
        change.connection,
        "SELECT 1 FROM rooms WHERE folded = ?1",
        params![folded.as_str()],
    )?;
    if taken {
        return Err(Stop::Refused(StoreError::RoomTaken));
    }
    change.connection.execute(
        "INSERT INTO rooms (name, folded, owner_id, key_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![name.as_str(), folded.as_str(), owner, key_hash, now()],
    )?;
    let room = change.connection.last_insert_rowid();
    take_name(change, &folded)?;
    add_member(change, room, owner, 0)?;
    change.events.push(Event::Created { room, user: owner });
    Ok(room)
}

/// A room that takes a name takes the links that led by it to another.
pub fn take_name(change: &Change<'_>, name: &Folded) -> Changed<()> {
    change.connection.execute(
        "DELETE FROM former_names WHERE folded = ?1",
        [name.as_str()],
    )?;
    Ok(())
}

pub fn join(change: &mut Change<'_>, lock: &Lock, by: Actor) -> Changed<()> {
    require_session(change, by)?;
    let same = exists(
        change.connection,
        "SELECT 1 FROM rooms WHERE id = ?1 AND key_hash = ?2",
        params![lock.room, lock.key_hash],
    )?;
    if !same {
        return Err(Stop::Refused(StoreError::WrongKey));
    }
    enter(change, lock.room, by.user)
}

/// Makes somebody a member whom the room has let in.
pub fn enter(change: &mut Change<'_>, room: RoomId, user: UserId) -> Changed<()> {
    if is_member(change, room, user)? {
        return Ok(());
    }
    // What was said before somebody came is history to them, not news, and neither is their own coming.
    let head = change.recall.standing(change.connection, room)?.head;
    add_member(change, room, user, head + 1)?;
    came_or_went(change, room, Crossing::Joined { user })
}

pub fn leave_by(change: &mut Change<'_>, room: RoomId, by: Actor) -> Changed<()> {
    require_session(change, by)?;
    leave(change, room, by.user)
}

/// Ends a membership. An owner's room goes to who has been in it longest, moderators first; without one it is deleted.
pub fn leave(change: &mut Change<'_>, room: RoomId, user: UserId) -> Changed<()> {
    if !is_member(change, room, user)? {
        return Err(Stop::Refused(StoreError::NoSuchRoom));
    }
    let owned = owner(change, room)? == Some(user);
    let heir: Option<UserId> = change
        .connection
        .prepare_cached(
            "SELECT user_id FROM members WHERE room_id = ?1 AND user_id <> ?2
             ORDER BY role DESC, joined_at, user_id LIMIT 1",
        )?
        .query_row([room, user], |row| row.get(0))
        .optional()?;
    match heir {
        None => return remove_room(change, room),
        Some(heir) if owned => {
            change
                .connection
                .execute("UPDATE rooms SET owner_id = ?2 WHERE id = ?1", [room, heir])?;
        }
        Some(_) => {}
    }
    change.connection.execute(
        "DELETE FROM members WHERE room_id = ?1 AND user_id = ?2",
        [room, user],
    )?;
    change.recall.forget(room);
    let heir = heir.filter(|_| owned);
    came_or_went(change, room, Crossing::Left { user, heir })
}

pub fn delete_room(change: &mut Change<'_>, room: RoomId, by: Actor) -> Changed<()> {
    require_session(change, by)?;
    permit(change, room, by.user, Deed::DeleteRoom)?;
    remove_room(change, room)
}

pub fn seen(
    change: &mut Change<'_>,
    room: RoomId,
    user: UserId,
    seq: Seq,
    by: Reading,
) -> Changed<()> {
    // Up to the next message of another: one's own are not news, nor is what else happens. A position past the
    // head would hide messages that are yet to come.
    let moved: Option<(Seq, u64)> = change
        .connection
        .prepare_cached(concat!(
            "UPDATE members SET seen = coalesce(
                 (SELECT seq - 1 FROM entries
                  WHERE room_id = ?1 AND seq > ?3 AND author_id <> ?2 AND kind = 0 ORDER BY seq LIMIT 1),
                 ",
            head!("?1"),
            ")
             WHERE room_id = ?1 AND user_id = ?2 AND seen < ?3
             RETURNING seen, coalesce((SELECT entries.seq - entries.silent FROM entries
                                       WHERE entries.room_id = ?1 AND entries.seq = seen), 0)"
        ))?
        .query_row(
            params![room, user, i64::try_from(seq).unwrap_or(i64::MAX)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match moved {
        Some((seq, read)) => change.events.push(Event::Seen {
            room,
            user,
            seq,
            read,
            by,
        }),
        None if is_member(change, room, user)? => {}
        None => return Err(Stop::Refused(StoreError::NoSuchRoom)),
    }
    Ok(())
}

/// Takes a room away. Its messages go later, in steps: a long room's would hold up everybody else's.
pub fn remove_room(change: &mut Change<'_>, room: RoomId) -> Changed<()> {
    change
        .connection
        .execute("DELETE FROM rooms WHERE id = ?1", [room])?;
    change
        .connection
        .execute("INSERT INTO purges (room_id) VALUES (?1)", [room])?;
    change.recall.forget_gone(room);
    change.events.push(Event::Deleted { room });
    change.purged = true;
    Ok(())
}

fn add_member(change: &mut Change<'_>, room: RoomId, user: UserId, seen: Seq) -> Changed<()> {
    change
        .connection
        .prepare_cached(
            "INSERT INTO members (room_id, user_id, joined_at, seen) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![room, user, now(), seen])?;
    Ok(())
}

fn owner(change: &Change<'_>, room: RoomId) -> Changed<Option<UserId>> {
    let mut query = change
        .connection
        .prepare_cached("SELECT owner_id FROM rooms WHERE id = ?1")?;
    Ok(query.query_row([room], |row| row.get(0)).optional()?)
}

//! The changes to rooms and to who is in them, each inside a transaction that others share: check first, write last.

use super::{
    basics::{bound, exists, row, run},
    change::{Change, Columns},
    notes::came_or_went,
    permit::{is_member, permit, require_session},
    reads::role_in,
};
use crate::{
    domain::{Deed, Folded, Role, RoomId, RoomName, Seq},
    server::store::{
        Actor, Crossing, Event, Lock, Reading, StoreError, UserId, now,
        stop::{Changed, Stop},
    },
};

pub async fn create_room(
    change: &mut Change,
    owner: Actor,
    name: &RoomName,
    key_hash: &str,
) -> Changed<RoomId> {
    require_session(change, owner).await?;
    let (owner, folded) = (owner.user, name.folded());
    // Whoever takes the name at the same time is waited for.
    let made = row(
        &change.client,
        "INSERT INTO rooms (name, folded, owner_id, key_hash, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (folded) DO NOTHING RETURNING id",
        &[&name.as_str(), &folded.as_str(), &owner, &key_hash, &now()],
    ).await?;
    let made = made.ok_or(Stop::Refused(StoreError::RoomTaken))?;
    let room = made.get(0);
    take_name(change, &folded).await?;
    add_member(change, room, owner, 0).await?;
    change.events.push(Event::Created { room, user: owner });
    Ok(room)
}

/// A room that takes a name takes the links that led by it to another.
pub async fn take_name(change: &Change, name: &Folded) -> Changed<()> {
    run(
        &change.client,
        "DELETE FROM former_names WHERE folded = $1",
        &[&name.as_str()],
    )
    .await?;
    Ok(())
}

pub async fn join(change: &mut Change, lock: &Lock, by: Actor) -> Changed<()> {
    require_session(change, by).await?;
    let same = exists(
        &change.client,
        "SELECT 1 FROM rooms WHERE id = $1 AND key_hash = $2",
        &[&lock.room, &lock.key_hash],
    )
    .await?;
    if !same {
        return Err(Stop::Refused(StoreError::WrongKey));
    }
    enter(change, lock.room, by.user).await
}

/// Makes somebody a member whom the room has let in.
pub async fn enter(change: &mut Change, room: RoomId, user: UserId) -> Changed<()> {
    if is_member(change, room, user).await? {
        return Ok(());
    }
    // What was said before somebody came is history to them, not news, and neither is their own coming.
    let standing = change.standing(room).await?;
    let standing = standing.ok_or(Stop::Refused(StoreError::NoSuchRoom))?;
    add_member(change, room, user, standing.head + 1).await?;
    came_or_went(change, room, Crossing::Joined { user }).await
}

pub async fn leave_by(change: &mut Change, room: RoomId, by: Actor) -> Changed<()> {
    require_session(change, by).await?;
    leave(change, room, by.user).await
}

/// Ends a membership. An owner's room goes to who has been in it longest, moderators first; without one it is deleted.
pub async fn leave(change: &mut Change, room: RoomId, user: UserId) -> Changed<()> {
    let was = role_in(&change.client, room, user).await?;
    let was = was.ok_or(Stop::Refused(StoreError::NoSuchRoom))?;
    let owned = was == Role::Owner;
    let heir = row(
        &change.client,
        "SELECT user_id FROM members WHERE room_id = $1 AND user_id <> $2
         ORDER BY role DESC, joined_at, user_id LIMIT 1",
        &[&room, &user],
    )
    .await?;
    let Some(heir) = heir else {
        return remove_room(change, room).await;
    };
    let heir: UserId = heir.get(0);
    if owned {
        let sql = "UPDATE rooms SET owner_id = $2 WHERE id = $1";
        run(&change.client, sql, &[&room, &heir]).await?;
    }
    let sql = "DELETE FROM members WHERE room_id = $1 AND user_id = $2";
    run(&change.client, sql, &[&room, &user]).await?;
    let heir = owned.then_some(heir);
    came_or_went(change, room, Crossing::Left { user, heir }).await
}

pub async fn delete_room(change: &mut Change, room: RoomId, by: Actor) -> Changed<()> {
    require_session(change, by).await?;
    permit(change, room, by.user, Deed::DeleteRoom).await?;
    remove_room(change, room).await
}

pub async fn seen(change: &mut Change, room: RoomId, user: UserId, seq: Seq) -> Changed<()> {
    let moved = change.see(Columns::one(room, user, seq)).await?;
    let came = moved.into_iter().map(|seen| seen.event(Reading::Page));
    let before = change.events.len();
    change.events.extend(came);
    if change.events.len() > before || is_member(change, room, user).await? {
        Ok(())
    } else {
        Err(Stop::Refused(StoreError::NoSuchRoom))
    }
}

/// Takes a room away. Its messages go later, in steps: a long room's would hold up everybody else's.
pub async fn remove_room(change: &mut Change, room: RoomId) -> Changed<()> {
    run(&change.client, "DELETE FROM rooms WHERE id = $1", &[&room]).await?;
    let purge = "INSERT INTO purges (room_id) VALUES ($1)";
    run(&change.client, purge, &[&room]).await?;
    change.forget(room);
    change.events.push(Event::Deleted { room });
    change.purged = true;
    Ok(())
}

async fn add_member(change: &Change, room: RoomId, user: UserId, seen: Seq) -> Changed<()> {
    run(
        &change.client,
        "INSERT INTO members (room_id, user_id, joined_at, seen) VALUES ($1, $2, $3, $4)",
        &[&room, &user, &now(), &bound(seen)],
    )
    .await?;
    Ok(())
}

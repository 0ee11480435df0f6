//! Whether somebody may change what they ask to: their session, their membership and their role, looked at in the
//! transaction that makes the change.

use super::{basics::exists, change::Change, reads::role_in};
use crate::{
    domain::{Deed, Role, RoomId},
    server::store::{
        Actor, StoreError, UserId,
        stop::{Changed, Stop, allow},
    },
};

/// The request proved who asks before it came here; their session may have ended since.
pub async fn require_session(change: &Change, by: Actor) -> Changed<()> {
    let there = exists(
        &change.client,
        "SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2",
        &[&by.session, &by.user],
    )
    .await?;
    if there {
        Ok(())
    } else {
        Err(Stop::Refused(StoreError::NotMe))
    }
}

pub async fn is_member(change: &Change, room: RoomId, user: UserId) -> Changed<bool> {
    let member = "SELECT 1 FROM members WHERE room_id = $1 AND user_id = $2";
    Ok(exists(&change.client, member, &[&room, &user]).await?)
}

/// Lets a member through whose role lets them do that. Answers their role.
///
/// # Errors
/// [`StoreError::NoSuchRoom`] for who is no member, else what the deed's refusal is.
pub async fn permit(change: &Change, room: RoomId, user: UserId, deed: Deed) -> Changed<Role> {
    let role = role_in(&change.client, room, user).await?;
    let role = role.ok_or(Stop::Refused(StoreError::NoSuchRoom))?;
    allow(role, deed)?;
    Ok(role)
}

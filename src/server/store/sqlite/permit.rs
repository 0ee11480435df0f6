//! Whether somebody may change what they ask to: their session, their membership and their role, looked at in the
//! transaction that makes the change.

use super::{
    basics::exists,
    change::{Change, Changed, Stop},
};
use crate::{
    domain::{Deed, Role, RoomId},
    server::store::{Actor, StoreError, UserId, stop::allow},
};

/// The request proved who asks before it came here; their session may have ended since.
pub fn require_session(change: &mut Change<'_>, by: Actor) -> Changed<()> {
    if change.recall.has_session(change.connection, by)? {
        Ok(())
    } else {
        Err(Stop::Refused(StoreError::NotMe))
    }
}

pub fn is_member(change: &Change<'_>, room: RoomId, user: UserId) -> Changed<bool> {
    let member = "SELECT 1 FROM members WHERE room_id = ?1 AND user_id = ?2";
    Ok(exists(change.connection, member, [room, user])?)
}

/// Lets a member through whose role lets them do that. Answers their role.
///
/// # Errors
/// [`StoreError::NoSuchRoom`] for who is no member, else what the deed's refusal is.
pub fn permit(change: &Change<'_>, room: RoomId, user: UserId, deed: Deed) -> Changed<Role> {
    let role = change.role(room, user)?;
    let role = role.ok_or(Stop::Refused(StoreError::NoSuchRoom))?;
    allow(role, deed)?;
    Ok(role)
}

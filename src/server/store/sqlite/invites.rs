//! Invites: made, listed, ended, and used in the same transaction as the coming of whom they let in.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    basics::role_of,
    change::{Change, Changed, Stop},
    permit::{is_member, permit, require_session},
    writes::enter,
};
use crate::{
    domain::{Deed, Invite, InviteId, RoomId, invite, limits},
    server::store::{Actor, InviteTerms, StoreError, TokenHash, UserId, now},
};

pub fn make(
    change: &mut Change<'_>,
    room: RoomId,
    by: Actor,
    secret: TokenHash,
    terms: InviteTerms,
) -> Changed<InviteId> {
    require_session(change, by)?;
    permit(change, room, by.user, Deed::Invite)?;
    let (connection, now) = (change.connection, now());
    let good: usize = connection
        .prepare_cached(
            "SELECT count(*) FROM invites WHERE room_id = ?1
             AND coalesce(expires_at > ?2, 1) AND coalesce(uses_left > 0, 1)",
        )?
        .query_row(params![room, now], |row| row.get(0))?;
    if good >= limits::INVITES {
        return Err(Stop::Refused(StoreError::TooManyInvites));
    }
    connection.execute(
        "DELETE FROM invites WHERE room_id = ?1 AND (expires_at <= ?2 OR uses_left = 0)",
        params![room, now],
    )?;
    let InviteTerms { uses, expires } = terms;
    connection.execute(
        "INSERT INTO invites (token_hash, room_id, author_id, created_at, expires_at, uses, uses_left)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        params![secret.0, room, by.user, now, expires, uses],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Those that still let somebody in, the newest first.
pub fn list(
    connection: &Connection,
    room: RoomId,
    user: UserId,
) -> Result<Vec<Invite>, StoreError> {
    let snapshot = connection.unchecked_transaction()?;
    let role = role_of(&snapshot, room, user)?.ok_or(StoreError::NoSuchRoom)?;
    if !role.may(Deed::Invite) {
        return Err(Deed::Invite.into());
    }
    let mut query = snapshot.prepare_cached(
        "SELECT invites.id, users.name, uses, uses_left, expires_at
         FROM invites JOIN users ON users.id = invites.author_id
         WHERE room_id = ?1 AND coalesce(expires_at > ?2, 1) AND coalesce(uses_left > 0, 1)
         ORDER BY invites.id DESC",
    )?;
    let invites = query.query_map(params![room, now()], |row| {
        let id = row.get(0)?;
        Ok(Invite {
            id,
            invite: invite::listed(id),
            by: row.get(1)?,
            uses: row.get(2)?,
            left: row.get(3)?,
            expires: row.get(4)?,
        })
    })?;
    Ok(invites.collect::<Result<_, _>>()?)
}

/// One that is not there has ended.
pub fn end(change: &mut Change<'_>, room: RoomId, by: Actor, id: InviteId) -> Changed<()> {
    require_session(change, by)?;
    permit(change, room, by.user, Deed::Invite)?;
    change.connection.execute(
        "DELETE FROM invites WHERE id = ?1 AND room_id = ?2",
        [id, room],
    )?;
    Ok(())
}

/// Lets somebody into a room. Who is a member already uses nothing.
pub fn join(
    change: &mut Change<'_>,
    room: RoomId,
    by: Actor,
    id: InviteId,
    secret: TokenHash,
) -> Changed<()> {
    require_session(change, by)?;
    let left: Option<Option<u32>> = change
        .connection
        .prepare_cached(
            "SELECT uses_left FROM invites WHERE id = ?1 AND token_hash = ?2 AND room_id = ?3
             AND coalesce(expires_at > ?4, 1)",
        )?
        .query_row(params![id, secret.0, room, now()], |row| row.get(0))
        .optional()?;
    let left = left.ok_or(WRONG_KEY)?;
    if is_member(change, room, by.user)? {
        return Ok(());
    }
    if left == Some(0) {
        return Err(WRONG_KEY);
    }
    change.connection.execute(
        "UPDATE invites SET uses_left = uses_left - 1 WHERE id = ?1",
        [id],
    )?;
    enter(change, room, by.user)
}

/// Forgets those whose time is over.
pub fn forget_old(change: &Change<'_>) -> Changed<()> {
    change
        .connection
        .prepare_cached("DELETE FROM invites WHERE expires_at <= ?1")?
        .execute([now()])?;
    Ok(())
}

const WRONG_KEY: Stop = Stop::Refused(StoreError::WrongKey);

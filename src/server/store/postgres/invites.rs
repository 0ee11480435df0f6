//! Invites: made, listed, ended, and used in the same transaction as the coming of whom they let in.

use deadpool_postgres::GenericClient;

use super::{
    basics::{number, row, rows, run},
    change::Change,
    permit::{is_member, permit, require_session},
    reads::role_in,
    writes::enter,
};
use crate::{
    domain::{Deed, Invite, InviteId, RoomId, invite, limits},
    server::store::{
        Actor, InviteTerms, StoreError, TokenHash, UserId, now,
        stop::{Changed, Stop},
    },
};

pub async fn make(
    change: &mut Change,
    room: RoomId,
    by: Actor,
    secret: TokenHash,
    terms: InviteTerms,
) -> Changed<InviteId> {
    require_session(change, by).await?;
    permit(change, room, by.user, Deed::Invite).await?;
    let (client, now) = (&change.client, now());
    let good = row(
        client,
        "SELECT count(*) FROM invites WHERE room_id = $1
         AND coalesce(expires_at > $2, true) AND coalesce(uses_left > 0, true)",
        &[&room, &now],
    )
    .await?;
    let most = u64::try_from(limits::INVITES).unwrap_or(u64::MAX);
    if good.is_some_and(|row| number(&row, 0) >= most) {
        return Err(Stop::Refused(StoreError::TooManyInvites));
    }
    let over = "DELETE FROM invites WHERE room_id = $1 AND (expires_at <= $2 OR uses_left = 0)";
    run(client, over, &[&room, &now]).await?;
    let InviteTerms { uses, expires } = terms;
    let (token, uses): (&[u8], _) = (&secret.0, uses.map(i64::from));
    let made = row(
        client,
        "INSERT INTO invites (token_hash, room_id, author_id, created_at, expires_at, uses, uses_left)
         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
        &[&token, &room, &by.user, &now, &expires, &uses],
    )
    .await?;
    Ok(made.ok_or(Stop::Failed(StoreError::Unavailable))?.get(0))
}

/// Those that still let somebody in, the newest first.
pub async fn list(
    client: &impl GenericClient,
    room: RoomId,
    user: UserId,
) -> Result<Vec<Invite>, StoreError> {
    let role = role_in(client, room, user).await?;
    if !role.ok_or(StoreError::NoSuchRoom)?.may(Deed::Invite) {
        return Err(Deed::Invite.into());
    }
    let invites = rows(
        client,
        "SELECT invites.id, users.name, uses, uses_left, expires_at
         FROM invites JOIN users ON users.id = invites.author_id
         WHERE room_id = $1 AND coalesce(expires_at > $2, true) AND coalesce(uses_left > 0, true)
         ORDER BY invites.id DESC",
        &[&room, &now()],
    )
    .await?;
    let few = |uses: Option<i64>| uses.and_then(|uses| u32::try_from(uses).ok());
    let invite = |row: &tokio_postgres::Row| {
        let id = row.get(0);
        Invite {
            id,
            invite: invite::listed(id),
            by: row.get(1),
            uses: few(row.get(2)),
            left: few(row.get(3)),
            expires: row.get(4),
        }
    };
    Ok(invites.iter().map(invite).collect())
}

/// One that is not there has ended.
pub async fn end(change: &mut Change, room: RoomId, by: Actor, id: InviteId) -> Changed<()> {
    require_session(change, by).await?;
    permit(change, room, by.user, Deed::Invite).await?;
    let end = "DELETE FROM invites WHERE id = $1 AND room_id = $2";
    run(&change.client, end, &[&id, &room]).await?;
    Ok(())
}

/// Lets somebody into a room. Who is a member already uses nothing.
pub async fn join(
    change: &mut Change,
    room: RoomId,
    by: Actor,
    id: InviteId,
    secret: TokenHash,
) -> Changed<()> {
    require_session(change, by).await?;
    let token: &[u8] = &secret.0;
    let left = row(
        &change.client,
        "SELECT uses_left FROM invites WHERE id = $1 AND token_hash = $2 AND room_id = $3
         AND coalesce(expires_at > $4, true)",
        &[&id, &token, &room, &now()],
    )
    .await?;
    let left: Option<i64> = left.ok_or(WRONG_KEY)?.get(0);
    if is_member(change, room, by.user).await? {
        return Ok(());
    }
    if left == Some(0) {
        return Err(WRONG_KEY);
    }
    let use_up = "UPDATE invites SET uses_left = uses_left - 1 WHERE id = $1";
    run(&change.client, use_up, &[&id]).await?;
    enter(change, room, by.user).await
}

const WRONG_KEY: Stop = Stop::Refused(StoreError::WrongKey);

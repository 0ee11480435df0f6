//! Invites to rooms, and coming in by one.

use super::Chat;
use crate::{
    domain::{ApiError, Invite, Key, Millis, NewInvite, RoomId, invite, limits},
    server::{
        identity::{Caller, Me, hash_token, new_token},
        store::{InviteTerms, StoreError, now},
    },
};

const HOUR: Millis = 60 * 60 * 1000;

impl Chat {
    /// Makes an invite that lets so many people in, within so many hours; any number of people and for ever where there
    /// is no number.
    ///
    /// # Errors
    /// `too_fast`, `no_such_room`, `not_allowed`, and `bad_request` for numbers that may not be and where the room has
    /// as many invites as it may.
    pub async fn new_invite(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        uses: Option<u32>,
        hours: Option<u32>,
    ) -> Result<NewInvite, ApiError> {
        within("lets in", "people", uses, limits::INVITE_USES)?;
        within("is good for", "hours", hours, limits::INVITE_HOURS)?;
        self.0.limits.message(me.id, caller.address)?;
        let (secret, hash) = new_token()?;
        let expires = hours.map(|hours| now() + Millis::from(hours) * HOUR);
        let terms = InviteTerms { uses, expires };
        let id = self
            .0
            .store
            .new_invite(room, me.actor(), hash, terms)
            .await?;
        Ok(NewInvite {
            invite: invite::whole(id, &secret),
            uses,
            expires,
        })
    }

    /// Those of a room that still let somebody in, the newest first.
    ///
    /// # Errors
    /// `no_such_room`, `not_allowed`.
    pub async fn invites(&self, me: &Me, room: RoomId) -> Result<Vec<Invite>, ApiError> {
        Ok(self.0.store.invites(room, me.id).await?)
    }

    /// Ends an invite, by its number, by what the list calls it, or by all of it.
    ///
    /// # Errors
    /// `too_fast`, `no_such_room`, `not_allowed`, and `bad_request` for what is no invite.
    pub async fn end_invite(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        invite: &str,
    ) -> Result<(), ApiError> {
        self.0.limits.message(me.id, caller.address)?;
        let id = invite::meant(invite)
            .ok_or_else(|| ApiError::bad_request("That is not an invite of this room."))?;
        Ok(self.0.store.end_invite(room, me.actor(), id).await?)
    }

    /// Lets *me* into a room, if the key is an invite to it; answers whether it was.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn invited(&self, me: &Me, room: RoomId, key: &Key) -> Result<bool, ApiError> {
        let Some((id, secret)) = invite::parts(key) else {
            return Ok(false);
        };
        let join = self
            .0
            .store
            .join_by_invite(room, me.actor(), id, hash_token(secret));
        match join.await {
            Ok(()) => Ok(true),
            Err(StoreError::WrongKey) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// # Errors
/// `bad_request` for a number that is none of 1 to `most`.
fn within(does: &str, what: &str, number: Option<u32>, most: u32) -> Result<(), ApiError> {
    match number {
        Some(number) if !(1..=most).contains(&number) => Err(ApiError::bad_request(format!(
            "An invite {does} 1 to {most} {what}."
        ))),
        _ => Ok(()),
    }
}

//! What a room's owner and moderators change in it.

use uuid::Uuid;

use super::Chat;
use crate::{
    domain::{
        ApiError, Code, Deed, Key, Posting, Role, Room, RoomId, RoomName, Topic, Username, limits,
    },
    server::{
        identity::{Caller, Me},
        store::Setting,
    },
};

impl Chat {
    /// # Errors
    /// `too_fast`, `no_such_room`, `not_allowed`, `room_taken`.
    pub async fn rename_room(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        name: RoomName,
    ) -> Result<Room, ApiError> {
        self.set(caller, me, room, id, Setting::Name(name)).await?;
        self.room(me, room).await
    }

    /// # Errors
    /// `too_fast`, `no_such_room`, `not_allowed`.
    pub async fn set_topic(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        topic: Topic,
    ) -> Result<Room, ApiError> {
        self.set(caller, me, room, id, Setting::Topic(topic))
            .await?;
        self.room(me, room).await
    }

    /// Gives a room another key. With `everyone_out` all others are shown out and all invites end, or nothing happens.
    ///
    /// # Errors
    /// `too_fast`, `no_such_room`, `not_owner`.
    pub async fn change_key(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        key: Key,
        everyone_out: bool,
    ) -> Result<(), ApiError> {
        // A new key costs as much as one that is tried.
        self.0.limits.key_try(me.id, caller.address)?;
        if !self.room(me, room).await?.role.may(Deed::ChangeKey) {
            return Err(ApiError::not_owner());
        }
        let hash = self.0.keys.hash(key).await?;
        let setting = Setting::Key { hash, everyone_out };
        self.set(caller, me, room, id, setting).await
    }

    /// # Errors
    /// `too_fast`, `no_such_room`, `not_allowed`, `no_such_member`.
    pub async fn remove_member(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        who: &str,
    ) -> Result<(), ApiError> {
        let who = member_name(who)?.folded();
        self.set(caller, me, room, id, Setting::Out { who }).await
    }

    /// # Errors
    /// `too_fast`, `no_such_room`, `not_owner`, `no_such_member`, and `not_allowed` for an owner who would only step
    /// down.
    pub async fn set_role(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        who: &str,
        role: Role,
    ) -> Result<(), ApiError> {
        let who = member_name(who)?.folded();
        let setting = Setting::Role { who, role };
        let set = self.set(caller, me, room, id, setting).await;
        set.map_err(|error| match error.code {
            Code::NotAllowed => ApiError::new(
                Code::NotAllowed,
                "A room has an owner. Hand it over to somebody instead.",
            ),
            _ => error,
        })
    }

    /// # Errors
    /// `too_fast`, `no_such_room`, `not_owner`.
    pub async fn set_posting(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        posting: Posting,
    ) -> Result<Room, ApiError> {
        self.set(caller, me, room, id, Setting::Posting(posting))
            .await?;
        self.room(me, room).await
    }

    /// # Errors
    /// `too_fast`, `no_such_room`, `not_owner`, and `bad_request` for a number of days that may not be.
    pub async fn set_keep(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        days: Option<u32>,
    ) -> Result<Room, ApiError> {
        if days.is_some_and(|days| !(1..=limits::KEEP_DAYS).contains(&days)) {
            return Err(ApiError::bad_request(format!(
                "Messages are kept for 1 to {} days, or for ever.",
                limits::KEEP_DAYS
            )));
        }
        self.set(caller, me, room, id, Setting::Keep(days)).await?;
        self.room(me, room).await
    }

    async fn set(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        setting: Setting,
    ) -> Result<(), ApiError> {
        self.0.limits.message(me.id, caller.address)?;
        let id = id.unwrap_or_else(Uuid::now_v7);
        Ok(self.0.store.set(room, me.actor(), id, setting).await?)
    }
}

/// A name that cannot exist is nobody's.
fn member_name(who: &str) -> Result<Username, ApiError> {
    Username::parse(who).map_err(|_| ApiError::no_such_member())
}

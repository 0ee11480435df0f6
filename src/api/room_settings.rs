//! What a room's owner and moderators change in it: its name, its topic, its key, its rules, who is in it and as what.
//!
//! Repeating the same `id` is safe; what is so already makes no new entry.

use leptos::prelude::*;
use uuid::Uuid;

#[cfg(feature = "ssr")]
use super::answer;
use crate::domain::{ApiError, Posting, Role, Room, RoomId};
#[cfg(feature = "ssr")]
use crate::domain::{Key, RoomName, Topic};

/// Gives a room another name; the old one leads to it as long as no other room takes it. Its owner and moderators.
#[server(name = RenameRoom, prefix = "/api", endpoint = "rename_room")]
pub async fn rename_room(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    name: String,
) -> Result<Room, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let name = RoomName::parse(&name)?;
        request
            .chat()
            .rename_room(&request.caller, &me, room, id, name)
            .await
    })
    .await
}

/// Says what a room is about; an empty `topic` says nothing. Its owner and moderators.
#[server(name = SetTopic, prefix = "/api", endpoint = "set_topic")]
pub async fn set_topic(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    topic: String,
) -> Result<Room, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let topic = Topic::parse(&topic)?;
        request
            .chat()
            .set_topic(&request.caller, &me, room, id, topic)
            .await
    })
    .await
}

/// Gives a room a name and says what it is about, as the two calls above do.
#[server(name = DescribeRoom, prefix = "/api", endpoint = "describe_room")]
pub async fn describe_room(
    me: String,
    room: RoomId,
    name: String,
    topic: String,
) -> Result<Room, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let (name, topic) = (RoomName::parse(&name)?, Topic::parse(&topic)?);
        let (chat, caller) = (request.chat(), &request.caller);
        chat.rename_room(caller, &me, room, None, name).await?;
        chat.set_topic(caller, &me, room, None, topic).await
    })
    .await
}

/// Gives a room another key; its owner only. Who is in stays in, unless `everyone_out` shows all others out and ends all
/// invites in the same breath.
#[server(name = ChangeKey, prefix = "/api", endpoint = "change_key")]
pub async fn change_key(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    key: String,
    everyone_out: Option<bool>,
) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let key = Key::parse(&key)?;
        request
            .chat()
            .change_key(
                &request.caller,
                &me,
                room,
                id,
                key,
                everyone_out.unwrap_or_default(),
            )
            .await
    })
    .await
}

/// Shows a member out of a room: moderators members, its owner all others.
#[server(name = RemoveMember, prefix = "/api", endpoint = "remove_member")]
pub async fn remove_member(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    who: String,
) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .remove_member(&request.caller, &me, room, id, &who)
            .await
    })
    .await
}

/// Makes a member a moderator or a moderator a member; its owner only. Making another the owner hands the room over.
#[server(name = SetRole, prefix = "/api", endpoint = "set_role")]
pub async fn set_role(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    who: String,
    role: Role,
) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .set_role(&request.caller, &me, room, id, &who, role)
            .await
    })
    .await
}

/// Says who may post in a room: everyone, or its owner and moderators. Its owner only.
#[server(name = SetPosting, prefix = "/api", endpoint = "set_posting")]
pub async fn set_posting(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    posting: Posting,
) -> Result<Room, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .set_posting(&request.caller, &me, room, id, posting)
            .await
    })
    .await
}

/// Says for how many days a room keeps messages; for ever without a number. Its owner only.
#[server(name = SetKeep, prefix = "/api", endpoint = "set_keep")]
pub async fn set_keep(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    days: Option<u32>,
) -> Result<Room, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .set_keep(&request.caller, &me, room, id, days)
            .await
    })
    .await
}

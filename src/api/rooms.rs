//! Rooms: create, join, leave, delete, list.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::answer;
use crate::domain::{ApiError, Member, Room, RoomId, RoomPage, RoomSummary, Seq};
#[cfg(feature = "ssr")]
use crate::domain::{Key, RoomName};

/// Opens a new room that *me* owns.
#[server(name = CreateRoom, prefix = "/api", endpoint = "create_room")]
pub async fn create_room(me: String, name: String, key: String) -> Result<Room, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .create_room(
                &request.caller,
                &me,
                &RoomName::parse(&name)?,
                Key::parse(&key)?,
            )
            .await
    })
    .await
}

/// Makes *me* a member of the room that this name and key open; for a member, the room as it is.
#[server(name = JoinRoom, prefix = "/api", endpoint = "join_room")]
pub async fn join_room(me: String, name: String, key: String) -> Result<Room, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .join_room(
                &request.caller,
                &me,
                &RoomName::parse(&name)?,
                Key::parse(&key)?,
            )
            .await
    })
    .await
}

/// Ends *me*'s membership. An owner's room goes to its longest-standing other member; without one it is
/// deleted.
#[server(name = LeaveRoom, prefix = "/api", endpoint = "leave_room")]
pub async fn leave_room(me: String, room: RoomId) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().leave_room(&me, room).await
    })
    .await
}

/// Deletes a room and all its messages for good; its owner only.
#[server(name = DeleteRoom, prefix = "/api", endpoint = "delete_room")]
pub async fn delete_room(me: String, room: RoomId) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().delete_room(&me, room).await
    })
    .await
}

/// *me*'s rooms, the latest active first.
#[server(name = MyRooms, prefix = "/api", endpoint = "my_rooms")]
pub async fn my_rooms(me: String) -> Result<Vec<Room>, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        Ok(request
            .chat()
            .my_rooms(&me)
            .await?
            .into_iter()
            .map(|summary| summary.room)
            .collect())
    })
    .await
}

/// *me*'s rooms with their newest messages, the latest active first.
#[server(name = Dashboard, prefix = "/api", endpoint = "dashboard")]
pub async fn dashboard(me: String) -> Result<Vec<RoomSummary>, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().my_rooms(&me).await
    })
    .await
}

/// Everything the page of one of *me*'s rooms starts from: the room, its members, and the newest messages,
/// or those before `before`, or those about `around`.
#[server(name = OpenRoomPage, prefix = "/api", endpoint = "room_page")]
pub async fn room_page(
    me: String,
    name: String,
    before: Option<Seq>,
    around: Option<Seq>,
) -> Result<RoomPage, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        // A name that cannot exist is a room that does not.
        let name = RoomName::parse(&name).map_err(|_| ApiError::no_such_room())?;
        request.chat().room_page(&me, &name, before, around).await
    })
    .await
}

/// All members of one of *me*'s rooms, by name.
#[server(name = Members, prefix = "/api", endpoint = "members")]
pub async fn members(me: String, room: RoomId) -> Result<Vec<Member>, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().members(&me, room).await
    })
    .await
}

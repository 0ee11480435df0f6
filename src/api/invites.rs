//! Invites: what lets people into a room without its key. For its owner and moderators.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::answer;
use crate::domain::{ApiError, Invite, NewInvite, RoomId};

/// Makes an invite that lets `uses` people in, within so many `hours`; without a number any, and for ever. Its secret is
/// told this once.
#[server(name = MakeInvite, prefix = "/api", endpoint = "new_invite")]
pub async fn new_invite(
    me: String,
    room: RoomId,
    uses: Option<u32>,
    hours: Option<u32>,
) -> Result<NewInvite, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .new_invite(&request.caller, &me, room, uses, hours)
            .await
    })
    .await
}

/// A room's invites that still let somebody in, the newest first, without their secrets.
#[server(name = ListInvites, prefix = "/api", endpoint = "invites")]
pub async fn invites(me: String, room: RoomId) -> Result<Vec<Invite>, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().invites(&me, room).await
    })
    .await
}

/// Ends an invite: its number, what the list calls it, or all of it. Whoever came by it stays.
#[server(name = EndInvite, prefix = "/api", endpoint = "end_invite")]
pub async fn end_invite(me: String, room: RoomId, invite: String) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .end_invite(&request.caller, &me, room, &invite)
            .await
    })
    .await
}

//! Messages: read a stretch of history, post one.

use leptos::prelude::*;
use uuid::Uuid;

#[cfg(feature = "ssr")]
use super::answer;
#[cfg(feature = "ssr")]
use crate::domain::Body;
use crate::domain::{ApiError, History, Posted, RoomId, Seq};

/// A stretch of a room's messages, oldest first: the newest `limit`, the `limit` just before seq `before`,
/// or the `limit` just after seq `after`. `limit` is 50 where it is missing and 200 at most.
#[server(name = ReadHistory, prefix = "/api", endpoint = "history")]
pub async fn history(
    me: String,
    room: RoomId,
    before: Option<Seq>,
    after: Option<Seq>,
    limit: Option<usize>,
) -> Result<History, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .history(&me, room, before, after, limit)
            .await
    })
    .await
}

/// Posts a message and answers once it is durable. Repeating the same `id` is safe.
#[server(name = PostMessage, prefix = "/api", endpoint = "post_message")]
pub async fn post_message(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    body: String,
) -> Result<Posted, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .post(&request.caller, &me, room, id, Body::parse(&body)?)
            .await
    })
    .await
}

/// Remembers that *me* has read a room up to `seq`: what a page without a live socket says when it is shown.
#[server(name = MarkSeen, prefix = "/api", endpoint = "seen")]
pub async fn mark_seen(me: String, room: RoomId, seq: Seq) -> Result<(), ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().seen(&me, room, seq).await
    })
    .await
}

//! Messages: read a stretch of history or what has changed, post, edit, delete, react.

use leptos::prelude::*;
use uuid::Uuid;

#[cfg(feature = "ssr")]
use super::answer;
use crate::domain::{ApiError, Changes, History, Noted, Posted, RoomId, Seq};
#[cfg(feature = "ssr")]
use crate::domain::{Body, Emoji};
#[cfg(feature = "ssr")]
use crate::server::Act;

/// A stretch of a room's messages, oldest first: the newest `limit`, the `limit` just before seq `before`,
/// just after seq `after`, or on both sides of seq `around`. `limit` is 50 where it is missing and 200 at most.
#[server(name = ReadHistory, prefix = "/api", endpoint = "history")]
pub async fn history(
    me: String,
    room: RoomId,
    before: Option<Seq>,
    after: Option<Seq>,
    around: Option<Seq>,
    limit: Option<usize>,
) -> Result<History, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request
            .chat()
            .history(&me, room, before, after, around, limit)
            .await
    })
    .await
}

/// The messages that entries after `since` made or touched, as they are now: what closes a hole in a log. `limit`
/// is as for `history`.
#[server(name = ReadChanges, prefix = "/api", endpoint = "changes")]
pub async fn changes(
    me: String,
    room: RoomId,
    since: Seq,
    limit: Option<usize>,
) -> Result<Changes, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        request.chat().changes(&me, room, since, limit).await
    })
    .await
}

/// Posts a message, as an answer to `re` where that is given, and answers once it is durable. Repeating the same
/// `id` is safe, here and below.
#[server(name = PostMessage, prefix = "/api", endpoint = "post_message")]
pub async fn post_message(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    body: String,
    re: Option<Seq>,
) -> Result<Posted, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let body = Body::parse(&body)?;
        let act = Act::Say { body, re };
        request
            .chat()
            .act(&request.caller, &me, room, id, act)
            .await
    })
    .await
}

/// Gives a message of *me*'s another body. What it said before is kept nowhere.
#[server(name = EditMessage, prefix = "/api", endpoint = "edit_message")]
pub async fn edit_message(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    seq: Seq,
    body: String,
) -> Result<Noted, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let body = Body::parse(&body)?;
        let act = Act::Edit { of: seq, body };
        let edited = request.chat().act(&request.caller, &me, room, id, act);
        Ok(edited.await?.into())
    })
    .await
}

/// Erases a message: *me*'s own, or any where *me* owns the room.
#[server(name = DeleteMessage, prefix = "/api", endpoint = "delete_message")]
pub async fn delete_message(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    seq: Seq,
) -> Result<Noted, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let act = Act::Delete { of: seq };
        let deleted = request.chat().act(&request.caller, &me, room, id, act);
        Ok(deleted.await?.into())
    })
    .await
}

/// Gives a message a reaction of *me*'s, or takes it back. Where it is so already nothing happens.
#[server(name = React, prefix = "/api", endpoint = "react")]
pub async fn react(
    me: String,
    room: RoomId,
    id: Option<Uuid>,
    seq: Seq,
    emoji: String,
    on: bool,
) -> Result<Noted, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let emoji = Emoji::parse(&emoji)?;
        let act = Act::React { of: seq, emoji, on };
        let reacted = request.chat().act(&request.caller, &me, room, id, act);
        Ok(reacted.await?.into())
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

//! Searching what was said.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::answer;
use crate::domain::{ApiError, Found, RoomId};
#[cfg(feature = "ssr")]
use crate::server::Sought;

/// Messages of *me*'s rooms that have all of these `words`, newest first: words, `"phrases in quotes"` and
/// `prefixes*`, whatever their case and diacritics. Only those in `room`, by `by`, and older than the hit that an
/// earlier search's `next` stands for, where these are given. `limit` is 20 where it is missing and 50 at most.
#[server(name = SearchMessages, prefix = "/api", endpoint = "search")]
pub async fn search(
    me: String,
    words: String,
    room: Option<RoomId>,
    by: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
) -> Result<Found, ApiError> {
    answer(async |request| {
        let me = request.me(&me).await?;
        let sought = Sought {
            words: &words,
            room,
            by: by.as_deref(),
            before: before.as_deref(),
            limit,
        };
        request.chat().search(&request.caller, &me, sought).await
    })
    .await
}

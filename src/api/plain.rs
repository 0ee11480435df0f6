//! Pages of *me*'s that a page which stays shows as they are.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::answer;
use crate::domain::ApiError;
#[cfg(feature = "ssr")]
use crate::{server::render_plain, ui::paths};

/// A page that needs no script, without what every document has around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainPage {
    pub title: String,
    /// What is in its main part.
    pub html: String,
}

/// The page at one of *me*'s addresses: their settings, a room's, or a search. `made` is the answer to a form that has
/// just made what is shown once only.
#[server(name = ReadPlainPage, prefix = "/api", endpoint = "plain_page")]
pub async fn plain_page(
    me: String,
    url: String,
    made: Option<String>,
) -> Result<PlainPage, ApiError> {
    answer(async |request| {
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let inside = paths::inside(&me, path, query);
        let me = request.me(&me).await?;
        render_plain(request, &me, inside, made).await
    })
    .await
}

//! The API's front door: bounds what comes in, and answers plain HTML forms with a page.
//!
//! Server functions speak JSON. For a form that a browser without JavaScript sends, the same answer becomes a
//! redirect: onwards where it went well, back to the form with its error and what was typed where it did not.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Redirect},
};
use http_body_util::BodyExt;
use tokio::time::timeout;
use uuid::Uuid;

use super::{counts::refusals, flashes::Flashes, guard, proxies::Origin};
use crate::{
    domain::{ApiError, Code, Flash, Made},
    ui::paths::{self, Outcome},
};

/// Bytes of a request's body at most: the longest message, percent-encoded, with room to spare.
const REQUEST_BYTES: usize = 128 * 1024;
/// Bytes of one that is too long after which it is cut off.
const READ_ON_BYTES: usize = 8 * 1024 * 1024;

/// How long a request's body may take.
const READ_TIME: Duration = Duration::from_secs(10);

/// Endpoints that answer with a secret, which the page shows this once.
const MAKERS: [&str; 2] = ["new_invite", "new_pass"];

/// What an earlier try has left in a page's query.
const LEFT: [&str; 2] = ["flash", "made"];

/// Fields of a form that are never kept.
const SECRETS: [&str; 3] = ["key", "passphrase", "pass"];

impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        refusals::count(self.code);
        let status = StatusCode::from(self.code);
        let mut response = (status, axum::Json(&self)).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Runs one call of the API, and lets everything else pass.
pub async fn front_door(
    State(flashes): State<std::sync::Arc<Flashes>>,
    request: HttpRequest,
    next: Next,
) -> Response<Body> {
    if !request.uri().path().starts_with("/api/") {
        return next.run(request).await;
    }
    if let Err(error) = guard::same_origin(request.headers(), &Origin::of(request.extensions())) {
        return error.into_response();
    }
    let (mut parts, body) = request.into_parts();
    let body = match timeout(READ_TIME, read(body)).await {
        Ok(Some(body)) => body,
        Ok(None) => {
            let why = "That request is longer than the server takes.";
            return ApiError::new(Code::BodyTooLong, why).into_response();
        }
        // What still comes is read no more, and so the connection ends with the answer.
        Err(_) => {
            return ApiError::bad_request("That request took too long to arrive.").into_response();
        }
    };
    let plain_form =
        wants_page(&parts.headers).then(|| Form::new(&parts.uri, &parts.headers, &body));
    parts
        .headers
        .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let answer = next
        .run(HttpRequest::from_parts(parts, Body::from(body)))
        .await;
    match plain_form {
        None => answer,
        Some(form) => form.answer(answer, &flashes).await,
    }
}

/// Reads a request's body; `None` where it is too long, or breaks off. One that is too long is read on for a
/// while without being kept: a browser that is still sending would see a broken connection, not the answer.
async fn read(mut body: Body) -> Option<Vec<u8>> {
    let (mut kept, mut size) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        size += data.len();
        if size <= REQUEST_BYTES {
            kept.extend_from_slice(&data);
        } else if size > READ_ON_BYTES {
            break;
        }
    }
    (size <= REQUEST_BYTES).then_some(kept)
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// A plain form on its way.
struct Form {
    /// The endpoint's name.
    name: String,
    /// Path and query of the page it is on.
    page: String,
    fields: BTreeMap<String, String>,
}

impl Form {
    fn new(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let page = headers
            .get(header::REFERER)
            .and_then(|value| value.to_str().ok()?.parse::<Uri>().ok());
        let page = page.and_then(|page| {
            page.path_and_query()
                .map(|page| without(page.as_str(), &LEFT))
                .filter(|page| paths::is_local(page))
        });
        Self {
            name: uri.path().trim_start_matches("/api/").to_owned(),
            page: page.unwrap_or_else(|| paths::home().to_owned()),
            fields: serde_qs::from_bytes(body).unwrap_or_default(),
        }
    }

    async fn answer(mut self, answer: Response<Body>, flashes: &Flashes) -> Response<Body> {
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, REQUEST_BYTES).await.unwrap_or_default();
        let to = if parts.status.is_success() {
            let outcome = serde_json::from_slice::<Option<Outcome>>(&body);
            let to = self.onwards(&outcome.ok().flatten().unwrap_or_default());
            if MAKERS.contains(&&*self.name) {
                let made = flashes.keep_made(Made {
                    me: self.fields.remove("me").unwrap_or_default(),
                    answer: String::from_utf8_lossy(&body).into_owned(),
                });
                let made = made.await;
                with(&to, "made", made)
            } else {
                to
            }
        } else {
            let error = serde_json::from_slice(&body).unwrap_or_else(|_| ApiError::unavailable());
            self.fields.retain(|name, _| !SECRETS.contains(&&**name));
            let id = flashes.keep(Flash {
                form: self.name,
                error,
                fields: self.fields,
            });
            with(&self.page, "flash", id.await)
        };
        let mut response = Redirect::to(&to).into_response();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            response
                .headers_mut()
                .append(header::SET_COOKIE, cookie.clone());
        }
        response
    }

    /// Where a form that went well leads.
    fn onwards(&self, outcome: &Outcome) -> String {
        paths::onwards(&self.name, outcome, |name| self.fields.get(name).cloned())
            .unwrap_or_else(|| self.back())
    }

    /// The page again. The next message does not answer what one answered that was sent.
    fn back(&self) -> String {
        match &*self.name {
            "post_message" => without(&self.page, &["reply"]),
            _ => self.page.clone(),
        }
    }
}

/// A page's path and query with one more parameter.
fn with(page: &str, name: &str, id: Uuid) -> String {
    let mark = if page.contains('?') { '&' } else { '?' };
    format!("{page}{mark}{name}={id}")
}

/// A page's path and query without the parameters of these names.
fn without(page: &str, names: &[&str]) -> String {
    let Some((path, query)) = page.split_once('?') else {
        return page.to_owned();
    };
    let is_one = |pair: &&str| {
        pair.split('=')
            .next()
            .is_some_and(|name| names.contains(&name))
    };
    let kept: Vec<_> = query.split('&').filter(|pair| !is_one(pair)).collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_try_replaces_the_first_ones_flash() {
        let without_flash = |page| without(page, &LEFT);
        assert_eq!(without_flash("/@a?flash=1"), "/@a");
        assert_eq!(
            without_flash("/@a/rooms/b?before=7&flash=1"),
            "/@a/rooms/b?before=7"
        );
        assert_eq!(without_flash("/@a/settings?made=1"), "/@a/settings");
        assert_eq!(without_flash("/"), "/");
    }
}

//! What a keeper's browser is answered, and the forms that it sends.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, Response, StatusCode, header},
    response::{Html, IntoResponse},
};
use leptos::{nonce::Nonce, prelude::*};
use tokio::time::timeout;

use crate::{
    domain::ApiError,
    server::{assets, guard, pages::html_of, proxies::Origin},
    ui::pages::keeper::{self, Frame},
};

/// Bytes of a form at most, and how long it may take.
const FORM_BYTES: usize = 8 * 1024;

const FORM_TIME: Duration = Duration::from_secs(10);

pub type Page = Response<Body>;

/// A form's fields, from this site.
pub async fn form(request: Request) -> Result<BTreeMap<String, String>, ApiError> {
    guard::same_origin(request.headers(), &Origin::of(request.extensions()))?;
    let body = timeout(FORM_TIME, to_bytes(request.into_body(), FORM_BYTES)).await;
    let body = body
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| ApiError::bad_request("That form is too long, or came too slowly."))?;
    serde_qs::from_bytes(&body).map_err(|_| ApiError::bad_request("That is no form."))
}

/// The page that asks for the code.
pub fn at_the_door(error: Option<ApiError>) -> Page {
    let status = match &error {
        Some(error) => StatusCode::from(error.code),
        None => StatusCode::OK,
    };
    let nonce = Nonce::new();
    let retry = error.as_ref().and_then(|error| error.retry_after);
    let why = error.map(|error| error.message);
    let mut page = answer(Some(&nonce), keeper::door(why).into_any());
    *page.status_mut() = status;
    if let Some(seconds) = retry {
        page.headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    page
}

pub fn refused(error: ApiError) -> Page {
    let status = StatusCode::from(error.code);
    let mut page = answer(None, keeper::refused(error.message).into_any());
    *page.status_mut() = status;
    page
}

/// A document. Only the door has a script, with that nonce.
pub fn answer(nonce: Option<&Nonce>, main: AnyView) -> Page {
    let frame = Frame {
        css: assets::entry_points().css.clone(),
        nonce: nonce.map(Nonce::to_string),
    };
    let html = html_of(|| keeper::document(frame, main));
    let mut page = Html(html).into_response();
    let script = nonce.map_or("'none'".to_owned(), |nonce| format!("'nonce-{nonce}'"));
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = page.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    page
}

//! Plain HTTP beside HTTPS: every request is answered with the same address under HTTPS.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header, uri::Authority},
    response::{IntoResponse, Response},
};

/// Leads to HTTPS on this port.
pub fn router(port: u16) -> Router {
    Router::new().fallback(lead).with_state(port)
}

async fn lead(State(port): State<u16>, headers: HeaderMap, asked: Uri) -> Response {
    let host = headers.get(header::HOST);
    let host: Option<Authority> = host.and_then(|host| host.to_str().ok()?.parse().ok());
    let (Some(host), Some(path)) = (host, asked.path_and_query()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let host = host.host();
    let to = if port == 443 {
        format!("https://{host}{path}")
    } else {
        format!("https://{host}:{port}{path}")
    };
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response()
}

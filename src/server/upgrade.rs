//! `GET /live?me=NAME`: the WebSocket handshake (RFC 6455 §4.2), after which the connection is the engine's.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Query, Request as HttpRequest, rejection::QueryRejection},
    http::{HeaderMap, Response, StatusCode, header},
    response::IntoResponse,
};
use hyper::upgrade::Parts;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tungstenite::handshake::derive_accept_key;

use super::{connections::Seat, guard, proxies::Origin, request::Request, stream::Impatient};
use crate::domain::ApiError;

#[derive(Deserialize)]
pub struct Asked {
    me: String,
}

/// Proves *me* by the identity's cookie, whose time begins anew, answers the handshake and hands the connection over.
///
/// # Errors
/// `bad_request` where it is no WebSocket handshake, `cross_origin`, `not_me`, and `too_fast` or `unavailable` where
/// there are too many sockets already.
pub async fn upgrade(
    request: Request,
    asked: Result<Query<Asked>, QueryRejection>,
    mut http: HttpRequest,
) -> Result<impl IntoResponse, ApiError> {
    let accept = accept_key(http.headers())?;
    guard::same_origin(http.headers(), &Origin::of(http.extensions()))?;
    let Ok(Query(Asked { me })) = asked else {
        return Err(ApiError::bad_request("Say who you are: /live?me=NAME."));
    };
    let me = request.me(&me).await?;
    let (token, address) = (me.token, request.caller.address);
    let seat: Option<&Arc<Seat>> = http.extensions().get();
    let seat = seat.ok_or_else(ApiError::unavailable)?.clone();
    let sockets = request.chat().sockets();
    let admission = sockets.admit(me.actor(), address, seat.clone())?;
    let cookies = request.caller.renew(&me)?;
    let on_upgrade = hyper::upgrade::on(&mut http);
    tokio::spawn(async move {
        let Ok(upgraded) = on_upgrade.await else {
            return;
        };
        let Ok(Parts { io, read_buf, .. }) = upgraded.downcast::<TokioIo<Impatient>>() else {
            return;
        };
        match io.into_inner().into_inner().for_the_engine(seat) {
            Ok(stream) => {
                request
                    .chat()
                    .live()
                    .attach(stream, read_buf.to_vec(), address, token, admission)
            }
            Err(error) => tracing::warn!(%error, "cannot take over a connection"),
        }
    });
    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .body(Body::empty())
        .map_err(|_| ApiError::unavailable())?;
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The answer to the handshake's challenge.
fn accept_key(headers: &HeaderMap) -> Result<String, ApiError> {
    let has = |name, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| {
                value
                    .split(',')
                    .any(|part| part.trim().eq_ignore_ascii_case(word))
            })
    };
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    match key {
        Some(key)
            if has(header::CONNECTION, "upgrade")
                && has(header::UPGRADE, "websocket")
                && has(header::SEC_WEBSOCKET_VERSION, "13") =>
        {
            Ok(derive_accept_key(key.as_bytes()))
        }
        _ => Err(ApiError::bad_request(
            "This is the live socket: connect with a WebSocket, version 13.",
        )),
    }
}

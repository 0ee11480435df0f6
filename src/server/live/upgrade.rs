//! `GET /live?me=NAME`: the WebSocket handshake (RFC 6455 §4.2), after which the connection is the engine's.

use axum::{
    body::Body,
    extract::{Query, Request as HttpRequest, rejection::QueryRejection},
    http::{HeaderMap, Response, StatusCode, header},
    response::IntoResponse,
};
use hyper_util::{
    rt::TokioIo,
    server::conn::auto::upgrade::{Parts, downcast},
};
use serde::Deserialize;
use tokio::net::TcpStream;
use tungstenite::handshake::derive_accept_key;

use crate::{
    domain::ApiError,
    server::{Request, guard},
};

#[derive(Deserialize)]
pub struct Asked {
    me: String,
}

/// Proves *me* by the identity's cookie, answers the handshake and hands the connection over.
///
/// # Errors
/// `bad_request` where it is no WebSocket handshake, `cross_origin`, `not_me`.
pub async fn upgrade(
    request: Request,
    asked: Result<Query<Asked>, QueryRejection>,
    mut http: HttpRequest,
) -> Result<impl IntoResponse, ApiError> {
    let accept = accept_key(http.headers())?;
    guard::same_origin(http.headers())?;
    let Ok(Query(Asked { me })) = asked else {
        return Err(ApiError::bad_request("Say who you are: /live?me=NAME."));
    };
    let token = request.me(&me).await?.token;
    let on_upgrade = hyper::upgrade::on(&mut http);
    tokio::spawn(async move {
        let Ok(upgraded) = on_upgrade.await else {
            return;
        };
        let Ok(Parts { io, read_buf, .. }) = downcast::<TokioIo<TcpStream>>(upgraded) else {
            return;
        };
        match io.into_inner().into_std() {
            Ok(stream) => request.chat().live().attach(
                stream,
                read_buf.to_vec(),
                request.caller.address,
                token,
            ),
            Err(error) => tracing::warn!(%error, "cannot take over a connection"),
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .body(Body::empty())
        .map_err(|_| ApiError::unavailable())
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

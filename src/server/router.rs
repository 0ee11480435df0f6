//! Every route and layer, in one place.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRef, Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, Response, Uri, header, request::Parts},
    middleware::{self, Next},
    response::IntoResponse,
    routing::{get, post},
};
use leptos::prelude::*;
use leptos_axum::{ResponseOptions, handle_server_fns_with_context};
use tower_http::compression::CompressionLayer;

use super::{
    assets,
    connections::Seat,
    counts::refusals,
    flashes::Flashes,
    forms, guard,
    health::{self, Health},
    keeper::Keeper,
    pages,
    proxies::Proxies,
    repeats::{self, Repeats},
    request::Request,
    rooms::Chat,
    upgrade,
};
use crate::domain::ApiError;

/// What the handlers work with.
#[derive(Clone)]
struct AppState {
    chat: Chat,
    flashes: Arc<Flashes>,
    cache: Arc<pages::Caches>,
    health: Arc<Health>,
    repeats: Arc<Repeats>,
}

impl FromRef<AppState> for Chat {
    fn from_ref(state: &AppState) -> Self {
        state.chat.clone()
    }
}

impl FromRef<AppState> for Arc<Flashes> {
    fn from_ref(state: &AppState) -> Self {
        state.flashes.clone()
    }
}

impl FromRef<AppState> for Arc<pages::Caches> {
    fn from_ref(state: &AppState) -> Self {
        state.cache.clone()
    }
}

impl FromRef<AppState> for Arc<Repeats> {
    fn from_ref(state: &AppState) -> Self {
        state.repeats.clone()
    }
}

impl FromRef<AppState> for Arc<Health> {
    fn from_ref(state: &AppState) -> Self {
        state.health.clone()
    }
}

/// The whole server as one service. `has_name` is whether it gets certificates for its own name.
pub fn router(chat: Chat, keeper: Keeper, proxies: Proxies, has_name: bool) -> Router {
    let state = AppState {
        chat: chat.clone(),
        flashes: Arc::new(Flashes::new(chat.shared())),
        cache: Arc::default(),
        health: Arc::default(),
        repeats: Arc::new(Repeats::new(chat.shared())),
    };

    let api = Router::new()
        .route("/api/{name}", post(api))
        .layer(middleware::from_fn_with_state(state.clone(), repeats::once))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            forms::front_door,
        ));

    let mut files = Router::new();
    for path in assets::paths() {
        files = files.route(
            &path,
            get(|uri: Uri, headers: HeaderMap| async move { assets::serve(uri.path(), &headers) }),
        );
    }

    Router::new()
        .merge(pages::routes())
        .merge(keeper.routes())
        .merge(api)
        // What follows is compressed already, or is no answer to compress.
        .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Precise(4)))
        .layer(middleware::from_fn(no_store))
        .route("/live", get(upgrade::upgrade))
        .route("/healthz", get(health::healthz))
        .route("/pkg/{name}", get(assets::builds::serve))
        .layer(middleware::from_fn_with_state(
            (chat, proxies),
            know_the_caller,
        ))
        .merge(files)
        .layer(middleware::from_fn_with_state(has_name, secure))
        .with_state(state)
}

/// Finds out whom a request comes from, and lets nobody ask too often.
async fn know_the_caller(
    State((chat, proxies)): State<(Chat, Proxies)>,
    mut request: HttpRequest,
    next: Next,
) -> Response<Body> {
    let Some(seat) = request.extensions().get::<Arc<Seat>>() else {
        return ApiError::unavailable().into_response();
    };
    let origin = proxies.origin(seat.peer, seat.https, request.headers());
    if let Err(error) = chat.limits().request(origin.address) {
        return error.into_response();
    }
    request.extensions_mut().insert(origin);
    next.run(request).await
}

/// One server function.
async fn api(State(chat): State<Chat>, request: HttpRequest) -> Response<Body> {
    let known =
        leptos::server_fn::axum::server_fn_paths().any(|(path, _)| path == request.uri().path());
    if !known {
        return ApiError::bad_request("There is no such call.").into_response();
    }
    let answer = handle_server_fns_with_context(move || request_context(&chat), request).await;
    refusals::look_at(answer.into_response()).await
}

/// What server functions find: the request, as the server sees it.
fn request_context(chat: &Chat) {
    if let (Some(parts), Some(response)) =
        (use_context::<Parts>(), use_context::<ResponseOptions>())
    {
        provide_context(Request::new(chat.clone(), &parts, response));
    }
}

/// Puts the security headers on every answer that does not set its own.
async fn secure(State(has_name): State<bool>, request: HttpRequest, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    let lasting = has_name.then(guard::https_for_a_while);
    for (name, value) in guard::security_headers().into_iter().chain(lasting) {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Pages and answers are somebody's own: no cache keeps them.
async fn no_store(request: HttpRequest, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

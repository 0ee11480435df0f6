//! Every route and layer, in one place.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRef, Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header, request::Parts},
    middleware::{self, Next},
    response::IntoResponse,
    routing::{get, post},
};
use leptos::prelude::*;
use leptos_axum::{
    LeptosRoutes, ResponseOptions, generate_route_list_with_exclusions,
    handle_server_fns_with_context,
};
use tower_http::compression::CompressionLayer;

use super::{assets, flashes::Flashes, forms, guard, identity::Request, live, rooms::Chat};
use crate::{domain::ApiError, ui};

/// What the handlers work with.
#[derive(Clone)]
struct AppState {
    chat: Chat,
    flashes: Arc<Flashes>,
    options: LeptosOptions,
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

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.options.clone()
    }
}

/// The whole server as one service.
pub fn router(chat: Chat) -> Router {
    let options = LeptosOptions::builder().output_name("latchkey").build();
    let state = AppState {
        chat,
        flashes: Arc::default(),
        options,
    };

    let api = Router::new()
        .route("/api/{name}", post(api))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            forms::front_door,
        ));

    let (chat, flashes) = (state.chat.clone(), state.flashes.clone());
    // Leptos would give each server function a route of its own, past the front door.
    let calls = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path.to_owned())
        .collect();
    let pages = Router::new()
        .leptos_routes_with_context(
            &state,
            generate_route_list_with_exclusions(ui::App, Some(calls)),
            move || page_context(&chat, &flashes),
            ui::shell,
        )
        .fallback(not_found);

    let mut files = Router::new();
    for path in assets::paths() {
        files = files.route(
            &path,
            get(|uri: Uri, headers: HeaderMap| async move { assets::serve(uri.path(), &headers) }),
        );
    }

    Router::new()
        .merge(pages)
        .merge(api)
        // What follows is compressed already, or is no answer to compress.
        .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Precise(4)))
        .layer(middleware::from_fn(no_store))
        .route("/live", get(live::upgrade))
        .route("/healthz", get(|| async { "ok\n" }))
        .merge(files)
        .layer(middleware::from_fn(secure))
        .with_state(state)
}

/// One server function.
async fn api(State(chat): State<Chat>, request: HttpRequest) -> Response<Body> {
    let known =
        leptos::server_fn::axum::server_fn_paths().any(|(path, _)| path == request.uri().path());
    if !known {
        return ApiError::bad_request("There is no such call.").into_response();
    }
    handle_server_fns_with_context(move || request_context(&chat), request)
        .await
        .into_response()
}

/// A page that no route matches is rendered by the app, as any other.
async fn not_found(State(state): State<AppState>, request: HttpRequest) -> Response<Body> {
    let AppState { chat, flashes, .. } = state;
    let render = leptos_axum::render_app_async_with_context(
        move || page_context(&chat, &flashes),
        ui::shell,
    );
    let mut response = render(request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// What server functions find: the request, as the server sees it.
fn request_context(chat: &Chat) {
    if let (Some(parts), Some(response)) =
        (use_context::<Parts>(), use_context::<ResponseOptions>())
    {
        provide_context(Request::new(chat.clone(), &parts, response));
    }
}

/// What pages find: the request, the browser's files, and what a refused form left behind.
fn page_context(chat: &Chat, flashes: &Flashes) {
    request_context(chat);
    provide_context(assets::entry_points());
    if let (Some(nonce), Some(response)) =
        (leptos::nonce::use_nonce(), use_context::<ResponseOptions>())
        && let Ok(policy) = HeaderValue::try_from(guard::page_policy(&nonce))
    {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    let query = use_context::<Parts>().and_then(|parts| parts.uri.query().map(str::to_owned));
    let id = query
        .iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("flash="));
    if let Some(flash) = id.and_then(|id| flashes.find(id)) {
        provide_context(flash);
    }
}

/// Puts the security headers on every answer that does not set its own.
async fn secure(request: HttpRequest, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    for (name, value) in guard::security_headers() {
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

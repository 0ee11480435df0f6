//! `GET /metrics`: figures for Prometheus, on a listener of their own.
//!
//! What happens is counted where it happens ([`super::counts`]); the store counts its commits where it makes them.
//! Everything else is looked up when it is asked for. No figure says who, or which room.

mod each;
mod figures;
mod files;
mod logs;
mod process;

use std::{fmt, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response, header},
    response::IntoResponse,
    routing::get,
};
use prometheus_client::{
    encoding::{prometheus_text, text},
    registry::Registry,
};

pub use self::{figures::Watched, files::Files};
use super::health::Health;
use crate::domain::ApiError;

/// Those who ask at the same time, at most.
pub const ASKERS: usize = 16;

/// How OpenMetrics is called by those who ask for it, and what they are given.
const OPEN_METRICS: &str = "application/openmetrics-text";
const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Metrics {
    watched: Watched,
    health: Arc<Health>,
}

pub fn router(watched: Watched) -> Router {
    let metrics = Metrics {
        watched,
        health: Arc::default(),
    };
    Router::new()
        .route("/metrics", get(answer))
        .with_state(metrics)
}

/// In the form that is asked for: OpenMetrics 1.0, or else Prometheus' own.
async fn answer(State(metrics): State<Metrics>, headers: HeaderMap) -> Response<Body> {
    let healthy = metrics.health.of(&metrics.watched.chat).await.is_ok();
    let open_metrics = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accepted| accepted.to_str().is_ok_and(|it| it.contains(OPEN_METRICS)));
    let written = tokio::task::spawn_blocking(move || {
        write(&figures::all(&metrics.watched, healthy), open_metrics)
    });
    match written.await {
        Ok(Ok((kind, text))) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Ok(Err(fmt::Error)) | Err(_) => ApiError::unavailable().into_response(),
    }
}

/// What kind of text it is, and the text.
fn write(figures: &Registry, open_metrics: bool) -> Result<(&'static str, String), fmt::Error> {
    let mut written = String::new();
    if open_metrics {
        text::encode(&mut written, figures)?;
        Ok((OPEN_METRICS_TYPE, written))
    } else {
        prometheus_text::encode(&mut written, figures)?;
        Ok((prometheus_text::CONTENT_TYPE, written))
    }
}

//! Whether the server can do its work: asked of those who do it, and not more often than is needed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, body::Body, extract::State, http::Response, response::IntoResponse};
use serde::Serialize;
use tokio::sync::Mutex;

use super::{
    bus::{Bus, BusHealth},
    live::Counts,
    rooms::Chat,
};
use crate::domain::ApiError;

/// How long an answer is given again: however many ask, the store and the shards are asked once in this time.
const FRESH: Duration = Duration::from_millis(500);

/// What was found out last, and when.
#[derive(Default)]
pub struct Health(Mutex<Option<(Instant, Result<(), ApiError>)>>);

impl Health {
    /// # Errors
    /// `unavailable` or `storage_full`, saying which does not do its work.
    pub async fn of(&self, chat: &Chat) -> Result<(), ApiError> {
        // Held while it is found out: whoever comes meanwhile waits for the same answer.
        let mut found = self.0.lock().await;
        if let Some((since, health)) = &*found
            && since.elapsed() < FRESH
        {
            return health.clone();
        }
        let health = chat.alive().await;
        *found = Some((Instant::now(), health.clone()));
        health
    }
}

/// What a server says of itself that can do its work.
#[derive(Debug, Serialize)]
struct Report {
    /// `ok`, or `degraded` where other processes hear late of what happens here, or it of what they do.
    status: &'static str,
    logs: Counts,
    /// Where several processes serve one database.
    #[serde(skip_serializing_if = "Option::is_none")]
    bus: Option<BusHealth>,
}

/// `GET /healthz`: 200, or 503 with the reason; JSON either way.
pub async fn healthz(
    State(chat): State<Chat>,
    State(health): State<Arc<Health>>,
) -> Response<Body> {
    match health.of(&chat).await {
        Ok(()) => {
            let bus = chat.bus().map(Bus::health);
            let well = bus.as_ref().is_none_or(|bus| bus.well);
            let report = Report {
                status: if well { "ok" } else { "degraded" },
                logs: chat.live().counts(),
                bus,
            };
            Json(report).into_response()
        }
        Err(why) => why.into_response(),
    }
}

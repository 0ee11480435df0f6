//! Whether the server can do its work: asked of those who do it, and not more often than is needed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, extract::State, http::Response, response::IntoResponse};
use tokio::sync::Mutex;

use super::rooms::Chat;
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

/// `GET /healthz`: 200, or 503 with the reason.
pub async fn healthz(
    State(chat): State<Chat>,
    State(health): State<Arc<Health>>,
) -> Response<Body> {
    match health.of(&chat).await {
        Ok(()) => "ok\n".into_response(),
        Err(why) => why.into_response(),
    }
}

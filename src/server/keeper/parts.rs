//! What the keeper looks after, shown to nobody else.

use std::{sync::Arc, time::SystemTime};

use axum::http::HeaderMap;
use leptos::prelude::*;

use super::{
    answer::{Page, answer, at_the_door, refused},
    door::Door,
};
use crate::{
    domain::ApiError,
    server::{metrics::Files, request::wall, rooms::Chat},
    ui::parts::Clock,
};

/// What the keeper looks after.
#[derive(Clone)]
pub struct Keeper(pub Arc<Parts>);

pub struct Parts {
    pub chat: Chat,
    pub files: Files,
    pub started: SystemTime,
    pub door: Door,
}

impl Keeper {
    /// Answers the code that lets the keeper in, too.
    ///
    /// # Errors
    /// `unavailable` where the system gives no randomness.
    pub fn new(chat: Chat, files: Files, started: SystemTime) -> Result<(Self, String), ApiError> {
        let (door, code) = Door::new()?;
        let parts = Parts {
            chat,
            files,
            started,
            door,
        };
        Ok((Self(Arc::new(parts)), code))
    }

    /// A page, for the keeper; for anybody else the door.
    pub async fn show<V: IntoView + 'static>(
        &self,
        headers: &HeaderMap,
        page: impl AsyncFnOnce(Clock) -> Result<V, ApiError>,
    ) -> Page {
        if !self.0.door.is_inside(headers) {
            return at_the_door(None);
        }
        match page(Clock::of_reader(wall(headers))).await {
            Ok(page) => answer(None, page.into_any()),
            Err(error) => refused(error),
        }
    }
}

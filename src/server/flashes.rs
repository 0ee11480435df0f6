//! What plain forms have left behind, for a few minutes: a message that was not sent belongs in no URL and no log, and
//! neither does a secret that was just made.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{kept::Kept, store::SharedStore};
use crate::domain::{Flash, Made};

const TIME: Duration = Duration::from_secs(600);

pub struct Flashes(Kept);

#[derive(Serialize, Deserialize)]
enum Left {
    Refused(Flash),
    Made(Made),
}

impl Flashes {
    /// `shared` is the store where several processes serve it.
    pub fn new(shared: Option<Arc<dyn SharedStore>>) -> Self {
        Self(Kept::new(TIME, shared))
    }

    /// Keeps what was refused, and answers the id that it is found by.
    pub async fn keep(&self, flash: Flash) -> Uuid {
        self.put(&Left::Refused(flash)).await
    }

    /// Keeps what was made, and answers the id that it is taken by.
    pub async fn keep_made(&self, made: Made) -> Uuid {
        self.put(&Left::Made(made)).await
    }

    async fn put(&self, left: &Left) -> Uuid {
        self.0
            .put(serde_json::to_string(left).unwrap_or_default())
            .await
    }

    /// Reading one does not use it up: a page may be loaded again.
    pub async fn find(&self, id: &str) -> Option<Flash> {
        match serde_json::from_str(&self.0.find(id.parse().ok()?).await?).ok()? {
            Left::Refused(flash) => Some(flash),
            Left::Made(_) => None,
        }
    }

    /// What was made is given once.
    pub async fn take(&self, id: &str) -> Option<Made> {
        let id = id.parse().ok()?;
        let is_made = |left: &str| match serde_json::from_str(left).ok()? {
            Left::Made(made) => Some(made),
            Left::Refused(_) => None,
        };
        is_made(&self.0.find(id).await?)?;
        is_made(&self.0.take(id).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ApiError;

    #[tokio::test]
    async fn what_was_made_is_given_once_and_what_was_refused_as_often_as_it_is_asked_for() {
        let flashes = Flashes::new(None);
        let made = Made {
            me: "alice".to_owned(),
            answer: "{}".to_owned(),
        };
        let flash = Flash {
            form: "post_message".to_owned(),
            error: ApiError::unavailable(),
            fields: [("body".to_owned(), "x".to_owned())].into(),
        };
        let made_id = flashes.keep_made(made.clone()).await.to_string();
        let refused_id = flashes.keep(flash.clone()).await.to_string();
        assert_eq!(flashes.find(&made_id).await, None);
        assert_eq!(flashes.take(&refused_id).await, None);
        assert_eq!(flashes.take(&made_id).await, Some(made));
        assert_eq!(flashes.take(&made_id).await, None);
        assert_eq!(flashes.find(&refused_id).await, Some(flash.clone()));
        assert_eq!(flashes.find(&refused_id).await, Some(flash));
    }
}

//! What the keeper has to say to everybody, such as that the server is about to start again: it stands on top of every
//! page that is made from then on.

use std::sync::{PoisonError, RwLock};

use crate::domain::Topic;

#[derive(Default)]
pub struct Announced(RwLock<Option<String>>);

impl Announced {
    pub fn text(&self) -> Option<String> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Says something else; nothing, where it is empty. It is as long as a topic may be.
    pub fn say(&self, text: &Topic) {
        let text = Some(text.as_str().to_owned()).filter(|text| !text.is_empty());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

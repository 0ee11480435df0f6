//! What a plain HTML form left behind, for the page to show: why it was refused, or what it made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ApiError, Seq};

/// A refused form: which one, why, and what had been typed into it (never a key).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// The endpoint's name: `create_room`, `post_message` …
    pub form: String,
    pub error: ApiError,
    pub fields: BTreeMap<String, String>,
}

impl Flash {
    /// The message that something was to be done to, where that is what was refused.
    pub fn message(&self) -> Option<Seq> {
        self.fields.get("seq")?.parse().ok()
    }
}

/// What a form has made that is shown once only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// For whom.
    pub me: String,
    /// The answer to it, as JSON.
    pub answer: String,
}

//! What a plain HTML form left behind when it was refused, for the page to show it again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ApiError;

/// A refused form: which one, why, and what had been typed into it (never a key).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// The endpoint's name: `create_room`, `post_message` …
    pub form: String,
    pub error: ApiError,
    pub fields: BTreeMap<String, String>,
}

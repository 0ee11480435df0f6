//! What of a room can be changed.

use serde::{Deserialize, Serialize};

/// What of a room has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Name,
    Topic,
    Key,
    /// A member's role: `owner`, `moderator` or `member`.
    Role,
    /// Who may post: `everyone` or `moderators`.
    Posting,
    /// For how many days messages are kept; empty for ever.
    Keep,
}

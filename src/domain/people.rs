//! What people are told of the ways into their names.

use serde::{Deserialize, Serialize};

use super::Millis;

/// One browser's hold on a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub id: i64,
    /// Whether it is the browser that asks.
    pub here: bool,
    pub since: Millis,
    /// When it was last used, to a few minutes.
    pub last: Millis,
    /// Which browser on which system, in words; empty where it does not say.
    pub browser: String,
}

/// What lets one other browser into a name, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// `pass_…`
    pub pass: String,
    pub expires: Millis,
}

/// A passkey that opens a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    pub id: String,
    /// Which browser it was made in, in words; empty where that did not say.
    pub name: String,
    pub since: Millis,
    /// When it was last used to sign in, or made.
    pub last: Millis,
}

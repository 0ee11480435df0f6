//! What is tried that may be done so often.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::server::store::UserId;

/// What somebody does that may be done so often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tried {
    Claim(IpAddr),
    Key(UserId, IpAddr),
    RightKey(UserId, IpAddr),
    Guess(String, IpAddr),
    RightGuess(String, IpAddr),
    Room(UserId, IpAddr),
}

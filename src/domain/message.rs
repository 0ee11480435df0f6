//! Messages and pages of them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ApiError, Code, Millis, RoomId, Seq, limits};

/// What a member says: 1–4,000 characters after trimming the outer white space.
///
/// Line breaks are `\n`: a plain HTML form sends `\r\n`, and both must be the same message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    /// # Errors
    /// [`Code::EmptyBody`], [`Code::BodyTooLong`], or [`Code::BadRequest`] for a NUL character, which HTML
    /// has no way to show.
    pub fn parse(typed: &str) -> Result<Self, ApiError> {
        let body = typed.replace("\r\n", "\n");
        let body = body.trim();
        if body.is_empty() {
            return Err(ApiError::new(Code::EmptyBody, "Type a message first."));
        }
        let chars = body.chars().count();
        if chars > limits::BODY_CHARS {
            return Err(ApiError::new(
                Code::BodyTooLong,
                format!(
                    "That message has {chars} characters; {} is the most. Shorten it, or send it in parts.",
                    limits::BODY_CHARS
                ),
            ));
        }
        if body.contains('\0') {
            return Err(ApiError::bad_request(
                "A message cannot contain the NUL character.",
            ));
        }
        Ok(Self(body.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// One message of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub room: RoomId,
    pub seq: Seq,
    /// Chosen by the sender; the same id from the same author in the same room is the same message.
    pub id: Uuid,
    /// The author's username.
    pub by: String,
    /// When it was committed.
    pub at: Millis,
    pub body: String,
}

/// A stretch of a room's messages, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub messages: Vec<Message>,
    /// Whether there is more in the direction that was asked for (older, unless `after` was given).
    pub more: bool,
}

/// The proof that a message is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub id: Uuid,
    pub seq: Seq,
    pub at: Millis,
}

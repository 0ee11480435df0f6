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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_valid_body_is_trimmed_within_its_limit_and_stays_as_it_is(text in any::<String>()) {
            if let Ok(body) = Body::parse(&text) {
                let text = body.as_str();
                prop_assert_eq!(text, text.trim());
                prop_assert!((1..=limits::BODY_CHARS).contains(&text.chars().count()));
                prop_assert!(!text.contains("\r\n") && !text.contains('\0'));
                prop_assert_eq!(Body::parse(text), Ok(body.clone()));
            }
        }

        #[test]
        fn inner_white_space_is_kept(one in "[a-z]{1,9}", between in "[ \t\n]{1,9}", other in "[a-z]{1,9}") {
            let text = format!("{one}{between}{other}");
            let body = Body::parse(&format!(" \n{text}\t ")).expect("a body");
            prop_assert_eq!(body.into_string(), text);
        }

        #[test]
        fn a_form_and_a_socket_send_the_same_message(lines in prop::collection::vec("[a-z]{1,9}", 1..5)) {
            prop_assert_eq!(Body::parse(&lines.join("\r\n")), Body::parse(&lines.join("\n")));
        }
    }

    #[test]
    fn limits_count_characters_after_trimming() {
        let code = |text: &str| Body::parse(text).map_err(|error| error.code).err();
        assert_eq!(code(&format!("  {}\n", "🔑".repeat(4_000))), None);
        assert_eq!(code(&"x".repeat(4_001)), Some(Code::BodyTooLong));
        assert_eq!(code(" \r\n\t\u{a0}"), Some(Code::EmptyBody));
        assert_eq!(code("nul\0"), Some(Code::BadRequest));
    }
}

//! Messages and pages of them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ApiError, Code, Happening, Millis, RoomId, Seq, limits};

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

/// One message of a room, as what has happened to it since has left it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Message {
    pub room: RoomId,
    pub seq: Seq,
    /// Chosen by the sender; the same id from the same author in the same room is the same message.
    pub id: Uuid,
    /// The author's username.
    pub by: String,
    /// When it was committed.
    pub at: Millis,
    /// What it says now; empty once it is deleted.
    pub body: String,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<Quote>,
    /// When its author last changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Millis>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// One of each kind, in the order in which the kinds came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
}

impl Message {
    /// A message that nothing has happened to yet.
    pub fn new(room: RoomId, seq: Seq, id: Uuid, by: String, at: Millis, body: String) -> Self {
        Self {
            room,
            seq,
            id,
            by,
            at,
            body,
            re: None,
            edited: None,
            deleted: false,
            reactions: Vec::new(),
        }
    }

    /// Its author has changed it. This and what follows leave a message alone that is deleted.
    pub fn edit(&mut self, body: String, at: Millis) {
        if self.deleted {
            return;
        }
        self.body = body;
        self.edited = Some(at);
    }

    /// It has been erased, and with it what was known of it besides that it was there.
    pub fn delete(&mut self) {
        self.body.clear();
        self.re = None;
        self.edited = None;
        self.reactions.clear();
        self.deleted = true;
    }

    /// Has it quote another as that is now, where it answers that one. Says whether that is news.
    pub fn quotes(&mut self, other: &Self) -> bool {
        let Some(quote) = self.re.as_mut().filter(|re| re.seq == other.seq) else {
            return false;
        };
        let newest = Quote::new(other.seq, other.by.clone(), &other.body);
        std::mem::replace(quote, newest.clone()) != newest
    }

    /// Somebody has given it a reaction, or taken theirs back.
    pub fn react(&mut self, by: &str, emoji: &str, on: bool) {
        if self.deleted {
            return;
        }
        let place = self.reactions.iter().position(|kind| kind.emoji == emoji);
        match (place, on) {
            (Some(place), true) => {
                let kind = &mut self.reactions[place];
                if !kind.by.iter().any(|name| name == by) {
                    kind.by.push(by.to_owned());
                }
            }
            (None, true) => self.reactions.push(Reaction {
                emoji: emoji.to_owned(),
                by: vec![by.to_owned()],
            }),
            (Some(place), false) => {
                self.reactions[place].by.retain(|name| name != by);
                if self.reactions[place].by.is_empty() {
                    self.reactions.remove(place);
                }
            }
            (None, false) => {}
        }
    }
}

/// What an answer shows of the message that it answers, as that message is now.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quote {
    pub seq: Seq,
    pub by: String,
    /// Its first characters; empty once it is deleted.
    pub body: String,
}

impl Quote {
    pub fn new(seq: Seq, by: String, body: &str) -> Self {
        Self {
            seq,
            by,
            body: Self::excerpt(body).to_owned(),
        }
    }

    /// As much of a body as is quoted.
    pub fn excerpt(body: &str) -> &str {
        let end = body.char_indices().nth(limits::QUOTE_CHARS);
        end.map_or(body, |(end, _)| &body[..end])
    }
}

/// One kind of reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    /// Who gave it, in that order.
    pub by: Vec<String>,
}

/// A stretch of a room's messages, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub messages: Vec<Message>,
    /// Whether there are more messages in the direction that was asked for (older, unless `after` was given).
    pub more: bool,
    /// Whether there are newer messages, where it was asked what is around one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<bool>,
    /// The room's head as of these messages: whatever an entry up to there did to them is in them.
    #[serde(default)]
    pub head: Seq,
    /// What happened to the room in the stretch, the newest [`limits::HAPPENINGS`] of it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub happenings: Vec<Happening>,
}

/// Messages that entries after a seq made or touched, as they are now, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub messages: Vec<Message>,
    /// The last entry that was looked at: ask again from here.
    pub to: Seq,
    /// Whether there are more entries after it.
    pub more: bool,
    /// The room's head as of these messages, as in [`History`].
    pub head: Seq,
    /// What happened to the room by those entries, the newest [`limits::HAPPENINGS`], oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub happenings: Vec<Happening>,
}

/// A message that was searched for, and the room that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub room: RoomId,
    /// The room's name.
    pub name: String,
    pub message: Message,
}

/// What was found, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// What to give as `before` for older ones; missing where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// The proof that a message is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub id: Uuid,
    pub seq: Seq,
    pub at: Millis,
}

/// The entry that a change came to, or that had brought about before what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub seq: Seq,
    pub at: Millis,
}

impl From<Posted> for Noted {
    fn from(Posted { seq, at, .. }: Posted) -> Self {
        Self { seq, at }
    }
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

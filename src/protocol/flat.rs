//! A frame of the server's as a browser first reads it: its fields, whatever it is.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use uuid::Uuid;

use super::what::What;
use crate::domain::{Code, Millis, Quote, Reaction, RoomId, Seq};

/// Which frame it is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Hello,
    Opened,
    Message,
    Edited,
    DeletedMessage,
    Reacted,
    Joined,
    Left,
    Removed,
    Changed,
    Erased,
    Sent,
    Refused,
    Presence,
    Typing,
    Head,
    Read,
    Mention,
    Rooms,
    Sessions,
    Deleted,
    Notice,
    Bye,
}

/// The fields of all server frames in one: read straight away, whatever their order. Serde would keep a
/// frame's fields aside until it knows its kind, with code for everything that they might have been.
#[derive(Deserialize)]
pub struct Flat {
    pub t: Kind,
    pub room: Option<RoomId>,
    pub id: Option<Uuid>,
    pub code: Option<Code>,
    #[serde(default)]
    pub seq: Seq,
    #[serde(default)]
    pub head: Seq,
    #[serde(default)]
    pub from: Seq,
    #[serde(default)]
    pub at: Millis,
    #[serde(default)]
    pub count: usize,
    #[serde(default)]
    pub me: String,
    #[serde(default)]
    pub by: String,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub online: Vec<String>,
    #[serde(default)]
    pub who: Who,
    #[serde(default)]
    pub of: Seq,
    #[serde(default)]
    pub said: u64,
    #[serde(default)]
    pub read: u64,
    #[serde(default)]
    pub emoji: String,
    #[serde(default)]
    pub on: bool,
    #[serde(default)]
    pub build: String,
    #[serde(default)]
    pub epoch: String,
    pub notice: Option<String>,
    #[serde(default)]
    pub text: String,
    pub what: Option<What>,
    pub to: Option<String>,
    pub re: Option<Quote>,
    pub edited: Option<Millis>,
    #[serde(default)]
    pub deleted: bool,
    #[serde(default)]
    pub reactions: Vec<Reaction>,
}

/// Those who are typing, or the one who came or went.
#[derive(Default)]
pub struct Who(pub Vec<String>);

impl Who {
    pub fn one(self) -> Result<String, &'static str> {
        self.0.into_iter().next().ok_or("a frame without its who")
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Who;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or names")
    }

    fn visit_str<E>(self, name: &str) -> Result<Who, E> {
        Ok(Who(vec![name.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Who, A::Error> {
        let mut who = Vec::new();
        while let Some(name) = names.next_element()? {
            who.push(name);
        }
        Ok(Who(who))
    }
}

//! What the processes say to each other: JSON, as a newer program may say more than an older one understands. What is
//! not understood counts as missed.

use serde::{Deserialize, Serialize};

use crate::{
    domain::RoomId,
    server::{
        announced::Said,
        live::{ProcessId, Sighting},
        rates::Tried,
        store::{Event, Reading},
    },
};

/// Bytes of a message at most, but for one that says a single thing: NATS takes a megabyte.
const BYTES: usize = 256 * 1024;

/// A message. Each sender numbers its own from 1 on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Message<P = Part> {
    pub from: ProcessId,
    pub number: u64,
    /// Which life of the data it speaks of. A program of an earlier version does not say.
    #[serde(default)]
    pub epoch: Option<String>,
    pub parts: Vec<P>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly all are entries")]
pub enum Part {
    Event(Event),
    /// Who came to it and went from it, as far as the sender sees. `all` begins anew: these are all it sees, but for
    /// those that follow.
    Here {
        all: bool,
        sightings: Vec<Sighting>,
    },
    Typing {
        room: RoomId,
        name: String,
    },
    /// Something was announced to everybody.
    Announced(Said),
    /// Something was tried that counts for all.
    Tried(Tried),
    /// That process is to say who is there.
    WhoIsThere(ProcessId),
    /// The sender ends.
    Goodbye,
}

impl Part {
    /// Whether it is about what is in the database, and so about one life of that.
    pub fn is_of_the_data(&self) -> bool {
        matches!(self, Self::Event(_))
    }

    /// Whether it is as true when it comes late: what it says is so from then on.
    pub fn keeps(&self) -> bool {
        match self {
            Self::Event(event) => !matches!(event, Event::Seen { .. }),
            Self::Announced(_) => true,
            // Twice, it would count twice.
            Self::Tried(_)
            | Self::Here { .. }
            | Self::Typing { .. }
            | Self::WhoIsThere(_)
            | Self::Goodbye => false,
        }
    }

    /// A change of this process's, as others are told of it.
    pub fn of(event: &Event) -> Self {
        let mut event = event.clone();
        if let Event::Seen { by, .. } = &mut event
            && matches!(by, Reading::Socket(_))
        {
            // Which socket it was is no number of theirs.
            *by = Reading::Page;
        }
        Self::Event(event)
    }
}

/// The messages that say all this. Where there is nothing to say, one that says so.
pub fn messages(from: ProcessId, number: &mut u64, epoch: &str, parts: &[Part]) -> Vec<Vec<u8>> {
    let mut encoded = parts
        .iter()
        .filter_map(|part| match serde_json::to_string(part) {
            Ok(json) => serde_json::value::RawValue::from_string(json).ok(),
            Err(error) => {
                // Cannot happen: nothing in it has no form in JSON.
                tracing::error!(%error, "cannot tell the other processes of a change");
                None
            }
        });
    let (mut messages, mut last) = (Vec::new(), encoded.next());
    loop {
        let (mut parts, mut bytes) = (Vec::new(), 0);
        while let Some(part) = last.take_if(|part| bytes == 0 || bytes + part.get().len() <= BYTES)
        {
            bytes += part.get().len();
            parts.push(part);
            last = encoded.next();
        }
        *number += 1;
        let message = Message {
            from,
            number: *number,
            epoch: Some(epoch.to_owned()),
            parts,
        };
        messages.extend(serde_json::to_vec(&message));
        if last.is_none() {
            return messages;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typing(name: &str) -> Part {
        Part::Typing {
            room: 1,
            name: name.to_owned(),
        }
    }

    #[test]
    fn what_is_said_is_understood_in_its_order_however_many_messages_it_takes() {
        let mut number = 6;
        let long = "x".repeat(BYTES / 2);
        let said: Vec<_> = (0..5).map(|n| typing(&format!("{n}{long}"))).collect();
        let messages = messages(7, &mut number, "", &said);
        assert_eq!((messages.len(), number), (5, 11));
        let mut names = Vec::new();
        for (place, bytes) in messages.iter().enumerate() {
            let message: Message = serde_json::from_slice(bytes).expect("a message");
            assert_eq!((message.from, message.number), (7, 7 + place as u64));
            for part in message.parts {
                let Part::Typing { name, .. } = part else {
                    panic!("not what was said");
                };
                names.push(name.chars().next().expect("a number"));
            }
        }
        assert_eq!(names, ['0', '1', '2', '3', '4']);
    }

    #[test]
    fn fewer_and_more_fields_are_understood_and_news_of_an_unknown_kind_are_not() {
        let understood = |json: &str| serde_json::from_str::<Message>(json).is_ok();
        let typing = r#"{"Typing":{"room":1,"name":"bob"}}"#;
        for (fields, parts, is) in [
            ("", typing.to_owned(), true),
            (r#""epoch":"e","#, typing.to_owned(), true),
            (
                r#""epoch":"e","since":"tomorrow","#,
                typing.to_owned(),
                true,
            ),
            (
                "",
                format!(r#"{typing},{{"Tomorrow":{{"room":1}}}}"#),
                false,
            ),
        ] {
            let json = format!(r#"{{"from":1,"number":2,{fields}"parts":[{parts}]}}"#);
            assert_eq!(understood(&json), is, "{json}");
        }
    }

    #[test]
    fn only_changes_are_of_one_life_of_the_data() {
        assert!(Part::Event(Event::Deleted { room: 1 }).is_of_the_data());
        assert!(!Part::Announced(Said::default()).is_of_the_data());
        assert!(!typing("bob").is_of_the_data());
    }

    #[test]
    fn that_there_is_nothing_to_say_is_said_too() {
        let mut number = 0;
        let said = messages(7, &mut number, "", &[]);
        let message: Message = serde_json::from_slice(&said[0]).expect("a message");
        assert_eq!((said.len(), message.number, message.parts.len()), (1, 1, 0));
    }

    #[test]
    fn another_processs_socket_is_none_of_ours() {
        let seen = Event::Seen {
            room: 1,
            user: 2,
            seq: 3,
            read: 3,
            by: Reading::Socket(9),
        };
        let Part::Event(Event::Seen { by, .. }) = Part::of(&seen) else {
            panic!("not what was said");
        };
        assert_eq!(by, Reading::Page);
    }
}

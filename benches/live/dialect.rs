//! How each peer says the same things: open a room, send a message, here is one.
//!
//! A message's body ends with its number in the room and the time it was sent at, in fixed columns, so that
//! a delivery is checked and timed without parsing the rest.

use std::time::Duration;

use uuid::Uuid;

/// What people say is about this long.
const TEXT: &str = "The quick brown fox jumps over the lazy dog, and the dog does not mind.";
const NUMBER: usize = 10;
const TIME: usize = 20;
const TRAILER: usize = NUMBER + 1 + TIME;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// JSON texts as on Latchkey's live socket, which speaks first and confirms what it stored.
    Latchkey,
    /// The same texts, without a greeting or a confirmation.
    Plain,
    /// Socket.IO 5 over Engine.IO 4.
    SocketIo,
}

/// What a server said.
pub enum Said<'d> {
    /// It is ready to be spoken to.
    Connected,
    Opened,
    Message {
        number: u64,
        sent: u64,
    },
    /// What was done to a message.
    Deed,
    Confirmed,
    /// Something that has to be answered with this.
    Answer(&'d str),
    Refused(String),
    Other,
}

impl Dialect {
    /// Whether a client may speak as soon as the handshake is done.
    pub fn begins_by_itself(self) -> bool {
        self == Self::Plain
    }

    pub fn open(self, room: i64, after: Option<u64>) -> String {
        match (self, after) {
            (Self::Latchkey, Some(after)) => {
                format!(r#"{{"t":"open","room":{room},"after":{after}}}"#)
            }
            (Self::SocketIo, _) => format!(r#"42["open",{{"room":{room}}}]"#),
            _ => format!(r#"{{"t":"open","room":{room}}}"#),
        }
    }

    pub fn body(self, number: u64, at: Duration) -> String {
        format!("{TEXT} {number:0NUMBER$} {:0TIME$}", at.as_nanos())
    }

    pub fn send(self, room: i64, body: &str) -> String {
        let id = Uuid::now_v7();
        match self {
            Self::SocketIo => {
                format!(r#"42["send",{{"room":{room},"id":"{id}","body":"{body}"}}]"#)
            }
            _ => format!(r#"{{"t":"send","room":{room},"id":"{id}","body":"{body}"}}"#),
        }
    }

    /// An edit of a message that leaves it its number, or a reaction to it, in turn.
    pub fn do_to(self, room: i64, of: u64, nth: u64, body: &str) -> String {
        let id = Uuid::now_v7();
        if nth.is_multiple_of(2) {
            format!(r#"{{"t":"edit","room":{room},"id":"{id}","of":{of},"body":"{body}"}}"#)
        } else {
            format!(r#"{{"t":"react","room":{room},"id":"{id}","of":{of},"emoji":"👍","on":true}}"#)
        }
    }

    pub fn understand(self, payload: &[u8]) -> Said<'static> {
        match self {
            Self::SocketIo => socket_io(payload),
            _ => json(payload),
        }
    }
}

fn json(payload: &[u8]) -> Said<'static> {
    match payload.strip_prefix(br#"{"t":""#).unwrap_or_default() {
        [b'm', b'e', ..] => message(payload.strip_suffix(br#""}"#).or_else(|| edited(payload))),
        [b's', b'e', ..] => Said::Confirmed,
        [b'h', b'e', b'l', ..] => Said::Connected,
        [b'o', ..] => Said::Opened,
        [b'e', ..] | [b'r', b'e', b'a', b'c', ..] => Said::Deed,
        [b'r', ..] | [b'b', ..] => Said::Refused(String::from_utf8_lossy(payload).into_owned()),
        _ => Said::Other,
    }
}

/// A message that was edited, up to the end of its body.
fn edited(payload: &[u8]) -> Option<&[u8]> {
    const AFTER: &[u8] = br#"","edited":"#;
    let end = payload.windows(AFTER.len()).rposition(|part| part == AFTER);
    Some(&payload[..end?])
}

fn socket_io(payload: &[u8]) -> Said<'static> {
    match payload {
        // Engine.IO's `open`: answered with a request for the default namespace.
        [b'0', ..] => Said::Answer("40"),
        [b'2', ..] => Said::Answer("3"),
        [b'4', b'0', ..] => Said::Connected,
        [b'4', b'2', b'[', b'"', b'o', ..] => Said::Opened,
        [b'4', b'2', b'[', b'"', b'm', ..] => message(payload.strip_suffix(br#""}]"#)),
        _ => Said::Other,
    }
}

fn message(upto_body: Option<&[u8]>) -> Said<'static> {
    let read = || {
        let bytes = upto_body?;
        let trailer = std::str::from_utf8(bytes.get(bytes.len().checked_sub(TRAILER)?..)?).ok()?;
        Some((
            trailer[..NUMBER].parse().ok()?,
            trailer[NUMBER + 1..].parse().ok()?,
        ))
    };
    match read() {
        Some((number, sent)) => Said::Message { number, sent },
        None => Said::Refused("a message that nobody sent".to_owned()),
    }
}

//! WebSocket frames on their way out (RFC 6455 §5.2): framed once, then written to any number of sockets.

use std::sync::Arc;

use crate::{domain::Seq, protocol::ServerFrame};

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

/// One whole frame, header included, shared by everything that has yet to write it.
pub type Framed = Arc<[u8]>;

/// The frame of a log's entry.
#[derive(Clone)]
pub struct Logged {
    pub bytes: Framed,
    /// The message whose words, besides its own, it may hold; 0 where there is none.
    pub about: Seq,
}

/// An entry's frame for a log.
pub fn logged(entry: &ServerFrame) -> Logged {
    let about = match entry {
        ServerFrame::Message(message) => message.re.as_ref().map_or(0, |quote| quote.seq),
        ServerFrame::Edited { of, .. } => *of,
        _ => 0,
    };
    Logged {
        bytes: text(entry),
        about,
    }
}

/// What a frame that was made here carries.
pub fn payload(frame: &[u8]) -> Option<&[u8]> {
    let header = match frame.get(1)? {
        127 => 10,
        126 => 4,
        _ => 2,
    };
    frame.get(header..)
}

/// A text frame with this JSON.
pub fn text(frame: &ServerFrame) -> Framed {
    let mut bytes = Vec::with_capacity(256);
    push_text(&mut bytes, frame);
    bytes.into()
}

/// Appends a text frame with this JSON.
pub fn push_text(bytes: &mut Vec<u8>, frame: &ServerFrame) {
    match serde_json::to_vec(frame) {
        Ok(json) => push(bytes, TEXT, &json),
        // Cannot happen: the frames hold nothing that JSON has no form for.
        Err(error) => tracing::error!(%error, "cannot encode a frame"),
    }
}

/// Appends a close frame; `reason` is at most 123 bytes.
pub fn push_close(bytes: &mut Vec<u8>, code: u16, reason: &str) {
    let mut payload = Vec::with_capacity(2 + reason.len());
    payload.extend_from_slice(&code.to_be_bytes());
    payload.extend_from_slice(reason.as_bytes());
    push(bytes, CLOSE, &payload);
}

/// Appends an empty ping.
pub fn push_ping(bytes: &mut Vec<u8>) {
    push(bytes, PING, &[]);
}

fn push(bytes: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    bytes.push(FIN | opcode);
    // A server's frames are not masked, so the length's first byte has its top bit clear.
    match payload.len() {
        len @ 0..=125 => bytes.push(len as u8),
        len @ 126..=0xFFFF => {
            bytes.push(126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            bytes.push(127);
            bytes.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    use tungstenite::{Message, WebSocket, protocol::Role};

    use super::*;

    fn read_back(bytes: Vec<u8>) -> Message {
        WebSocket::from_raw_socket(Cursor::new(bytes), Role::Client, None)
            .read()
            .expect("a valid frame")
    }

    #[test]
    fn every_length_form_reads_back() {
        for len in [0, 1, 125, 126, 127, 65_535, 65_536, 200_000] {
            let mut bytes = Vec::new();
            push(&mut bytes, TEXT, "x".repeat(len).as_bytes());
            assert_eq!(payload(&bytes).map(<[u8]>::len), Some(len));
            assert_eq!(read_back(bytes).into_text().expect("text").len(), len);
        }
    }

    #[test]
    fn a_close_frame_carries_its_code_and_reason() {
        let mut bytes = Vec::new();
        push_close(&mut bytes, 1009, "too big");
        let Message::Close(Some(frame)) = read_back(bytes) else {
            panic!("not a close frame")
        };
        assert_eq!(
            (u16::from(frame.code), frame.reason.as_str()),
            (1009, "too big")
        );
    }

    proptest! {
        #[test]
        fn frames_written_back_to_back_are_read_one_by_one(texts in prop::collection::vec(".{0,300}", 1..5)) {
            let mut bytes = Vec::new();
            for text in &texts {
                push(&mut bytes, TEXT, text.as_bytes());
            }
            let mut socket = WebSocket::from_raw_socket(Cursor::new(bytes), Role::Client, None);
            for text in &texts {
                let got = socket.read().expect("a frame").into_text().expect("text");
                prop_assert_eq!(got.as_str(), text);
            }
        }
    }
}

//! The client's half of the WebSocket protocol (RFC 6455 §5), as cheaply as a load generator can do it.

use tungstenite::handshake::derive_accept_key;

const FIN_TEXT: u8 = 0x81;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const MASKED: u8 = 0x80;

/// The challenge of every handshake: nothing here depends on its being random.
const KEY: &str = "bGF0Y2hrZXktYmVuY2gtMQ==";

/// The request that opens a WebSocket. `headers` are whole lines.
pub fn handshake(host: &str, path: &str, headers: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}\r\n"
    )
    .into_bytes()
}

/// How many bytes of `answer` are the handshake's head; `None` while it is not whole.
///
/// # Errors
/// The answer's first line, where it does not accept the handshake.
pub fn accepted(answer: &[u8]) -> Result<Option<usize>, String> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    if head.starts_with("HTTP/1.1 101") && head.contains(&derive_accept_key(KEY.as_bytes())) {
        Ok(Some(end + 4))
    } else {
        Err(head.lines().next().unwrap_or_default().to_owned())
    }
}

/// Appends a text frame. Its mask is zero: valid, and the payload stays as it is.
pub fn push_text(out: &mut Vec<u8>, payload: &str) {
    push(out, FIN_TEXT, payload.as_bytes());
}

fn push(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    out.push(first);
    match payload.len() {
        len @ 0..=125 => out.push(MASKED | len as u8),
        len => {
            out.push(MASKED | 126);
            let len = u16::try_from(len).expect("a load's frames are short");
            out.extend_from_slice(&len.to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Takes the whole frames off the front of `bytes`: texts go to `each`, pings are answered into `out`.
/// Answers how many bytes that were.
pub fn take_frames(bytes: &[u8], out: &mut Vec<u8>, mut each: impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    while let Some((opcode, payload, end)) = frame(&bytes[at..]) {
        match opcode {
            PING => push(out, 0x80 | PONG, &bytes[at..][payload]),
            1 | 2 => each(&bytes[at..][payload]),
            _ => {}
        }
        at += end;
    }
    at
}

/// The first frame's opcode, where its payload is, and where it ends; `None` while it is not whole.
fn frame(bytes: &[u8]) -> Option<(u8, std::ops::Range<usize>, usize)> {
    let (start, len) = match *bytes.get(1)? {
        len @ 0..=125 => (2, usize::from(len)),
        126 => (
            4,
            usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
        ),
        _ => (
            10,
            usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
        ),
    };
    let end = start + len;
    (bytes.len() >= end).then_some((bytes[0] & 0xF, start..end, end))
}

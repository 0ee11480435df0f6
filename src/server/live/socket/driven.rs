//! A socket driven like a shard drives it but in any order, against a peer that reads and speaks as it likes:
//! whatever is cut wherever, the peer gets whole frames, each once and in order. The property tests and the
//! fuzzer choose what happens.

use std::{
    collections::VecDeque,
    io::Cursor as Bytes,
    net::Ipv4Addr,
    os::{fd::OwnedFd, unix::net::UnixStream},
};

use nix::sys::socket::{setsockopt, sockopt::SndBuf};
use uuid::Uuid;

use super::*;
use crate::{
    domain::Message,
    server::live::{
        frames::Logged,
        tail::{BYTES, FRAMES},
    },
    server::store::User,
};

pub const ROOM: RoomId = 7;
/// The kernel doubles it and has a lower bound of its own; a few frames fill it either way.
const BUFFER: usize = 2_048;

/// One thing that happens to a socket.
#[derive(Clone, Debug)]
pub enum Step {
    /// The room gets a message with a body of so many bytes.
    Posted(usize),
    /// The socket gets an answer of its own, of about so many bytes.
    Answer(usize),
    Ping,
    WriteRoom,
    WriteQueue,
    /// The shard is told that the kernel takes more.
    Writable,
    /// The socket is read from.
    Read,
    /// The peer takes in so many bytes.
    PeerReads(usize),
    /// The peer sends what it has next, so many bytes of it.
    PeerWrites(usize),
}

/// Does what a fuzzer's bytes stand for: from the second on, steps of three bytes or what a peer sends.
#[cfg(feature = "fuzz")]
pub fn fuzz(data: &[u8]) {
    let Some((&cut, data)) = data.split_first() else {
        return;
    };
    if cut > 0 {
        return suffer(data, cut.into());
    }
    drive(data.chunks_exact(3).map(|step| {
        let size = usize::from(u16::from_le_bytes([step[1], step[2]]));
        match step[0] % 9 {
            0 => Step::Posted(size % 4_000),
            1 => Step::Answer(size % 2_000),
            2 => Step::Ping,
            3 => Step::WriteRoom,
            4 => Step::WriteQueue,
            5 => Step::Writable,
            6 => Step::Read,
            7 => Step::PeerReads(1 + size % 6_000),
            _ => Step::PeerWrites(1 + size % 200),
        }
    }));
}

/// A socket and its peer. What is between them is a pipe of the kernel's that holds little: a network that
/// holds so little would lose what does not fit, and take its time to say it again.
pub fn pair() -> (Socket, UnixStream) {
    let (ours, peer) = UnixStream::pair().expect("a pair");
    for end in [&ours, &peer] {
        end.set_nonblocking(true).expect("no blocking");
        setsockopt(end, SndBuf, &BUFFER).expect("a small buffer");
    }
    let stream = std::net::TcpStream::from(OwnedFd::from(ours));
    let session = Session {
        id: 1,
        user: User {
            id: 1,
            name: "alice".to_owned(),
        },
    };
    let address = Ipv4Addr::LOCALHOST.into();
    let socket = Socket::new(TcpStream::from_std(stream), Vec::new(), session, address);
    (socket, peer)
}

pub fn follow_room(socket: &mut Socket) {
    socket.cursors.push(Cursor {
        room: ROOM,
        at: 0,
        seq: 0,
        presence: 0,
        typing: 0,
    });
}

pub fn message(seq: Seq, size: usize) -> Logged {
    frames::logged(&ServerFrame::Message(Message::new(
        ROOM,
        seq,
        Uuid::from_u128(u128::from(seq)),
        "alice".to_owned(),
        0,
        "m".repeat(size),
    )))
}

/// An answer that says which one it is.
pub fn answer(number: usize, size: usize) -> ServerFrame {
    ServerFrame::Refused {
        room: None,
        id: Some(Uuid::from_u128(number as u128)),
        code: Code::BadRequest,
        message: "a".repeat(size),
    }
}

/// What a peer sends: text in fragments with a ping between them, a whole text, a ping; masked.
fn peer_says(number: u8) -> (Vec<u8>, Vec<&'static str>) {
    let mask = [number, 0x5a, !number, 0x01];
    let frame = |first: u8, payload: &[u8]| {
        let mut bytes = vec![first, 0x80 | payload.len() as u8];
        bytes.extend_from_slice(&mask);
        bytes.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        bytes
    };
    let (fragment, ping, last) = (
        frame(0x01, b"in "),
        frame(0x89, &[number]),
        frame(0x80, b"parts"),
    );
    let bytes = [fragment, ping.clone(), last, frame(0x81, b"whole"), ping].concat();
    (bytes, vec!["in parts", "whole"])
}

fn read_all(peer: &mut UnixStream, most: usize, into: &mut Vec<u8>) -> usize {
    let mut bytes = vec![0; most];
    match peer.read(&mut bytes) {
        Ok(n) => {
            into.extend_from_slice(&bytes[..n]);
            n
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        Err(error) => panic!("the peer cannot read: {error}"),
    }
}

/// Has all that happen, then lets everybody do what they should, and checks what each has got.
pub fn drive(steps: impl IntoIterator<Item = Step>) {
    let (mut socket, mut peer) = pair();
    follow_room(&mut socket);
    let mut tail = Tail::new(0);
    // The bytes of each message's frame.
    let mut posted = Vec::new();
    let (mut answers, mut pings, mut spoken) = (0, 0, 0_usize);
    let (mut unsent, mut said, mut expected) = (VecDeque::new(), Vec::new(), Vec::new());
    let mut got = Vec::new();
    let take = |socket: &mut Socket, said: &mut Vec<String>| loop {
        match socket.read() {
            Input::Text(text) => said.push(text),
            Input::Control | Input::Later => {}
            Input::Nothing => return true,
            Input::Binary | Input::End | Input::Broken(..) => return false,
        }
    };
    for step in steps {
        match step {
            Step::Posted(size) => {
                let seq = tail.head() + 1;
                let frame = message(seq, size);
                posted.push(frame.bytes.len());
                tail.append(seq, frame);
            }
            Step::Answer(size) => {
                socket.push(&answer(answers, size));
                answers += 1;
            }
            Step::Ping => {
                socket.push_ping();
                pings += 1;
            }
            Step::WriteRoom => socket
                .write_room(ROOM, &mut tail)
                .expect("the peer is there"),
            Step::WriteQueue => socket.write_queue().expect("the peer is there"),
            Step::Writable => socket.blocked = false,
            Step::Read => assert!(take(&mut socket, &mut said)),
            Step::PeerReads(most) => _ = read_all(&mut peer, most, &mut got),
            Step::PeerWrites(most) => {
                if unsent.is_empty() {
                    let (bytes, texts) = peer_says(spoken as u8);
                    spoken += 1;
                    unsent.extend(bytes);
                    expected.extend(texts);
                }
                let next: Vec<u8> = unsent.iter().copied().take(most).collect();
                let written = peer.write(&next).unwrap_or(0);
                unsent.drain(..written);
            }
        }
    }
    // From here on everybody does what they should.
    unsent.make_contiguous();
    while !unsent.is_empty() {
        let written = peer.write(unsent.as_slices().0).unwrap_or(0);
        unsent.drain(..written);
        assert!(take(&mut socket, &mut said));
    }
    assert!(take(&mut socket, &mut said));
    socket.blocked = false;
    socket
        .write_room(ROOM, &mut tail)
        .expect("the peer is there");
    while socket.has_queue() || socket.blocked {
        read_all(&mut peer, 64 * 1024, &mut got);
        socket.blocked = false;
        socket
            .write_room(ROOM, &mut tail)
            .expect("the peer is there");
        socket.write_queue().expect("the peer is there");
    }
    socket.stream().shutdown(Shutdown::Write).expect("an end");
    peer.set_nonblocking(false).expect("blocking");
    peer.read_to_end(&mut got).expect("all until the end");
    assert_eq!(said, expected, "what the peer said");

    let mut reader = WebSocket::from_raw_socket(Replay(Bytes::new(got)), Role::Client, None);
    let (mut seq, mut answered, mut pinged, mut ponged) = (0, 0, 0, 0);
    loop {
        match reader.read() {
            Ok(WsMessage::Text(text)) => match serde_json::from_str(&text).expect("a frame") {
                ServerFrame::Message(message) => {
                    assert_eq!(message.seq, seq + 1);
                    seq = message.seq;
                }
                // A reader too far behind is told where the tail begins, and asks history for the rest.
                ServerFrame::Opened { from, head, .. } => {
                    let behind = &posted[seq as usize..head as usize];
                    let fits = behind.len() <= FRAMES && behind.iter().sum::<usize>() <= BYTES;
                    assert!(
                        from > seq + 1 && from <= head && !fits,
                        "left out {seq}..{from}"
                    );
                    seq = from - 1;
                }
                ServerFrame::Refused { id, .. } => {
                    assert_eq!(id, Some(Uuid::from_u128(answered as u128)));
                    answered += 1;
                }
                other => panic!("nobody sent {:?}", other),
            },
            Ok(WsMessage::Ping(_)) => pinged += 1,
            Ok(WsMessage::Pong(payload)) => {
                assert_eq!(&payload[..], &[(ponged / 2) as u8][..]);
                ponged += 1;
            }
            Ok(other) => panic!("nobody sent {:?}", other),
            Err(_) => break,
        }
    }
    assert_eq!((seq, answered, pinged), (tail.head(), answers, pings));
    assert_eq!(ponged, 2 * spoken);
    assert_eq!(
        reader.get_ref().0.position(),
        reader.get_ref().0.get_ref().len() as u64,
        "nothing but frames"
    );
}

/// Reads whatever a peer sends, cut like this: nothing of it may panic, or be kept for ever.
pub fn suffer(bytes: &[u8], cut: usize) {
    let (mut socket, mut peer) = pair();
    let mut rest = bytes;
    loop {
        let n = peer.write(&rest[..rest.len().min(cut)]).unwrap_or(0);
        rest = &rest[n..];
        match socket.read() {
            Input::End | Input::Broken(..) => break,
            Input::Nothing if rest.is_empty() => break,
            _ => {}
        }
    }
    assert!(
        socket.queue.len() <= bytes.len() + 128,
        "it answers no more than it was asked"
    );
}

/// Bytes that were received, with an end that looks like a peer that says no more.
pub struct Replay(pub Bytes<Vec<u8>>);

impl Read for Replay {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.0.read(bytes) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            read => read,
        }
    }
}

impl Write for Replay {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

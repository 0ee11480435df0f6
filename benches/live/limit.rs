//! The bare limit: one thread, one poll; a message is framed once and written with one write(2) to each
//! socket of its room. It stores nothing, checks nothing and waits for nobody. What a chat server costs
//! beyond this, it costs for being a chat server.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use serde::Deserialize;
use slab::Slab;
use tungstenite::handshake::derive_accept_key;

const LISTENER: Token = Token(usize::MAX);

#[derive(Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum Asked {
    Open {
        room: u32,
    },
    Send {
        room: u32,
        id: String,
        body: String,
    },
    /// Write the room's last `count` messages to all of its sockets, each in one write.
    Replay {
        room: u32,
        count: usize,
    },
}

struct Peer {
    stream: TcpStream,
    open: bool,
    read: Vec<u8>,
    /// What the kernel has not taken yet.
    unwritten: Vec<u8>,
}

#[derive(Default)]
struct Room {
    seq: u64,
    readers: Vec<usize>,
    frames: Vec<Vec<u8>>,
}

/// Serves until it is killed.
pub fn serve(port: u16) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1_024);
    let mut listener = super::listen(port)?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening");
    let (mut peers, mut rooms) = (Slab::<Peer>::new(), HashMap::<u32, Room>::new());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut peers)?;
                continue;
            }
            let index = event.token().0;
            if event.is_writable()
                && let Some(peer) = peers.get_mut(index)
                && !peer.unwritten.is_empty()
            {
                let waiting = std::mem::take(&mut peer.unwritten);
                peer.write(&waiting);
            }
            if event.is_readable() && !read(index, &mut peers, &mut rooms, &mut buffer) {
                peers.remove(index);
                rooms
                    .values_mut()
                    .for_each(|room| room.readers.retain(|&reader| reader != index));
            }
        }
    }
}

fn accept(listener: &TcpListener, poll: &Poll, peers: &mut Slab<Peer>) -> io::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        let entry = peers.vacant_entry();
        poll.registry().register(
            &mut stream,
            Token(entry.key()),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        entry.insert(Peer {
            stream,
            open: false,
            read: Vec::new(),
            unwritten: Vec::new(),
        });
    }
}

/// Reads all there is and does it. `false` where the peer is gone.
fn read(
    index: usize,
    peers: &mut Slab<Peer>,
    rooms: &mut HashMap<u32, Room>,
    buffer: &mut [u8],
) -> bool {
    loop {
        let Some(peer) = peers.get_mut(index) else {
            return true;
        };
        match peer.stream.read(buffer) {
            Ok(0) => return false,
            Ok(n) => peer.read.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(_) => return false,
        }
        let mut bytes = std::mem::take(&mut peer.read);
        let mut at = if peer.open {
            0
        } else {
            peer.shake_hands(&bytes)
        };
        while let Some((payload, end)) = unmask(&bytes[at..]) {
            at += end;
            match serde_json::from_slice(&payload) {
                Ok(asked) => obey(asked, index, peers, rooms),
                Err(_) => return false,
            }
        }
        bytes.drain(..at);
        if let Some(peer) = peers.get_mut(index) {
            peer.read = bytes;
        }
    }
}

fn obey(asked: Asked, from: usize, peers: &mut Slab<Peer>, rooms: &mut HashMap<u32, Room>) {
    match asked {
        Asked::Open { room } => {
            rooms.entry(room).or_default().readers.push(from);
            peers[from].write(&frame(r#"{"t":"opened"}"#));
        }
        Asked::Send {
            room: id,
            id: message,
            body,
        } => {
            let room = rooms.entry(id).or_default();
            room.seq += 1;
            let at = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis());
            let framed = frame(&format!(
                r#"{{"t":"message","room":{id},"seq":{},"id":"{message}","by":"u1","at":{at},"body":"{body}"}}"#,
                room.seq
            ));
            room.readers
                .iter()
                .for_each(|&reader| peers[reader].write(&framed));
            room.frames.push(framed);
        }
        Asked::Replay { room, count } => {
            let room = rooms.entry(room).or_default();
            let from = room.frames.len().saturating_sub(count);
            let joined = room.frames[from..].concat();
            room.readers
                .iter()
                .for_each(|&reader| peers[reader].write(&joined));
        }
    }
}

impl Peer {
    /// Answers the handshake once it is whole; answers how many bytes it was.
    fn shake_hands(&mut self, bytes: &[u8]) -> usize {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return 0;
        };
        let head = String::from_utf8_lossy(&bytes[..end]);
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
            .unwrap_or_default();
        let accept = derive_accept_key(key.as_bytes());
        self.open = true;
        self.write(
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            )
            .as_bytes(),
        );
        end + 4
    }

    fn write(&mut self, bytes: &[u8]) {
        let taken = if self.unwritten.is_empty() {
            self.stream.write(bytes).unwrap_or(0)
        } else {
            0
        };
        self.unwritten.extend_from_slice(&bytes[taken..]);
    }
}

fn frame(json: &str) -> Vec<u8> {
    let mut bytes = vec![0x81];
    match json.len() {
        len @ 0..=125 => bytes.push(len as u8),
        len => {
            bytes.push(126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(json.as_bytes());
    bytes
}

/// The first frame's payload, and where it ends.
fn unmask(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (start, len) = match bytes.get(1)? & 0x7F {
        len @ 0..=125 => (2, usize::from(len)),
        126 => (
            4,
            usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
        ),
        _ => return None,
    };
    let mask = bytes.get(start..start + 4)?;
    let payload = bytes.get(start + 4..start + 4 + len)?;
    let plain = payload
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    Some((plain, start + 4 + len))
}

//! The bare limit: one thread, one poll; a message is framed once and written with one write(2) to each
//! socket of its room. It stores nothing, checks nothing and waits for nobody. What a chat server costs
//! beyond this, it costs for being a chat server.
//!
//! With a log, it is the limit of durable posts: what one turn of its loop reads is written into a file and
//! synced once, and only then delivered and confirmed.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Write},
    os::unix::fs::FileExt,
    path::Path,
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
const LOG_BYTES: usize = 4 * 1024 * 1024;
const PAGE_BYTES: usize = 4_096;

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

/// Where messages go before they are delivered. It begins again from the front when it is full, as a
/// write-ahead log does, and is never read.
struct Log {
    file: File,
    at: u64,
    /// What the next write brings.
    bytes: Vec<u8>,
    /// What is delivered after it.
    waiting: Vec<Posted>,
}

struct Posted {
    room: u32,
    framed: Vec<u8>,
    from: usize,
    /// What tells its sender that it is durable.
    sent: Vec<u8>,
}

struct Limit {
    peers: Slab<Peer>,
    rooms: HashMap<u32, Room>,
    log: Option<Log>,
}

/// Serves until it is killed. `log` is the file to write messages into, if any.
pub fn serve(port: u16, log: Option<&Path>) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1_024);
    let mut listener = super::listen(port)?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut limit = Limit {
        peers: Slab::new(),
        rooms: HashMap::new(),
        log: log.map(Log::create).transpose()?,
    };
    println!("listening");
    let mut buffer = vec![0; 64 * 1024];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut limit.peers)?;
                continue;
            }
            let index = event.token().0;
            if event.is_writable()
                && let Some(peer) = limit.peers.get_mut(index)
                && !peer.unwritten.is_empty()
            {
                let waiting = std::mem::take(&mut peer.unwritten);
                peer.write(&waiting);
            }
            if event.is_readable() && !limit.read(index, &mut buffer) {
                limit.forget(index);
            }
        }
        limit.sync()?;
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

impl Limit {
    /// Reads all there is and does it. `false` where the peer is gone.
    fn read(&mut self, index: usize, buffer: &mut [u8]) -> bool {
        loop {
            let Some(peer) = self.peers.get_mut(index) else {
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
                    Ok(asked) => self.obey(asked, index),
                    Err(_) => return false,
                }
            }
            bytes.drain(..at);
            if let Some(peer) = self.peers.get_mut(index) {
                peer.read = bytes;
            }
        }
    }

    fn obey(&mut self, asked: Asked, from: usize) {
        match asked {
            Asked::Open { room } => {
                self.rooms.entry(room).or_default().readers.push(from);
                self.peers[from].write(&frame(r#"{"t":"opened"}"#));
            }
            Asked::Send {
                room: id,
                id: message,
                body,
            } => {
                let at = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_millis());
                let room = self.rooms.entry(id).or_default();
                room.seq += 1;
                let seq = room.seq;
                let framed = frame(&format!(
                    r#"{{"t":"message","room":{id},"seq":{seq},"id":"{message}","by":"u1","at":{at},"body":"{body}"}}"#
                ));
                let Some(log) = &mut self.log else {
                    room.readers
                        .iter()
                        .for_each(|&reader| self.peers[reader].write(&framed));
                    return room.frames.push(framed);
                };
                let sent = frame(&format!(
                    r#"{{"t":"sent","room":{id},"id":"{message}","seq":{seq},"at":{at}}}"#
                ));
                log.bytes.extend_from_slice(&framed);
                log.waiting.push(Posted {
                    room: id,
                    framed,
                    from,
                    sent,
                });
            }
            Asked::Replay { room, count } => {
                let room = self.rooms.entry(room).or_default();
                let from = room.frames.len().saturating_sub(count);
                let joined = room.frames[from..].concat();
                room.readers
                    .iter()
                    .for_each(|&reader| self.peers[reader].write(&joined));
            }
        }
    }

    /// Makes durable what waits for it, and delivers it: to its sender in one write with what confirms it.
    fn sync(&mut self) -> io::Result<()> {
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        if log.waiting.is_empty() {
            return Ok(());
        }
        log.write()?;
        for posted in log.waiting.drain(..) {
            let room = self.rooms.entry(posted.room).or_default();
            for &reader in &room.readers {
                if reader == posted.from {
                    self.peers[reader].write(&[&posted.sent[..], &posted.framed].concat());
                } else {
                    self.peers[reader].write(&posted.framed);
                }
            }
        }
        Ok(())
    }

    fn forget(&mut self, index: usize) {
        self.peers.remove(index);
        self.rooms
            .values_mut()
            .for_each(|room| room.readers.retain(|&reader| reader != index));
    }
}

impl Log {
    /// Makes a file that has its full size from the beginning, so that a sync has only the messages to write.
    fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        file.write_all_at(&vec![0; LOG_BYTES], 0)?;
        file.sync_all()?;
        Ok(Self {
            file,
            at: 0,
            bytes: Vec::new(),
            waiting: Vec::new(),
        })
    }

    /// Writes and syncs what is to be written, in whole pages.
    fn write(&mut self) -> io::Result<()> {
        self.bytes
            .resize(self.bytes.len().next_multiple_of(PAGE_BYTES), 0);
        if self.at + self.bytes.len() as u64 > LOG_BYTES as u64 {
            self.at = 0;
        }
        self.file.write_all_at(&self.bytes, self.at)?;
        self.file.sync_data()?;
        self.at += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
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

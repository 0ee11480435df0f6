//! One live socket: what it reads, what it still has to be written, and how far each of its rooms is.

#[cfg(any(test, feature = "fuzz"))]
mod driven;
mod pipe;
#[cfg(test)]
mod tests;

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Shutdown},
    sync::Arc,
    time::{Duration, Instant},
};

use mio::net::TcpStream;
use smallvec::SmallVec;
use tungstenite::{
    Message as WsMessage, WebSocket,
    error::{CapacityError, Error as WsError},
    protocol::{Role, WebSocketConfig},
};

#[cfg(feature = "fuzz")]
pub use self::driven::fuzz;
use self::pipe::Pipe;
use super::{
    frames::{self, Framed},
    tail::Tail,
};
use crate::{
    domain::{Code, RoomId, Seq, limits},
    protocol::ServerFrame,
    server::{
        config::Rate,
        counts::traffic,
        store::{Session, SocketId},
    },
};

/// Unwritten bytes of its own (answers, not the rooms' frames) above which a socket is not read from.
const QUEUE_BYTES: usize = 16 * 1024;
/// Bytes that are copied to go out in one write: less than a write(2) costs, and than a slow reader may hold.
const JOINED_BYTES: usize = 16 * 1024;
/// Entries that a socket may have under way before it is not read from.
const UNDER_WAY: u16 = 256;
/// Bytes read from one socket before it is another's turn.
const TURN_BYTES: usize = 16 * 1024;
/// Bytes of what a peer says that count as one frame more.
const FRAME_OF_BYTES: usize = 8 * 1024;
/// Bytes that one read(2) asks for: frames from browsers are small, and idle sockets keep this buffer.
const READ_BYTES: usize = 512;

/// How often a socket is pinged.
pub const PING: Duration = Duration::from_secs(25);

/// A socket of one shard; its index may be used again, its number is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketKey {
    pub index: usize,
    pub number: SocketId,
}

/// A room that a socket follows, and up to where it has been given the room's frames.
pub struct Cursor {
    pub room: RoomId,
    /// Where the socket stands among the room's readers.
    pub at: usize,
    pub seq: Seq,
    /// Version of the presence frame that was last written; 0 for none.
    pub presence: u32,
    /// Version of the typing frame that was last written; 0 for none, which is right while nobody types.
    pub typing: u32,
}

/// That a socket's user was shown out of a room.
struct Removal {
    room: RoomId,
    frame: Arc<ServerFrame>,
    /// How many answers come before it.
    after: u64,
}

/// What one attempt to read gave.
pub enum Input {
    Text(String),
    /// A data frame that is not text.
    Binary,
    /// A control frame: there may be more.
    Control,
    /// There is more, but it is another socket's turn.
    Later,
    /// Nothing for now.
    Nothing,
    /// The peer is gone, or has said goodbye.
    End,
    /// The peer broke the protocol: the close code and reason it is owed.
    Broken(u16, &'static str),
}

pub struct Socket {
    ws: WebSocket<Pipe>,
    /// Whose socket it is, and by which session of theirs.
    pub session: Session,
    pub address: IpAddr,
    /// Most sockets follow one room: its cursor lies here, not in memory of its own.
    pub cursors: SmallVec<[Cursor; 1]>,
    /// Unopened rooms that moved on while nothing could be written.
    pub heads: Vec<RoomId>,
    /// Bytes to be written before anything else: the rest of a frame, then frames of its own.
    queue: Vec<u8>,
    /// Whether the kernel takes no more for now.
    pub blocked: bool,
    /// Whether the shard has this socket on its list of those with something to write.
    pub dirty: bool,
    pub under_way: u16,
    /// Entries that it has ever asked for.
    asked: u64,
    /// Rooms that its user was shown out of, and may not have been told yet.
    removals: Vec<Removal>,
    /// Whether the shard has this socket on its list of those to read on from.
    pub listed: bool,
    /// Whether it has said more than it may, and is not listened to for a while.
    pub held: bool,
    /// When all that it has said will have been forgotten, as far as its rate goes.
    forgiven: Instant,
    pub last_heard: Instant,
    pub next_ping: Instant,
    /// Once set, nothing is read or sent any more, and the connection ends at the latest then.
    pub closing: Option<Instant>,
    finished: bool,
}

impl Socket {
    /// `read` is what the HTTP server had already read past the upgrade request.
    pub fn new(stream: TcpStream, read: Vec<u8>, session: Session, address: IpAddr) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(limits::FRAME_BYTES))
            .max_frame_size(Some(limits::FRAME_BYTES));
        let pipe = Pipe::new(stream);
        Self {
            ws: WebSocket::from_partially_read(pipe, read, Role::Server, Some(config)),
            session,
            address,
            cursors: SmallVec::new(),
            heads: Vec::new(),
            queue: Vec::new(),
            blocked: false,
            dirty: false,
            under_way: 0,
            asked: 0,
            removals: Vec::new(),
            listed: false,
            held: false,
            forgiven: Instant::now(),
            last_heard: Instant::now(),
            next_ping: Instant::now() + PING,
            closing: None,
            finished: false,
        }
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.ws.get_mut().stream
    }

    /// Whether a peer that does not read its answers, posts faster than it is answered, or says too much, has to wait.
    pub fn paused(&self) -> bool {
        self.held || self.queue.len() > QUEUE_BYTES || self.under_way >= UNDER_WAY
    }

    /// Counts an entry that it has asked for.
    pub fn asks(&mut self) {
        self.under_way += 1;
        self.asked += 1;
    }

    /// Its user was shown out of a room. It is told once it has had the answers that it waits for now.
    pub fn remove_from(&mut self, room: RoomId, frame: Arc<ServerFrame>) {
        let after = self.asked;
        self.removals.push(Removal { room, frame, after });
    }

    pub fn has_removals(&self) -> bool {
        !self.removals.is_empty()
    }

    /// Takes the removals that it is to be told now.
    pub fn removals_due(&mut self) -> Vec<Arc<ServerFrame>> {
        let answered = self.asked - u64::from(self.under_way);
        let due = self
            .removals
            .extract_if(.., |removal| removal.after <= answered);
        due.map(|removal| removal.frame).collect()
    }

    /// Takes the removal from that room, due or not.
    pub fn removal_from(&mut self, room: RoomId) -> Option<Arc<ServerFrame>> {
        let at = self.removals.iter().position(|it| it.room == room)?;
        Some(self.removals.remove(at).frame)
    }

    /// Whether there is something of its own to write.
    pub fn has_queue(&self) -> bool {
        !self.queue.is_empty()
    }

    pub fn cursor(&mut self, room: RoomId) -> Option<&mut Cursor> {
        self.cursors.iter_mut().find(|cursor| cursor.room == room)
    }

    /// Reads one frame. Pings are answered here.
    pub fn read(&mut self) -> Input {
        if self.closing.is_some() {
            return self.drain();
        }
        self.ws.get_mut().left = TURN_BYTES;
        let input = match self.ws.read() {
            Ok(WsMessage::Text(text)) => Input::Text(text.as_str().to_owned()),
            Ok(WsMessage::Binary(_)) => Input::Binary,
            Ok(_) => Input::Control,
            Err(WsError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                // The library reads on while a frame, or a message in many frames, is not whole.
                if self.ws.get_ref().left == 0 {
                    Input::Later
                } else {
                    Input::Nothing
                }
            }
            Err(WsError::Io(error)) if error.kind() == io::ErrorKind::Interrupted => Input::Control,
            Err(WsError::Capacity(CapacityError::MessageTooLong { .. })) => {
                Input::Broken(1009, "a frame may have 64 KiB at most")
            }
            Err(WsError::Utf8(_)) => Input::Broken(1007, "text frames are UTF-8"),
            Err(WsError::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => Input::End,
            Err(WsError::Protocol(_)) => Input::Broken(1002, "that is not the WebSocket protocol"),
            Err(_) => Input::End,
        };
        // Pongs and the answer to a close were put in the pipe: they go out between frames, like the rest.
        let _ = self.ws.flush();
        let out = std::mem::take(&mut self.ws.get_mut().out);
        self.queue.extend_from_slice(&out);
        input
    }

    /// Counts what has just been read, by the generic cell rate algorithm. Answers until when the peer has to wait,
    /// where that was too much.
    pub fn count(&mut self, rate: Rate, now: Instant) -> Option<Instant> {
        let pipe = self.ws.get_mut();
        let more = pipe.counted / FRAME_OF_BYTES;
        pipe.counted %= FRAME_OF_BYTES;
        let frames = u32::try_from(1 + more).unwrap_or(u32::MAX);
        self.forgiven = self.forgiven.max(now) + rate.each * frames;
        let wait = self.forgiven - rate.each * rate.burst.get();
        self.held = wait > now;
        self.held.then_some(wait)
    }

    /// Reads on without listening, so that the peer gets our close frame and not a reset.
    fn drain(&mut self) -> Input {
        let mut bytes = [0; 4096];
        match self.stream().read(&mut bytes) {
            Ok(0) => Input::End,
            Ok(_) => Input::Control,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Input::Nothing,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Input::Control,
            Err(_) => Input::End,
        }
    }

    /// Queues a frame for this socket alone.
    pub fn push(&mut self, frame: &ServerFrame) {
        if self.closing.is_none() {
            frames::push_text(&mut self.queue, frame);
        }
    }

    pub fn push_ping(&mut self) {
        if self.closing.is_none() {
            frames::push_ping(&mut self.queue);
        }
    }

    /// Says goodbye: `bye`, then a close frame. The connection ends by `deadline`.
    pub fn bye(&mut self, code: Code, message: &str, deadline: Instant) {
        self.push(&ServerFrame::Bye {
            code,
            message: message.to_owned(),
        });
        // 1012: service restart; 1008: policy violation (RFC 6455 §7.4 and the IANA registry).
        let close = if code == Code::Restarting { 1012 } else { 1008 };
        self.close(close, "", deadline);
    }

    /// Queues a close frame. Nothing follows it.
    pub fn close(&mut self, code: u16, reason: &str, deadline: Instant) {
        if self.closing.is_none() {
            frames::push_close(&mut self.queue, code, reason);
            self.closing = Some(deadline);
        }
    }

    /// Writes what is queued, as far as the kernel takes it.
    ///
    /// # Errors
    /// Those of write(2): the connection is gone.
    pub fn write_queue(&mut self) -> io::Result<()> {
        if self.queue.is_empty() || self.blocked {
            return Ok(());
        }
        let queue = std::mem::take(&mut self.queue);
        let mut written = 0;
        while written < queue.len() && !self.blocked {
            written += self.write(&queue[written..])?;
        }
        if written < queue.len() {
            self.queue = queue[written..].to_vec();
        } else if self.closing.is_some() && !self.finished {
            self.finished = true;
            let _ = self.stream().shutdown(Shutdown::Write);
        }
        Ok(())
    }

    /// Writes the room's frames that the socket lacks, straight from the tail; few of them, behind frames of
    /// its own, are only queued. Does nothing for a room that it does not follow.
    ///
    /// # Errors
    /// Those of write(2): the connection is gone.
    pub fn write_room(&mut self, room: RoomId, tail: &mut Tail) -> io::Result<()> {
        let Some(mut seq) = self.cursor(room).map(|cursor| cursor.seq) else {
            return Ok(());
        };
        if self.closing.is_some() {
            return Ok(());
        }
        while !self.blocked
            && let Some(chunk) = tail.after(seq)
        {
            if chunk.first > seq + 1 {
                // It fell out of the tail: what is missing is in history.
                self.push(&tail.opened(room, chunk.first));
                seq = chunk.first - 1;
            }
            if self.queue.is_empty() {
                // Below: no copy, and nothing kept but the rest of one frame.
            } else if self.queue.len() + chunk.bytes.len() <= JOINED_BYTES {
                // One write for a frame of its own and the room's, as for a sender's `sent` and message.
                self.queue.extend_from_slice(&chunk.bytes);
                seq = chunk.last;
                continue;
            } else {
                self.write_queue()?;
                continue;
            }
            let written = self.write(&chunk.bytes)?;
            if written == chunk.bytes.len() {
                seq = chunk.last;
            } else if written > 0 {
                (seq, self.queue) = tail.split(&chunk, written);
            }
        }
        if let Some(cursor) = self.cursor(room) {
            cursor.seq = seq;
        }
        Ok(())
    }

    /// Queues a latest value.
    pub fn queue_value(&mut self, frame: &Framed) {
        if self.closing.is_none() {
            self.queue.extend_from_slice(frame);
        }
    }

    /// One write(2): the bytes it took. What falls short of all of them sets `blocked`.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.stream().write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    traffic::sent(written);
                    self.blocked = written < bytes.len();
                    return Ok(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked = true;
                    return Ok(0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

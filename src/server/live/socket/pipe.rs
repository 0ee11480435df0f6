//! What the WebSocket library reads from and writes to.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

use crate::server::counts::traffic;

/// The stream as the WebSocket library sees it: it reads from the socket, but what it writes (pongs, the
/// answer to a close) is set aside, because a frame of a room may be half written.
pub struct Pipe {
    pub stream: TcpStream,
    pub out: Vec<u8>,
    /// Bytes that may still be read in this turn.
    pub left: usize,
    /// Bytes that were read and not yet counted.
    pub counted: usize,
}

impl Pipe {
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            out: Vec::new(),
            left: 0,
            counted: 0,
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let most = bytes.len().min(self.left);
        if most == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = self.stream.read(&mut bytes[..most])?;
        self.left -= read;
        traffic::received(read);
        self.counted += read;
        Ok(read)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

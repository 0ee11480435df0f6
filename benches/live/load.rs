//! The load: one thread, one poll, any number of WebSocket clients. Every delivery is checked.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use rustls::ClientConfig;

use super::{
    dialect::{Dialect, Said},
    secure::Stream,
    wire,
};

/// Handshakes under way at most: more would only wait in the listener's queue.
const CONNECTING: usize = 256;

/// Who connects: the room that it follows, as the load and as the server count rooms, and its handshake's
/// own part.
#[derive(Clone)]
pub struct Visitor {
    pub room: usize,
    pub id: i64,
    pub path: String,
    pub headers: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Shaking,
    /// The handshake is done, the room not open yet.
    Connected,
    Ready,
}

struct Client {
    stream: Stream,
    visitor: Visitor,
    state: State,
    /// Number of the room's message that came last.
    last: u64,
    /// Its newest entry, where it lacks what came after that; else it follows from the head.
    after: Option<u64>,
    rest: Vec<u8>,
    unsent: Vec<u8>,
}

/// What has been delivered.
#[derive(Clone, Default)]
pub struct Tally {
    pub delivered: u64,
    pub bytes: u64,
    /// From send to receipt, in nanoseconds.
    pub latencies: Vec<u64>,
    pub missing: u64,
    /// Came again, or after a later one.
    pub repeated: u64,
    pub refused: u64,
}

pub struct Load {
    poll: Poll,
    events: Events,
    dialect: Dialect,
    /// Clients go to each of these in turn.
    addresses: Vec<SocketAddr>,
    clients: Vec<Client>,
    ready: usize,
    buffer: Vec<u8>,
    started: Instant,
    /// Messages sent into each room, and entries.
    sent: Vec<u64>,
    entries: Vec<u64>,
    /// Where set, it is spoken over TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// Where set, of so many entries one is no message but an edit or a reaction.
    pub others: Option<u64>,
    /// Where set, a client opens its room as soon as it may.
    pub opens: bool,
    /// How many entries a client that connects still lacks.
    pub behind: u64,
    pub tally: Tally,
    /// How many still lack each of the newest messages, oldest first; nobody lacks an older one.
    arrivals: VecDeque<usize>,
    counting: bool,
    /// Clients whose message the server has confirmed, in that order.
    pub confirmed: Vec<usize>,
}

impl Load {
    pub fn new(dialect: Dialect, ports: &[u16], rooms: usize) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
            dialect,
            addresses: ports
                .iter()
                .map(|port| SocketAddr::from(([127, 0, 0, 1], *port)))
                .collect(),
            clients: Vec::new(),
            ready: 0,
            buffer: vec![0; 256 * 1024],
            started: Instant::now(),
            sent: vec![0; rooms],
            entries: vec![0; rooms],
            tls: None,
            others: None,
            opens: true,
            behind: 0,
            tally: Tally::default(),
            arrivals: VecDeque::new(),
            counting: false,
            confirmed: Vec::new(),
        })
    }

    /// Connects all, a few at a time, and waits until each has opened its room (or, without
    /// [`Self::opens`], has only connected).
    pub fn connect(&mut self, visitors: &[Visitor], patience: Duration) -> Result<(), String> {
        let (base, until) = (self.ready, Instant::now() + patience);
        for (begun, visitor) in visitors.iter().enumerate() {
            while base + begun >= self.ready + CONNECTING {
                self.turn_before(until)?;
            }
            self.begin(visitor.clone())
                .map_err(|error| error.to_string())?;
        }
        while self.ready < base + visitors.len() {
            self.turn_before(until)?;
        }
        Ok(())
    }

    fn turn_before(&mut self, until: Instant) -> Result<(), String> {
        if Instant::now() > until {
            return Err(format!("only {} sockets had connected in time", self.ready));
        }
        self.turn(Duration::from_millis(50))
    }

    fn begin(&mut self, visitor: Visitor) -> io::Result<()> {
        let address = self.addresses[self.clients.len() % self.addresses.len()];
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut stream = Stream::new(stream, self.tls.as_ref())?;
        let token = Token(self.clients.len());
        self.poll.registry().register(
            stream.tcp(),
            token,
            Interest::READABLE | Interest::WRITABLE,
        )?;
        let unsent = wire::handshake(&address.to_string(), &visitor.path, &visitor.headers);
        let seq = self.entries[visitor.room] - self.behind;
        let last = seq - self.others.map_or(0, |others| seq / others);
        self.clients.push(Client {
            stream,
            visitor,
            state: State::Shaking,
            last,
            after: (self.behind > 0).then_some(seq),
            rest: Vec::new(),
            unsent,
        });
        Ok(())
    }

    /// Cuts all connections, as a network that fails does.
    pub fn cut(&mut self) {
        for mut client in self.clients.drain(..) {
            let linger = nix::libc::linger {
                l_onoff: 1,
                l_linger: 0,
            };
            let _ = nix::sys::socket::setsockopt(
                client.stream.tcp(),
                nix::sys::socket::sockopt::Linger,
                &linger,
            );
        }
        self.ready = 0;
    }

    /// Opens the rooms of all clients.
    pub fn open_all(&mut self) {
        self.clients
            .iter_mut()
            .for_each(|client| client.open(self.dialect));
    }

    /// One message from this client into its room, or what else is due there.
    pub fn say(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let (number, entry) = (
            &mut self.sent[client.visitor.room],
            &mut self.entries[client.visitor.room],
        );
        *entry += 1;
        if let Some(others) = self.others
            && entry.is_multiple_of(others)
        {
            let body = self.dialect.body(*number, self.started.elapsed());
            let (room, nth) = (client.visitor.id, *entry / others);
            return client.send(&self.dialect.do_to(room, *entry - 1, nth, &body));
        }
        *number += 1;
        if self.counting {
            self.arrivals.push_back(self.ready);
        }
        let body = self.dialect.body(*number, self.started.elapsed());
        client.send(&self.dialect.send(client.visitor.id, &body));
    }

    /// Says something that is not a message.
    pub fn say_raw(&mut self, index: usize, text: &str) {
        self.clients[index].send(text);
    }

    /// Messages sent into a room.
    pub fn sent(&self, room: usize) -> u64 {
        self.sent[room]
    }

    /// Messages that not everybody has yet, of those since [`Self::count_arrivals`].
    pub fn in_flight(&self) -> usize {
        self.arrivals.iter().filter(|left| **left > 0).count()
    }

    /// From now on counts who has which message; all clients are in one room.
    pub fn count_arrivals(&mut self) {
        self.arrivals = VecDeque::new();
        self.counting = true;
    }

    /// Reads and writes what can be, waiting at most `timeout` for it.
    pub fn turn(&mut self, timeout: Duration) -> Result<(), String> {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        match self.poll.poll(&mut events, Some(timeout)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(error.to_string());
            }
            _ => {}
        }
        for event in &events {
            self.ready(event.token().0, event.is_readable(), event.is_writable())?;
        }
        self.events = events;
        Ok(())
    }

    fn ready(&mut self, index: usize, readable: bool, writable: bool) -> Result<(), String> {
        let Some(client) = self.clients.get_mut(index) else {
            return Ok(());
        };
        if writable {
            client.flush();
        }
        if !readable {
            return Ok(());
        }
        loop {
            match client.stream.read(&mut self.buffer) {
                Ok(0) => return Err(format!("the server closed socket {index}")),
                Ok(n) => {
                    self.tally.bytes += n as u64;
                    let now = self.started.elapsed().as_nanos() as u64;
                    let newest = self.sent[client.visitor.room];
                    let arrivals = &mut self.arrivals;
                    let opened = take(
                        client,
                        &self.buffer[..n],
                        &self.dialect,
                        &mut self.tally,
                        now,
                        |number| {
                            let at = arrivals.len().checked_sub((newest - number) as usize + 1);
                            if let Some(left) = at.and_then(|at| arrivals.get_mut(at)) {
                                *left -= 1;
                            }
                        },
                    )?;
                    while arrivals.front() == Some(&0) {
                        arrivals.pop_front();
                    }
                    for said in opened {
                        match said {
                            Said::Connected if self.opens => {
                                client.open(self.dialect);
                            }
                            Said::Connected | Said::Opened => {
                                if client.state != State::Ready {
                                    client.state = State::Ready;
                                    self.ready += 1;
                                }
                            }
                            Said::Confirmed => self.confirmed.push(index),
                            Said::Answer(text) => client.send(text),
                            Said::Refused(why) => {
                                self.tally.refused += 1;
                                return Err(format!("the server refused: {why}"));
                            }
                            Said::Message { .. } | Said::Deed | Said::Other => {}
                        }
                    }
                    // A short read means that there is no more.
                    if n < self.buffer.len() && client.stream.reads_all() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(format!("socket {index}: {error}")),
            }
        }
    }
}

/// Takes what was read; answers what was said besides messages, which are counted.
fn take<'d>(
    client: &mut Client,
    read: &[u8],
    dialect: &'d Dialect,
    tally: &mut Tally,
    now: u64,
    mut arrived: impl FnMut(u64),
) -> Result<Vec<Said<'d>>, String> {
    let kept = std::mem::take(&mut client.rest);
    let joined;
    let mut bytes = if kept.is_empty() {
        read
    } else {
        joined = [&kept[..], read].concat();
        &joined[..]
    };
    let mut said = Vec::new();
    if client.state == State::Shaking {
        let Some(head) = wire::accepted(bytes)? else {
            client.rest = bytes.to_vec();
            return Ok(said);
        };
        client.state = State::Connected;
        bytes = &bytes[head..];
        if dialect.begins_by_itself() {
            said.push(Said::Connected);
        }
    }
    let mut out = Vec::new();
    let last = &mut client.last;
    let taken = wire::take_frames(bytes, &mut out, |payload| {
        match dialect.understand(payload) {
            Said::Message { number, sent } => {
                tally.delivered += 1;
                tally.latencies.push(now.saturating_sub(sent));
                if number <= *last {
                    tally.repeated += 1;
                } else {
                    tally.missing += number - *last - 1;
                    *last = number;
                    arrived(number);
                }
            }
            Said::Deed => tally.delivered += 1,
            Said::Other => {}
            other => said.push(other),
        }
    });
    client.rest = bytes[taken..].to_vec();
    if !out.is_empty() {
        client.unsent.extend_from_slice(&out);
        client.flush();
    }
    Ok(said)
}

impl Client {
    fn open(&mut self, dialect: Dialect) {
        self.send(&dialect.open(self.visitor.id, self.after));
    }

    fn send(&mut self, text: &str) {
        wire::push_text(&mut self.unsent, text);
        self.flush();
    }

    fn flush(&mut self) {
        // What TLS took and could not send.
        let _ = self.stream.flush();
        if !self.unsent.is_empty()
            && let Ok(n) = self.stream.write(&self.unsent)
        {
            self.unsent.drain(..n);
            if self.unsent.is_empty() {
                self.unsent = Vec::new();
            }
        }
    }
}

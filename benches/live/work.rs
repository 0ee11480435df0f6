//! What is done to every peer: lone messages, saturation, many rooms, sockets at rest.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    dialect::Dialect,
    house::{self, Room},
    load::{Load, Tally, Visitor},
    peers::{BUS, Peer, Running},
    postgres::Database,
    secure,
};

/// Users of a room at most; where more sockets follow it, each has several.
pub const USERS: usize = 1_000;
/// Sockets of each of the many rooms.
const SMALL: usize = 10;

/// How long and how much. Quick is for trying the benchmark itself.
#[derive(Clone, Copy)]
pub struct Pace {
    pub seconds: u64,
}

#[derive(Clone, Copy)]
pub struct Bench<'a> {
    pub tools: &'a Path,
    pub folder: &'a Path,
    pub pace: Pace,
    /// Where set, of so many entries one is an edit or a reaction. Only Latchkey knows them.
    pub others: Option<u64>,
    /// An empty one, for Latchkey on PostgreSQL.
    pub database: Option<&'a Database<'a>>,
    /// Where the NATS is that processes share.
    pub bus: Option<&'a str>,
    /// Processes that are measured beside the server, by name.
    pub beside: &'a [(&'static str, u32)],
}

type Measured = Result<Value, String>;

impl Bench<'_> {
    /// (a) Ten messages a second into one room.
    pub fn lone(&self, peer: Peer, sockets: usize) -> Measured {
        let (server, mut load) = self.one_room(peer, sockets)?;
        let messages = 10 * self.pace.seconds;
        let before = Before::now(&server, &mut load);
        let begun = Instant::now();
        for n in 0..messages {
            load.say(0);
            until(
                &mut load,
                begun + Duration::from_millis(100) * (n as u32 + 1),
            )?;
        }
        let rate = drain(&mut load, messages * sockets as u64, begun);
        Ok(before.figures(&server, &mut load, messages * sockets as u64, rate))
    }

    /// (b) Eight messages in flight into one room: the next is sent when everybody has the oldest.
    pub fn saturated(&self, peer: Peer, sockets: usize) -> Measured {
        const WINDOW: usize = 8;
        let (server, mut load) = self.one_room(peer, sockets)?;
        let before = Before::now(&server, &mut load);
        let (begun, seconds) = (Instant::now(), Duration::from_secs(self.pace.seconds));
        load.count_arrivals();
        while begun.elapsed() < seconds {
            while load.in_flight() < WINDOW {
                load.say(0);
            }
            load.turn(Duration::from_millis(100))?;
        }
        let expected = load.sent(0) * sockets as u64;
        let took = drain(&mut load, expected, begun);
        Ok(before.figures(&server, &mut load, expected, took))
    }

    /// (c) Two thousand messages a second into a thousand rooms of ten.
    pub fn many_rooms(&self, peer: Peer, rooms: usize, a_second: u64) -> Measured {
        let of = |room: usize| room * SMALL..(room + 1) * SMALL;
        let (server, mut load) = self.open(
            peer,
            rooms * SMALL,
            (0..rooms).map(|room| Room {
                members: of(room),
                messages: 0,
            }),
            |ports| {
                (0..rooms * SMALL)
                    .map(|user| visitor(peer, user, user / SMALL, ports[user % ports.len()]))
                    .collect()
            },
        )?;
        let messages = a_second * self.pace.seconds;
        let before = Before::now(&server, &mut load);
        let begun = Instant::now();
        for n in 0..messages {
            // A stride that is prime to the rooms, so that no two messages in a row are neighbours.
            load.say((n as usize * 617) % rooms * SMALL);
            until(
                &mut load,
                begun + Duration::from_secs(1) * (n as u32 + 1) / a_second as u32,
            )?;
        }
        let expected = messages * SMALL as u64;
        let took = drain(&mut load, expected, begun);
        Ok(before.figures(&server, &mut load, expected, took))
    }

    /// (e) Memory of sockets that have opened a room and are at rest.
    pub fn idle(&self, peer: Peer, sockets: usize) -> Measured {
        let users = sockets.min(USERS);
        let (server, mut load, empty) = self.start(
            peer,
            users,
            [Room {
                members: 0..users,
                messages: 0,
            }],
        )?;
        let visitors: Vec<_> = (0..sockets)
            .map(|n| visitor(peer, n % users, 0, server.port))
            .collect();
        load.connect(&visitors, Duration::from_secs(120))?;
        settle(&mut load)?;
        let full = server.memory();
        Ok(json!({ "kib_per_socket": (full - empty) as f64 / sockets as f64, "kib_empty": empty }))
    }

    /// A server with one room that so many sockets follow.
    pub fn one_room(&self, peer: Peer, sockets: usize) -> Result<(Running, Load), String> {
        let users = sockets.min(USERS);
        self.open(
            peer,
            users,
            [Room {
                members: 0..users,
                messages: 0,
            }],
            |ports| {
                (0..sockets)
                    .map(|n| visitor(peer, n % users, 0, ports[n % ports.len()]))
                    .collect()
            },
        )
    }

    /// A server with these rooms, and clients that have opened theirs and are at rest.
    pub fn open(
        &self,
        peer: Peer,
        users: usize,
        rooms: impl IntoIterator<Item = Room>,
        visitors: impl FnOnce(&[u16]) -> Vec<Visitor>,
    ) -> Result<(Running, Load), String> {
        let (server, mut load, _) = self.start(peer, users, rooms)?;
        load.connect(&visitors(&server.ports()), Duration::from_secs(120))?;
        settle(&mut load)?;
        Ok((server, load))
    }

    /// A server with these rooms, a load without clients, and the server's memory in KiB.
    pub fn start(
        &self,
        peer: Peer,
        users: usize,
        rooms: impl IntoIterator<Item = Room>,
    ) -> Result<(Running, Load, u64), String> {
        let rooms: Vec<_> = rooms.into_iter().collect();
        super::empty(self.folder)?;
        if matches!(peer.dialect(), Dialect::Latchkey) {
            house::furnish(self.folder, self.tools, users, &rooms)?;
        }
        if peer.is_on_postgres() {
            let database = self.database.ok_or("there is no PostgreSQL")?;
            house::move_to(self.folder, &database.url())?;
        }
        if let Some(bus) = self.bus {
            fs::write(self.folder.join(BUS), bus).map_err(|error| error.to_string())?;
        }
        let mut server = peer.start(self.tools, self.folder)?;
        server.beside = self.beside.to_vec();
        let mut load = Load::new(peer.dialect(), &server.ports(), rooms.len())
            .map_err(|error| error.to_string())?;
        load.others = self.others;
        if peer.over_tls() {
            load.tls = Some(secure::client(self.folder)?);
        }
        let memory = server.memory();
        Ok((server, load, memory))
    }
}

pub fn visitor(peer: Peer, user: usize, room: usize, port: u16) -> Visitor {
    match peer.dialect() {
        Dialect::Latchkey => house::visitor(user, room, port),
        _ => Visitor {
            room,
            id: room as i64 + 1,
            path: peer.path().to_owned(),
            headers: String::new(),
        },
    }
}

/// Lets everything happen that still does (who is online goes out a little later), then looks away from it.
pub fn settle(load: &mut Load) -> Result<(), String> {
    until(load, Instant::now() + Duration::from_secs(4))
}

fn until(load: &mut Load, time: Instant) -> Result<(), String> {
    loop {
        let left = time.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        load.turn(left)?;
    }
}

/// Waits for what is still under way, as long as more of it comes; answers how long all took since `begun`.
pub fn drain(load: &mut Load, expected: u64, begun: Instant) -> Duration {
    let mut newest = Instant::now();
    while load.tally.delivered < expected && newest.elapsed() < Duration::from_secs(5) {
        let before = load.tally.delivered;
        if load.turn(Duration::from_millis(100)).is_err() {
            break;
        }
        if load.tally.delivered > before {
            newest = Instant::now();
        }
    }
    begun.elapsed()
}

/// What a server had used before the part that is measured.
pub struct Before(Duration, Vec<(&'static str, Duration)>);

impl Before {
    pub fn now(server: &Running, load: &mut Load) -> Self {
        load.tally = Tally::default();
        Self(server.cpu(), server.cpu_beside())
    }

    pub fn figures(
        self,
        server: &Running,
        load: &mut Load,
        expected: u64,
        took: Duration,
    ) -> Value {
        let cpu = server.cpu() - self.0;
        let tally = std::mem::take(&mut load.tally);
        let delivered = tally.delivered.max(1) as f64;
        let mut latencies = tally.latencies;
        let mut figures = json!({
            "cpu_us_per_delivery": cpu.as_secs_f64() * 1e6 / delivered,
            "deliveries_per_second": delivered / took.as_secs_f64(),
            "latency_us": spread(&mut latencies),
            "bytes_per_delivery": tally.bytes as f64 / delivered,
            "server_busy": cpu.as_secs_f64() / took.as_secs_f64(),
            "delivered": tally.delivered,
            "missing": tally.missing + expected.saturating_sub(tally.delivered + tally.missing),
            "repeated_or_out_of_order": tally.repeated,
        });
        for ((name, now), (_, before)) in server.cpu_beside().into_iter().zip(self.1) {
            let used = (now - before).as_secs_f64() * 1e6 / delivered;
            figures[format!("{name}_cpu_us_per_delivery")] = used.into();
        }
        figures
    }
}

/// Median, 99th percentile and maximum of nanoseconds, in microseconds.
pub fn spread(nanoseconds: &mut [u64]) -> Value {
    nanoseconds.sort_unstable();
    let at = |share: f64| {
        let index = ((nanoseconds.len() as f64 * share).ceil() as usize)
            .clamp(1, nanoseconds.len().max(1))
            - 1;
        nanoseconds.get(index).map_or(0.0, |ns| *ns as f64 / 1e3)
    };
    json!({ "p50": at(0.5), "p99": at(0.99), "max": at(1.0) })
}

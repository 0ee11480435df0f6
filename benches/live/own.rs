//! What only Latchkey is asked, each beside the bare limit of it: a crowd that returns, posts as fast as they are
//! durable.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    house::Room,
    peers::Peer,
    work::{Before, Bench, USERS, drain, settle, spread, visitor},
};

/// Messages that the crowd has missed.
const BEHIND: u64 = 20;
/// People who post at the same time, each into a room of their own.
const SENDERS: usize = 64;

impl Bench<'_> {
    /// (d) So many sockets are cut, messages are posted, and all come back at once.
    ///
    /// `at_once`: from the first connection until everybody has everything. `caught_up`: from the moment that
    /// all, being connected, ask for what they lack.
    pub fn crowd(&self, sockets: usize) -> Result<Value, String> {
        let users = sockets.min(USERS);
        let (server, mut load) = self.one_room(Peer::Latchkey, sockets)?;
        let visitors: Vec<_> = (0..sockets)
            .map(|n| visitor(Peer::Latchkey, n % users, 0, server.port))
            .collect();
        let mut figures = json!({});
        for (name, opens) in [("at_once", true), ("caught_up", false)] {
            load.cut();
            load.behind = 0;
            load.opens = true;
            load.connect(&visitors[..1], Duration::from_secs(10))?;
            let begun = Instant::now();
            load.tally = Default::default();
            (0..BEHIND).for_each(|_| load.say(0));
            drain(&mut load, BEHIND, begun);
            load.cut();
            settle(&mut load)?;
            load.behind = BEHIND;
            load.opens = opens;
            let mut before = Before::now(&server, &mut load);
            let mut begun = Instant::now();
            load.connect(&visitors, Duration::from_secs(120))?;
            if !opens {
                settle(&mut load)?;
                before = Before::now(&server, &mut load);
                begun = Instant::now();
                load.open_all();
            }
            let expected = BEHIND * sockets as u64;
            let took = drain(&mut load, expected, begun);
            let mut found = before.figures(&server, &mut load, expected, took);
            found["seconds"] = took.as_secs_f64().into();
            figures[name] = found;
        }
        Ok(figures)
    }

    /// (d) The same for the bare limit: connecting, and one thread writing the same bytes.
    pub fn crowd_limit(&self, sockets: usize) -> Result<Value, String> {
        let (server, mut load) = self.one_room(Peer::Limit, sockets)?;
        let visitors: Vec<_> = (0..=sockets)
            .map(|_| visitor(Peer::Limit, 0, 0, server.port))
            .collect();
        let begun = Instant::now();
        load.tally = Default::default();
        (0..BEHIND).for_each(|_| load.say(0));
        drain(&mut load, BEHIND * sockets as u64, begun);
        load.cut();
        settle(&mut load)?;
        load.behind = BEHIND;
        let begun = Instant::now();
        load.connect(&visitors[..sockets], Duration::from_secs(120))?;
        let connected = begun.elapsed();
        settle(&mut load)?;
        let before = Before::now(&server, &mut load);
        let begun = Instant::now();
        load.say_raw(0, &format!(r#"{{"t":"replay","room":1,"count":{BEHIND}}}"#));
        let expected = BEHIND * sockets as u64;
        let took = drain(&mut load, expected, begun);
        let mut found = before.figures(&server, &mut load, expected, took);
        found["seconds"] = took.as_secs_f64().into();
        Ok(
            json!({ "caught_up": found, "at_once": { "seconds": (connected + took).as_secs_f64() } }),
        )
    }

    /// (f) Each sender posts again as soon as its last message is confirmed to be durable.
    pub fn posts(&self, peer: Peer) -> Result<Value, String> {
        let rooms = (0..SENDERS).map(|user| Room {
            members: user..user + 1,
            messages: 0,
        });
        let (server, mut load) = self.open(peer, SENDERS, rooms, |ports| {
            (0..SENDERS)
                .map(|user| visitor(peer, user, user, ports[user % ports.len()]))
                .collect()
        })?;
        let (mut latencies, mut sent_at) = (Vec::new(), [Instant::now(); SENDERS]);
        let before = Before::now(&server, &mut load);
        let cpu = server.cpu();
        let (begun, seconds) = (Instant::now(), Duration::from_secs(self.pace.seconds));
        load.confirmed.clear();
        load.confirmed.extend(0..SENDERS);
        let mut under_way = 0;
        let mut first = true;
        while begun.elapsed() < seconds || under_way > 0 {
            for sender in std::mem::take(&mut load.confirmed) {
                if !first {
                    under_way -= 1;
                    latencies.push(sent_at[sender].elapsed().as_nanos() as u64);
                }
                if begun.elapsed() < seconds {
                    sent_at[sender] = Instant::now();
                    load.say(sender);
                    under_way += 1;
                }
            }
            first = false;
            load.turn(Duration::from_millis(100))?;
        }
        let (took, cpu) = (begun.elapsed(), server.cpu() - cpu);
        let posts = latencies.len() as u64;
        drain(&mut load, posts, begun);
        let mut figures = before.figures(&server, &mut load, posts, took);
        figures["posts_per_second"] = (posts as f64 / took.as_secs_f64()).into();
        figures["cpu_us_per_post"] = (cpu.as_secs_f64() * 1e6 / posts as f64).into();
        figures["confirmed_us"] = spread(&mut latencies);
        Ok(figures)
    }
}

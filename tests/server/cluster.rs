//! Several processes that serve one database, and their bad days: whatever happens, nothing is lost, repeated, out of
//! order or seen by whom it was not for.

mod actor;
mod bad_days;
mod builds;
mod checker;
mod failover;
mod faulty;
mod guest;
mod keeper;
mod together;
mod way;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    sync::{MutexGuard, watch},
    task::JoinSet,
    time::timeout,
};

use self::{
    actor::{Actor, Phase, Urls},
    checker::{History, Logged, faults},
    guest::Guest,
    way::{To, Way},
};
use crate::support::{
    nats::Nats,
    postgres::{Database, Postgres},
    *,
};

/// How soon everybody agrees once nothing is wrong any more.
const HEALED: Duration = Duration::from_secs(10);

/// Clusters are for one test at a time: there is much to run.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Three processes, each with its own way to NATS and to PostgreSQL.
pub struct Cluster {
    database: Database<'static>,
    pub nats: Nats,
    pub processes: Vec<Process>,
    urls: Urls,
    _alone: MutexGuard<'static, ()>,
}

/// How a day went.
pub struct Day {
    /// All that cannot have been right.
    pub faults: Vec<String>,
    /// Changes that were confirmed, and guests that were shown out.
    pub confirmed: usize,
    pub shown_out: usize,
}

pub struct Process {
    pub server: Server,
    pub bus: Way,
    pub data: Way,
}

impl Cluster {
    pub async fn start() -> Self {
        Self::start_on(Postgres::shared()).await
    }

    /// On a PostgreSQL of its own, which is never ended before the tests are.
    pub async fn start_on(postgres: &'static Postgres) -> Self {
        let alone = ALONE.lock().await;
        let (database, nats) = (postgres.database(), Nats::start());
        let (mut processes, mut urls) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let bus = Way::to(To::Nats(nats.port())).await;
            let data = Way::to(To::Postgres(postgres.socket())).await;
            let server = serve(database.name(), &bus, &data, &[]);
            urls.push(server.url.clone());
            processes.push(Process { server, bus, data });
        }
        Self {
            database,
            nats,
            processes,
            urls: Arc::new(Mutex::new(urls)),
            _alone: alone,
        }
    }

    /// The database is there from now on.
    pub fn now_on(&mut self, postgres: &'static Postgres) {
        self.database = self.database.now_on(postgres);
    }

    /// What the database answers.
    pub fn ask(&self, sql: &str) -> String {
        self.database.ask(sql)
    }

    /// Starts a process again that has ended, as the arguments of a command where there is one.
    pub fn start_again(&mut self, which: usize, under: &[&str]) {
        let process = &mut self.processes[which];
        process.server = serve(self.database.name(), &process.bus, &process.data, under);
        self.urls.lock().expect("nobody panicked")[which] = process.server.url.clone();
    }

    pub fn url(&self, which: usize) -> String {
        self.processes[which].server.url.clone()
    }

    /// Six people and two guests at work on all processes while something happens; in the end all must have been right.
    pub async fn endures(&mut self, what: impl AsyncFnOnce(&mut Self)) {
        let day = self.observed(what).await;
        let Day {
            faults,
            confirmed,
            shown_out,
        } = &day;
        if !faults.is_empty() {
            let logs: Vec<_> = self.processes.iter().map(|it| it.server.log()).collect();
            panic!("{faults:#?}:\n{}", logs.join("\n---\n"));
        }
        assert!(*shown_out > 0, "nobody was shown out");
        assert!(*confirmed > 50, "only {confirmed} changes were confirmed");
        for process in &self.processes {
            process.server.is_well().await;
        }
    }

    /// The same, and what the checker says.
    pub async fn observed(&mut self, what: impl AsyncFnOnce(&mut Self)) -> Day {
        let (work, phase) = watch::channel(Phase::Work);
        let owner = self.processes[0].server.person("owner").await;
        let mut rooms = Vec::new();
        for name in ["one", "two"] {
            rooms.push(owner.create(name, "sesame").await);
        }
        let (mut people, mut guests) = (JoinSet::new(), JoinSet::new());
        for n in 0..6 {
            let person = self.processes[n % 3]
                .server
                .person(&format!("person{n}"))
                .await;
            for name in ["one", "two"] {
                person.join(name, "sesame").await;
            }
            let actor = Actor::new(person, self.urls.clone(), n % 3, &rooms, phase.clone());
            people.spawn(actor.run());
        }
        for n in 0..2 {
            let guest = Guest {
                person: self.processes[n].server.person(&format!("guest{n}")).await,
                owner: owner.clone(),
                urls: self.urls.clone(),
                at: n,
                room: rooms[n],
                name: ["one", "two"][n],
                phase: phase.clone(),
            };
            guests.spawn(guest.run());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        what(self).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        work.send_replace(Phase::Finish);
        let mut history = History::default();
        let (mut late, mut shown_out) = (Vec::new(), 0);
        match timeout(PATIENCE, guests.join_all()).await {
            Ok(ended) => {
                for (streams, times) in ended {
                    history.streams.extend(streams);
                    shown_out += times;
                }
            }
            Err(_) => late.push(format!("guests come to no end within {PATIENCE:?}")),
        }
        let since = Instant::now();
        // What is confirmed from now on is in no reader's way: they need not be read to a moving end.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let heads = self.heads(&rooms);
        work.send_replace(Phase::Read(heads));
        match timeout(HEALED, people.join_all()).await {
            Ok(ended) => {
                for (asked, streams) in ended {
                    history.asked.extend(asked);
                    history.streams.extend(streams);
                }
            }
            Err(_) => late.push(format!("not all agree within {HEALED:?}")),
        }
        let healed = since.elapsed();
        for room in &rooms {
            history.logs.insert(*room, self.log(*room));
        }
        // Whoever ended before the last entry came has read as far as they had to.
        let faults = [late, faults(&history)].concat();
        let confirmed = history
            .asked
            .iter()
            .filter(|asked| asked.confirmed.is_some())
            .count();
        println!(
            "{confirmed} changes confirmed, {} entries read, {shown_out} times shown out, healed in {healed:?}",
            history
                .streams
                .iter()
                .map(|stream| stream.entries.len())
                .sum::<usize>(),
        );
        Day {
            faults,
            confirmed,
            shown_out,
        }
    }

    fn heads(&self, rooms: &[i64]) -> BTreeMap<i64, u64> {
        let head = |room: &i64| {
            let head = self
                .database
                .ask(&format!("SELECT head FROM rooms WHERE id = {room}"));
            (*room, head.parse().expect("a head"))
        };
        rooms.iter().map(head).collect()
    }

    fn log(&self, room: i64) -> Vec<Logged> {
        let rows = self.database.ask(&format!(
            "SELECT entries.seq, entries.id, authors.name, entries.at,
                    CASE WHEN kind = 7 THEN subjects.name END
             FROM entries JOIN users AS authors ON authors.id = author_id
             LEFT JOIN users AS subjects ON subjects.id = subject
             WHERE room_id = {room} ORDER BY entries.seq"
        ));
        let entry = |row: &str| {
            let columns: Vec<_> = row.split('|').collect();
            Logged {
                seq: columns[0].parse().expect("a seq"),
                id: columns[1].to_owned(),
                by: columns[2].to_owned(),
                at: columns[3].parse().expect("a time"),
                removes: Some(columns[4].to_owned()).filter(|name| !name.is_empty()),
            }
        };
        rows.lines().map(entry).collect()
    }
}

fn serve(database: &str, bus: &Way, data: &Way, under: &[&str]) -> Server {
    let port = data.port;
    let data = format!("postgres://postgres@127.0.0.1:{port}/{database}?sslmode=disable");
    let bus = format!("nats://127.0.0.1:{}", bus.port);
    Server::on(Folder::new(), data, &["--bus", &bus], under)
}

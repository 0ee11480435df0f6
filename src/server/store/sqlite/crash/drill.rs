//! One crash: a store, people at work on it, a disk that fails or a process that ends in the middle of it, and a
//! check of what the next process finds against what was answered.

mod audit;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, mem,
    ops::AddAssign,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::Connection;
use uuid::Uuid;

use super::{
    disk::{Disk, End, Error, Fault, Kind},
    random::Random,
    vfs,
};
use crate::{
    domain::{Body, Posted, RoomId, Seq},
    server::store::{
        Act, Actor, NewEntry, SessionId, Silent, Sqlite, Store, StoreError, UserId,
        sqlite::migrate::STEPS,
    },
};

/// Longer than anything takes that ends at all.
const PATIENCE: Duration = Duration::from_secs(60);

const FILE: &str = "latchkey.db";

/// What somebody was told of a change.
#[derive(Clone, Debug, Default, PartialEq)]
enum Told<T> {
    Done(T),
    Refused(StoreError),
    /// Nothing, until the process ended.
    #[default]
    Nothing,
}

/// Where an answer comes in.
type Ear<T> = Arc<Mutex<Told<T>>>;

struct Post {
    room: RoomId,
    id: Uuid,
    /// What it says; nothing once it is erased.
    body: String,
    erased: bool,
    reacted: bool,
    /// What it said before.
    before: Vec<String>,
    told: Ear<Posted>,
    /// What may have become of it.
    doubt: Option<Deed>,
}

/// What somebody does to a message.
#[derive(Clone, Debug)]
enum Deed {
    Edit(String),
    Erase,
    React(bool),
}

impl Post {
    fn new(room: RoomId, id: Uuid, body: String, told: Ear<Posted>) -> Self {
        Self {
            room,
            id,
            body,
            erased: false,
            reacted: false,
            before: Vec::new(),
            told,
            doubt: None,
        }
    }

    fn becomes(&mut self, deed: Deed) {
        match deed {
            Deed::Edit(body) => self.before.push(mem::replace(&mut self.body, body)),
            Deed::Erase => {
                self.before.push(mem::take(&mut self.body));
                (self.erased, self.reacted) = (true, false);
            }
            Deed::React(on) => self.reacted = on,
        }
    }

    /// Where it stands, as far as somebody was told.
    fn seq(&self) -> Option<Seq> {
        match *self.told.lock().expect("an ear") {
            Told::Done(Posted { seq, .. }) => Some(seq),
            _ => None,
        }
    }
}

/// What is so, as far as those know who were told.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Yes,
    No,
    Unknown,
}

/// Something of a room that stays as it was last made: what it is, as far as somebody was told, and what it may have
/// become.
#[derive(Default)]
struct Fact {
    known: Option<String>,
    doubt: Option<String>,
}

/// Columns of facts.
const NAME: &str = "name";
const KEY_HASH: &str = "key_hash";

#[derive(Clone, Debug, Default)]
pub struct Found {
    pub confirmed: usize,
    pub refused: usize,
    pub unanswered: usize,
    /// Disks that failed, and stores that ended for it.
    faults: usize,
    failures: usize,
    power_cuts: usize,
    kills: usize,
    migrations: usize,
}

impl AddAssign for Found {
    fn add_assign(&mut self, other: Self) {
        self.confirmed += other.confirmed;
        self.refused += other.refused;
        self.unanswered += other.unanswered;
        self.faults += other.faults;
        self.failures += other.failures;
        self.power_cuts += other.power_cuts;
        self.kills += other.kills;
        self.migrations += other.migrations;
    }
}

/// What is kept of the key of each room that is made here.
const KEY: &str = "key";

pub struct Drill {
    seed: u64,
    /// What went wrong in the last process, for whoever looks for why.
    plan: String,
    random: Random,
    folder: PathBuf,
    /// Processes so far. Each finds the disk somewhere else, where what the last one still does cannot touch it.
    lives: usize,
    users: Vec<UserId>,
    sessions: BTreeMap<UserId, SessionId>,
    /// What they are called, and those who may own a room.
    called: BTreeMap<UserId, String>,
    owners: BTreeSet<UserId>,
    /// Rooms and their owners.
    rooms: Vec<(RoomId, UserId)>,
    names: BTreeMap<String, Known>,
    members: BTreeMap<(RoomId, UserId), Known>,
    alive: BTreeMap<RoomId, Known>,
    facts: BTreeMap<(RoomId, &'static str), Fact>,
    posts: Vec<Post>,
    found: Found,
}

impl Drill {
    pub fn new(seed: u64) -> Self {
        let folder = std::env::temp_dir()
            .canonicalize()
            .expect("a folder")
            .join(format!("latchkey-crash-{}", Uuid::now_v7()));
        Self {
            seed,
            plan: String::new(),
            random: Random::new(seed),
            folder,
            lives: 0,
            users: Vec::new(),
            sessions: BTreeMap::new(),
            called: BTreeMap::new(),
            owners: BTreeSet::new(),
            rooms: Vec::new(),
            names: BTreeMap::new(),
            members: BTreeMap::new(),
            alive: BTreeMap::new(),
            facts: BTreeMap::new(),
            posts: Vec::new(),
            found: Found::default(),
        }
    }

    pub fn run(mut self) -> Found {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let ran = tokio::time::timeout(PATIENCE, self.drill()).await;
            assert!(ran.is_ok(), "crash point {} hangs", self.seed);
        });
        vfs::unmount(&self.place());
        fs::remove_dir_all(&self.folder).expect("is removed");
        self.found
    }

    fn place(&self) -> PathBuf {
        self.folder.join(self.lives.to_string())
    }

    fn file(&self) -> PathBuf {
        self.place().join(FILE)
    }

    fn mount(&mut self, disk: &Disk) {
        vfs::unmount(&self.place());
        self.lives += 1;
        fs::create_dir_all(self.place()).expect("a folder");
        vfs::mount(&self.place(), disk);
    }

    async fn drill(&mut self) {
        let mut disk = Disk::new(FILE, self.random.clone());
        self.mount(&disk);
        if self.random.one_in(4) {
            self.make_earlier_version();
            self.found.migrations += 1;
        }
        // A process after the other on the same disk; each ends in its own way.
        for _ in 0..2 {
            let end = self.a_process(&disk).await;
            disk = disk.after(end);
            self.mount(&disk);
            self.check().await;
            disk = disk.after(End::Kill);
            self.mount(&disk);
        }
    }

    /// Something goes wrong with the disk, or the process ends at some point, or both.
    async fn a_process(&mut self, disk: &Disk) -> End {
        let end = match self.random.one_in(2) {
            true => End::Kill,
            false => End::PowerCut,
        };
        match end {
            End::Kill => self.found.kills += 1,
            End::PowerCut => self.found.power_cuts += 1,
        }
        let ending = self.random.below(3);
        let mut lasts = None;
        // One in eight in the middle of opening it.
        let early = self.random.one_in(8);
        let after = self.random.below(if early { 40 } else { 400 });
        if ending != 0 {
            disk.end_after(after);
        }
        if ending != 1 {
            let kinds = [
                Kind::Write,
                Kind::Write,
                Kind::Sync,
                Kind::Sync,
                Kind::Truncate,
                Kind::Read,
            ];
            let kind = kinds[self.random.below(kinds.len())];
            let error = if self.random.one_in(2) && kind != Kind::Read {
                Error::Full
            } else {
                Error::Io
            };
            let most = match kind {
                Kind::Write => after.max(1),
                Kind::Read => 60,
                Kind::Sync => 30,
                Kind::Truncate => 3,
            };
            let fault = Fault {
                kind,
                after: self.random.below(most),
                times: 1 + self.random.below(12),
                error,
                short: self.random.one_in(2),
            };
            disk.fail(fault);
            self.found.faults += 1;
            lasts = Some(fault);
        }
        let change = (ending != 0).then_some(after);
        self.plan = format!("{end:?}, in change {change:?}, {lasts:?}");
        let Ok(store) = Sqlite::open(&self.file(), Arc::new(Silent)) else {
            return end;
        };
        let store = Arc::new(store);
        let rounds = 2 + self.random.below(8);
        let mut failed = false;
        for _ in 0..rounds {
            failed = self.round(disk, &store).await;
            if failed || disk.ended() {
                break;
            }
        }
        if failed && !disk.ended() {
            self.found.failures += 1;
            let fault = lasts.expect("a store fails on a disk that fails");
            assert!(
                fault.kind != Kind::Write || fault.error == Error::Io,
                "crash point {}: a full disk ended the store",
                self.seed
            );
        }
        store.close();
        end
    }

    /// A database as the first versions left it, with somebody's room in it.
    fn make_earlier_version(&mut self) {
        let connection = Connection::open(self.file()).expect("opens");
        connection
            .execute_batch(&format!("PRAGMA journal_mode = WAL; {}", STEPS[0]))
            .expect("the first version");
        connection
            .execute_batch(
                "INSERT INTO users VALUES (1, 'early', 'early', 0);
                 INSERT INTO sessions VALUES (zeroblob(32), 1, 0);
                 INSERT INTO rooms VALUES (1, 'early', 'early', 1, '', 3, 0);
                 INSERT INTO members VALUES (1, 1, 0, 1);",
            )
            .expect("a room");
        let mut said = Vec::new();
        for seq in 1..=3_u64 {
            let (id, body) = (
                Uuid::from_u128(u128::from(seq)),
                format!("secret of 1: {seq}"),
            );
            connection
                .execute(
                    "INSERT INTO messages VALUES (1, ?1, 1, ?2, 0, ?3)",
                    (seq, id.as_bytes(), &body),
                )
                .expect("a message");
            let told = Told::Done(Posted { id, seq, at: 0 });
            said.push(Post::new(1, id, body, Arc::new(Mutex::new(told))));
        }
        let version = 1 + self.random.below(STEPS.len());
        for step in &STEPS[1..version] {
            connection.execute_batch(step).expect("a later version");
        }
        connection
            .pragma_update(None, "user_version", version)
            .expect("is noted");
        self.posts.extend(said);
        self.users.push(1);
        self.sessions.insert(1, 1);
        self.owners.insert(1);
        self.names.insert("early".to_owned(), Known::Yes);
        self.rooms.push((1, 1));
        self.alive.insert(1, Known::Yes);
        self.members.insert((1, 1), Known::Yes);
    }

    fn actor(&self, user: UserId) -> Actor {
        Actor {
            user,
            session: self.sessions[&user],
        }
    }

    /// What is kept of a room's key.
    fn key_of(&self, room: RoomId) -> String {
        let changed = self.facts.get(&(room, KEY_HASH));
        if let Some(key) = changed.and_then(|fact| fact.known.clone()) {
            return key;
        }
        let early = self.names.contains_key("early") && room == 1;
        if early { "" } else { KEY }.to_owned()
    }

    fn message(&mut self, room: RoomId, author: UserId) -> (NewEntry, String) {
        let (id, body) = self.words(room);
        let act = Act::Say {
            body: Body::parse(&body).expect("a body"),
            re: None,
        };
        let message = NewEntry {
            room,
            by: self.actor(author),
            id,
            act,
        };
        (message, body)
    }

    /// Something that nobody has said yet.
    fn words(&mut self, room: RoomId) -> (Uuid, String) {
        let id = u128::from(self.random.next()) << 64 | u128::from(self.random.next());
        let id = Uuid::from_u128(id);
        let long = if self.random.one_in(3) { 3_000 } else { 30 };
        let rest = "x".repeat(self.random.below(long));
        (id, format!("secret of {room}: {id} {rest}."))
    }
}

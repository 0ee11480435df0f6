//! One crash: a store, people at work on it, a disk that fails or a process that ends in the middle of it, and a
//! check of what the next process finds against what was answered.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::AddAssign,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    disk::{Disk, End, Error, Fault, Kind},
    random::Random,
    vfs,
};
use crate::{
    domain::{Body, Posted, RoomId, RoomName, Seq, Username},
    server::store::{
        Event, Journal, NewMessage, Sqlite, Store, StoreError, TokenHash, UserId,
        sqlite::migrate::STEPS,
    },
};

/// Longer than anything takes that ends at all.
const PATIENCE: Duration = Duration::from_secs(60);

const FILE: &str = "latchkey.db";

pub struct Silent;

impl Journal for Silent {
    fn committed(&self, _: Event) {}
    fn settled(&self) {}
}

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
    body: String,
    told: Ear<Posted>,
}

/// What is so, as far as those know who were told.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Yes,
    No,
    Unknown,
}

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

pub struct Drill {
    seed: u64,
    /// What went wrong in the last process, for whoever looks for why.
    plan: String,
    random: Random,
    folder: PathBuf,
    /// Processes so far. Each finds the disk somewhere else, where what the last one still does cannot touch it.
    lives: usize,
    users: Vec<UserId>,
    /// Rooms and their owners.
    rooms: Vec<(RoomId, UserId)>,
    names: BTreeMap<String, Known>,
    members: BTreeMap<(RoomId, UserId), Known>,
    alive: BTreeMap<RoomId, Known>,
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
            rooms: Vec::new(),
            names: BTreeMap::new(),
            members: BTreeMap::new(),
            alive: BTreeMap::new(),
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

    /// Changes that are asked for at once. Answers whether the store has ended by itself.
    async fn round(&mut self, disk: &Disk, store: &Arc<Sqlite>) -> bool {
        let (mut asked, posts_before) = (JoinSet::new(), self.posts.len());
        let (mut claims, mut creations, mut joins, mut deletions) =
            (vec![], vec![], vec![], vec![]);
        for _ in 0..1 + self.random.below(10) {
            let (store, disk) = (store.clone(), disk.clone());
            match self.random.below(20) {
                0 | 1 => {
                    let name = format!("user{:x}", self.random.next());
                    let ear = Ear::default();
                    claims.push((name.clone(), ear.clone()));
                    let token = token(self.random.next());
                    asked.spawn(async move {
                        let name = Username::parse(&name).expect("a name");
                        hear(
                            &disk,
                            &ear,
                            store.claim(&name, token).await.map(|user| user.id),
                        );
                    });
                }
                2 if !self.users.is_empty() => {
                    let name = format!("room{:x}", self.random.next());
                    let owner = self.users[self.random.below(self.users.len())];
                    let ear = Ear::default();
                    creations.push((owner, ear.clone()));
                    asked.spawn(async move {
                        let name = RoomName::parse(&name).expect("a name");
                        hear(
                            &disk,
                            &ear,
                            store.create_room(owner, &name, "key".to_owned()).await,
                        );
                    });
                }
                3 | 4 if !self.rooms.is_empty() => {
                    let (room, _) = self.rooms[self.random.below(self.rooms.len())];
                    let user = self.users[self.random.below(self.users.len())];
                    let ear = Ear::default();
                    joins.push((room, user, Known::Yes, ear.clone()));
                    asked.spawn(async move {
                        hear(&disk, &ear, store.join(room, user).await);
                    });
                }
                5 if !self.rooms.is_empty() => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    let user = self.users[self.random.below(self.users.len())];
                    if user == owner {
                        continue;
                    }
                    let ear = Ear::default();
                    joins.push((room, user, Known::No, ear.clone()));
                    asked.spawn(async move {
                        hear(&disk, &ear, store.leave(room, user).await);
                    });
                }
                6 if self.rooms.len() > 1 => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    let ear = Ear::default();
                    deletions.push((room, ear.clone()));
                    asked.spawn(async move {
                        hear(&disk, &ear, store.delete_room(room, owner).await);
                    });
                }
                7 if !self.rooms.is_empty() => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    let from = crate::server::store::Stretch::Newest;
                    asked.spawn(async move {
                        let _ = store.history(room, owner, from, 200).await;
                    });
                }
                8 if !self.rooms.is_empty() => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    store.note_seen(room, owner, 1 + self.random.below(20) as Seq, 1);
                }
                _ if !self.rooms.is_empty() => self.post(&disk, &store),
                _ => {}
            }
            // It gets its place in the queue before the next.
            tokio::task::yield_now().await;
        }
        let failed = self.all_answered(store, &mut asked).await;
        for (name, ear) in claims {
            let told = ear.lock().expect("an ear").clone();
            self.count(&told);
            if let Told::Done(user) = told {
                self.users.push(user);
            }
            self.names.insert(name, known(&told, Known::Yes, Known::No));
        }
        for (owner, ear) in creations {
            let told = ear.lock().expect("an ear").clone();
            self.count(&told);
            if let Told::Done(room) = told {
                self.rooms.push((room, owner));
                self.alive.insert(room, Known::Yes);
                self.members.insert((room, owner), Known::Yes);
            }
        }
        for (room, user, wanted, ear) in joins {
            let told = ear.lock().expect("an ear").clone();
            self.count(&told);
            let before = self.members.get(&(room, user)).copied();
            let now = known(&told, wanted, before.unwrap_or(Known::No));
            self.members.insert((room, user), now);
        }
        for (room, ear) in deletions {
            let told = ear.lock().expect("an ear").clone();
            self.count(&told);
            let before = self.alive[&room];
            self.alive.insert(room, known(&told, Known::No, before));
        }
        self.rooms
            .retain(|(room, _)| self.alive[room] == Known::Yes);
        let posts = std::mem::take(&mut self.posts);
        for post in &posts[posts_before..] {
            self.count(&*post.told.lock().expect("an ear"));
        }
        self.posts = posts;
        failed
    }

    fn post(&mut self, disk: &Disk, store: &Arc<Sqlite>) {
        let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
        let mut messages = Vec::new();
        let mut ears = Vec::new();
        for _ in 0..1 + self.random.below(6) {
            let (message, body) = self.message(room, owner);
            let id = message.id;
            messages.push(message);
            let told = Ear::default();
            ears.push(told.clone());
            self.posts.push(Post {
                room,
                id,
                body,
                told,
            });
        }
        let disk = disk.clone();
        store.post(
            messages,
            Box::new(move |answers| match answers {
                Ok(answers) => ears
                    .iter()
                    .zip(answers)
                    .for_each(|(ear, answer)| hear(&disk, ear, answer)),
                Err(error) => ears.iter().for_each(|ear| hear(&disk, ear, Err(error))),
            }),
        );
    }

    /// Waits until all are answered that will be. Answers whether the store has ended by itself.
    async fn all_answered(&mut self, store: &Arc<Sqlite>, asked: &mut JoinSet<()>) -> bool {
        // Asked last, and answered after all that were asked before.
        let last = store.clone();
        asked.spawn(async move {
            let _ = last.write(|_| Ok(())).await;
        });
        let everybody = async { while asked.join_next().await.is_some() {} };
        let failed = tokio::select! {
            () = everybody => false,
            _ = store.failure() => true,
        };
        if failed {
            // Those who were told before it ended hear it now.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            asked.shutdown().await;
        }
        failed
    }

    fn count<T>(&mut self, told: &Told<T>) {
        match told {
            Told::Done(_) => self.found.confirmed += 1,
            Told::Refused(_) => self.found.refused += 1,
            Told::Nothing => self.found.unanswered += 1,
        }
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
            said.push(Post {
                room: 1,
                id,
                body,
                told: Arc::new(Mutex::new(told)),
            });
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
        self.names.insert("early".to_owned(), Known::Yes);
        self.rooms.push((1, 1));
        self.alive.insert(1, Known::Yes);
        self.members.insert((1, 1), Known::Yes);
    }

    /// What the next process finds, first when it has recovered it, then once it has tidied up.
    async fn check(&mut self) {
        let store = Sqlite::open(&self.file(), Arc::new(Silent)).expect("opens again");
        self.look("when it was recovered");
        self.goes_on(&store).await;
        while self.count_of("SELECT count(*) FROM purges") > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        store.close();
        drop(store);
        self.look("once it was tidied up");
    }

    fn look(&mut self, when: &str) {
        let at = format!("crash point {} ({}), {when}", self.seed, self.plan);
        let connection = self.connection();
        let text = |sql: &str| -> String {
            connection
                .query_row(sql, [], |row| row.get(0))
                .expect("is read")
        };
        assert_eq!(text("PRAGMA integrity_check"), "ok", "{at}");
        let broken = connection
            .prepare("PRAGMA foreign_key_check")
            .expect("is read")
            .exists([]);
        assert!(
            !broken.expect("is read"),
            "{at}: a foreign key leads nowhere"
        );
        self.check_people(&connection, &at);
        self.check_posts(&connection, &at);
    }

    /// Every room takes the next message.
    async fn goes_on(&mut self, store: &Sqlite) {
        for (room, owner) in self.rooms.clone() {
            let (message, body) = self.message(room, owner);
            let (reply, answer) = tokio::sync::oneshot::channel();
            let id = message.id;
            store.post(
                vec![message],
                Box::new(move |answer| {
                    let _ = reply.send(answer.and_then(|mut answers| answers.remove(0)));
                }),
            );
            let posted = answer.await.expect("an answer").expect("is stored");
            let told = Arc::new(Mutex::new(Told::Done(posted)));
            self.posts.push(Post {
                room,
                id,
                body,
                told,
            });
        }
    }

    fn message(&mut self, room: RoomId, author: UserId) -> (NewMessage, String) {
        let id = u128::from(self.random.next()) << 64 | u128::from(self.random.next());
        let id = Uuid::from_u128(id);
        let long = if self.random.one_in(3) { 3_000 } else { 30 };
        let body = format!(
            "secret of {room}: {id} {}.",
            "x".repeat(self.random.below(long))
        );
        let message = NewMessage {
            room,
            author,
            id,
            body: Body::parse(&body).expect("a body"),
        };
        (message, body)
    }

    fn check_people(&mut self, connection: &Connection, at: &str) {
        let set = |sql: &str| -> BTreeSet<(i64, i64)> {
            let mut query = connection.prepare(sql).expect("is read");
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
            rows.expect("is read")
                .collect::<Result<_, _>>()
                .expect("is read")
        };
        let rooms = set("SELECT id, id FROM rooms");
        let members = set("SELECT room_id, user_id FROM members");
        for (name, known) in &mut self.names {
            let sql = "SELECT 1 FROM users JOIN sessions ON user_id = users.id WHERE name = ?1";
            let there = connection.prepare(sql).expect("is read").exists([name]);
            settle(
                known,
                there.expect("is read"),
                &format!("{at}: user {name}"),
            );
        }
        for (room, known) in &mut self.alive {
            settle(
                known,
                rooms.contains(&(*room, *room)),
                &format!("{at}: room {room}"),
            );
        }
        self.rooms
            .retain(|(room, _)| self.alive[room] == Known::Yes);
        let alive = &self.alive;
        self.members
            .retain(|(room, _), _| alive[room] == Known::Yes);
        for (member, known) in &mut self.members {
            settle(
                known,
                members.contains(member),
                &format!("{at}: member {member:?}"),
            );
        }
    }

    fn check_posts(&mut self, connection: &Connection, at: &str) {
        let mut stored = BTreeMap::new();
        let mut seqs: BTreeMap<RoomId, Vec<Seq>> = BTreeMap::new();
        let mut query = connection
            .prepare("SELECT room_id, seq, id, body FROM messages ORDER BY room_id, seq")
            .expect("is read");
        let mut rows = query.query([]).expect("is read");
        while let Some(row) = rows.next().expect("is read") {
            let room: RoomId = row.get(0).expect("a room");
            let seq: Seq = row.get(1).expect("a seq");
            let id = Uuid::from_bytes(row.get(2).expect("an id"));
            let body: String = row.get(3).expect("a body");
            seqs.entry(room).or_default().push(seq);
            let twice = stored.insert(id, (room, seq, body));
            assert!(twice.is_none(), "{at}: {id} is there twice");
        }
        for (room, seqs) in seqs {
            let whole = seqs.iter().copied().eq(1..=seqs.len() as Seq);
            assert!(
                whole || self.alive.get(&room) != Some(&Known::Yes),
                "{at}: {seqs:?} in room {room}"
            );
        }
        let asked: BTreeSet<Uuid> = self.posts.iter().map(|post| post.id).collect();
        assert!(
            stored.keys().all(|id| asked.contains(id)),
            "{at}: nobody said that"
        );
        for post in &self.posts {
            let found = stored.get(&post.id);
            let mut told = post.told.lock().expect("an ear");
            match &*told {
                Told::Done(posted) if self.alive[&post.room] == Known::Yes => {
                    let right = (post.room, posted.seq, post.body.clone());
                    assert_eq!(found, Some(&right), "{at}: {told:?}");
                }
                Told::Refused(_) => assert_eq!(found, None, "{at}: {told:?}"),
                Told::Done(_) => {}
                Told::Nothing => {
                    // From here on it is one or the other.
                    if let Some((_, seq, _)) = found {
                        *told = Told::Done(Posted {
                            id: post.id,
                            seq: *seq,
                            at: 0,
                        });
                    } else {
                        *told = Told::Refused(StoreError::Unavailable);
                    }
                }
            }
        }
    }

    fn connection(&self) -> Connection {
        Connection::open_with_flags(
            self.file(),
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )
        .expect("opens")
    }

    fn count_of(&self, sql: &str) -> i64 {
        self.connection()
            .query_row(sql, [], |row| row.get(0))
            .expect("is read")
    }
}

fn hear<T>(disk: &Disk, ear: &Ear<T>, answer: Result<T, StoreError>) {
    // After the end nobody hears anything any more.
    if !disk.ended() {
        *ear.lock().expect("an ear") = match answer {
            Ok(done) => Told::Done(done),
            Err(error) => Told::Refused(error),
        };
    }
}

fn known<T>(told: &Told<T>, done: Known, before: Known) -> Known {
    match told {
        Told::Done(_) => done,
        Told::Refused(_) => before,
        Told::Nothing if before == done => before,
        Told::Nothing => Known::Unknown,
    }
}

/// Compares what is known with what is there, and knows it from here on.
fn settle(known: &mut Known, there: bool, what: &str) {
    let found = if there { Known::Yes } else { Known::No };
    assert!(
        *known == Known::Unknown || *known == found,
        "{what}: is {found:?}, was {known:?}"
    );
    *known = found;
}

fn token(number: u64) -> TokenHash {
    let mut token = [0; 32];
    token[..8].copy_from_slice(&number.to_ne_bytes());
    TokenHash(token)
}

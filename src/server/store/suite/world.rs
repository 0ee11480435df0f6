//! A store under test, what it has told, and short ways to ask it for things.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    domain::{
        Body, Emoji, Folded, History, Message, Posted, Room, RoomId, RoomName, RoomSummary, Seq,
        Username,
    },
    server::store::{
        Act, Actor, Entry, Event, Journal, Lock, Membership, NewEntry, NewSession, Postgres, Reply,
        Session, Sqlite, Store, StoreError, Stretch, TokenHash,
        postgres::server::{Database, Postgres as PostgresServer},
    },
};

/// No wait in a test is longer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a store has told, in its order.
#[derive(Default)]
pub struct Told(Mutex<Vec<Event>>);

impl Journal for Told {
    fn committed(&self, event: Event) {
        self.0.lock().expect("nobody panicked").push(event);
    }

    fn settled(&self) {}

    fn anew(&self) {}
}

/// Where the data is; gone when this is.
enum Home {
    Folder(PathBuf),
    Database(Database<'static>),
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Self::Folder(path) = self {
            let _ = fs::remove_dir_all(path);
        }
    }
}

pub struct World {
    pub store: Arc<dyn Store>,
    told: Arc<Told>,
    home: Home,
}

impl World {
    pub async fn on_sqlite() -> Self {
        let folder = std::env::temp_dir().join(Uuid::now_v7().to_string());
        fs::create_dir(&folder).expect("a folder");
        Self::at(Home::Folder(folder)).await
    }

    pub async fn on_postgres() -> Self {
        let database = tokio::task::spawn_blocking(|| PostgresServer::shared().database());
        Self::at(Home::Database(database.await.expect("a database"))).await
    }

    async fn at(home: Home) -> Self {
        let told = Arc::new(Told::default());
        let store = open(&home, told.clone()).await;
        Self { store, told, home }
    }

    /// The same data, in another life.
    pub async fn reopened(mut self) -> Self {
        let store = self.store.clone();
        let closed = tokio::task::spawn_blocking(move || store.close());
        closed.await.expect("it closes");
        drop(self.store);
        self.store = open(&self.home, self.told.clone()).await;
        self
    }

    /// The database, where there is one to be asked.
    pub fn database(&self) -> Option<&Database<'static>> {
        match &self.home {
            Home::Database(database) => Some(database),
            Home::Folder(_) => None,
        }
    }

    /// What was told since this was asked last.
    pub fn told(&self) -> Vec<Event> {
        std::mem::take(&mut self.told.0.lock().expect("nobody panicked"))
    }

    /// The entries among that.
    pub fn told_entries(&self) -> Vec<(RoomId, Seq)> {
        let entry = |event| match event {
            Event::Entry(entry) => Some((entry.room, entry.seq)),
            _ => None,
        };
        self.told().into_iter().filter_map(entry).collect()
    }

    pub async fn claim(&self, name: &str) -> Result<Session, StoreError> {
        let name = Username::parse(name).expect("a name");
        let new = NewSession {
            token: token(),
            browser: "a test".to_owned(),
        };
        self.store.claim(&name, new).await
    }

    /// Somebody with that name.
    pub async fn somebody(&self, name: &str) -> Actor {
        self.claim(name).await.expect("the name is free").actor()
    }

    pub async fn room(&self, owner: Actor, name: &str) -> RoomId {
        let name = RoomName::parse(name).expect("a name");
        let made = self.store.create_room(owner, &name, "the key".to_owned());
        made.await.expect("the name is free")
    }

    pub async fn join(&self, by: Actor, room: RoomId) {
        let lock = Lock {
            room,
            key_hash: "the key".to_owned(),
        };
        self.store.join(lock, by).await.expect("the key fits");
    }

    /// A room of the first one's, which the others have joined.
    pub async fn room_of(&self, name: &str, members: &[Actor]) -> RoomId {
        let room = self.room(members[0], name).await;
        for member in &members[1..] {
            self.join(*member, room).await;
        }
        room
    }

    pub async fn append(&self, entries: Vec<NewEntry>) -> Vec<Result<Posted, StoreError>> {
        let (answer, answered) = oneshot::channel();
        self.store.append(entries, reply(answer));
        answered.await.expect("an answer").expect("answers")
    }

    pub async fn act(&self, by: Actor, room: RoomId, act: Act) -> Result<Posted, StoreError> {
        let id = Uuid::now_v7();
        let answers = self.append(vec![NewEntry { room, by, id, act }]).await;
        answers.into_iter().next().expect("one answer")
    }

    /// Says it; answers its seq.
    pub async fn say(&self, by: Actor, room: RoomId, text: &str) -> Seq {
        self.act(by, room, says(text))
            .await
            .expect("it is said")
            .seq
    }

    pub async fn edit(
        &self,
        by: Actor,
        room: RoomId,
        of: Seq,
        text: &str,
    ) -> Result<Posted, StoreError> {
        let body = body(text);
        self.act(by, room, Act::Edit { of, body }).await
    }

    pub async fn delete(&self, by: Actor, room: RoomId, of: Seq) -> Result<Posted, StoreError> {
        self.act(by, room, Act::Delete { of }).await
    }

    pub async fn react(
        &self,
        by: Actor,
        room: RoomId,
        of: Seq,
        emoji: &str,
        on: bool,
    ) -> Result<Posted, StoreError> {
        let emoji = Emoji::parse(emoji).expect("an emoji");
        self.act(by, room, Act::React { of, emoji, on }).await
    }

    /// All that was said in a room.
    pub async fn history(&self, by: Actor, room: RoomId) -> History {
        let all = self.store.history(room, by.user, Stretch::After(0), 10_000);
        all.await.expect("a history")
    }

    pub async fn message(&self, by: Actor, room: RoomId, seq: Seq) -> Message {
        let messages = self.history(by, room).await.messages;
        let found = messages.into_iter().find(|message| message.seq == seq);
        found.expect("the message")
    }

    pub async fn look(&self, by: Actor, room: RoomId) -> Room {
        self.store.room(room, by.user).await.expect("the room")
    }

    pub async fn rooms(&self, by: Actor) -> Vec<RoomSummary> {
        self.store.rooms(by.user).await.expect("rooms")
    }

    pub async fn log(&self, room: RoomId, after: Option<Seq>, limit: usize) -> Vec<Entry> {
        let (answer, answered) = oneshot::channel();
        self.store.log(room, after, limit, reply(answer));
        answered.await.expect("an answer").expect("entries")
    }

    pub async fn membership(&self, token: TokenHash) -> Option<Membership> {
        let (answer, answered) = oneshot::channel();
        self.store.membership(token, reply(answer));
        answered.await.expect("an answer").expect("a membership")
    }
}

async fn open(home: &Home, told: Arc<Told>) -> Arc<dyn Store> {
    match home {
        Home::Folder(path) => {
            Arc::new(Sqlite::open(&path.join("latchkey.db"), told).expect("a store"))
        }
        Home::Database(database) => open_postgres(database, told).await,
    }
}

pub async fn open_postgres(database: &Database<'_>, told: Arc<Told>) -> Arc<dyn Store> {
    let address = database.url().parse().expect("an address");
    let opened = Postgres::open(&address, told).await;
    Arc::new(opened.expect("a store"))
}

/// Sends what is answered on.
pub fn reply<T: Send + 'static>(answer: oneshot::Sender<Result<T, StoreError>>) -> Reply<T> {
    Box::new(move |answered| _ = answer.send(answered))
}

/// Another one each time.
pub fn token() -> TokenHash {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let mut token = [7; 32];
    token[..8].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    TokenHash(token)
}

pub fn body(text: &str) -> Body {
    Body::parse(text).expect("a body")
}

pub fn says(text: &str) -> Act {
    Act::Say {
        body: body(text),
        re: None,
    }
}

pub fn answers(re: Seq, text: &str) -> Act {
    Act::Say {
        body: body(text),
        re: Some(re),
    }
}

pub fn folded(name: &str) -> Folded {
    Username::parse(name).expect("a name").folded()
}

pub fn bodies(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.body.as_str())
        .collect()
}

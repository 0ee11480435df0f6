//! What is said, and to whom, where a transaction, the disk or a thread fails.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use rusqlite::Connection;
use uuid::Uuid;

use super::{
    disk::{Disk, Error, Fault, Kind},
    random::Random,
    vfs,
};
use crate::{
    domain::{Body, RoomId, RoomName, Username},
    server::store::{
        Act, Actor, Event, Failure, Journal, NewEntry, NewSession, Silent, Sqlite, Store,
        StoreError, TokenHash,
        sqlite::{append::append, change::Stop},
    },
};

/// Longer than any answer takes that is given at all.
const PATIENCE: Duration = Duration::from_secs(30);
const FILE: &str = "latchkey.db";
const LOG: &str = "latchkey.db-wal";

/// A store on a disk of its own, with a user and a room.
struct House {
    folder: PathBuf,
    disk: Disk,
    store: Sqlite,
    user: Actor,
    room: RoomId,
}

impl House {
    async fn new(journal: Arc<dyn Journal>) -> Self {
        let folder = std::env::temp_dir().canonicalize().expect("a folder");
        let folder = folder.join(format!("latchkey-words-{}", Uuid::now_v7()));
        fs::create_dir(&folder).expect("a folder");
        let disk = Disk::new(FILE, Random::new(1));
        vfs::mount(&folder, &disk);
        let store = Sqlite::open(&folder.join(FILE), journal).expect("opens");
        let name = Username::parse("alice").expect("a name");
        let new = NewSession {
            token: TokenHash([1; 32]),
            browser: String::new(),
        };
        let user = store.claim(&name, new).await.expect("claims").actor();
        let name = RoomName::parse("general").expect("a name");
        let room = store.create_room(user, &name, String::new()).await;
        Self {
            room: room.expect("makes it"),
            folder,
            disk,
            store,
            user,
        }
    }

    fn message(&self, body: &str) -> NewEntry {
        NewEntry {
            room: self.room,
            by: self.user,
            id: Uuid::now_v7(),
            act: Act::Say {
                body: Body::parse(body).expect("a body"),
                re: None,
            },
        }
    }

    /// Keeps the store's thread busy, so that what comes meanwhile is one batch. Returns what lets it go on.
    fn hold(&self) -> mpsc::Sender<()> {
        let (go_on, wait) = mpsc::channel::<()>();
        let (begun, begins) = mpsc::channel();
        self.store.writer.submit(
            move |_| {
                let _ = begun.send(());
                let _ = wait.recv();
                Ok(())
            },
            Box::new(|_| {}),
        );
        begins.recv().expect("it begins");
        go_on
    }

    /// Posts, and says later what was answered; `None` where nothing was.
    fn post(&self, body: &str) -> mpsc::Receiver<Result<(), StoreError>> {
        let (told, answer) = mpsc::channel();
        let reply = move |answers: Result<Vec<Result<_, _>>, _>| {
            let one = answers.and_then(|mut answers| answers.remove(0).map(|_| ()));
            let _ = told.send(one);
        };
        self.store.append(vec![self.message(body)], Box::new(reply));
        answer
    }

    fn stored(&self) -> Vec<String> {
        Connection::open(self.folder.join(FILE))
            .and_then(|connection| {
                connection
                    .prepare("SELECT body FROM entries ORDER BY seq")?
                    .query_map([], |row| row.get(0))?
                    .collect()
            })
            .expect("is read")
    }

    fn fail(&self, kind: Kind, error: Error) {
        self.disk.fail(Fault {
            kind,
            after: 0,
            times: usize::MAX,
            error,
            short: false,
        });
    }

    async fn failure(&self) -> Failure {
        tokio::time::timeout(PATIENCE, self.store.failure())
            .await
            .expect("it ends")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.store.close();
        vfs::unmount(&self.folder);
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn of_a_batch_whose_transaction_sqlite_has_ended_nothing_is_stored_and_all_are_told() {
    let house = House::new(Arc::new(Silent)).await;
    let go_on = house.hold();
    let before = house.post("before");
    let (told, answer) = mpsc::channel();
    let written = house.message("with it");
    house.store.writer.submit(
        move |change| {
            append(change, written)?;
            // What SQLite does where a statement meets a full disk.
            change.connection.execute_batch("ROLLBACK")?;
            Err::<(), _>(Stop::Failed(StoreError::Full))
        },
        Box::new(move |outcome| {
            let _ = told.send(outcome);
        }),
    );
    let after = house.post("after");
    drop(go_on);
    for answer in [before, answer, after] {
        assert_eq!(answer.recv_timeout(PATIENCE), Ok(Err(StoreError::Full)));
    }
    assert_eq!(house.stored(), Vec::<String>::new());
    assert_eq!(house.post("later").recv_timeout(PATIENCE), Ok(Ok(())));
    assert_eq!(house.stored(), ["later"]);
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on_when_there_is_room_again() {
    let house = House::new(Arc::new(Silent)).await;
    house.fail(Kind::Write, Error::Full);
    assert_eq!(
        house.post("one").recv_timeout(PATIENCE),
        Ok(Err(StoreError::Full))
    );
    house.disk.heal();
    assert_eq!(house.post("two").recv_timeout(PATIENCE), Ok(Ok(())));
    assert_eq!(house.stored(), ["two"]);
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_ends_the_store_once_everybody_was_told() {
    let house = House::new(Arc::new(Silent)).await;
    let go_on = house.hold();
    house.fail(Kind::Write, Error::Io);
    let posts = [house.post("one"), house.post("two")];
    drop(go_on);
    for answer in posts {
        assert_eq!(answer.recv_timeout(PATIENCE), Ok(Err(StoreError::Broken)));
    }
    assert_eq!(house.failure().await, Failure::Disk);
    let late = house.post("three").recv_timeout(PATIENCE);
    assert_eq!(late, Ok(Err(StoreError::Unavailable)));
    assert!(house.store.alive().await.is_err());
    house.disk.heal();
    assert_eq!(house.stored(), Vec::<String>::new());
}

#[tokio::test]
async fn what_may_or_may_not_be_durable_is_not_answered() {
    let house = House::new(Arc::new(Silent)).await;
    let go_on = house.hold();
    let in_doubt = house.post("one");
    house.fail(Kind::Sync, Error::Io);
    drop(go_on);
    assert_eq!(house.failure().await, Failure::Disk);
    assert_eq!(in_doubt.try_recv(), Err(mpsc::TryRecvError::Empty));
}

#[tokio::test]
async fn a_disk_that_cannot_be_read_ends_the_store() {
    let house = House::new(Arc::new(Silent)).await;
    house.fail(Kind::Read, Error::Io);
    // A reader's first page.
    assert!(house.store.rooms(house.user.user).await.is_err());
    assert_eq!(house.failure().await, Failure::Disk);
}

#[tokio::test]
async fn a_panic_in_the_stores_thread_ends_it_and_leaves_nobody_waiting() {
    let house = House::new(Arc::new(Silent)).await;
    let go_on = house.hold();
    let before = house.post("before");
    house
        .store
        .writer
        .submit::<()>(|_| panic!("as a test"), Box::new(|_| {}));
    let after = house.post("after");
    drop(go_on);
    for answer in [before, after] {
        assert_eq!(
            answer.recv_timeout(PATIENCE),
            Ok(Err(StoreError::Unavailable))
        );
    }
    assert_eq!(house.failure().await, Failure::Panicked);
    assert_eq!(house.stored(), Vec::<String>::new());
}

/// Panics at the first message.
#[derive(Default)]
struct Fainting(AtomicBool);

impl Journal for Fainting {
    fn committed(&self, event: Event) {
        if matches!(event, Event::Entry(_)) {
            assert!(self.0.swap(true, Ordering::SeqCst), "as a test");
        }
    }

    fn settled(&self) {}

    fn anew(&self) {}
}

#[tokio::test]
async fn what_was_stored_is_answered_so_even_where_a_panic_follows() {
    let house = House::new(Arc::new(Fainting::default())).await;
    let go_on = house.hold();
    let posts = [house.post("one"), house.post("two")];
    drop(go_on);
    for answer in posts {
        assert_eq!(answer.recv_timeout(PATIENCE), Ok(Ok(())));
    }
    assert_eq!(house.failure().await, Failure::Panicked);
    assert_eq!(house.stored(), ["one", "two"]);
}

#[tokio::test]
async fn who_comes_when_too_much_waits_is_told_so_and_the_rest_is_stored() {
    let house = House::new(Arc::new(Silent)).await;
    let go_on = house.hold();
    let long = "x".repeat(4_000);
    let posts: Vec<_> = (0..4_000).map(|_| house.post(&long)).collect();
    drop(go_on);
    let answers: Vec<_> = posts
        .iter()
        .map(|answer| answer.recv_timeout(PATIENCE))
        .collect();
    let stored = answers
        .iter()
        .filter(|answer| **answer == Ok(Ok(())))
        .count();
    let refused = Ok(Err(StoreError::Unavailable));
    assert!(answers[stored..].iter().all(|answer| *answer == refused));
    assert!(stored > 1_000 && stored < 4_000, "{stored}");
    assert_eq!(house.stored().len(), stored);
}

#[tokio::test]
async fn a_foreign_reader_keeps_no_post_waiting_and_the_log_is_emptied_after_it() {
    let mut house = House::new(Arc::new(Silent)).await;
    assert_eq!(house.post("a secret").recv_timeout(PATIENCE), Ok(Ok(())));
    let reader = Connection::open(house.folder.join(FILE)).expect("opens");
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM entries")
        .expect("reads");
    let name = RoomName::parse("another").expect("a name");
    let room = house
        .store
        .create_room(house.user, &name, String::new())
        .await;
    house
        .store
        .delete_room(house.room, house.user)
        .await
        .expect("is deleted");
    house.room = room.expect("makes it");
    let begun = std::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(house.post("news").recv_timeout(PATIENCE), Ok(Ok(())));
    }
    // What waits for the reader is tried again and again meanwhile, and waiting a second each time would show.
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        house.disk.holds(LOG, b"a secret"),
        "the reader still reads it"
    );
    drop(reader);
    let gone = async {
        while house.disk.holds(LOG, b"a secret") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("it is forgotten");
}

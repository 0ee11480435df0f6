//! What a shard does with a room's log where the way from the store loses something.

use std::fs;

use super::*;
use crate::{
    domain::{Body, RoomName, Username},
    server::{
        live::{frames, mailbox::Told, presence::Follows, room::Log, tail::Tail},
        rates::Limits,
        store::{Act, NewSession, Silent, Sqlite, Store, TokenHash},
    },
};

/// Longer than any answer takes that is given at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store with a room and these messages in it.
async fn store(messages: &[&str]) -> (Arc<dyn Store>, RoomId) {
    let folder = std::env::temp_dir().join(uuid::Uuid::now_v7().to_string());
    fs::create_dir(&folder).expect("a folder");
    let store = Sqlite::open(&folder.join("latchkey.db"), Arc::new(Silent)).expect("a store");
    fs::remove_dir_all(&folder).expect("it is removed");
    let name = Username::parse("alice").expect("a name");
    let new = NewSession {
        token: TokenHash([1; 32]),
        browser: String::new(),
    };
    let by = store.claim(&name, new).await.expect("claims").actor();
    let name = RoomName::parse("general").expect("a name");
    let room = store.create_room(by, &name, String::new()).await;
    let room = room.expect("makes it");
    let said = messages.iter().map(|body| NewEntry {
        room,
        by,
        id: uuid::Uuid::now_v7(),
        act: Act::Say {
            body: Body::parse(body).expect("a body"),
            re: None,
        },
    });
    let (told, answers) = tokio::sync::oneshot::channel();
    let reply = |answers| _ = told.send(answers);
    store.append(said.collect(), Box::new(reply));
    let answers = answers.await.expect("an answer").expect("answers");
    assert!(answers.iter().all(Result::is_ok));
    (Arc::new(store), room)
}

fn told(room: RoomId, seq: Seq) -> Told {
    let frame = frames::logged(&ServerFrame::Left {
        room,
        seq,
        who: "bob".to_owned(),
        at: 0,
    });
    Told {
        room,
        seq,
        said: seq,
        frame,
        by: None,
        changes: None,
    }
}

#[tokio::test]
async fn a_log_with_a_hole_in_it_gives_nothing_until_all_of_it_has_been_read_and_then_goes_on() {
    let (store, id) = store(&["one", "two", "three"]).await;
    let limits = Limits::new(&"off".parse().expect("limits"));
    let shared = Arc::new(Shared::new(Arc::new(limits)));
    let (mut shard, mailbox) = Shard::new(0, shared.clone()).expect("a shard");
    shared.run(store, vec![mailbox]);
    let mut room = Room::new(id);
    room.log = Log::Warm(Tail::new(1));
    shard.rooms.insert(id, room);
    shared.presence.follow(id, 0, Follows::Log);

    // The second did not come.
    shard.entry(told(id, 3));
    assert!(matches!(shard.rooms[&id].log, Log::Loading(_)));
    let loaded = shard.commands.recv_timeout(PATIENCE).expect("it is read");
    shard.entry(told(id, 3));
    assert!(matches!(shard.rooms[&id].log, Log::Loading(_)));
    shard.obey(loaded);

    assert_eq!(after_the_first(&mut shard, id), Some(([0, 1, 1, 0], 3)));
    shard.entry(told(id, 3));
    shard.entry(told(id, 4));
    assert_eq!(after_the_first(&mut shard, id), Some(([0, 1, 1, 1], 4)));
}

/// How often each of these is in what a reader is given who has the first message, and up to where that goes.
fn after_the_first(shard: &mut Shard, id: RoomId) -> Option<([usize; 4], Seq)> {
    let Log::Warm(tail) = &mut shard.rooms.get_mut(&id)?.log else {
        return None;
    };
    let chunk = tail.after(1)?;
    let text = String::from_utf8_lossy(&chunk.bytes);
    let words = ["one", "two", "three", "bob"];
    let found = words.map(|word| text.matches(&format!("\"{word}\"")).count());
    Some((found, chunk.last))
}

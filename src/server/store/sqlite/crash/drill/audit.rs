//! What is there after a crash, against what was answered before it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use uuid::Uuid;

use super::{Deed, Drill, Known, Post, Told};
use crate::{
    domain::{Posted, RoomId, Seq},
    server::store::{
        Silent, Sqlite, Store, StoreError, UserId,
        search::{Query, Search},
        sqlite::{index::room_mark, search::search},
    },
};

/// A message as it is stored: its room, its seq, what it says, whether it is erased, whether somebody reacted to it.
type Stored = (RoomId, Seq, String, bool, bool);

impl Drill {
    /// What the next process finds, first when it has recovered it, then once it has tidied up.
    pub(super) async fn check(&mut self) {
        let store = Sqlite::open(&self.file(), Arc::new(Silent)).expect("opens again");
        self.look("when it was recovered");
        self.goes_on(&store).await;
        while self.count_of("SELECT count(*) FROM purges") > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        store.close();
        drop(store);
        self.look("once it was tidied up");
        self.nothing_is_left_of_rooms_that_are_gone();
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
        self.check_facts(&connection, &at);
        self.check_posts(&connection, &at);
        self.check_search(&connection, &at);
    }

    /// Every room takes the next message.
    async fn goes_on(&mut self, store: &Sqlite) {
        for (room, owner) in self.rooms.clone() {
            let (message, body) = self.message(room, owner);
            let (reply, answer) = tokio::sync::oneshot::channel();
            let id = message.id;
            store.append(
                vec![message],
                Box::new(move |answer| {
                    let _ = reply.send(answer.and_then(|mut answers| answers.remove(0)));
                }),
            );
            let posted = answer.await.expect("an answer").expect("is stored");
            let told = Arc::new(Mutex::new(Told::Done(posted)));
            self.posts.push(Post::new(room, id, body, told));
        }
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

    /// A room is called, and opens by, what it was last said to; what nobody was told of is so or not, for good.
    fn check_facts(&mut self, connection: &Connection, at: &str) {
        for ((room, column), fact) in &mut self.facts {
            let sql = format!("SELECT {column} FROM rooms WHERE id = ?1");
            let found = connection.query_row(&sql, [room], |row| row.get(0));
            let found: Option<String> = found.optional().expect("is read");
            let Some(found) = found else { continue };
            let doubt = fact.doubt.take();
            let expected = [&fact.known, &doubt];
            assert!(
                fact.known.is_none() || expected.contains(&&Some(found.clone())),
                "{at}: the {column} of room {room} is {found}, and not one of {expected:?}"
            );
            fact.known = Some(found);
        }
    }

    fn check_posts(&mut self, connection: &Connection, at: &str) {
        let mut stored: BTreeMap<Uuid, Stored> = BTreeMap::new();
        let mut seqs: BTreeMap<RoomId, Vec<Seq>> = BTreeMap::new();
        let mut query = connection
            .prepare(
                "SELECT room_id, seq, id, body, kind = 0, deleted,
                     EXISTS (SELECT 1 FROM reactions
                             WHERE reactions.room_id = entries.room_id AND reactions.seq = entries.seq)
                 FROM entries ORDER BY room_id, seq",
            )
            .expect("is read");
        let mut rows = query.query([]).expect("is read");
        while let Some(row) = rows.next().expect("is read") {
            let room: RoomId = row.get(0).expect("a room");
            let seq: Seq = row.get(1).expect("a seq");
            let id = Uuid::from_bytes(row.get(2).expect("an id"));
            let body: String = row.get(3).expect("a body");
            seqs.entry(room).or_default().push(seq);
            if row.get(4).expect("a kind") {
                let (erased, reacted) =
                    (row.get(5).expect("whether"), row.get(6).expect("whether"));
                let twice = stored.insert(id, (room, seq, body, erased, reacted));
                assert!(twice.is_none(), "{at}: {id} is there twice");
            }
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
        for post in &mut self.posts {
            let found = stored.get(&post.id);
            if let (Some(deed), Some((_, _, body, erased, reacted))) = (post.doubt.take(), found) {
                // From here on it was done or not.
                let done = match &deed {
                    Deed::Edit(words) => body == words,
                    Deed::Erase => *erased,
                    Deed::React(on) => reacted == on,
                };
                if done {
                    post.becomes(deed);
                }
            }
            let Post {
                erased, reacted, ..
            } = *post;
            let mut told = post.told.lock().expect("an ear");
            match &*told {
                Told::Done(posted) if self.alive[&post.room] == Known::Yes => {
                    let right = (post.room, posted.seq, post.body.clone(), erased, reacted);
                    assert_eq!(found, Some(&right), "{at}: {told:?}");
                }
                Told::Refused(_) => assert_eq!(found, None, "{at}: {told:?}"),
                Told::Done(_) => {}
                Told::Nothing => {
                    // From here on it is one or the other.
                    if let Some((_, seq, ..)) = found {
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

    /// A search finds what messages say now, and nothing that they said before.
    fn check_search(&self, connection: &Connection, at: &str) {
        for &(room, owner) in &self.rooms {
            let posts = || self.posts.iter().filter(|post| post.room == room);
            let there: BTreeSet<Seq> = posts()
                .filter(|post| !post.erased)
                .filter_map(Post::seq)
                .collect();
            let found = seqs(connection, room, owner, "secret");
            assert_eq!(found, there, "{at}: what is found in room {room}");
            for post in posts().filter(|post| !post.before.is_empty()) {
                for before in &post.before {
                    let found = seqs(connection, room, owner, &beginning(before));
                    assert!(found.is_empty(), "{at}: {before} is still found");
                }
                if !post.erased {
                    let found = seqs(connection, room, owner, &beginning(&post.body));
                    let right = post.seq().into_iter().collect();
                    assert_eq!(found, right, "{at}: {}", post.body);
                }
            }
        }
    }

    fn nothing_is_left_of_rooms_that_are_gone(&self) {
        let connection = self.connection();
        for (room, known) in &self.alive {
            let left: i64 = connection
                .query_row(
                    "SELECT count(*) FROM words WHERE words MATCH ?1",
                    [format!("\"{}secret\"", room_mark(*room))],
                    |row| row.get(0),
                )
                .expect("is read");
            assert!(
                *known == Known::Yes || left == 0,
                "crash point {} ({}): {left} messages of room {room} are in the index",
                self.seed,
                self.plan
            );
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

/// Where a search in one room finds something.
fn seqs(connection: &Connection, room: RoomId, member: UserId, words: &str) -> BTreeSet<Seq> {
    let search_for = Search {
        query: Query::parse(words).expect("words"),
        room: Some(room),
        by: None,
        before: None,
        limit: 10_000,
    };
    let found = search(connection, member, &search_for).expect("an answer");
    found.hits.iter().map(|hit| hit.message.seq).collect()
}

/// What no other message begins with, as a phrase to search for.
fn beginning(body: &str) -> String {
    let words: Vec<&str> = body.split(' ').take(4).collect();
    format!("\"{}\"", words.join(" "))
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

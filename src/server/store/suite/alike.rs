//! Both stores are asked the same things, whatever comes to mind, and must answer the same.

use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{World, answers, body, folded, says};
use crate::{
    domain::{Emoji, Posting, Role, RoomId, RoomName, Topic},
    server::store::{
        Act, Actor, Lock, NewEntry, Setting, StoreError, Stretch,
        search::{Query, Search},
    },
};

/// Steps of each life, and lives.
const STEPS: usize = 150;
const LIVES: u64 = 4;
const NAMES: [&str; 4] = ["alice", "bob", "carol", "dora"];
const WORDS: [&str; 8] = [
    "apple",
    "pear tree",
    "@bob look",
    "東京都",
    "the apple pie",
    "@alice and @carol",
    "it's *good*",
    "apples",
];

/// Numbers that are the same in every run of a life.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())]
    }
}

/// One store, and what it calls the people and rooms that all of them know.
struct Side {
    world: World,
    people: Vec<Actor>,
    rooms: Vec<RoomId>,
}

/// What is asked, of people and rooms by their places.
#[derive(Clone, Debug)]
enum Ask {
    Join(usize, usize),
    Leave(usize, usize),
    Say(usize, usize, Option<u64>, &'static str, Uuid),
    Edit(usize, usize, u64, &'static str),
    Delete(usize, usize, u64),
    React(usize, usize, u64, &'static str, bool),
    Many(Vec<(usize, usize, &'static str)>),
    Seen(usize, usize, u64),
    Role(usize, usize, usize, Role),
    Out(usize, usize, usize),
    Topic(usize, usize, &'static str),
    Posting(usize, usize, Posting),
    Rename(usize, usize, usize),
    GiveUp(usize),
    Room(usize, usize),
}

fn ask(chance: &mut Chance, ids: &mut Vec<Uuid>) -> Ask {
    let (who, room) = (chance.below(4), chance.below(3));
    let seq = chance.below(40) as u64;
    match chance.below(30) {
        0..=3 => Ask::Join(who, room),
        4 => Ask::Leave(who, room),
        5..=11 => {
            // Now and then one that was used before.
            let id = match chance.below(6) {
                0 if !ids.is_empty() => ids[chance.below(ids.len())],
                _ => Uuid::from_u128(u128::from(chance.0) << 64 | ids.len() as u128),
            };
            ids.push(id);
            let re = (chance.below(3) == 0).then_some(seq);
            Ask::Say(who, room, re, chance.of(&WORDS), id)
        }
        12..=14 => Ask::Edit(who, room, seq, chance.of(&WORDS)),
        15..=16 => Ask::Delete(who, room, seq),
        17..=19 => Ask::React(
            who,
            room,
            seq,
            chance.of(&["👍", "🎉"]),
            chance.below(3) > 0,
        ),
        20 => {
            let many = (0..6).map(|_| (chance.below(4), chance.below(3), chance.of(&WORDS)));
            Ask::Many(many.collect())
        }
        21..=22 => Ask::Seen(who, room, seq),
        23 => Ask::Role(
            who,
            room,
            chance.below(4),
            chance.of(&[Role::Member, Role::Moderator, Role::Owner]),
        ),
        24 => Ask::Out(who, room, chance.below(4)),
        25 => Ask::Topic(who, room, chance.of(&["", "news", "fruit"])),
        26 => Ask::Posting(
            who,
            room,
            chance.of(&[Posting::Everyone, Posting::Moderators]),
        ),
        27 => Ask::Rename(who, room, chance.below(5)),
        28 => Ask::GiveUp(who),
        _ => Ask::Room(who, room),
    }
}

impl Side {
    async fn begin(world: World) -> Self {
        let mut side = Self {
            world,
            people: Vec::new(),
            rooms: Vec::new(),
        };
        for name in NAMES {
            side.people.push(side.world.somebody(name).await);
        }
        for room in 0..3 {
            let owner = side.people[room];
            side.rooms
                .push(side.world.room(owner, &format!("room {room}")).await);
        }
        side
    }

    async fn set(&self, who: usize, room: usize, setting: Setting) -> Value {
        let set = self
            .world
            .store
            .set(self.rooms[room], self.people[who], Uuid::now_v7(), setting);
        answered(set.await)
    }

    async fn act(&self, who: usize, room: usize, id: Uuid, act: Act) -> Value {
        let (by, room) = (self.people[who], self.rooms[room]);
        let posted = self
            .world
            .append(vec![NewEntry { room, by, id, act }])
            .await;
        answered(posted[0].map(|posted| posted.seq))
    }

    async fn ask(&mut self, ask: Ask) -> Value {
        let new = Uuid::now_v7();
        match ask {
            Ask::Join(who, room) => {
                let lock = Lock {
                    room: self.rooms[room],
                    key_hash: "the key".to_owned(),
                };
                answered(self.world.store.join(lock, self.people[who]).await)
            }
            Ask::Leave(who, room) => answered(
                self.world
                    .store
                    .leave(self.rooms[room], self.people[who])
                    .await,
            ),
            Ask::Say(who, room, re, text, id) => {
                let act = re.map_or_else(|| says(text), |re| answers(re, text));
                self.act(who, room, id, act).await
            }
            Ask::Edit(who, room, of, text) => {
                let body = body(text);
                self.act(who, room, new, Act::Edit { of, body }).await
            }
            Ask::Delete(who, room, of) => self.act(who, room, new, Act::Delete { of }).await,
            Ask::React(who, room, of, emoji, on) => {
                let emoji = Emoji::parse(emoji).expect("an emoji");
                self.act(who, room, new, Act::React { of, emoji, on }).await
            }
            Ask::Many(many) => {
                let entry = |(who, room, text): (usize, usize, &str)| NewEntry {
                    room: self.rooms[room],
                    by: self.people[who],
                    id: Uuid::now_v7(),
                    act: says(text),
                };
                let posted = self
                    .world
                    .append(many.into_iter().map(entry).collect())
                    .await;
                let seqs = posted
                    .into_iter()
                    .map(|posted| answered(posted.map(|posted| posted.seq)));
                seqs.collect()
            }
            Ask::Seen(who, room, seq) => {
                let user = self.people[who].user;
                answered(self.world.store.seen(self.rooms[room], user, seq).await)
            }
            Ask::Role(who, room, whom, role) => {
                let who_else = folded(NAMES[whom]);
                self.set(
                    who,
                    room,
                    Setting::Role {
                        who: who_else,
                        role,
                    },
                )
                .await
            }
            Ask::Out(who, room, whom) => {
                let whom = folded(NAMES[whom]);
                self.set(who, room, Setting::Out { who: whom }).await
            }
            Ask::Topic(who, room, text) => {
                let topic = Topic::parse(text).expect("a topic");
                self.set(who, room, Setting::Topic(topic)).await
            }
            Ask::Posting(who, room, posting) => {
                self.set(who, room, Setting::Posting(posting)).await
            }
            Ask::Rename(who, room, name) => {
                let name = RoomName::parse(&format!("Room {name}")).expect("a name");
                self.set(who, room, Setting::Name(name)).await
            }
            Ask::GiveUp(who) => {
                let gave_up = self.world.store.give_up(self.people[who]).await;
                self.people[who] = self.world.somebody(NAMES[who]).await;
                answered(gave_up)
            }
            Ask::Room(who, room) => {
                let name = RoomName::parse(&format!("room {room}")).expect("a name");
                let made =
                    self.world
                        .store
                        .create_room(self.people[who], &name, "the key".to_owned());
                let made = made.await;
                if let Ok(made) = made {
                    self.rooms[room] = made;
                }
                answered(made.map(|_| ()))
            }
        }
    }

    /// All that anybody can see.
    async fn seen_by_all(&self, since: u64) -> Value {
        let mut all = Vec::new();
        let store = &self.world.store;
        for by in &self.people {
            let user = by.user;
            let rooms: Vec<_> = self.world.rooms(*by).await;
            let mut rooms: Vec<_> = rooms.into_iter().map(|summary| json!(summary)).collect();
            // Times are of either's own.
            rooms.sort_by_key(|summary| summary["room"]["name"].to_string());
            all.push(json!(rooms));
            for &room in &self.rooms {
                let history = store.history(room, user, Stretch::After(0), 1_000).await;
                all.push(answered(history));
                let around = store.history(room, user, Stretch::Around(since), 7).await;
                all.push(answered(around));
                all.push(answered(store.changes(room, user, since, 5).await));
                let members = store.members(room, user).await;
                let members = members.map(|members| {
                    let members = members.into_iter();
                    members
                        .map(|(user, role)| (user.name, role))
                        .collect::<Vec<_>>()
                });
                all.push(answered(members));
            }
            for words in ["apple", "\"apple pie\"", "京都", "app*"] {
                let query = Query::parse(words).expect("words");
                for &room in &self.rooms {
                    let search = Search {
                        query: query.clone(),
                        room: Some(room),
                        by: None,
                        before: None,
                        limit: 50,
                    };
                    all.push(answered(store.search(user, search).await));
                }
            }
        }
        let mut all = Value::Array(all);
        self.without_what_is_its_own(&mut all);
        all
    }

    /// Takes times and ids out, and calls rooms by their places.
    fn without_what_is_its_own(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values
                .iter_mut()
                .for_each(|value| self.without_what_is_its_own(value)),
            Value::Object(fields) => {
                for own in ["at", "edited", "next"] {
                    if let Some(field) = fields.get_mut(own) {
                        *field = json!("some");
                    }
                }
                // A message's is its author's, a room's the store's.
                if !fields.contains_key("body") {
                    fields.remove("id");
                }
                if let Some(room) = fields.get_mut("room").filter(|room| room.is_number()) {
                    *room = json!(self.rooms.iter().position(|id| Some(*id) == room.as_i64()));
                }
                fields
                    .values_mut()
                    .for_each(|value| self.without_what_is_its_own(value));
            }
            _ => {}
        }
        if let Value::Object(fields) = value
            && fields.get("id").is_some_and(|id| {
                id.as_str()
                    .is_some_and(|id| Uuid::parse_str(id).is_ok_and(|id| id.get_version_num() == 7))
            })
        {
            fields.remove("id");
        }
    }
}

fn answered<T: serde::Serialize>(answer: Result<T, StoreError>) -> Value {
    match answer {
        Ok(value) => json!(value),
        Err(error) => json!({"refused": format!("{error:?}")}),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_they_are_asked_both_stores_answer_the_same() {
    for life in 0..LIVES {
        let (mut chance, mut ids) = (Chance(life), Vec::new());
        let mut sqlite = Side::begin(World::on_sqlite().await).await;
        let mut postgres = Side::begin(World::on_postgres().await).await;
        let mut asked = Vec::new();
        for step in 0..STEPS {
            let what = ask(&mut chance, &mut ids);
            asked.push(what.clone());
            let answers = (sqlite.ask(what.clone()).await, postgres.ask(what).await);
            assert_eq!(answers.0, answers.1, "life {life}, step {step}: {asked:#?}");
            if step % 10 == 9 {
                let since = chance.below(20) as u64;
                let seen = (
                    sqlite.seen_by_all(since).await,
                    postgres.seen_by_all(since).await,
                );
                assert_eq!(seen.0, seen.1, "life {life}, step {step}: {asked:#?}");
            }
        }
    }
}

//! People at work: changes asked for at once, and what they were told of each.

use std::{mem, sync::Arc};

use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Deed, Disk, Drill, Ear, KEY, KEY_HASH, Known, NAME, Post, Told};
use crate::{
    domain::{Body, Emoji, Posted, RoomId, RoomName, Seq, Username},
    server::store::{
        Act, Lock, NewEntry, NewSession, Setting, Sqlite, Store, StoreError, Stretch, TokenHash,
        UserId,
    },
};

impl Drill {
    /// Changes that are asked for at once. Answers whether the store has ended by itself.
    pub(super) async fn round(&mut self, disk: &Disk, store: &Arc<Sqlite>) -> bool {
        let (mut asked, posts_before) = (JoinSet::new(), self.posts.len());
        let (mut claims, mut creations, mut joins, mut deletions) =
            (vec![], vec![], vec![], vec![]);
        let gave_up = self.give_up(disk, store, &mut asked);
        let mut facts: Vec<((RoomId, &'static str), String, Ear<()>)> = Vec::new();
        let mut deeds: Vec<(usize, Deed, Ear<Posted>)> = Vec::new();
        for _ in 0..1 + self.random.below(10) {
            let (store, disk) = (store.clone(), disk.clone());
            match self.random.below(28) {
                0 | 1 => {
                    let name = format!("user{:x}", self.random.next());
                    let ear = Ear::default();
                    claims.push((name.clone(), ear.clone()));
                    let new = NewSession {
                        token: token(self.random.next()),
                        browser: String::new(),
                    };
                    asked.spawn(async move {
                        let name = Username::parse(&name).expect("a name");
                        hear(&disk, &ear, store.claim(&name, new).await);
                    });
                }
                2 if !self.users.is_empty() => {
                    let name = format!("room{:x}", self.random.next());
                    let owner = self.users[self.random.below(self.users.len())];
                    let ear = Ear::default();
                    creations.push((owner, ear.clone()));
                    self.owners.insert(owner);
                    let by = self.actor(owner);
                    asked.spawn(async move {
                        let name = RoomName::parse(&name).expect("a name");
                        hear(
                            &disk,
                            &ear,
                            store.create_room(by, &name, KEY.to_owned()).await,
                        );
                    });
                }
                3 | 4 if !self.rooms.is_empty() => {
                    let (room, _) = self.rooms[self.random.below(self.rooms.len())];
                    let user = self.users[self.random.below(self.users.len())];
                    let ear = Ear::default();
                    joins.push((room, user, Known::Yes, ear.clone()));
                    let (by, key_hash) = (self.actor(user), self.key_of(room));
                    asked.spawn(async move {
                        hear(&disk, &ear, store.join(Lock { room, key_hash }, by).await);
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
                    let by = self.actor(user);
                    asked.spawn(async move {
                        hear(&disk, &ear, store.leave(room, by).await);
                    });
                }
                6 if self.rooms.len() > 1 => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    let ear = Ear::default();
                    deletions.push((room, ear.clone()));
                    let by = self.actor(owner);
                    asked.spawn(async move {
                        hear(&disk, &ear, store.delete_room(room, by).await);
                    });
                }
                7 if !self.rooms.is_empty() => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    let from = Stretch::Newest;
                    asked.spawn(async move {
                        let _ = store.history(room, owner, from, 200).await;
                    });
                }
                8 if !self.rooms.is_empty() => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    store.note_seen(room, owner, 1 + self.random.below(20) as Seq, 1);
                }
                9..=12 if !self.posts.is_empty() => {
                    let index = self.random.below(self.posts.len());
                    if index < posts_before && deeds.iter().all(|(other, ..)| *other != index) {
                        deeds.extend(self.deed(index, &disk, &store));
                    }
                }
                13 | 14 if !self.rooms.is_empty() => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    let user = self.users[self.random.below(self.users.len())];
                    let Some(who) = self.called.get(&user).filter(|_| user != owner) else {
                        continue;
                    };
                    let who = Username::parse(who).expect("a name").folded();
                    let ear = Ear::default();
                    joins.push((room, user, Known::No, ear.clone()));
                    let by = self.actor(owner);
                    asked.spawn(async move {
                        let set = store.set(room, by, Uuid::now_v7(), Setting::Out { who });
                        hear(&disk, &ear, set.await);
                    });
                }
                15 | 16 if !self.rooms.is_empty() => {
                    let (room, owner) = self.rooms[self.random.below(self.rooms.len())];
                    let (ear, value) = (Ear::default(), format!("new{:x}", self.random.next()));
                    let fact = match self.random.one_in(2) {
                        true => NAME,
                        false => KEY_HASH,
                    };
                    if facts.iter().any(|(other, ..)| *other == (room, fact)) {
                        continue;
                    }
                    let everyone_out = self.random.one_in(2);
                    if fact == KEY_HASH && everyone_out {
                        for &user in self.users.iter().filter(|user| **user != owner) {
                            joins.push((room, user, Known::No, ear.clone()));
                        }
                    }
                    facts.push(((room, fact), value.clone(), ear.clone()));
                    let by = self.actor(owner);
                    asked.spawn(async move {
                        let setting = match fact {
                            NAME => Setting::Name(RoomName::parse(&value).expect("a name")),
                            _ => Setting::Key {
                                hash: value,
                                everyone_out,
                            },
                        };
                        hear(
                            &disk,
                            &ear,
                            store.set(room, by, Uuid::now_v7(), setting).await,
                        );
                    });
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
            if let Told::Done(session) = &told {
                let user = session.user.id;
                self.users.push(user);
                self.sessions.insert(user, session.id);
                self.called.insert(user, name.clone());
            }
            self.names.insert(name, known(&told, Known::Yes, Known::No));
        }
        if let Some((user, ear)) = gave_up {
            let told = ear.lock().expect("an ear").clone();
            self.count(&told);
            if matches!(told, Told::Refused(_)) {
                self.users.push(user);
            }
            self.names.insert(
                self.called[&user].clone(),
                known(&told, Known::No, Known::Yes),
            );
            for ((_, member), is) in &mut self.members {
                if *member == user {
                    *is = known(&told, Known::No, *is);
                }
            }
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
        for (fact, value, ear) in facts {
            let told = ear.lock().expect("an ear").clone();
            self.count(&told);
            let fact = self.facts.entry(fact).or_default();
            match told {
                Told::Done(()) => fact.known = Some(value),
                Told::Refused(_) => {}
                Told::Nothing => fact.doubt = Some(value),
            }
        }
        for (room, ear) in deletions {
            let told = ear.lock().expect("an ear").clone();
            self.count(&told);
            let before = self.alive[&room];
            self.alive.insert(room, known(&told, Known::No, before));
        }
        self.rooms
            .retain(|(room, _)| self.alive[room] == Known::Yes);
        let mut posts = mem::take(&mut self.posts);
        for post in &posts[posts_before..] {
            self.count(&*post.told.lock().expect("an ear"));
        }
        for (index, deed, ear) in deeds {
            let told = ear.lock().expect("an ear").clone();
            self.count(&told);
            match told {
                Told::Done(_) => posts[index].becomes(deed),
                Told::Refused(_) => {}
                Told::Nothing => posts[index].doubt = Some(deed),
            }
        }
        self.posts = posts;
        failed
    }

    /// Now and then somebody who owns no room gives up their name, and does nothing else any more.
    fn give_up(
        &mut self,
        disk: &Disk,
        store: &Arc<Sqlite>,
        asked: &mut JoinSet<()>,
    ) -> Option<(UserId, Ear<()>)> {
        let at = self.random.below(8 + self.users.len());
        let user = *self.users.get(at)?;
        if self.owners.contains(&user) {
            return None;
        }
        self.users.swap_remove(at);
        let (ear, disk, store) = (Ear::default(), disk.clone(), store.clone());
        let told = ear.clone();
        let by = self.actor(user);
        asked.spawn(async move {
            hear(&disk, &told, store.give_up(by).await);
        });
        Some((user, ear))
    }

    /// Does something to a message that is there for certain, if this one is.
    fn deed(
        &mut self,
        index: usize,
        disk: &Disk,
        store: &Arc<Sqlite>,
    ) -> Option<(usize, Deed, Ear<Posted>)> {
        let post = &self.posts[index];
        let (room, reacted) = (post.room, post.reacted);
        let (_, owner) = *self.rooms.iter().find(|(id, _)| *id == room)?;
        let of = post.seq().filter(|_| !post.erased)?;
        let deed = match self.random.below(4) {
            0 => Deed::Erase,
            1 => Deed::React(!reacted),
            _ => Deed::Edit(self.words(room).1),
        };
        let act = match &deed {
            Deed::Edit(body) => Act::Edit {
                of,
                body: Body::parse(body).expect("a body"),
            },
            Deed::Erase => Act::Delete { of },
            Deed::React(on) => Act::React {
                of,
                emoji: Emoji::parse("👍").expect("an emoji"),
                on: *on,
            },
        };
        let entry = NewEntry {
            room,
            by: self.actor(owner),
            id: Uuid::now_v7(),
            act,
        };
        let (ear, disk) = (Ear::default(), disk.clone());
        let told = ear.clone();
        store.append(
            vec![entry],
            Box::new(move |answer| {
                let answer = answer.and_then(|mut answers| answers.remove(0));
                hear(&disk, &told, answer);
            }),
        );
        Some((index, deed, ear))
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
            self.posts.push(Post::new(room, id, body, told));
        }
        let disk = disk.clone();
        store.append(
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

fn token(number: u64) -> TokenHash {
    let mut token = [0; 32];
    token[..8].copy_from_slice(&number.to_ne_bytes());
    TokenHash(token)
}

//! What the server does, in the domain's words: claim, create, join, post, read, leave, delete.

use std::sync::Arc;

use axum::http::HeaderValue;
use uuid::Uuid;

use super::{
    guard::Limits,
    identity::{self, Caller, Cookie, Me},
    keys::Keys,
    live::Live,
    sockets::Sockets,
    store::{
        Act, NewEntry, Store, StoreError, Stretch, User,
        search::{Place, Query, Search},
    },
    strangers::Strangers,
};
use crate::domain::{
    ApiError, Changes, Code, Found, History, Key, Member, Posted, Room, RoomId, RoomName, RoomPage,
    RoomSummary, Seq, Username, limits,
};

/// The chat: everything that pages, API and sockets ask for goes through it.
#[derive(Clone)]
pub struct Chat(Arc<Parts>);

pub struct Parts {
    pub store: Arc<dyn Store>,
    pub live: Arc<Live>,
    pub limits: Arc<Limits>,
    pub keys: Keys,
    pub sockets: Sockets,
    pub strangers: Strangers,
}

/// What stands around a room's messages on its page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entered {
    pub room: Room,
    /// All members, by name.
    pub members: Vec<Member>,
    /// All rooms of the reader's, the latest active first.
    pub rooms: Vec<RoomSummary>,
}

impl Chat {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// Whether the store and the live engine do their work.
    ///
    /// # Errors
    /// `unavailable` or `storage_full`, saying which of them does not.
    pub async fn alive(&self) -> Result<(), ApiError> {
        let (store, live) = tokio::join!(self.0.store.alive(), self.0.live.alive());
        let code = match store {
            Err(error) => ApiError::from(error).code,
            Ok(()) if live => return Ok(()),
            Ok(()) => Code::Unavailable,
        };
        let which = if live { "store" } else { "live engine" };
        Err(ApiError::new(code, format!("The {which} does not answer.")))
    }

    pub fn sockets(&self) -> &Sockets {
        &self.0.sockets
    }

    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The identity that a cookie proves, if any.
    ///
    /// # Errors
    /// Those of the store; so for all that follow.
    pub async fn identity(&self, cookie: &Cookie) -> Result<Option<Me>, ApiError> {
        let token = identity::hash_token(&cookie.token);
        if self.0.strangers.are_known(token) {
            return Ok(None);
        }
        let user = self.0.store.user(token).await?;
        if user.is_none() {
            self.0.strangers.remember(token);
        }
        Ok(user.and_then(|user| Me::proved(user, token, &cookie.name)))
    }

    /// All identities that the caller's browser holds.
    pub async fn identities(&self, caller: &Caller) -> Result<Vec<Me>, ApiError> {
        let mut held = Vec::new();
        for cookie in caller.cookies() {
            held.extend(self.identity(cookie).await?);
        }
        Ok(held)
    }

    /// Takes a free username for the caller. Answers the cookies that prove it.
    ///
    /// # Errors
    /// `too_fast`, `username_taken`, and `bad_request` where this browser holds as many as it may.
    pub async fn claim(
        &self,
        caller: &Caller,
        name: &Username,
    ) -> Result<Vec<HeaderValue>, ApiError> {
        self.0.limits.claim(caller.address)?;
        if self.identities(caller).await?.len() >= limits::IDENTITIES {
            return Err(ApiError::too_many_identities());
        }
        let (token, hash) = identity::new_token()?;
        self.0.store.claim(name, hash).await?;
        caller.prove(name, &token)
    }

    /// Ends a session and frees its name. Answers the cookies that end it in the browser.
    ///
    /// # Errors
    /// `not_me` where it has ended already.
    pub async fn give_up(&self, caller: &Caller, me: &Me) -> Result<Vec<HeaderValue>, ApiError> {
        self.0.store.give_up(me.id).await?;
        caller.end(me)
    }

    /// # Errors
    /// `too_fast`, `room_taken`.
    pub async fn create_room(
        &self,
        caller: &Caller,
        me: &Me,
        name: &RoomName,
        key: Key,
    ) -> Result<Room, ApiError> {
        self.0.limits.new_room(me.id, caller.address)?;
        let key_hash = self.0.keys.hash(key).await?;
        let room = self.0.store.create_room(me.id, name, key_hash).await?;
        self.room(me, room).await
    }

    /// # Errors
    /// `too_fast`, and `wrong_key` where the key is wrong and where there is no such room alike.
    pub async fn join_room(
        &self,
        caller: &Caller,
        me: &Me,
        name: &RoomName,
        key: Key,
    ) -> Result<Room, ApiError> {
        self.0.limits.key_try(me.id, caller.address)?;
        let lock = self.0.store.lock(name.folded()).await?;
        let (room, key_hash) = lock.map(|lock| (lock.room, lock.key_hash)).unzip();
        let opens = self.0.keys.matches(key, key_hash).await?;
        let Some(room) = room.filter(|_| opens) else {
            return Err(ApiError::wrong_key());
        };
        self.0.limits.key_was_right(me.id, caller.address);
        match self.0.store.join(room, me.id).await {
            // Deleted since the key was tried.
            Err(StoreError::NoSuchRoom) => return Err(ApiError::wrong_key()),
            joined => joined?,
        }
        self.room(me, room).await
    }

    /// # Errors
    /// `no_such_room`.
    pub async fn leave_room(&self, me: &Me, room: RoomId) -> Result<(), ApiError> {
        Ok(self.0.store.leave(room, me.id).await?)
    }

    /// # Errors
    /// `no_such_room`, `not_owner`.
    pub async fn delete_room(&self, me: &Me, room: RoomId) -> Result<(), ApiError> {
        Ok(self.0.store.delete_room(room, me.id).await?)
    }

    /// The latest active first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn my_rooms(&self, me: &Me) -> Result<Vec<RoomSummary>, ApiError> {
        let mut rooms = self.0.store.rooms(me.id).await?;
        for RoomSummary { room, .. } in &mut rooms {
            room.online = self.0.live.online(room.id);
        }
        Ok(rooms)
    }

    /// What stands around the messages of one of *me*'s rooms on its page.
    ///
    /// # Errors
    /// `no_such_room`.
    pub async fn enter(&self, me: &Me, name: &RoomName) -> Result<Entered, ApiError> {
        let found = self.0.store.surroundings(name.folded(), me.id).await?;
        let with_online = |room: Room| Room {
            online: self.0.live.online(room.id),
            ..room
        };
        Ok(Entered {
            room: with_online(found.room),
            members: self.with_presence(found.members),
            rooms: found
                .rooms
                .into_iter()
                .map(|RoomSummary { room, last }| RoomSummary {
                    room: with_online(room),
                    last,
                })
                .collect(),
        })
    }

    /// The newest messages that a room has as *me* enters it, or those before `before`, or those about `around`.
    ///
    /// # Errors
    /// `no_such_room`, where *me* has left since.
    pub async fn leaf(
        &self,
        me: &Me,
        room: &Room,
        before: Option<Seq>,
        around: Option<Seq>,
    ) -> Result<History, ApiError> {
        let from = match around {
            Some(seq) => Stretch::Around(seq),
            None => Stretch::Before(before.unwrap_or(room.head + 1)),
        };
        let history = self
            .0
            .store
            .history(room.id, me.id, from, limits::HISTORY_PAGE)
            .await?;
        // The page is of the room as it was entered, whatever has happened since.
        Ok(History {
            head: room.head,
            newer: history
                .newer
                .or(Some(before.is_some_and(|before| before <= room.head))),
            ..history
        })
    }

    /// Remembers that *me* was shown all of a room, if that is news: the next page they ask for knows. Where it
    /// cannot be remembered, the room is unread for once more.
    pub async fn was_shown(&self, me: &Me, room: &Room) {
        if room.head > room.seen {
            let _ = self.0.store.seen(room.id, me.id, room.head).await;
        }
    }

    /// What a room's page starts from. That it was read is said by whoever sees it.
    ///
    /// # Errors
    /// `no_such_room`.
    pub async fn room_page(
        &self,
        me: &Me,
        name: &RoomName,
        before: Option<Seq>,
        around: Option<Seq>,
    ) -> Result<RoomPage, ApiError> {
        let Entered { room, members, .. } = self.enter(me, name).await?;
        let history = self.leaf(me, &room, before, around).await?;
        Ok(RoomPage {
            room,
            members,
            history,
        })
    }

    /// # Errors
    /// `no_such_room`.
    pub async fn members(&self, me: &Me, room: RoomId) -> Result<Vec<Member>, ApiError> {
        Ok(self.with_presence(self.0.store.members(room, me.id).await?))
    }

    fn with_presence(&self, members: Vec<(User, bool)>) -> Vec<Member> {
        let online = self
            .0
            .live
            .who_is_online(members.iter().map(|(user, _)| user.id));
        let member = |((user, owner), online): ((User, bool), bool)| Member {
            name: user.name,
            online,
            owner,
        };
        members.into_iter().zip(online).map(member).collect()
    }

    /// # Errors
    /// `no_such_room`, and `bad_request` for a stretch that makes no sense.
    pub async fn history(
        &self,
        me: &Me,
        room: RoomId,
        before: Option<Seq>,
        after: Option<Seq>,
        around: Option<Seq>,
        limit: Option<usize>,
    ) -> Result<History, ApiError> {
        let from = match (before, after, around) {
            (None, None, None) => Stretch::Newest,
            (Some(seq), None, None) => Stretch::Before(seq),
            (None, Some(seq), None) => Stretch::After(seq),
            (None, None, Some(seq)) => Stretch::Around(seq),
            _ => {
                return Err(ApiError::bad_request(
                    "Give one of `before`, `after` and `around`.",
                ));
            }
        };
        let limit = page_of(limit)?;
        Ok(self.0.store.history(room, me.id, from, limit).await?)
    }

    /// # Errors
    /// `no_such_room`, `bad_request`.
    pub async fn changes(
        &self,
        me: &Me,
        room: RoomId,
        since: Seq,
        limit: Option<usize>,
    ) -> Result<Changes, ApiError> {
        let limit = page_of(limit)?;
        Ok(self.0.store.changes(room, me.id, since, limit).await?)
    }

    /// Messages of *me*'s rooms, newest first.
    ///
    /// # Errors
    /// `bad_request` where there is nothing to search for, or too much; `no_such_room`.
    pub async fn search(
        &self,
        me: &Me,
        words: &str,
        room: Option<RoomId>,
        by: Option<&str>,
        before: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Found, ApiError> {
        let search = Search {
            query: Query::parse(words)?,
            room,
            by: by
                .map(|name| Ok::<_, ApiError>(Username::parse(name)?.folded()))
                .transpose()?,
            before: before.map(Place::parse).transpose()?,
            limit: limit
                .unwrap_or(limits::SEARCH_PAGE)
                .clamp(1, limits::SEARCH_MAX),
        };
        Ok(self.0.store.search(me.id, search).await?)
    }

    /// Does something in a room, and answers once it is durable.
    ///
    /// # Errors
    /// `too_fast`, `no_such_room`, `no_such_message`, `not_author`, `not_allowed`, `invalid_emoji`, `storage_full`,
    /// `unavailable`.
    pub async fn act(
        &self,
        caller: &Caller,
        me: &Me,
        room: RoomId,
        id: Option<Uuid>,
        act: Act,
    ) -> Result<Posted, ApiError> {
        self.0.limits.message(me.id, caller.address)?;
        let entry = NewEntry {
            room,
            author: me.id,
            id: id.unwrap_or_else(Uuid::now_v7),
            act,
        };
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.0.store.append(
            vec![entry],
            Box::new(move |posted| {
                let _ = reply.send(posted.and_then(|mut posted| posted.remove(0)));
            }),
        );
        Ok(answer.await.unwrap_or(Err(StoreError::Unavailable))?)
    }

    /// # Errors
    /// `no_such_room`.
    pub async fn seen(&self, me: &Me, room: RoomId, seq: Seq) -> Result<(), ApiError> {
        Ok(self.0.store.seen(room, me.id, seq).await?)
    }

    async fn room(&self, me: &Me, room: RoomId) -> Result<Room, ApiError> {
        let room = self.0.store.room(room, me.id).await?;
        Ok(Room {
            online: self.0.live.online(room.id),
            ..room
        })
    }
}

/// How many messages a caller is given at once.
fn page_of(limit: Option<usize>) -> Result<usize, ApiError> {
    match limit.unwrap_or(limits::HISTORY_PAGE) {
        0 => Err(ApiError::bad_request("`limit` is 1 at least.")),
        limit => Ok(limit.min(limits::HISTORY_MAX)),
    }
}

//! What the server does, in the domain's words: create, join, post, read, leave, delete.

mod conversation;
mod invites;
mod names;
mod passkeys;
mod settings;

use std::sync::Arc;

use super::{
    bus::Bus,
    identity::{self, Caller, Cookie, Me},
    keys::Keys,
    live::Live,
    passkeys::Passkeys,
    patience::Patience,
    rates::Limits,
    sockets::Sockets,
    store::{SharedStore, Store, User},
    strangers::Strangers,
};
use crate::domain::{
    ApiError, Code, Key, Member, Role, Room, RoomId, RoomName, RoomPage, RoomSummary, Seq,
};

pub use self::{conversation::Sought, names::LetIn, passkeys::shown};

/// The chat: everything that pages, API and sockets ask for goes through it.
#[derive(Clone)]
pub struct Chat(Arc<Parts>);

pub struct Parts {
    pub store: Arc<dyn Store>,
    pub live: Arc<Live>,
    /// The way to the other processes, where there may be any.
    pub bus: Option<Arc<Bus>>,
    /// The store as what several processes share, where they do.
    pub shared: Option<Arc<dyn SharedStore>>,
    pub limits: Arc<Limits>,
    pub keys: Keys,
    pub sockets: Sockets,
    pub strangers: Strangers,
    pub passkeys: Passkeys,
    pub patience: Patience,
}

/// No room's number.
const NOWHERE: RoomId = 0;

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

    pub fn shared(&self) -> Option<Arc<dyn SharedStore>> {
        self.0.shared.clone()
    }

    pub fn bus(&self) -> Option<&Bus> {
        self.0.bus.as_deref()
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

    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub fn store(&self) -> &dyn Store {
        &*self.0.store
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
        let session = self.0.store.session(token).await?;
        if session.is_none() {
            self.0.strangers.remember(token);
        }
        Ok(session.and_then(|session| Me::proved(session, token, &cookie.name)))
    }

    /// All identities that the caller's browser holds.
    pub async fn identities(&self, caller: &Caller) -> Result<Vec<Me>, ApiError> {
        let mut held = Vec::new();
        for cookie in caller.cookies() {
            held.extend(self.identity(cookie).await?);
        }
        Ok(held)
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
        let room = self.0.store.create_room(me.actor(), name, key_hash).await?;
        self.room(me, room).await
    }

    /// Lets *me* into a room by its key or by an invite. What is no invite, or none that is good, is taken for a key.
    ///
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
        // Asked where there is no such room as well, so that it takes as long.
        let room = lock.as_ref().map_or(NOWHERE, |lock| lock.room);
        if self.invited(me, room, &key).await? {
            self.0.limits.key_was_right(me.id, caller.address);
            return self.room(me, room).await;
        }
        let key_hash = lock.as_ref().map(|lock| lock.key_hash.clone());
        let opens = self.0.keys.matches(key, key_hash).await?;
        let Some(lock) = lock.filter(|_| opens) else {
            return Err(ApiError::wrong_key());
        };
        self.0.limits.key_was_right(me.id, caller.address);
        self.0.store.join(lock, me.actor()).await?;
        self.room(me, room).await
    }

    /// # Errors
    /// `no_such_room`.
    pub async fn leave_room(&self, me: &Me, room: RoomId) -> Result<(), ApiError> {
        Ok(self.0.store.leave(room, me.actor()).await?)
    }

    /// # Errors
    /// `no_such_room`, `not_owner`.
    pub async fn delete_room(&self, me: &Me, room: RoomId) -> Result<(), ApiError> {
        Ok(self.0.store.delete_room(room, me.actor()).await?)
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

    /// One of *me*'s rooms by its name, or by one that it once had.
    ///
    /// # Errors
    /// `no_such_room`.
    pub async fn room_named(&self, me: &Me, name: &RoomName) -> Result<Room, ApiError> {
        Ok(self.0.store.room_named(name.folded(), me.id).await?)
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
        let epoch = self.epoch();
        let Entered { room, members, .. } = self.enter(me, name).await?;
        let history = self.leaf(me, &room, before, around).await?;
        Ok(RoomPage {
            room,
            members,
            history,
            epoch,
        })
    }

    /// Which life of the data this is. To be asked before what is read of it.
    pub fn epoch(&self) -> String {
        self.0.store.epoch().to_string()
    }

    /// # Errors
    /// `no_such_room`.
    pub async fn members(&self, me: &Me, room: RoomId) -> Result<Vec<Member>, ApiError> {
        Ok(self.with_presence(self.0.store.members(room, me.id).await?))
    }

    fn with_presence(&self, members: Vec<(User, Role)>) -> Vec<Member> {
        let online = self
            .0
            .live
            .who_is_online(members.iter().map(|(user, _)| user.id));
        let member = |((user, role), online): ((User, Role), bool)| Member {
            name: user.name,
            online,
            role,
        };
        members.into_iter().zip(online).map(member).collect()
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

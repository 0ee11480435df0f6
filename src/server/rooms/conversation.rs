//! What is said in rooms: read, searched, and added to.

use uuid::Uuid;

use super::Chat;
use crate::{
    domain::{ApiError, Changes, Found, History, Posted, Room, RoomId, Seq, Username, limits},
    server::{
        counts::{self, SEARCHES},
        identity::{Caller, Me},
        store::{
            Act, NewEntry, StoreError, Stretch,
            search::{Place, Query, Search},
        },
    },
};

/// What somebody looks for, as they typed it.
#[derive(Default)]
pub struct Sought<'a> {
    pub words: &'a str,
    pub room: Option<RoomId>,
    /// Who said it.
    pub by: Option<&'a str>,
    /// Older than the last of an earlier search: its `next`.
    pub before: Option<&'a str>,
    pub limit: Option<usize>,
}

impl Chat {
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
    /// `too_fast`, `bad_request` where there is nothing to search for, or too much; `no_such_room`.
    pub async fn search(
        &self,
        caller: &Caller,
        me: &Me,
        sought: Sought<'_>,
    ) -> Result<Found, ApiError> {
        self.0.limits.search(me.id, caller.address)?;
        let Sought {
            words,
            room,
            by,
            before,
            limit,
        } = sought;
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
        let found = self.0.store.search(me.id, search);
        Ok(counts::timed(&SEARCHES, found).await?)
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
            by: me.actor(),
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
}

/// How many messages a caller is given at once.
fn page_of(limit: Option<usize>) -> Result<usize, ApiError> {
    match limit.unwrap_or(limits::HISTORY_PAGE) {
        0 => Err(ApiError::bad_request("`limit` is 1 at least.")),
        limit => Ok(limit.min(limits::HISTORY_MAX)),
    }
}

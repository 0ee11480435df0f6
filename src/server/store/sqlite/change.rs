//! A transaction at hand, as the changes in it see it.

use rusqlite::Connection;

use super::{basics::role_of, recall::Recall};
pub use crate::server::store::stop::{Changed, Stop};
use crate::{
    domain::{Role, RoomId},
    server::store::{Event, UserId},
};

/// The transaction at hand and what has happened in it.
pub struct Change<'t> {
    pub connection: &'t Connection,
    pub recall: &'t mut Recall,
    pub events: Vec<Event>,
    /// Whether messages were deleted, or are to be, so that the log has to forget them too.
    pub purged: bool,
    /// Whether messages may have become too old to be kept.
    pub keeps_less: bool,
}

impl<'t> Change<'t> {
    pub fn new(connection: &'t Connection, recall: &'t mut Recall) -> Self {
        Self {
            connection,
            recall,
            events: Vec::new(),
            purged: false,
            keeps_less: false,
        }
    }
}

impl Change<'_> {
    /// What somebody is in a room; `None` where they are no member.
    pub fn role(&self, room: RoomId, user: UserId) -> Changed<Option<Role>> {
        Ok(role_of(self.connection, room, user)?)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.into())
    }
}

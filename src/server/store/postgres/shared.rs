//! What several processes on one database ask it, to find out what they have missed of each other.

use async_trait::async_trait;

use super::{
    Postgres,
    basics::{number, row, rows},
};
use crate::{
    domain::RoomId,
    server::store::{Event, SessionId, SharedStore, Standing, StoreError, UserId},
};

#[async_trait]
impl SharedStore for Postgres {
    /// A standby that is promoted goes by the same name.
    async fn name(&self) -> Result<String, StoreError> {
        let client = self.reader().await?;
        let named = row(
            &client,
            "SELECT (SELECT system_identifier FROM pg_control_system())::text || '-' || oid::text
             FROM pg_database WHERE datname = current_database()",
            &[],
        );
        let named = named.await?.ok_or(StoreError::Unavailable)?;
        Ok(named.get(0))
    }

    async fn standings(&self, rooms: &[RoomId]) -> Result<Vec<Standing>, StoreError> {
        let client = self.reader().await?;
        let asked = "SELECT id, head, said FROM rooms WHERE id = ANY($1)";
        let found = rows(&client, asked, &[&rooms]).await?;
        let standings = found.iter().map(|row| Standing {
            room: row.get(0),
            head: number(row, 1),
            said: number(row, 2),
        });
        Ok(standings.collect())
    }

    async fn memberships(&self, users: &[UserId]) -> Result<Vec<(UserId, Standing)>, StoreError> {
        let client = self.reader().await?;
        let asked = "SELECT members.user_id, rooms.id, rooms.head, rooms.said
                     FROM members JOIN rooms ON rooms.id = members.room_id
                     WHERE members.user_id = ANY($1)";
        let found = rows(&client, asked, &[&users]).await?;
        let memberships = found.iter().map(|row| {
            let standing = Standing {
                room: row.get(1),
                head: number(row, 2),
                said: number(row, 3),
            };
            (row.get(0), standing)
        });
        Ok(memberships.collect())
    }

    async fn sessions_of(&self, sessions: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
        let client = self.reader().await?;
        let asked = "SELECT id FROM sessions WHERE id = ANY($1)";
        let found = rows(&client, asked, &[&sessions]).await?;
        Ok(found.iter().map(|row| row.get(0)).collect())
    }

    fn heard(&self, event: &Event) {
        match event {
            Event::SessionEnded { session, .. } => self.sessions.end(*session),
            Event::GaveUp { user } => self.sessions.end_all(*user),
            _ => {}
        }
    }

    fn forget(&self) {
        self.sessions.forget();
    }
}

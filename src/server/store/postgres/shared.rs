//! What several processes on one database ask it, to find out what they have missed of each other.

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    Postgres,
    basics::{number, row, rows, run},
};
use crate::{
    domain::{Millis, RoomId},
    server::store::{Event, SessionId, SharedStore, Standing, StoreError, UserId, now},
};

/// Things that are kept aside at most.
const ASIDE: i64 = 1_000;
/// How long files are kept after a process that has them began: 30 days.
const FILES_KEPT: Millis = 30 * 24 * 60 * 60 * 1000;

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

    async fn put_aside(&self, id: Uuid, value: String, until: Millis) -> Result<(), StoreError> {
        let client = self.aside.get().await?;
        let tidy = "DELETE FROM aside WHERE until < $1
                    OR id < (SELECT id FROM aside ORDER BY id DESC OFFSET $2 LIMIT 1)";
        run(&client, tidy, &[&now(), &ASIDE]).await?;
        let put = "INSERT INTO aside (id, until, value) VALUES ($1, $2, $3)";
        run(&client, put, &[&id, &until, &value]).await?;
        Ok(())
    }

    async fn find_aside(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        let client = self.aside.get().await?;
        let found = "SELECT value FROM aside WHERE id = $1 AND until >= $2";
        let found = row(&client, found, &[&id, &now()]).await?;
        Ok(found.map(|row| row.get(0)))
    }

    async fn take_aside(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        let client = self.aside.get().await?;
        let taken = "DELETE FROM aside WHERE id = $1 RETURNING value, until >= $2";
        let taken = row(&client, taken, &[&id, &now()]).await?;
        Ok(taken.filter(|row| row.get(1)).map(|row| row.get(0)))
    }

    async fn share_files(&self, files: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        let client = self.aside.get().await?;
        let now = now();
        let put = "INSERT INTO files (path, at, bytes) VALUES ($1, $2, $3)
                   ON CONFLICT (path) DO UPDATE SET at = excluded.at";
        for (path, bytes) in files {
            run(&client, put, &[&path, &now, &bytes]).await?;
        }
        let old = "DELETE FROM files WHERE at < $1";
        run(&client, old, &[&(now - FILES_KEPT)]).await?;
        Ok(())
    }

    async fn shared_file(&self, paths: &[String]) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let client = self.aside.get().await?;
        let first = "SELECT path, bytes FROM files WHERE path = ANY ($1)
                     ORDER BY array_position($1, path) LIMIT 1";
        let found = row(&client, first, &[&paths]).await?;
        Ok(found.map(|row| (row.get(0), row.get(1))))
    }

    fn heard(&self, event: &Event) {
        self.sessions.heard(event);
    }

    fn forget(&self) {
        self.sessions.forget();
    }
}

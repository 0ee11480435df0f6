//! The ways into names, in PostgreSQL.

use async_trait::async_trait;
use deadpool_postgres::GenericClient;
use tokio_postgres::Error;

use super::{
    Postgres,
    basics::{limit, row, rows, snapshot, user as user_at},
    change::Change,
    needs::Needs,
    passkeys, people,
};
use crate::{
    domain::{Folded, Millis},
    server::store::{
        Actor, Entrance, Held, NewSession, Rest, Session, SessionId, StoreError, StoredPasskey,
        TokenHash, Unused, User, UserId, Way, Ways, WaysIn, now,
    },
};

/// Names, and sessions, that one step forgets at most: whoever posts may be waiting for it.
const STEP: usize = 16;
/// Sessions that are noted as in use in one step.
const NOTED: usize = 256;

#[async_trait]
impl Ways for Postgres {
    async fn enter(
        &self,
        way: Way,
        new: NewSession,
        held: Vec<SessionId>,
    ) -> Result<Session, StoreError> {
        let (token, needs) = match &way {
            Way::Passphrase { user, .. } => (new.token, Needs::user(*user)),
            // Whose it is comes out only then.
            Way::Pass(_) | Way::Passkey { .. } => (new.token, Needs::default()),
        };
        let session = self
            .write(needs, async move |change: &mut Change| {
                people::enter(change, &way, &new, &held).await
            })
            .await?;
        // Where it is one that goes on, its former token is nobody's.
        self.sessions.end(session.id);
        self.sessions.began(token);
        Ok(session)
    }

    async fn log_out(&self, by: Actor) -> Result<(), StoreError> {
        self.write(Needs::user(by.user), async move |change: &mut Change| {
            people::log_out(change, by).await
        })
        .await
    }

    async fn end_session(&self, by: Actor, session: SessionId) -> Result<(), StoreError> {
        self.write(Needs::user(by.user), async move |change: &mut Change| {
            people::end_session(change, by, session).await
        })
        .await
    }

    async fn end_other_sessions(&self, by: Actor) -> Result<(), StoreError> {
        self.write(Needs::user(by.user), async move |change: &mut Change| {
            people::end_other_sessions(change, by).await
        })
        .await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<Held>, StoreError> {
        Ok(held(&self.reader().await?, user).await?)
    }

    async fn new_pass(
        &self,
        by: Actor,
        pass: TokenHash,
        expires: Millis,
    ) -> Result<(), StoreError> {
        self.write(Needs::user(by.user), async move |change: &mut Change| {
            people::new_pass(change, by, pass, expires).await
        })
        .await
    }

    async fn pass(&self, pass: TokenHash) -> Result<Option<User>, StoreError> {
        Ok(whose_pass(&self.reader().await?, pass).await?)
    }

    async fn set_passphrase(&self, by: Actor, phc: Option<String>) -> Result<(), StoreError> {
        self.write(Needs::user(by.user), async move |change: &mut Change| {
            people::set_passphrase(change, by, phc.as_deref()).await
        })
        .await
    }

    async fn entrance(&self, name: Folded) -> Result<Option<Entrance>, StoreError> {
        Ok(entrance(&self.reader().await?, &name).await?)
    }

    async fn add_passkey(&self, by: Actor, new: StoredPasskey) -> Result<(), StoreError> {
        self.write(Needs::user(by.user), async move |change: &mut Change| {
            passkeys::add(change, by, &new).await
        })
        .await
    }

    async fn end_passkey(&self, by: Actor, id: Vec<u8>) -> Result<(), StoreError> {
        self.write(Needs::user(by.user), async move |change: &mut Change| {
            passkeys::end(change, by, &id).await
        })
        .await
    }

    async fn passkey(&self, id: Vec<u8>) -> Result<Option<(User, StoredPasskey)>, StoreError> {
        Ok(passkeys::find(&self.reader().await?, &id).await?)
    }

    async fn ways_in(&self, user: UserId) -> Result<WaysIn, StoreError> {
        let mut client = self.reader().await?;
        Ok(passkeys::ways_in(&snapshot(&mut client).await?, user).await?)
    }

    fn rest(&self, token: TokenHash) -> Rest {
        self.sessions.rest(token, now())
    }

    fn note_used(&self, sessions: Vec<SessionId>) {
        for some in sessions.chunks(NOTED) {
            let some = some.to_vec();
            self.lane.submit(
                Needs::default(),
                async move |change: &mut Change| people::used(change, &some).await,
                Box::new(|noted| {
                    if let Err(error) = noted {
                        tracing::debug!(%error, "not noted which sessions are in use");
                    }
                }),
            );
        }
    }

    async fn forget_unused(&self, unused: Unused) -> Result<bool, StoreError> {
        let mut more = false;
        if let Some(since) = unused.sessions {
            let found = unused_sessions(&self.reader().await?, since).await?;
            more |= found.len() == STEP;
            self.write(Needs::default(), async move |change: &mut Change| {
                people::end_unused(change, &found, since).await
            })
            .await?;
        }
        if let Some(since) = unused.names {
            let found = unused_names(&self.reader().await?, since).await?;
            more |= found.len() == STEP;
            let needs = Needs {
                users: found.clone(),
                leavers: found.clone(),
                ..Needs::default()
            };
            self.write(needs, async move |change: &mut Change| {
                people::free_unused(change, &found, since).await
            })
            .await?;
        }
        Ok(more)
    }
}

async fn held(client: &impl GenericClient, user: UserId) -> Result<Vec<Held>, Error> {
    let found = rows(
        client,
        "SELECT id, created_at, used_at, browser FROM sessions WHERE user_id = $1
         ORDER BY used_at DESC, id DESC",
        &[&user],
    )
    .await?;
    let held = found.iter().map(|row| Held {
        id: row.get(0),
        since: row.get(1),
        last: row.get(2),
        browser: row.get(3),
    });
    Ok(held.collect())
}

async fn whose_pass(client: &impl GenericClient, pass: TokenHash) -> Result<Option<User>, Error> {
    let token: &[u8] = &pass.0;
    let found = row(
        client,
        "SELECT users.id, users.name FROM passes JOIN users ON users.id = passes.user_id
         WHERE passes.token_hash = $1 AND passes.expires_at > $2",
        &[&token, &now()],
    )
    .await?;
    Ok(found.map(|row| user_at(&row, 0)))
}

async fn entrance(client: &impl GenericClient, name: &Folded) -> Result<Option<Entrance>, Error> {
    let sql = "SELECT id, passphrase_hash FROM users WHERE folded = $1";
    let found = row(client, sql, &[&name.as_str()]).await?;
    Ok(found.map(|row| Entrance {
        user: row.get(0),
        phc: row.get(1),
    }))
}

async fn unused_sessions(
    client: &impl GenericClient,
    since: Millis,
) -> Result<Vec<SessionId>, Error> {
    let sql = "SELECT id FROM sessions WHERE used_at < $1 LIMIT $2";
    let found = rows(client, sql, &[&since, &limit(STEP)]).await?;
    Ok(found.iter().map(|row| row.get(0)).collect())
}

async fn unused_names(client: &impl GenericClient, since: Millis) -> Result<Vec<UserId>, Error> {
    let sql = "SELECT id FROM users WHERE used_at < $1 AND folded IS NOT NULL LIMIT $2";
    let found = rows(client, sql, &[&since, &limit(STEP)]).await?;
    Ok(found.iter().map(|row| row.get(0)).collect())
}

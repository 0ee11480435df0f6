//! The changes to names and to the ways into them, each inside a transaction that others share: check first, write
//! last.

use tokio_postgres::Row;

use super::{
    basics::{exists, limit, row, rows, run, user as user_at},
    change::Change,
    permit::require_session,
    writes::leave,
};
use crate::{
    domain::{Millis, RoomId, Username, limits},
    server::store::{
        Actor, Event, NewSession, Session, SessionId, StoreError, TokenHash, User, UserId, Way,
        now,
        stop::{Changed, Stop},
    },
};

pub async fn claim(change: &mut Change, name: &Username, new: &NewSession) -> Changed<Session> {
    // Whoever claims the same name at the same time is waited for.
    let made = row(
        &change.client,
        "INSERT INTO users (name, folded, created_at, used_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (folded) DO NOTHING RETURNING id",
        &[&name.as_str(), &name.folded().as_str(), &now()],
    )
    .await?;
    let made = made.ok_or(Stop::Refused(StoreError::UsernameTaken))?;
    let user = User {
        id: made.get(0),
        name: name.as_str().to_owned(),
    };
    begin(change, user, new).await
}

/// Begins a session of a user's. Of more than a name may have, those that were used least lately end.
async fn begin(change: &mut Change, user: User, new: &NewSession) -> Changed<Session> {
    let spare = rows(
        &change.client,
        "SELECT id FROM sessions WHERE user_id = $1 ORDER BY used_at DESC, id DESC OFFSET $2",
        &[&user.id, &limit(limits::SESSIONS - 1)],
    )
    .await?;
    for session in spare {
        end(change, user.id, session.get(0)).await?;
    }
    let token: &[u8] = &new.token.0;
    let begun = row(
        &change.client,
        "INSERT INTO sessions (token_hash, user_id, created_at, used_at, browser)
         VALUES ($1, $2, $3, $3, $4) RETURNING id",
        &[&token, &user.id, &now(), &new.browser],
    )
    .await?;
    let id = begun.ok_or(Stop::Failed(StoreError::Unavailable))?.get(0);
    change.events.push(Event::WaysChanged { user: user.id });
    Ok(Session { id, user })
}

/// Lets a browser in that holds these sessions already.
pub async fn enter(
    change: &mut Change,
    way: &Way,
    new: &NewSession,
    held: &[SessionId],
) -> Changed<Session> {
    let user = through(change, way).await?;
    used_user(change, user.id).await?;
    let token: &[u8] = &new.token.0;
    for &id in held {
        let goes_on = run(
            &change.client,
            "UPDATE sessions SET token_hash = $3, used_at = $4, browser = $5
             WHERE id = $1 AND user_id = $2",
            &[&id, &user.id, &token, &now(), &new.browser],
        )
        .await?;
        if goes_on > 0 {
            change.events.push(Event::WaysChanged { user: user.id });
            return Ok(Session { id, user });
        }
    }
    begin(change, user, new).await
}

/// Whom a way leads to. A pass has been used up by it.
async fn through(change: &Change, way: &Way) -> Changed<User> {
    let client = &change.client;
    let (found, otherwise): (Option<Row>, _) = match way {
        Way::Pass(token) => {
            let token: &[u8] = &token.0;
            let sql = "DELETE FROM passes WHERE token_hash = $1 AND expires_at > $2
                RETURNING user_id, (SELECT name FROM users WHERE id = user_id)";
            let found = row(client, sql, &[&token, &now()]).await?;
            (found, StoreError::WrongPass)
        }
        Way::Passphrase { user, phc } => {
            let sql = "SELECT id, name FROM users WHERE id = $1 AND passphrase_hash = $2";
            let found = row(client, sql, &[user, phc]).await?;
            (found, StoreError::WrongPassphrase)
        }
        Way::Passkey { id, passkey } => {
            let sql = "UPDATE passkeys SET passkey = $2, used_at = $3 WHERE id = $1
                RETURNING user_id, (SELECT name FROM users WHERE id = user_id)";
            let found = row(client, sql, &[id, passkey, &now()]).await?;
            (found, StoreError::WrongPass)
        }
    };
    let found = found.ok_or(Stop::Refused(otherwise))?;
    Ok(user_at(&found, 0))
}

pub async fn log_out(change: &mut Change, by: Actor) -> Changed<()> {
    require_session(change, by).await?;
    let another_way = exists(
        &change.client,
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM sessions WHERE user_id = $1 AND id <> $2)
             OR EXISTS (SELECT 1 FROM passkeys WHERE user_id = $1)
             OR EXISTS (SELECT 1 FROM users WHERE id = $1 AND passphrase_hash IS NOT NULL)",
        &[&by.user, &by.session],
    )
    .await?;
    if !another_way {
        return Err(Stop::Refused(StoreError::LastWayIn));
    }
    end(change, by.user, by.session).await
}

/// Ends one of the asker's sessions, and whatever it may have opened for another.
pub async fn end_session(change: &mut Change, by: Actor, session: SessionId) -> Changed<()> {
    if session == by.session {
        return log_out(change, by).await;
    }
    require_session(change, by).await?;
    end(change, by.user, session).await?;
    end_passes(change, by.user).await
}

pub async fn end_other_sessions(change: &mut Change, by: Actor) -> Changed<()> {
    require_session(change, by).await?;
    let others = "SELECT id FROM sessions WHERE user_id = $1 AND id <> $2 ORDER BY id";
    let others = rows(&change.client, others, &[&by.user, &by.session]).await?;
    for session in others {
        end(change, by.user, session.get(0)).await?;
    }
    end_passes(change, by.user).await
}

/// Ends a session of a user's; one that is none of theirs is let be.
pub async fn end(change: &mut Change, user: UserId, session: SessionId) -> Changed<()> {
    let end = "DELETE FROM sessions WHERE id = $1 AND user_id = $2";
    if run(&change.client, end, &[&session, &user]).await? > 0 {
        change.events.push(Event::SessionEnded { user, session });
    }
    Ok(())
}

pub async fn end_passes(change: &Change, user: UserId) -> Changed<()> {
    let end = "DELETE FROM passes WHERE user_id = $1";
    run(&change.client, end, &[&user]).await?;
    Ok(())
}

pub async fn new_pass(
    change: &mut Change,
    by: Actor,
    pass: TokenHash,
    expires: Millis,
) -> Changed<()> {
    require_session(change, by).await?;
    let client = &change.client;
    run(
        client,
        "DELETE FROM passes WHERE user_id = $1 AND token_hash IN
         (SELECT token_hash FROM passes WHERE user_id = $1 AND expires_at > $2
          ORDER BY expires_at DESC OFFSET $3)",
        &[&by.user, &now(), &limit(limits::PASSES - 1)],
    )
    .await?;
    let token: &[u8] = &pass.0;
    run(
        client,
        "INSERT INTO passes (token_hash, user_id, expires_at) VALUES ($1, $2, $3)",
        &[&token, &by.user, &expires],
    )
    .await?;
    Ok(())
}

pub async fn set_passphrase(change: &mut Change, by: Actor, phc: Option<&str>) -> Changed<()> {
    require_session(change, by).await?;
    let set = "UPDATE users SET passphrase_hash = $2 WHERE id = $1";
    run(&change.client, set, &[&by.user, &phc]).await?;
    change.events.push(Event::WaysChanged { user: by.user });
    Ok(())
}

/// Notes that sessions are in use.
pub async fn used(change: &mut Change, sessions: &[SessionId]) -> Changed<()> {
    let users = rows(
        &change.client,
        "UPDATE sessions SET used_at = greatest(used_at, $2) WHERE id = ANY($1) RETURNING user_id",
        &[&sessions, &now()],
    )
    .await?;
    let users: Vec<UserId> = users.iter().map(|row| row.get(0)).collect();
    run(
        &change.client,
        "UPDATE users SET used_at = greatest(used_at, $2) WHERE id = ANY($1)",
        &[&users, &now()],
    )
    .await?;
    Ok(())
}

async fn used_user(change: &Change, user: UserId) -> Changed<()> {
    let used = "UPDATE users SET used_at = greatest(used_at, $2) WHERE id = $1";
    run(&change.client, used, &[&user, &now()]).await?;
    Ok(())
}

/// Ends sessions that have still not been used since.
pub async fn end_unused(change: &mut Change, sessions: &[SessionId], since: Millis) -> Changed<()> {
    let still = "SELECT user_id, id FROM sessions WHERE id = ANY($1) AND used_at < $2 ORDER BY id";
    for row in rows(&change.client, still, &[&sessions, &since]).await? {
        end(change, row.get(0), row.get(1)).await?;
    }
    Ok(())
}

/// Frees names that have still not been used since.
pub async fn free_unused(change: &mut Change, users: &[UserId], since: Millis) -> Changed<()> {
    let still = "SELECT id FROM users
        WHERE id = ANY($1) AND used_at < $2 AND folded IS NOT NULL ORDER BY id";
    for row in rows(&change.client, still, &[&users, &since]).await? {
        free(change, row.get(0)).await?;
    }
    Ok(())
}

pub async fn give_up(change: &mut Change, by: Actor) -> Changed<()> {
    require_session(change, by).await?;
    free(change, by.user).await
}

/// Ends all that somebody has, and frees their name.
pub async fn free(change: &mut Change, user: UserId) -> Changed<()> {
    let in_rooms = "SELECT room_id FROM members WHERE user_id = $1 ORDER BY room_id";
    for room in rows(&change.client, in_rooms, &[&user]).await? {
        leave(change, room.get::<_, RoomId>(0), user).await?;
    }
    for rest in [
        "DELETE FROM sessions WHERE user_id = $1",
        "DELETE FROM passes WHERE user_id = $1",
        "DELETE FROM passkeys WHERE user_id = $1",
        "UPDATE users SET folded = NULL, passphrase_hash = NULL WHERE id = $1",
    ] {
        run(&change.client, rest, &[&user]).await?;
    }
    change.events.push(Event::GaveUp { user });
    Ok(())
}

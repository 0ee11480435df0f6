//! The changes to names and to the ways into them, each inside a transaction that others share: check first, write
//! last.

use rusqlite::{OptionalExtension, params};

use super::{
    basics::exists,
    change::{Change, Changed, Stop},
    permit::require_session,
    writes::leave,
};
use crate::{
    domain::{Millis, RoomId, Username, limits},
    server::store::{
        Actor, Event, NewSession, Session, SessionId, StoreError, TokenHash, User, UserId, Way, now,
    },
};

pub fn claim(change: &mut Change<'_>, name: &Username, new: &NewSession) -> Changed<Session> {
    let folded = name.folded();
    let taken = exists(
        change.connection,
        "SELECT 1 FROM users WHERE folded = ?1",
        params![folded.as_str()],
    )?;
    if taken {
        return Err(Stop::Refused(StoreError::UsernameTaken));
    }
    change
        .connection
        .prepare_cached(
            "INSERT INTO users (name, folded, created_at, used_at) VALUES (?1, ?2, ?3, ?3)",
        )?
        .execute(params![name.as_str(), folded.as_str(), now()])?;
    let user = User {
        id: change.connection.last_insert_rowid(),
        name: name.as_str().to_owned(),
    };
    begin(change, user, new)
}

/// Begins a session of a user's. Of more than a name may have, those that were used least lately end.
fn begin(change: &mut Change<'_>, user: User, new: &NewSession) -> Changed<Session> {
    let spare: Vec<SessionId> = change
        .connection
        .prepare_cached(
            "SELECT id FROM sessions WHERE user_id = ?1 ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?2",
        )?
        .query_map(params![user.id, limits::SESSIONS - 1], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for session in spare {
        end(change, user.id, session)?;
    }
    change
        .connection
        .prepare_cached(
            "INSERT INTO sessions (token_hash, user_id, created_at, used_at, browser)
             VALUES (?1, ?2, ?3, ?3, ?4)",
        )?
        .execute(params![new.token.0, user.id, now(), new.browser])?;
    let id = change.connection.last_insert_rowid();
    change.events.push(Event::WaysChanged { user: user.id });
    Ok(Session { id, user })
}

/// Lets a browser in that holds these sessions already.
pub fn enter(
    change: &mut Change<'_>,
    way: &Way,
    new: &NewSession,
    held: &[SessionId],
) -> Changed<Session> {
    let user = through(change, way)?;
    used_user(change, user.id)?;
    for &id in held {
        let goes_on = change
            .connection
            .prepare_cached(
                "UPDATE sessions SET token_hash = ?3, used_at = ?4, browser = ?5 WHERE id = ?1 AND user_id = ?2",
            )?
            .execute(params![id, user.id, new.token.0, now(), new.browser])?;
        if goes_on > 0 {
            change.events.push(Event::WaysChanged { user: user.id });
            return Ok(Session { id, user });
        }
    }
    begin(change, user, new)
}

/// Whom a way leads to. A pass has been used up by it.
fn through(change: &mut Change<'_>, way: &Way) -> Changed<User> {
    let connection = change.connection;
    let found = match way {
        Way::Pass(token) => connection
            .prepare_cached(
                "DELETE FROM passes WHERE token_hash = ?1 AND expires_at > ?2
                 RETURNING user_id, (SELECT name FROM users WHERE id = user_id)",
            )?
            .query_row(params![token.0, now()], user_of)
            .optional()?
            .ok_or(StoreError::WrongPass),
        Way::Passphrase { user, phc } => connection
            .prepare_cached("SELECT id, name FROM users WHERE id = ?1 AND passphrase_hash = ?2")?
            .query_row(params![user, phc], user_of)
            .optional()?
            .ok_or(StoreError::WrongPassphrase),
        Way::Passkey { id, passkey } => connection
            .prepare_cached(
                "UPDATE passkeys SET passkey = ?2, used_at = ?3 WHERE id = ?1
                 RETURNING user_id, (SELECT name FROM users WHERE id = user_id)",
            )?
            .query_row(params![id, passkey, now()], user_of)
            .optional()?
            .ok_or(StoreError::WrongPass),
    };
    found.map_err(Stop::Refused)
}

fn user_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        name: row.get(1)?,
    })
}

pub fn log_out(change: &mut Change<'_>, by: Actor) -> Changed<()> {
    require_session(change, by)?;
    let another_way = exists(
        change.connection,
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND id <> ?2)
             OR EXISTS (SELECT 1 FROM passkeys WHERE user_id = ?1)
             OR EXISTS (SELECT 1 FROM users WHERE id = ?1 AND passphrase_hash IS NOT NULL)",
        params![by.user, by.session],
    )?;
    if !another_way {
        return Err(Stop::Refused(StoreError::LastWayIn));
    }
    end(change, by.user, by.session)
}

/// Ends one of the asker's sessions, and whatever it may have opened for another.
pub fn end_session(change: &mut Change<'_>, by: Actor, session: SessionId) -> Changed<()> {
    if session == by.session {
        return log_out(change, by);
    }
    require_session(change, by)?;
    end(change, by.user, session)?;
    end_passes(change, by.user)
}

pub fn end_other_sessions(change: &mut Change<'_>, by: Actor) -> Changed<()> {
    require_session(change, by)?;
    let others: Vec<SessionId> = change
        .connection
        .prepare_cached("SELECT id FROM sessions WHERE user_id = ?1 AND id <> ?2")?
        .query_map([by.user, by.session], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for session in others {
        end(change, by.user, session)?;
    }
    end_passes(change, by.user)
}

/// Ends a session of a user's; one that is none of theirs is let be.
pub fn end(change: &mut Change<'_>, user: UserId, session: SessionId) -> Changed<()> {
    let ended = change
        .connection
        .prepare_cached("DELETE FROM sessions WHERE id = ?1 AND user_id = ?2")?
        .execute([session, user])?;
    if ended > 0 {
        change.recall.forget_sessions();
        change.events.push(Event::SessionEnded { user, session });
    }
    Ok(())
}

pub fn end_passes(change: &mut Change<'_>, user: UserId) -> Changed<()> {
    change
        .connection
        .execute("DELETE FROM passes WHERE user_id = ?1", [user])?;
    Ok(())
}

pub fn new_pass(
    change: &mut Change<'_>,
    by: Actor,
    pass: TokenHash,
    expires: Millis,
) -> Changed<()> {
    require_session(change, by)?;
    let connection = change.connection;
    connection.execute("DELETE FROM passes WHERE expires_at <= ?1", [now()])?;
    connection.execute(
        "DELETE FROM passes WHERE token_hash IN
         (SELECT token_hash FROM passes WHERE user_id = ?1 ORDER BY expires_at DESC LIMIT -1 OFFSET ?2)",
        params![by.user, limits::PASSES - 1],
    )?;
    connection.execute(
        "INSERT INTO passes (token_hash, user_id, expires_at) VALUES (?1, ?2, ?3)",
        params![pass.0, by.user, expires],
    )?;
    Ok(())
}

pub fn set_passphrase(change: &mut Change<'_>, by: Actor, phc: Option<&str>) -> Changed<()> {
    require_session(change, by)?;
    change.connection.execute(
        "UPDATE users SET passphrase_hash = ?2 WHERE id = ?1",
        params![by.user, phc],
    )?;
    change.events.push(Event::WaysChanged { user: by.user });
    Ok(())
}

/// Notes that a session is in use.
pub fn used(change: &mut Change<'_>, session: SessionId) -> Changed<()> {
    let user: Option<UserId> = change
        .connection
        .prepare_cached(
            "UPDATE sessions SET used_at = max(used_at, ?2) WHERE id = ?1 RETURNING user_id",
        )?
        .query_row(params![session, now()], |row| row.get(0))
        .optional()?;
    user.map_or(Ok(()), |user| used_user(change, user))
}

fn used_user(change: &mut Change<'_>, user: UserId) -> Changed<()> {
    change
        .connection
        .prepare_cached("UPDATE users SET used_at = max(used_at, ?2) WHERE id = ?1")?
        .execute(params![user, now()])?;
    Ok(())
}

/// Ends sessions that have still not been used since.
pub fn end_unused(change: &mut Change<'_>, sessions: &[SessionId], since: Millis) -> Changed<()> {
    for session in sessions {
        let user: Option<UserId> = change
            .connection
            .prepare_cached("SELECT user_id FROM sessions WHERE id = ?1 AND used_at < ?2")?
            .query_row(params![session, since], |row| row.get(0))
            .optional()?;
        if let Some(user) = user {
            end(change, user, *session)?;
        }
    }
    Ok(())
}

/// Frees names that have still not been used since.
pub fn free_unused(change: &mut Change<'_>, users: &[UserId], since: Millis) -> Changed<()> {
    for &user in users {
        let still = exists(
            change.connection,
            "SELECT 1 FROM users WHERE id = ?1 AND used_at < ?2 AND folded IS NOT NULL",
            params![user, since],
        )?;
        if still {
            free(change, user)?;
        }
    }
    Ok(())
}

pub fn give_up(change: &mut Change<'_>, by: Actor) -> Changed<()> {
    require_session(change, by)?;
    free(change, by.user)
}

/// Ends all that somebody has, and frees their name.
pub fn free(change: &mut Change<'_>, user: UserId) -> Changed<()> {
    let rooms: Vec<RoomId> = change
        .connection
        .prepare_cached("SELECT room_id FROM members WHERE user_id = ?1")?
        .query_map([user], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for &room in &rooms {
        leave(change, room, user)?;
    }
    for rest in [
        "DELETE FROM sessions WHERE user_id = ?1",
        "DELETE FROM passes WHERE user_id = ?1",
        "DELETE FROM passkeys WHERE user_id = ?1",
        "UPDATE users SET folded = NULL, passphrase_hash = NULL WHERE id = ?1",
    ] {
        change.connection.execute(rest, [user])?;
    }
    change.recall.forget_sessions();
    change.events.push(Event::GaveUp { user });
    Ok(())
}

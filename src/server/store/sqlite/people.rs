//! The changes to names and to the ways into them, each inside a transaction that others share: check first, write
//! last.

use rusqlite::params;

use super::{
    change::{Change, Changed, Stop},
    writes::{exists, leave},
};
use crate::{
    domain::{RoomId, Username},
    server::store::{Actor, Event, NewSession, Session, StoreError, User, UserId, now},
};

pub fn claim(change: &mut Change<'_>, name: &Username, new: &NewSession) -> Changed<Session> {
    let folded = name.folded();
    let taken = exists(
        change,
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

/// Begins a session of a user's.
pub fn begin(change: &mut Change<'_>, user: User, new: &NewSession) -> Changed<Session> {
    change
        .connection
        .prepare_cached(
            "INSERT INTO sessions (token_hash, user_id, created_at, used_at, browser)
             VALUES (?1, ?2, ?3, ?3, ?4)",
        )?
        .execute(params![new.token.0, user.id, now(), new.browser])?;
    let id = change.connection.last_insert_rowid();
    change.events.push(Event::SessionBegan { user: user.id });
    Ok(Session { id, user })
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

/// The request proved who asks before it came here; their session may have ended since.
pub fn require_session(change: &mut Change<'_>, by: Actor) -> Changed<()> {
    if change.recall.has_session(change.connection, by)? {
        Ok(())
    } else {
        Err(Stop::Refused(StoreError::NotMe))
    }
}

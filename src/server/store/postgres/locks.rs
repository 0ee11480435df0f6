//! What a room's owner and moderators change in it: its name, its key and its rules, who is in it and as what. Each
//! inside a transaction that others share: check first, write last.

use uuid::Uuid;

use super::{
    basics::{exists, limit, role, role_of, row, rows, run, user},
    change::Change,
    notes::{changed, noted, remove},
    permit::require_session,
    reads::role_in,
    writes::take_name,
};
use crate::{
    domain::{Deed, Folded, Posting, Role, RoomId, RoomName, Topic, limits},
    protocol::What,
    server::store::{
        Actor, Setting, StoreError, User,
        asked::Asked,
        now,
        stop::{Changed, Stop, allow},
    },
};

pub async fn set(
    change: &mut Change,
    room: RoomId,
    by: Actor,
    id: Uuid,
    setting: Setting,
) -> Changed<()> {
    require_session(change, by).await?;
    let asked = Asked {
        room,
        user: by.user,
        id,
    };
    let role = role_in(&change.client, room, by.user)
        .await?
        .ok_or(NO_SUCH_ROOM)?;
    // Before anything else: it may have taken from its author what it asks for.
    if noted(change, asked).await?.is_some() {
        return Ok(());
    }
    allow(role, setting.deed())?;
    match setting {
        Setting::Name(name) => rename(change, asked, &name).await,
        Setting::Topic(topic) => set_topic(change, asked, &topic).await,
        Setting::Key { hash, everyone_out } => change_key(change, asked, &hash, everyone_out).await,
        Setting::Role { who, role } => set_role(change, asked, &who, role).await,
        Setting::Out { who } => show_out(change, asked, role, &who).await,
        Setting::Posting(posting) => set_posting(change, asked, posting).await,
        Setting::Keep(days) => set_keep(change, asked, days).await,
    }
}

async fn rename(change: &mut Change, asked: Asked, name: &RoomName) -> Changed<()> {
    let room = asked.room;
    let folded = name.folded();
    let taken = exists(
        &change.client,
        "SELECT 1 FROM rooms WHERE folded = $1 AND id <> $2",
        &[&folded.as_str(), &room],
    )
    .await?;
    if taken {
        return Err(Stop::Refused(StoreError::RoomTaken));
    }
    let was = "SELECT name, folded FROM rooms WHERE id = $1";
    let was = row(&change.client, was, &[&room])
        .await?
        .ok_or(NO_SUCH_ROOM)?;
    let (was, was_folded): (String, String) = (was.get(0), was.get(1));
    if was == name.as_str() {
        return Ok(());
    }
    run(
        &change.client,
        "UPDATE rooms SET name = $2, folded = $3 WHERE id = $1",
        &[&room, &name.as_str(), &folded.as_str()],
    )
    .await?;
    take_name(change, &folded).await?;
    if was_folded != folded.as_str() {
        run(
            &change.client,
            "INSERT INTO former_names (folded, room_id, until) VALUES ($1, $2, $3)
             ON CONFLICT (folded) DO UPDATE SET room_id = excluded.room_id, until = excluded.until",
            &[&was_folded, &room, &now()],
        )
        .await?;
        run(
            &change.client,
            "DELETE FROM former_names WHERE room_id = $1 AND folded NOT IN
                 (SELECT folded FROM former_names WHERE room_id = $1 ORDER BY until DESC LIMIT $2)",
            &[&room, &limit(limits::FORMER_NAMES)],
        )
        .await?;
    }
    let to = name.as_str().to_owned();
    changed(change, asked, What::Name, Some(to), None).await?;
    Ok(())
}

async fn set_topic(change: &mut Change, asked: Asked, topic: &Topic) -> Changed<()> {
    let news = run(
        &change.client,
        "UPDATE rooms SET topic = $2 WHERE id = $1 AND topic <> $2",
        &[&asked.room, &topic.as_str()],
    )
    .await?;
    told(change, asked, news, What::Topic, topic.as_str().to_owned()).await
}

async fn set_posting(change: &mut Change, asked: Asked, posting: Posting) -> Changed<()> {
    let news = run(
        &change.client,
        "UPDATE rooms SET posting = $2 WHERE id = $1 AND posting <> $2",
        &[&asked.room, &(posting as i16)],
    )
    .await?;
    let to = posting.as_str().to_owned();
    told(change, asked, news, What::Posting, to).await
}

async fn set_keep(change: &mut Change, asked: Asked, days: Option<u32>) -> Changed<()> {
    let stored = days.map(|days| i32::try_from(days).unwrap_or(i32::MAX));
    let news = run(
        &change.client,
        "UPDATE rooms SET keep_days = $2 WHERE id = $1 AND keep_days IS DISTINCT FROM $2",
        &[&asked.room, &stored],
    )
    .await?;
    change.purged |= news > 0;
    let to = days.map(|days| days.to_string()).unwrap_or_default();
    told(change, asked, news, What::Keep, to).await
}

/// Tells what a rule is now, where that is news.
async fn told(change: &mut Change, asked: Asked, news: u64, what: What, to: String) -> Changed<()> {
    if news == 0 {
        return Ok(());
    }
    changed(change, asked, what, Some(to), None).await
}

/// Gives the room another key. `everyone_out` shows all others out first, so that they learn of nothing after it, and
/// ends the invites, by which they could come back.
async fn change_key(
    change: &mut Change,
    asked: Asked,
    hash: &str,
    everyone_out: bool,
) -> Changed<()> {
    let room = asked.room;
    if everyone_out {
        let others = rows(
            &change.client,
            "SELECT users.id, users.name FROM members JOIN users ON users.id = members.user_id
             WHERE members.room_id = $1 AND members.user_id <> $2 ORDER BY users.id",
            &[&room, &asked.user],
        )
        .await?;
        for other in others {
            remove(change, Asked::newly(room, asked.user), &user(&other, 0)).await?;
        }
        let invites = "DELETE FROM invites WHERE room_id = $1";
        run(&change.client, invites, &[&room]).await?;
    }
    let key = "UPDATE rooms SET key_hash = $2 WHERE id = $1";
    run(&change.client, key, &[&room, &hash]).await?;
    changed(change, asked, What::Key, None, None).await
}

async fn set_role(change: &mut Change, asked: Asked, who: &Folded, role: Role) -> Changed<()> {
    let Asked { room, user, .. } = asked;
    let (whom, was) = member_named(change, room, who).await?;
    if was == role {
        return Ok(());
    }
    if whom.id == user {
        // The room would be nobody's: it is handed over, to somebody.
        return Err(Stop::Refused(StoreError::NotAllowed));
    }
    let become_role = "UPDATE members SET role = $3 WHERE room_id = $1 AND user_id = $2";
    if role == Role::Owner {
        let hand_over = "UPDATE rooms SET owner_id = $2 WHERE id = $1";
        run(&change.client, hand_over, &[&room, &whom.id]).await?;
        let moderator = Role::Moderator as i16;
        run(&change.client, become_role, &[&room, &user, &moderator]).await?;
    } else {
        let role = role as i16;
        run(&change.client, become_role, &[&room, &whom.id, &role]).await?;
    }
    let to = role.as_str().to_owned();
    changed(change, asked, What::Role, Some(to), Some(&whom)).await?;
    Ok(())
}

/// Shows a member out. Invites that they made end with that: they could come back by them.
async fn show_out(change: &mut Change, asked: Asked, role: Role, who: &Folded) -> Changed<()> {
    let room = asked.room;
    let (whom, theirs) = member_named(change, room, who).await?;
    allow(role, Deed::Remove { whom: theirs })?;
    let invites = "DELETE FROM invites WHERE room_id = $1 AND author_id = $2";
    run(&change.client, invites, &[&room, &whom.id]).await?;
    remove(change, asked, &whom).await
}

/// A member by any form of their name.
async fn member_named(change: &Change, room: RoomId, who: &Folded) -> Changed<(User, Role)> {
    let found = row(
        &change.client,
        concat!(
            "SELECT users.id, users.name, ",
            role!(),
            " FROM members
             JOIN users ON users.id = members.user_id
             JOIN rooms ON rooms.id = members.room_id
             WHERE members.room_id = $1 AND users.folded = $2"
        ),
        &[&room, &who.as_str()],
    )
    .await?;
    let found = found.ok_or(Stop::Refused(StoreError::NoSuchMember))?;
    Ok((user(&found, 0), role_of(&found, 2)))
}

const NO_SUCH_ROOM: Stop = Stop::Refused(StoreError::NoSuchRoom);

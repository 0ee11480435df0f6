//! Brings a database up to what this program expects, one step at a time, whoever else is about to.

use deadpool_postgres::Client;

use super::open::OpenError;

/// Step N takes a database from version N-1 to N. A step that has been released is never changed.
pub const STEPS: &[&str] = &[
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_aside.sql"),
];

/// The advisory lock that whoever changes the schema holds: the letters of Latchkey as a number.
const LOCK: i64 = i64::from_be_bytes(*b"latchkey");

/// # Errors
/// [`OpenError::TooNew`] for a database that has seen steps this program does not know.
pub async fn to_newest(client: &mut Client) -> Result<(), OpenError> {
    let change = client.transaction().await?;
    // However long others take to do the same.
    change.batch_execute("SET LOCAL lock_timeout = 0").await?;
    change
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    change
        .batch_execute("CREATE TABLE IF NOT EXISTS latchkey (version integer NOT NULL)")
        .await?;
    let found = change
        .query_opt("SELECT version FROM latchkey", &[])
        .await?;
    let version: i32 = found.as_ref().map_or(0, |row| row.get(0));
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    if version > known {
        return Err(OpenError::TooNew {
            found: version,
            known,
        });
    }
    if version == known {
        return Ok(());
    }
    for step in &STEPS[usize::try_from(version).unwrap_or_default()..] {
        change.batch_execute(step).await?;
    }
    let note = match found {
        Some(_) => "UPDATE latchkey SET version = $1",
        None => "INSERT INTO latchkey (version) VALUES ($1)",
    };
    change.execute(note, &[&known]).await?;
    change.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{super::server::Postgres as Server, *};
    use crate::{
        domain::RoomName,
        server::store::{Oversight, Postgres, Silent, Store, Stretch, TokenHash},
    };

    /// What stands in databases of all versions. Whoever is number 3 has given up their name, room 9 was deleted a moment
    /// ago.
    const ROWS: &str = "
        INSERT INTO users (id, name, folded, created_at, used_at) OVERRIDING SYSTEM VALUE
            VALUES (1, 'Alice', 'alice', 1000, 1000), (2, 'bob', 'bob', 2000, 2000), (3, 'runa', NULL, 3000, 3000);
        SELECT setval(pg_get_serial_sequence('users', 'id'), 3);
        INSERT INTO sessions (token_hash, user_id, created_at, used_at, browser)
            VALUES (decode(repeat('01', 32), 'hex'), 1, 1000, 1000, 'Firefox on Linux'),
                   (decode(repeat('02', 32), 'hex'), 2, 2000, 2000, '');
        INSERT INTO rooms (id, name, folded, owner_id, key_hash, created_at, head, said, head_at, topic)
            OVERRIDING SYSTEM VALUE VALUES (1, 'General', 'general', 1, '', 4000, 4, 3, 9000, 'All sorts');
        SELECT setval(pg_get_serial_sequence('rooms', 'id'), 9);
        INSERT INTO members (room_id, user_id, joined_at, seen, role) VALUES (1, 1, 4000, 4, 0), (1, 2, 4500, 2, 1);
        INSERT INTO entries (room_id, seq, author_id, id, at, kind, about, silent, edited_at, body, terms)
            VALUES (1, 1, 3, '01900000-0000-7000-8000-000000000001', 6000, 0, NULL, 0, NULL, 'from somebody who left', NULL),
                   (1, 2, 2, '01900000-0000-7000-8000-000000000002', 7000, 0, NULL, 0, 8000, 'a walrus, mended', NULL),
                   (1, 3, 2, '01900000-0000-7000-8000-000000000003', 8000, 1, 2, 1, NULL, '', NULL),
                   (1, 4, 1, '01900000-0000-7000-8000-000000000004', 9000, 0, 2, 1, NULL, 'an answer, @bob', NULL),
                   (9, 1, 1, '01900000-0000-7000-8000-000000000005', 9000, 0, NULL, 0, NULL, 'of a room that is gone', NULL);
        INSERT INTO reactions (room_id, seq, emoji, user_id, entry, since) VALUES (1, 4, '👍', 2, 4, 4);
        INSERT INTO mentions (user_id, room_id, seq) VALUES (2, 1, 4);
        INSERT INTO purges (room_id) VALUES (9);";

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_database_of_any_version_is_brought_up_to_date_with_all_that_is_in_it() {
        let server = tokio::task::spawn_blocking(Server::shared);
        let server = server.await.expect("PostgreSQL");
        for version in 1..=STEPS.len() {
            let database = server.database();
            STEPS[..version]
                .iter()
                .for_each(|step| _ = database.ask(step));
            database.ask(&format!(
                "CREATE TABLE latchkey (version integer NOT NULL); INSERT INTO latchkey VALUES ({version}); {ROWS}"
            ));
            let address = database.url().parse().expect("an address");
            let opened = Postgres::open(&address, Arc::new(Silent)).await;
            let store = opened.unwrap_or_else(|error| panic!("version {version}: {error}"));
            let now = database.ask("SELECT version FROM latchkey");
            assert_eq!(now, STEPS.len().to_string(), "from version {version}");
            let session = store.session(TokenHash([2; 32])).await.expect("an answer");
            let bob = session.expect("he is signed in");
            assert_eq!((bob.user.id, bob.user.name.as_str()), (2, "bob"));
            let room = store.room(1, 2).await.expect("his room");
            assert_eq!(
                (room.head, room.said, room.seen, room.read, room.mentions),
                (4, 3, 2, 2, 1),
                "version {version}"
            );
            assert_eq!(
                (room.topic.as_str(), room.owner.as_str()),
                ("All sorts", "Alice")
            );
            let history = store.history(1, 1, Stretch::Newest, 50).await;
            let history = history.expect("its history").messages;
            let said: Vec<_> = history
                .iter()
                .map(|it| (it.seq, it.by.as_str(), it.body.as_str()))
                .collect();
            assert_eq!(
                said,
                [
                    (1, "runa", "from somebody who left"),
                    (2, "bob", "a walrus, mended"),
                    (4, "Alice", "an answer, @bob")
                ]
            );
            assert_eq!(history[2].reactions.len(), 1);
            let totals = store.totals().await.expect("totals");
            assert_eq!((totals.names, totals.sessions, totals.rooms), (2, 2, 1));
            // It goes on: numbers, too.
            let name = RoomName::parse("other").expect("a name");
            let made = store.create_room(bob.actor(), &name, String::new()).await;
            assert!(made.expect("a room") > 9, "no number is given out twice");
            store.close();
        }
    }
}

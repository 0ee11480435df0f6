//! Brings a database file up to what this program expects, one step at a time.

use rusqlite::Connection;

use super::open::OpenError;

/// Step N takes a database from version N-1 to N. A step that has been released is never changed.
pub const STEPS: &[&str] = &[
    include_str!("../migrations/0001_start.sql"),
    include_str!("../migrations/0002_messages_by_id.sql"),
    include_str!("../migrations/0003_heads_are_newest.sql"),
    include_str!("../migrations/0004_entries.sql"),
    include_str!("../migrations/0005_search.sql"),
    include_str!("../migrations/0006_merging.sql"),
    include_str!("../migrations/0007_people.sql"),
    include_str!("../migrations/0008_epoch.sql"),
];

/// How many steps a database has seen.
pub fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// # Errors
/// [`OpenError::TooNew`] for a database that has seen steps this program does not know.
pub fn to_newest(connection: &mut Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    if found > STEPS.len() {
        return Err(OpenError::TooNew {
            found,
            known: STEPS.len(),
        });
    }
    for (step, sql) in STEPS.iter().enumerate().skip(found) {
        let change = connection.transaction()?;
        change.execute_batch(sql)?;
        change.pragma_update(None, "user_version", step + 1)?;
        change.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{entries, index, reads, search},
        *,
    };
    use crate::server::store::{
        Stretch, TokenHash,
        search::{Query, Search},
    };

    #[test]
    fn a_database_of_an_earlier_version_keeps_its_rooms_and_their_heads() {
        let mut connection = Connection::open_in_memory().expect("a database");
        for sql in &STEPS[..2] {
            connection.execute_batch(sql).expect("an earlier step");
        }
        connection
            .execute_batch(
                "PRAGMA user_version = 2;
                 INSERT INTO users VALUES (1, 'alice', 'alice', 0);
                 INSERT INTO rooms VALUES (1, 'general', 'general', 1, '', 2, 0), (2, 'empty', 'empty', 1, '', 0, 0);
                 INSERT INTO members VALUES (1, 1, 0, 1), (2, 1, 0, 0);
                 INSERT INTO messages VALUES (1, 1, 1, zeroblob(16), 0, 'one'), (1, 2, 1, x'00000000000000000000000000000001', 0, 'two');",
            )
            .expect("what somebody had said");
        to_newest(&mut connection).expect("the newest version");
        let head = |room| {
            reads::room(&connection, room, 1)
                .ok()
                .map(|room| (room.head, room.seen))
        };
        assert_eq!((head(1), head(2)), (Some((2, 1)), Some((0, 0))));
        to_newest(&mut connection).expect("the newest version again");
    }

    #[test]
    fn messages_of_before_there_were_logs_are_their_rooms_entries() {
        let mut connection = Connection::open_in_memory().expect("a database");
        for sql in &STEPS[..3] {
            connection.execute_batch(sql).expect("an earlier step");
        }
        connection
            .execute_batch(
                "PRAGMA user_version = 3;
                 INSERT INTO users VALUES (1, 'alice', 'alice', 0);
                 INSERT INTO rooms VALUES (1, 'general', 'general', 1, '', 0);
                 INSERT INTO members VALUES (1, 1, 0, 400);",
            )
            .expect("a room");
        for seq in 1..=1_000_u32 {
            let id = u128::from(seq).to_be_bytes();
            connection
                .execute(
                    "INSERT INTO messages VALUES (1, ?1, 1, ?2, ?1, 'number ' || ?1)",
                    rusqlite::params![seq, id],
                )
                .expect("a message");
        }
        to_newest(&mut connection).expect("the newest version");
        index::catch_up(&mut connection).expect("an index");
        let room = reads::room(&connection, 1, 1).expect("the room");
        assert_eq!(
            (room.head, room.said, room.seen, room.read),
            (1_000, 1_000, 400, 400)
        );
        let history = entries::history(&connection, 1, 1, Stretch::After(0), 2_000);
        let messages = history.expect("its history").messages;
        assert_eq!(messages.len(), 1_000);
        assert_eq!(messages[6].body, "number 7");
        let search = Search {
            query: Query::parse("number 777").expect("words"),
            room: None,
            by: None,
            before: None,
            limit: 20,
        };
        let found = search::search(&connection, 1, &search).expect("an answer");
        let seqs: Vec<_> = found.hits.iter().map(|hit| hit.message.seq).collect();
        assert_eq!(seqs, [777]);
    }

    #[test]
    fn whoever_was_signed_in_before_there_were_several_sessions_still_is() {
        let mut connection = Connection::open_in_memory().expect("a database");
        for sql in &STEPS[..6] {
            connection.execute_batch(sql).expect("an earlier step");
        }
        connection
            .execute_batch(
                "PRAGMA user_version = 6;
                 INSERT INTO users (id, name, folded, created_at) VALUES (1, 'Alice', 'alice', 5), (2, 'bob', 'bob', 6);
                 INSERT INTO sessions (token_hash, user_id, created_at)
                     VALUES (zeroblob(32), 1, 5), (unhex('01' || hex(zeroblob(31))), 2, 6);",
            )
            .expect("what there was");
        to_newest(&mut connection).expect("the newest version");
        let held = |first: u8| {
            let mut token = [0; 32];
            token[0] = first;
            let stored = reads::stored(&connection, TokenHash(token)).expect("an answer");
            stored.map(|stored| (stored.session.user.name, stored.used_at > 5))
        };
        // Their time begins anew: nobody is forgotten for what was not counted.
        assert_eq!(held(0), Some(("Alice".to_owned(), true)));
        assert_eq!(held(1), Some(("bob".to_owned(), true)));
        assert_eq!(held(2), None);
    }
}

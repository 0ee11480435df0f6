//! The statements that every batch of posts needs: prepared once a connection, so that they can be sent one after the
//! other without waiting for the first one's answer.
//!
//! They are planned once, maybe while the tables are empty, when to go through a whole table is the cheapest way. So
//! what is looked up for each of some given values stands behind a `LATERAL … LIMIT`, which leaves only that way, and a
//! row that is changed is named by its place, which stays under the room's lock.

use deadpool_postgres::{Client, GenericClient};
use tokio_postgres::{Error, Statement};

use super::basics::{role, said_at};

pub struct Hot {
    pub lock_users: Statement,
    pub lock_rooms: Statement,
    pub sessions: Statement,
    pub authors: Statement,
    pub ids: Statement,
    pub quoted: Statement,
    pub named: Statement,
    pub insert: Statement,
    pub heads: Statement,
    pub own_words: Statement,
    pub mention: Statement,
    pub seen: Statement,
    pub mark: Statement,
}

/// In one order, so that two processes never wait for each other.
const LOCK_USERS: &str = "SELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
const LOCK_ROOMS: &str = "SELECT id, head, said, head_at FROM rooms
    WHERE id = ANY($1::bigint[] || ARRAY(SELECT room_id FROM members WHERE user_id = ANY($2)))
    ORDER BY id FOR NO KEY UPDATE";

const SESSIONS: &str = "SELECT id, user_id FROM sessions WHERE id = ANY($1)";
const AUTHORS: &str = concat!(
    "SELECT found.*
     FROM unnest($1::bigint[], $2::bigint[]) AS asked (room_id, user_id)
     CROSS JOIN LATERAL (
         SELECT members.room_id, members.user_id, users.name, ",
    role!(),
    " AS role, rooms.posting
         FROM members JOIN users ON users.id = members.user_id JOIN rooms ON rooms.id = members.room_id
         WHERE members.room_id = asked.room_id AND members.user_id = asked.user_id
         LIMIT 1) AS found"
);
const IDS: &str = "SELECT asked.room_id, asked.author_id, asked.id, found.seq, found.at
    FROM unnest($1::bigint[], $2::bigint[], $3::uuid[]) AS asked (room_id, author_id, id)
    CROSS JOIN LATERAL (
        SELECT seq, at FROM entries
        WHERE entries.id = asked.id AND entries.author_id = asked.author_id
            AND entries.room_id = asked.room_id
        LIMIT 1) AS found";
const QUOTED: &str = "SELECT asked.room_id, asked.seq, found.name, found.body
    FROM unnest($1::bigint[], $2::bigint[]) AS asked (room_id, seq)
    CROSS JOIN LATERAL (
        SELECT users.name, entries.body FROM entries
        JOIN rooms ON rooms.id = entries.room_id AND entries.seq > rooms.erased_to
        JOIN users ON users.id = entries.author_id
        WHERE entries.room_id = asked.room_id AND entries.seq = asked.seq AND entries.kind = 0
        LIMIT 1) AS found";
const NAMED: &str = "SELECT asked.room_id, asked.folded, found.id
    FROM unnest($1::bigint[], $2::text[]) AS asked (room_id, folded)
    CROSS JOIN LATERAL (
        SELECT users.id FROM users
        JOIN members ON members.room_id = asked.room_id AND members.user_id = users.id
        WHERE users.folded = asked.folded
        LIMIT 1) AS found";

const INSERT: &str = "INSERT INTO entries
        (room_id, seq, author_id, id, at, kind, about, silent, subject, body, terms)
    SELECT room_id, seq, author_id, id, at, kind, about, silent, subject, body, terms::tsvector
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::bigint[], $6::smallint[],
                $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[])
        AS new (room_id, seq, author_id, id, at, kind, about, silent, subject, body, terms)";
const HEADS: &str = "UPDATE rooms SET head = new.head, said = new.said, head_at = new.at
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS new (id, head, said, at)
    WHERE rooms.id = ANY($1) AND rooms.id = new.id";
/// Nobody has their own words still to read: who had read what was said before them has read them too.
const OWN_WORDS: &str = concat!(
    "UPDATE members SET seen = run.last
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
         AS run (room_id, author_id, first, before, last)
     CROSS JOIN LATERAL (
         SELECT ctid FROM members WHERE room_id = run.room_id AND user_id = run.author_id
         LIMIT 1) AS found
     WHERE members.ctid = found.ctid
         AND members.seen < run.last AND (members.seen >= run.first - 1 OR ",
    said_at!("members.room_id", "members.seen"),
    " >= run.before)
     RETURNING members.room_id, members.user_id"
);
const MENTION: &str = "INSERT INTO mentions (user_id, room_id, seq)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])";
/// Up to the next message of another: one's own are not news, nor is what else happens. A position past the head would
/// hide messages that are yet to come.
const SEEN: &str = concat!(
    "UPDATE members SET seen = coalesce(
         (SELECT news.seq - 1 FROM entries AS news
          WHERE news.room_id = noted.room_id AND news.seq > noted.seq
              AND news.author_id <> noted.user_id AND news.kind = 0
          ORDER BY news.seq LIMIT 1),
         rooms.head)
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS noted (room_id, user_id, seq)
     CROSS JOIN LATERAL (
         SELECT ctid FROM members WHERE room_id = noted.room_id AND user_id = noted.user_id
         LIMIT 1) AS found
     CROSS JOIN LATERAL (SELECT head FROM rooms WHERE id = noted.room_id LIMIT 1) AS rooms
     WHERE members.ctid = found.ctid
         AND members.seen < noted.seq
     RETURNING members.room_id, members.user_id, members.seen, ",
    said_at!("members.room_id", "members.seen")
);

/// Says which transaction of whose was the last that was committed.
const MARK: &str = "INSERT INTO lanes (id, batch, at) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, at = excluded.at";

impl Hot {
    pub async fn prepare(client: &Client) -> Result<Self, Error> {
        let prepare = |sql| client.prepare_cached(sql);
        Ok(Self {
            lock_users: prepare(LOCK_USERS).await?,
            lock_rooms: prepare(LOCK_ROOMS).await?,
            sessions: prepare(SESSIONS).await?,
            authors: prepare(AUTHORS).await?,
            ids: prepare(IDS).await?,
            quoted: prepare(QUOTED).await?,
            named: prepare(NAMED).await?,
            insert: prepare(INSERT).await?,
            heads: prepare(HEADS).await?,
            own_words: prepare(OWN_WORDS).await?,
            mention: prepare(MENTION).await?,
            seen: prepare(SEEN).await?,
            mark: prepare(MARK).await?,
        })
    }
}

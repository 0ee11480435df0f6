//! Entries on their way into the log, as columns: however many there are, they are one statement.

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::basics::bound;
use crate::{
    domain::{Millis, RoomId, Seq},
    server::store::{UserId, kind::Kind, search::each_term},
};

/// An entry that is to be stored.
pub struct NewRow<'a> {
    pub room: RoomId,
    pub seq: Seq,
    pub author: UserId,
    pub id: Uuid,
    pub at: Millis,
    pub kind: Kind,
    /// The message that it is about, or that it answers.
    pub about: Option<Seq>,
    /// Messages up to it.
    pub said: u64,
    pub subject: Option<UserId>,
    pub body: &'a str,
}

#[derive(Default)]
pub struct Rows {
    rooms: Vec<RoomId>,
    seqs: Vec<i64>,
    authors: Vec<UserId>,
    ids: Vec<Uuid>,
    ats: Vec<Millis>,
    kinds: Vec<i16>,
    abouts: Vec<Option<i64>>,
    silents: Vec<i64>,
    subjects: Vec<Option<UserId>>,
    bodies: Vec<String>,
    terms: Vec<Option<String>>,
}

impl Rows {
    pub fn push(&mut self, row: NewRow<'_>) {
        self.rooms.push(row.room);
        self.seqs.push(bound(row.seq));
        self.authors.push(row.author);
        self.ids.push(row.id);
        self.ats.push(row.at);
        self.kinds.push(row.kind as i16);
        self.abouts.push(row.about.map(bound));
        self.silents.push(bound(row.seq - row.said));
        self.subjects.push(row.subject);
        let said = row.kind == Kind::Said;
        self.terms.push(said.then(|| terms_of(row.room, row.body)));
        self.bodies.push(row.body.to_owned());
    }

    /// As the statement that inserts them wants them.
    pub fn columns(&self) -> [&(dyn ToSql + Sync); 11] {
        [
            &self.rooms,
            &self.seqs,
            &self.authors,
            &self.ids,
            &self.ats,
            &self.kinds,
            &self.abouts,
            &self.silents,
            &self.subjects,
            &self.bodies,
            &self.terms,
        ]
    }
}

/// What a room's terms begin with. No term has this sign in it.
pub fn room_mark(room: RoomId) -> String {
    format!("{room}·")
}

/// What a message is found by, as PostgreSQL reads a `tsvector`: no term holds a quotation mark. It has no positions:
/// whether words follow one another is looked for in the few messages that have them all.
pub fn terms_of(room: RoomId, body: &str) -> String {
    let mark = room_mark(room);
    let mut terms = String::with_capacity(3 * body.len());
    each_term(body, |term| {
        terms.push('\'');
        terms.push_str(&mark);
        terms.push_str(term);
        terms.push_str("' ");
    });
    terms
}

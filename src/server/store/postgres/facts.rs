//! What has to be known of those who append something, asked for all of them at once.

use std::collections::{HashMap, HashSet};

use deadpool_postgres::Client;
use futures::future::OptionFuture;
use tokio_postgres::Error;
use uuid::Uuid;

use super::{
    basics::{bound, number, posting_of, role_of},
    hot::Hot,
};
use crate::{
    domain::{Millis, Posting, Role, RoomId, Seq, Username, mentions},
    server::store::{Act, Actor, NewEntry, SessionId, UserId},
};

/// Holds as long as nothing but entries has been put into the transaction, each of which says here what it changes.
#[derive(Default)]
pub struct Facts {
    sessions: HashSet<(SessionId, UserId)>,
    authors: HashMap<(RoomId, UserId), Author>,
    ids: HashMap<(RoomId, UserId, Uuid), (Seq, Millis)>,
    /// Messages that are answered: their authors' names, and what they say. `None` where there is none so far.
    quoted: HashMap<(RoomId, Seq), Option<(String, String)>>,
    /// Members by the folded forms of their names.
    named: HashMap<(RoomId, String), UserId>,
}

#[derive(Clone)]
pub struct Author {
    pub name: String,
    pub role: Role,
    pub posting: Posting,
}

/// The questions, as columns.
#[derive(Default)]
pub struct Questions {
    sessions: Vec<SessionId>,
    authors: (Vec<RoomId>, Vec<UserId>),
    ids: (Vec<RoomId>, Vec<UserId>, Vec<Uuid>),
    quoted: (Vec<RoomId>, Vec<i64>),
    named: (Vec<RoomId>, Vec<String>),
}

impl Questions {
    pub fn about<'e>(entries: impl Iterator<Item = &'e NewEntry>) -> Self {
        let (mut asked, mut authors, mut sessions) =
            (Self::default(), HashSet::new(), HashSet::new());
        for NewEntry { room, by, id, act } in entries {
            if sessions.insert(by.session) {
                asked.sessions.push(by.session);
            }
            if authors.insert((*room, by.user)) {
                asked.authors.0.push(*room);
                asked.authors.1.push(by.user);
            }
            asked.ids.0.push(*room);
            asked.ids.1.push(by.user);
            asked.ids.2.push(*id);
            let body = match act {
                Act::Say { body, re } => {
                    if let Some(seq) = re {
                        asked.quoted.0.push(*room);
                        asked.quoted.1.push(bound(*seq));
                    }
                    body
                }
                Act::Edit { body, .. } => body,
                Act::Delete { .. } | Act::React { .. } => continue,
            };
            for name in mentions::candidates(body.as_str()) {
                if let Ok(name) = Username::parse(&name) {
                    asked.named.0.push(*room);
                    asked.named.1.push(name.folded().as_str().to_owned());
                }
            }
        }
        asked
    }

    /// Asks them all, one right after the other.
    pub async fn ask(self, client: &Client, hot: &Hot) -> Result<Facts, Error> {
        let Self {
            sessions,
            authors,
            ids,
            quoted,
            named,
        } = &self;
        if sessions.is_empty() {
            return Ok(Facts::default());
        }
        // What nobody asks is not asked.
        let quotes: OptionFuture<_> = (!quoted.0.is_empty())
            .then_some(async { client.query(&hot.quoted, &[&quoted.0, &quoted.1]).await })
            .into();
        let names: OptionFuture<_> = (!named.0.is_empty())
            .then_some(async { client.query(&hot.named, &[&named.0, &named.1]).await })
            .into();
        let (had_sessions, had_authors, had_ids, had_quotes, had_names) = tokio::join!(
            biased;
            async { client.query(&hot.sessions, &[sessions]).await },
            async { client.query(&hot.authors, &[&authors.0, &authors.1]).await },
            async { client.query(&hot.ids, &[&ids.0, &ids.1, &ids.2]).await },
            quotes,
            names,
        );
        let mut facts = Facts::default();
        for row in had_sessions? {
            facts.sessions.insert((row.get(0), row.get(1)));
        }
        for row in had_authors? {
            let author = Author {
                name: row.get(2),
                role: role_of(&row, 3),
                posting: posting_of(&row, 4),
            };
            facts.authors.insert((row.get(0), row.get(1)), author);
        }
        for row in had_ids? {
            let id = (row.get(0), row.get(1), row.get(2));
            facts.ids.insert(id, (number(&row, 3), row.get(4)));
        }
        for (room, seq) in quoted.0.iter().zip(&quoted.1) {
            let seq = Seq::try_from(*seq).unwrap_or_default();
            facts.quoted.insert((*room, seq), None);
        }
        for row in had_quotes.transpose()?.unwrap_or_default() {
            let said = (row.get(2), row.get(3));
            facts
                .quoted
                .insert((row.get(0), number(&row, 1)), Some(said));
        }
        for row in had_names.transpose()?.unwrap_or_default() {
            facts.named.insert((row.get(0), row.get(1)), row.get(2));
        }
        Ok(facts)
    }
}

impl Facts {
    pub fn has_session(&self, by: Actor) -> bool {
        self.sessions.contains(&(by.session, by.user))
    }

    /// `None` for who is no member.
    pub fn author(&self, room: RoomId, user: UserId) -> Option<&Author> {
        self.authors.get(&(room, user))
    }

    /// The entry that this author's id stands for already.
    pub fn noted(&self, room: RoomId, user: UserId, id: Uuid) -> Option<(Seq, Millis)> {
        self.ids.get(&(room, user, id)).copied()
    }

    pub fn note(&mut self, room: RoomId, user: UserId, id: Uuid, seq: Seq, at: Millis) {
        self.ids.insert((room, user, id), (seq, at));
    }

    /// A message that is answered.
    pub fn quoted(&self, room: RoomId, seq: Seq) -> Option<&(String, String)> {
        self.quoted.get(&(room, seq))?.as_ref()
    }

    /// A message says that now.
    pub fn says(&mut self, room: RoomId, seq: Seq, by: &str, body: &str) {
        if let Some(quoted) = self.quoted.get_mut(&(room, seq)) {
            *quoted = Some((by.to_owned(), body.to_owned()));
        }
    }

    /// The members whom a message names, besides its author.
    pub fn members_named(&self, room: RoomId, author: UserId, body: &str) -> Vec<UserId> {
        if !body.contains('@') {
            return Vec::new();
        }
        let member = |name: &str| {
            let name = Username::parse(name).ok()?;
            let name = name.folded().as_str().to_owned();
            self.named.get(&(room, name)).copied()
        };
        let mut named = Vec::new();
        for name in mentions::named(body, |name| member(name).is_some()) {
            named.extend(member(&name).filter(|user| *user != author && !named.contains(user)));
        }
        named
    }
}

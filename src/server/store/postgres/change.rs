//! A transaction at hand, as the changes in it see it: what it holds, what is still to be written, and what happened.

use std::collections::{BTreeMap, HashMap, HashSet};

use deadpool_postgres::Client;
use futures::future::OptionFuture;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::{
    basics::{bound, number},
    facts::Facts,
    hot::Hot,
    needs::Needs,
    rows::{NewRow, Rows},
};
use crate::{
    domain::{Millis, RoomId, Seq},
    server::store::{Event, Reading, StoreError, UserId, now, seen::Positions},
};

/// How far a room's log is, as its row says that this transaction holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    pub head: Seq,
    /// Messages up to the head.
    pub said: u64,
    /// When the head was committed: time does not run backwards in a room.
    pub at: Millis,
}

/// Messages of one author's with no other's between them.
struct Run {
    room: RoomId,
    author: UserId,
    /// Seq of the first, and how many messages there are before it.
    first: Seq,
    before: u64,
    /// Seq of the last, and how many messages there are up to it.
    last: Seq,
    said: u64,
}

/// Which transaction of whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub lane: Uuid,
    pub batch: i64,
}

pub struct Change {
    pub client: Client,
    pub events: Vec<Event>,
    pub facts: Facts,
    /// Whether there is something to erase: a room was deleted, or keeps messages for less long.
    pub purged: bool,
    hot: Hot,
    rooms: HashMap<RoomId, Standing>,
    /// What is written before anything else is looked at.
    rows: Rows,
    /// Rooms whose standing is.
    moved: HashSet<RoomId>,
    mentions: (Vec<UserId>, Vec<RoomId>, Vec<i64>),
    runs: Vec<Run>,
    /// The run that a room's next message may go on, by its place; none where that author has had one before.
    last_run: HashMap<RoomId, Option<usize>>,
    ran: HashSet<(RoomId, UserId)>,
}

/// How a commit went.
pub struct Ended {
    /// What has moved besides what the jobs have said.
    pub events: Vec<Event>,
}

/// Why a commit's changes cannot be confirmed.
pub enum Lost {
    NotStored(StoreError),
    /// It was asked for, and there is no answer.
    InDoubt,
}

impl Change {
    pub fn new(client: Client, hot: Hot) -> Self {
        Self {
            client,
            hot,
            events: Vec::new(),
            facts: Facts::default(),
            purged: false,
            rooms: HashMap::new(),
            rows: Rows::default(),
            moved: HashSet::new(),
            mentions: Default::default(),
            runs: Vec::new(),
            last_run: HashMap::new(),
            ran: HashSet::new(),
        }
    }

    /// The connection, for the next one.
    pub fn into_connection(self) -> (Client, Hot) {
        (self.client, self.hot)
    }

    /// Begins, and locks what is needed; finds out what is asked at once, under these locks.
    pub async fn begin(
        &mut self,
        mut needs: Needs,
        questions: super::facts::Questions,
    ) -> Result<(), Error> {
        needs.users.sort_unstable();
        needs.users.dedup();
        let (client, hot) = (&self.client, &self.hot);
        let users: OptionFuture<_> = (!needs.users.is_empty())
            .then_some(async { client.query(&hot.lock_users, &[&needs.users]).await })
            .into();
        let (began, users, rooms, facts) = tokio::join!(
            biased;
            client.batch_execute("BEGIN"),
            users,
            async { client.query(&hot.lock_rooms, &[&needs.rooms, &needs.leavers]).await },
            questions.ask(client, hot),
        );
        began?;
        users.transpose()?;
        for row in rooms? {
            self.rooms.insert(row.get(0), standing(&row, 1));
        }
        self.facts = facts?;
        Ok(())
    }

    /// Writes what is to be written, and asks.
    pub async fn look_up(&mut self, questions: super::facts::Questions) -> Result<(), StoreError> {
        self.settle().await?;
        self.facts = questions.ask(&self.client, &self.hot).await?;
        Ok(())
    }

    /// How far a room is that this transaction holds from now on; `None` where there is none.
    pub async fn standing(&mut self, room: RoomId) -> Result<Option<Standing>, Error> {
        if let Some(standing) = self.rooms.get(&room) {
            return Ok(Some(*standing));
        }
        let nobody: [UserId; 0] = [];
        let found = self
            .client
            .query_opt(&self.hot.lock_rooms, &[&vec![room], &nobody.as_slice()])
            .await?;
        let standing = found.map(|row| standing(&row, 1));
        self.rooms.extend(standing.map(|standing| (room, standing)));
        Ok(standing)
    }

    /// A room that is gone.
    pub fn forget(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.moved.remove(&room);
    }

    /// Adds an entry, the room's new head.
    pub fn add(&mut self, row: NewRow<'_>, standing: Standing) {
        let NewRow {
            room,
            author,
            id,
            at,
            ..
        } = row;
        self.facts.note(room, author, id, standing.head, at);
        self.rows.push(row);
        self.rooms.insert(room, standing);
        self.moved.insert(room);
    }

    /// Notes that the entry that was added last is its author's message.
    pub fn said(&mut self, room: RoomId, author: UserId, Standing { head, said, .. }: Standing) {
        if let Some(Some(last)) = self.last_run.get(&room)
            && let Some(run) = self.runs.get_mut(*last)
            && run.author == author
        {
            (run.last, run.said) = (head, said);
            return;
        }
        // With another's message in between, who had not read everything before has not now.
        let run = self.ran.insert((room, author)).then_some(self.runs.len());
        if run.is_some() {
            self.runs.push(Run {
                room,
                author,
                first: head,
                before: said - 1,
                last: head,
                said,
            });
        }
        self.last_run.insert(room, run);
    }

    /// Notes whom a message names.
    pub fn mention(&mut self, room: RoomId, seq: Seq, named: &[UserId]) {
        for user in named {
            self.mentions.0.push(*user);
            self.mentions.1.push(room);
            self.mentions.2.push(bound(seq));
        }
    }

    /// Writes what is to be written, so that whatever is asked next sees it.
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        if self.moved.is_empty() {
            return Ok(());
        }
        let unwritten = self.take_unwritten();
        let moved = unwritten.write(&self.client, &self.hot).await?;
        self.events.extend(moved);
        Ok(())
    }

    /// Moves read positions, up to the next message of another. Answers those that moved, by whom it was.
    pub async fn see(&mut self, positions: Columns) -> Result<Vec<Seen>, Error> {
        let Columns { rooms, users, seqs } = &positions;
        let rows = self
            .client
            .query(&self.hot.seen, &[rooms, users, seqs])
            .await?;
        Ok(rows.iter().map(Seen::of).collect())
    }

    /// Writes what is left and commits, all sent at once.
    pub async fn commit(&mut self, positions: Positions, mark: Mark) -> Result<Ended, Lost> {
        let unwritten = self.take_unwritten();
        let columns = Columns::of(&positions);
        let at = now();
        let (client, hot) = (&self.client, &self.hot);
        let see: OptionFuture<_> = (!positions.is_empty())
            .then_some(async {
                let Columns { rooms, users, seqs } = &columns;
                client.query(&hot.seen, &[rooms, users, seqs]).await
            })
            .into();
        let (written, seen, marked, committed) = tokio::join!(
            biased;
            unwritten.write(client, hot),
            see,
            async { client.execute(&hot.mark, &[&mark.lane, &mark.batch, &at]).await },
            client.batch_execute("COMMIT"),
        );
        // Where one of them was refused, the commit was none.
        let failed = [
            written.as_ref().err(),
            seen.as_ref().and_then(|seen| seen.as_ref().err()),
            marked.as_ref().err(),
            committed.as_ref().err(),
        ];
        if failed.into_iter().flatten().any(super::errors::refuses) {
            let first = [
                written.err(),
                seen.and_then(Result::err),
                marked.err(),
                committed.err(),
            ];
            let first = first.into_iter().flatten().next();
            return Err(Lost::NotStored(
                first.map_or(StoreError::Unavailable, Into::into),
            ));
        }
        if let Err(error) = committed {
            tracing::warn!(%error, "a commit was not answered");
            return Err(Lost::InDoubt);
        }
        let mut events = written.unwrap_or_default();
        for row in seen.and_then(Result::ok).unwrap_or_default() {
            let seen = Seen::of(&row);
            let by = positions
                .iter()
                .find(|(member, _)| *member == (seen.room, seen.user));
            events.extend(by.map(|(_, (_, socket))| seen.event(Reading::Socket(*socket))));
        }
        Ok(Ended { events })
    }

    fn take_unwritten(&mut self) -> Unwritten {
        self.last_run.clear();
        self.ran.clear();
        let mut moved = BTreeMap::new();
        for room in self.moved.drain() {
            moved.extend(self.rooms.get(&room).map(|standing| (room, *standing)));
        }
        Unwritten {
            rows: std::mem::take(&mut self.rows),
            moved,
            mentions: std::mem::take(&mut self.mentions),
            runs: std::mem::take(&mut self.runs),
        }
    }
}

fn standing(row: &Row, column: usize) -> Standing {
    Standing {
        head: number(row, column),
        said: number(row, column + 1),
        at: row.get(column + 2),
    }
}

/// What a transaction has not written yet.
struct Unwritten {
    rows: Rows,
    moved: BTreeMap<RoomId, Standing>,
    mentions: (Vec<UserId>, Vec<RoomId>, Vec<i64>),
    runs: Vec<Run>,
}

impl Unwritten {
    /// Answers which read positions have moved by it.
    async fn write(self, client: &Client, hot: &Hot) -> Result<Vec<Event>, Error> {
        if self.moved.is_empty() {
            return Ok(Vec::new());
        }
        let moved: Vec<_> = self.moved.into_iter().collect();
        let rooms: Vec<RoomId> = moved.iter().map(|(room, _)| *room).collect();
        let of = |number: fn(&Standing) -> i64| -> Vec<i64> {
            moved.iter().map(|(_, standing)| number(standing)).collect()
        };
        let heads = of(|standing| bound(standing.head));
        let said = of(|standing| bound(standing.said));
        let at = of(|standing| standing.at);
        let run_rooms: Vec<RoomId> = self.runs.iter().map(|run| run.room).collect();
        let authors: Vec<UserId> = self.runs.iter().map(|run| run.author).collect();
        let first: Vec<i64> = self.runs.iter().map(|run| bound(run.first)).collect();
        let before: Vec<i64> = self.runs.iter().map(|run| bound(run.before)).collect();
        let last: Vec<i64> = self.runs.iter().map(|run| bound(run.last)).collect();
        let own: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&run_rooms, &authors, &first, &before, &last];
        let own_words: OptionFuture<_> = (!self.runs.is_empty())
            .then_some(async { client.query(&hot.own_words, &own).await })
            .into();
        let (users, in_rooms, seqs) = &self.mentions;
        let mention: OptionFuture<_> = (!users.is_empty())
            .then_some(async { client.execute(&hot.mention, &[users, in_rooms, seqs]).await })
            .into();
        let columns = self.rows.columns();
        let (inserted, updated, own_words, mentioned) = tokio::join!(
            biased;
            client.execute(&hot.insert, &columns),
            async { client.execute(&hot.heads, &[&rooms, &heads, &said, &at]).await },
            own_words,
            mention,
        );
        inserted?;
        updated?;
        mentioned.transpose()?;
        let own_words = own_words.transpose()?.unwrap_or_default();
        let moved = own_words.iter().filter_map(|row| {
            let (room, user) = (row.get(0), row.get(1));
            let run = self
                .runs
                .iter()
                .find(|run| run.room == room && run.author == user)?;
            Some(Event::Seen {
                room,
                user,
                seq: run.last,
                read: run.said,
                by: Reading::OwnWords,
            })
        });
        Ok(moved.collect())
    }
}

/// Read positions, as columns.
pub struct Columns {
    rooms: Vec<RoomId>,
    users: Vec<UserId>,
    seqs: Vec<i64>,
}

impl Columns {
    pub fn of(positions: &Positions) -> Self {
        Self {
            rooms: positions.iter().map(|((room, _), _)| *room).collect(),
            users: positions.iter().map(|((_, user), _)| *user).collect(),
            seqs: positions.iter().map(|(_, (seq, _))| bound(*seq)).collect(),
        }
    }

    pub fn one(room: RoomId, user: UserId, seq: Seq) -> Self {
        Self {
            rooms: vec![room],
            users: vec![user],
            seqs: vec![bound(seq)],
        }
    }
}

/// A read position that moved.
pub struct Seen {
    room: RoomId,
    user: UserId,
    seq: Seq,
    read: u64,
}

impl Seen {
    fn of(row: &Row) -> Self {
        Self {
            room: row.get(0),
            user: row.get(1),
            seq: number(row, 2),
            read: number(row, 3),
        }
    }

    pub fn event(self, by: Reading) -> Event {
        Event::Seen {
            room: self.room,
            user: self.user,
            seq: self.seq,
            read: self.read,
            by,
        }
    }
}

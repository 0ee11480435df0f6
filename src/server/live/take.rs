//! An entry's way to the shards, once it is its turn, and a room's newest entries' to readers who come.

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    frames,
    mailbox::{Arrival, Command, Told},
    presence::{Changed, ShardNumber},
    sequencer::{Numbered, Read, Sequencer},
    shared::{Loading, Shared},
    tail::Newest,
};
use crate::{
    domain::{RoomId, Seq},
    protocol::{ServerFrame, What},
    server::store::{Crossing, Entry, Membership, StoreError, TokenHash, UserId},
};

/// Entries that are read at once: when a room's first reader comes, or where some are missing.
const PAGE: usize = 256;
/// How long what is missing may be on its way before it is read.
pub const PATIENCE: Duration = Duration::from_millis(50);

impl Numbered for Entry {
    fn room(&self) -> RoomId {
        self.room
    }

    fn seq(&self) -> Seq {
        self.seq
    }

    fn is_departure(&self) -> bool {
        matches!(
            self.crossing,
            Some(Crossing::Left { .. } | Crossing::Removed { .. })
        )
    }
}

impl Shared {
    /// Hears of an entry, and tells the shards of all whose turn it is then.
    pub fn hear(&self, entry: Entry) {
        let now = Instant::now();
        let mut sequencer = self.sequencer();
        if let Some(Crossing::Joined { user }) = entry.crossing
            && !sequencer.follows(entry.room)
            && self.presence.is_connected(user)
        {
            sequencer.follow(entry.room, entry.seq.saturating_sub(1), now);
        }
        let taken = sequencer.offer(entry, now);
        self.take(&sequencer, taken);
    }

    /// Hears that rooms have come so far.
    pub fn hear_of(&self, rooms: impl IntoIterator<Item = (RoomId, Seq)>) {
        let now = Instant::now();
        let mut sequencer = self.sequencer();
        for (room, head) in rooms {
            sequencer.hear_of(room, head, now);
        }
        self.take(&sequencer, Vec::new());
    }

    /// A room was made, or somebody is found to be a member of one: `head` is where it was.
    pub fn admit(&self, room: RoomId, user: UserId, head: Seq) {
        if !self.presence.is_connected(user) {
            return;
        }
        let mut sequencer = self.sequencer();
        if sequencer.is_old(room, head) {
            return;
        }
        sequencer.follow(room, head, Instant::now());
        self.let_in(room, user);
        self.take(&sequencer, Vec::new());
    }

    /// Asks whose the token is and attaches a socket to one of the shards, if it proves an identity.
    pub fn attach(self: &Arc<Self>, number: ShardNumber, arrival: Arrival, token: TokenHash) {
        let Some(store) = self.store() else {
            return;
        };
        let shared = self.clone();
        store.membership(
            token,
            Box::new(move |membership| {
                if let Ok(Some(membership)) = membership {
                    shared.welcome(number, arrival, token, membership);
                }
            }),
        );
    }

    /// From here on, the shard hears of every change.
    fn welcome(
        self: &Arc<Self>,
        number: ShardNumber,
        arrival: Arrival,
        token: TokenHash,
        membership: Membership,
    ) {
        let now = Instant::now();
        let mut sequencer = self.sequencer();
        let mut rooms = membership.rooms.iter();
        if rooms.any(|standing| sequencer.is_old(standing.room, standing.head)) {
            drop(sequencer);
            return self.attach(number, arrival, token);
        }
        for standing in &membership.rooms {
            sequencer.follow(standing.room, standing.head, now);
        }
        for Changed { room, readers } in self.presence.connect(&membership, number) {
            self.leave_for(readers, || Command::Presence { room });
        }
        if let Some(shard) = self.shards().get(number) {
            shard.leave(Command::Attach {
                arrival,
                membership,
            });
        }
        self.take(&sequencer, Vec::new());
    }

    /// Nothing that was heard of the rooms so far may be relied on: all sockets come again, and all is read again.
    pub fn begin_anew(&self) {
        let mut sequencer = self.sequencer();
        sequencer.forget_all();
        let shards = self.shards();
        shards.iter().for_each(|shard| shard.leave(Command::Anew));
    }

    /// Has a room's newest entries read and handed to every shard: each keeps them for a while, so that the store is
    /// asked once for a crowd, wherever it comes. The shard that asks follows the room already.
    pub fn load(self: &Arc<Self>, room: RoomId, shard: ShardNumber) {
        let mut loading = self.loading();
        match loading.get(&room) {
            Some(Loading::Asked) => return,
            Some(Loading::LeftFor(shards)) if shards.contains(&shard) => return,
            _ => loading.insert(room, Loading::Asked),
        };
        drop(loading);
        tracing::debug!(room, "reading a room's tail");
        self.read_newest(room);
    }

    /// Reads the first entries after a seq, or else the newest.
    fn read(
        self: &Arc<Self>,
        room: RoomId,
        after: Option<Seq>,
        then: impl FnOnce(&Arc<Self>, Result<Vec<Entry>, StoreError>) + Send + 'static,
    ) {
        let shared = self.clone();
        if let Some(store) = self.store() {
            let read = move |entries| then(&shared, entries);
            store.log(room, after, PAGE, Box::new(read));
        }
    }

    fn read_newest(self: &Arc<Self>, room: RoomId) {
        self.read(room, None, move |shared, entries| match entries {
            Ok(entries) => shared.has_read(room, entries),
            Err(error) => shared.hand_out(room, Err(error)),
        });
    }

    fn has_read(self: &Arc<Self>, room: RoomId, entries: Vec<Entry>) {
        let Some(store) = self.store() else {
            return;
        };
        // It was read on the way of all changes: of no other epoch than what is told before and after it.
        let epoch = store.epoch();
        let head = entries.last().map_or(0, |entry| entry.seq);
        let frames = entries.iter().map(|entry| frames::logged(&entry.frame));
        let newest = Newest {
            head,
            frames: frames.collect(),
            epoch,
        };
        let mut sequencer = self.sequencer();
        if head == 0 && sequencer.head(room).is_some_and(|head| head > 0) {
            // It is gone, and that will be heard of.
            return self.hand_out(room, Err(StoreError::NoSuchRoom));
        }
        match sequencer.newest(room, entries, Instant::now()) {
            Read::Here(taken) => {
                self.take(&sequencer, taken);
                self.hand_out(room, Ok(newest));
            }
            Read::Old(taken) => {
                self.take(&sequencer, taken);
                drop(sequencer);
                self.read_newest(room);
            }
            Read::Apart(after) => {
                drop(sequencer);
                self.read_between(room, after);
            }
        }
    }

    /// Reads what comes after a seq, and then what is the newest then.
    fn read_between(self: &Arc<Self>, room: RoomId, after: Seq) {
        self.read(room, Some(after), move |shared, entries| match entries {
            Ok(entries) if !entries.is_empty() => {
                shared.fill(room, entries);
                shared.read_newest(room);
            }
            Ok(_) => shared.hand_out(room, Err(StoreError::NoSuchRoom)),
            Err(error) => shared.hand_out(room, Err(error)),
        });
    }

    /// Hands a tail that was read to the shards that want it.
    fn hand_out(&self, room: RoomId, tail: Result<Newest, StoreError>) {
        let mut loading = self.loading();
        if tail.is_ok() {
            // They hear of what comes after it.
            self.presence.follow_everywhere(room, self.shards().len());
        }
        let shards = self.presence.concerned(room);
        self.leave_for(shards.iter().copied(), || Command::Loaded {
            room,
            tail: tail.clone(),
        });
        if tail.is_err() || shards.is_empty() {
            loading.remove(&room);
        } else {
            loading.insert(room, Loading::LeftFor(shards));
        }
    }

    /// Has read what is missing wherever it has been for a moment. Answers whether something still is.
    pub fn read_what_is_missing(self: &Arc<Self>) -> bool {
        let (missing, counts) = {
            let mut sequencer = self.sequencer();
            let missing = sequencer.missing(Instant::now(), PATIENCE);
            (missing, sequencer.counts())
        };
        for (room, after) in missing {
            tracing::debug!(room, after, "reading what is missing of a room's log");
            self.read(room, Some(after), move |shared, entries| {
                shared.fill(room, entries.unwrap_or_default());
            });
        }
        counts.held > 0
    }

    fn fill(&self, room: RoomId, entries: Vec<Entry>) {
        let mut sequencer = self.sequencer();
        let taken = sequencer.fill(room, entries, Instant::now());
        let left = |entry: &Entry| matches!(entry.crossing, Some(Crossing::Left { .. }));
        let somebody_left = taken.iter().any(left);
        self.take(&sequencer, taken);
        if somebody_left {
            // Whose the room is now, if it was theirs, is not known from what was read.
            let concerned = self.presence.concerned(room);
            self.leave_for(concerned, || Command::RoomChanged { room });
        }
    }

    pub fn sequencer(&self) -> MutexGuard<'_, Sequencer<Entry>> {
        self.sequencer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the shards of entries whose turn it is. The sequencer is held meanwhile: nobody overtakes them.
    fn take(&self, sequencer: &MutexGuard<'_, Sequencer<Entry>>, entries: Vec<Entry>) {
        entries.into_iter().for_each(|entry| self.tell_of(entry));
        if sequencer.counts().held > 0 {
            self.holes.notify_one();
        }
    }

    fn tell_of(&self, entry: Entry) {
        let presence = &self.presence;
        let Entry {
            room,
            seq,
            said,
            frame: entry,
            mentioned,
            crossing,
        } = entry;
        match crossing {
            None => {}
            Some(Crossing::Joined { user }) => self.let_in(room, user),
            Some(Crossing::Left { user, heir }) => self.let_go(room, user, heir),
            Some(Crossing::Removed { user }) => self.show_out(room, user, &entry),
        }
        let concerned = presence.concerned(room);
        if concerned.is_empty() {
            return;
        }
        let frame = frames::logged(&entry);
        let (mut spoke, mut changes) = (None::<Arc<str>>, None);
        let (message, by) = match &entry {
            ServerFrame::Message(message) => (seq, message.by.as_str()),
            ServerFrame::Edited { of, by, .. } => (*of, by.as_str()),
            _ => (seq, ""),
        };
        for user in mentioned {
            self.leave_for(presence.shards_of(user), || Command::Mention {
                user,
                frame: ServerFrame::Mention {
                    room,
                    seq: message,
                    by: by.to_owned(),
                },
            });
        }
        // What a room is called, what its members may do in it or how much of it is left: their lists of rooms are old.
        let lists = match &entry {
            ServerFrame::Changed { what, .. } => *what != What::Key,
            ServerFrame::Erased { .. } => true,
            _ => false,
        };
        match &entry {
            ServerFrame::Message(_) => spoke = Some(by.into()),
            &ServerFrame::Edited { of, .. }
            | &ServerFrame::DeletedMessage { of, .. }
            | &ServerFrame::Erased { of, .. } => {
                changes = Some((of, Arc::new(entry)));
            }
            _ => {}
        }
        let told = Told {
            room,
            seq,
            said,
            frame,
            by: spoke,
            changes,
        };
        self.leave_for(concerned.iter().copied(), || Command::Entry(told.clone()));
        if lists {
            self.leave_for(concerned, || Command::RoomChanged { room });
        }
    }

    fn let_in(&self, room: RoomId, user: UserId) {
        let presence = &self.presence;
        presence.joined(room, user);
        self.leave_for(presence.shards_of(user), || Command::Joined { room, user });
        self.leave_for(presence.reading(room), || Command::Presence { room });
    }

    fn let_go(&self, room: RoomId, user: UserId, heir: Option<UserId>) {
        let presence = &self.presence;
        presence.left(room, user);
        let mut told = presence.shards_of(user);
        let heirs = heir.map(|heir| presence.shards_of(heir));
        told.extend(heirs.into_iter().flatten());
        told.sort_unstable();
        told.dedup();
        self.leave_for(told, || Command::Left { room, user, heir });
        self.leave_for(presence.reading(room), || Command::Presence { room });
    }

    /// Their sockets are let go of before the others are told.
    fn show_out(&self, room: RoomId, user: UserId, frame: &ServerFrame) {
        let presence = &self.presence;
        presence.left(room, user);
        let frame = Arc::new(frame.clone());
        self.leave_for(presence.shards_of(user), || Command::Removed {
            room,
            user,
            frame: frame.clone(),
        });
        self.leave_for(presence.reading(room), || Command::Presence { room });
    }
}

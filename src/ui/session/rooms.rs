//! All of *me*'s rooms, kept as they are now: newest message, what is unread, how many are online, the latest
//! active first. Every list, badge and title reads from here.
//!
//! Each room has a signal of its own, so that what happens in one changes what is shown of that one; the list
//! itself changes only with its order.

use leptos::prelude::*;

use super::{Session, happenings, terms, touch::Touch};
use crate::{
    domain::{Happened, Happening, Message, Room, RoomId, RoomSummary, Seq},
    protocol::{ClientFrame, ServerFrame},
};

/// Rooms that are followed on the socket at most, the latest active first. Of the others it tells only how far
/// they are.
const FOLLOWED: usize = 50;

/// A room in the store.
#[derive(Clone)]
pub struct Known {
    pub id: RoomId,
    pub name: String,
    pub summary: ArcRwSignal<RoomSummary>,
}

/// Two are equal where they are the same room under the same name, whatever has become of it.
impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.name == other.name
    }
}

impl Known {
    fn new(summary: RoomSummary) -> Self {
        Self {
            id: summary.room.id,
            name: summary.room.name.clone(),
            summary: ArcRwSignal::new(summary),
        }
    }

    /// How many messages *me* has not read.
    pub fn unread(&self) -> u64 {
        self.summary.read().room.unread()
    }
}

/// A handle: copies are the same store.
#[derive(Clone, Copy)]
pub struct Rooms {
    list: RwSignal<Vec<Known>>,
    /// The rooms that the socket follows.
    followed: StoredValue<Vec<RoomId>>,
}

impl Rooms {
    pub fn new(rooms: Vec<RoomSummary>) -> Self {
        Self {
            list: RwSignal::new(rooms.into_iter().map(Known::new).collect()),
            followed: StoredValue::default(),
        }
    }

    /// All of them, the latest active first. Tracks which they are and their order, and nothing within them.
    pub fn all(self) -> Vec<Known> {
        self.list.get()
    }

    /// Whether there are none. Tracked.
    pub fn is_empty(self) -> bool {
        self.list.read().is_empty()
    }

    /// Whether *me* owns one of them. Tracked.
    pub fn any_owned(self) -> bool {
        let list = self.list.read();
        list.iter().any(|known| known.summary.read().room.owned)
    }

    pub fn find(self, room: RoomId) -> Option<Known> {
        self.list
            .with_untracked(|list| list.iter().find(|known| known.id == room).cloned())
    }

    /// The id of the room of that name, exactly as its owner wrote it.
    pub fn named(self, name: &str) -> Option<RoomId> {
        self.list.with_untracked(|list| {
            let known = list.iter().find(|known| known.name == name);
            known.map(|known| known.id)
        })
    }

    /// The name of a room. Not tracked.
    pub fn name_of(self, room: RoomId) -> Option<String> {
        Some(self.find(room)?.name)
    }

    /// The same, tracked.
    pub fn follow_name_of(self, room: RoomId) -> Option<String> {
        self.list.track();
        self.name_of(room)
    }

    /// A room may be called something else by now: lists show it under that name.
    fn is_called(self, room: RoomId, name: &str) {
        if let Some(place) = self.place(room)
            && self.list.with_untracked(|list| list[place].name != name)
        {
            self.list
                .update(|list| name.clone_into(&mut list[place].name));
        }
    }

    /// Takes a room in as the server has just said it is.
    pub fn renew(self, room: &Room) {
        if let Some(known) = self.find(room.id) {
            known
                .summary
                .maybe_update(|summary| terms::renew(&mut summary.room, room));
            self.is_called(room.id, &room.name);
        }
    }

    /// Takes a room in that *me* has just created or joined, as the first.
    pub fn add(self, room: &Room) {
        if self.find(room.id).is_none() {
            let (room, last) = (room.clone(), None);
            let known = Known::new(RoomSummary { room, last });
            self.list.update(|list| list.insert(0, known));
        }
    }

    /// Lets a room go, and gives it back.
    pub fn remove(self, room: RoomId) -> Option<RoomSummary> {
        let place = self.place(room)?;
        let known = self.list.try_update(|list| list.remove(place))?;
        Some(known.summary.get_untracked())
    }

    /// Which rooms there are. Not tracked.
    pub fn ids(self) -> Vec<RoomId> {
        self.list
            .with_untracked(|list| list.iter().map(|known| known.id).collect())
    }

    /// Takes in the list as the server had it some time after these `asked` rooms were all. Gives those of them that
    /// are not in it any more: they stay for the caller to part with.
    pub fn replace(self, newest: Vec<RoomSummary>, asked: &[RoomId]) -> Vec<RoomId> {
        let known = self.list.get_untracked();
        let is_new = |id: &RoomId| newest.iter().any(|summary| summary.room.id == *id);
        let gone: Vec<_> = asked.iter().copied().filter(|id| !is_new(id)).collect();
        // What was joined or created meanwhile is not in the answer yet.
        let stays = known.iter().filter(|known| !is_new(&known.id)).cloned();
        let mut list: Vec<Known> = stays.collect();
        for summary in newest {
            let id = summary.room.id;
            match known.iter().find(|known| known.id == id) {
                Some(known) => {
                    let name = summary.room.name.clone();
                    known.newer(summary);
                    list.push(Known {
                        name,
                        ..known.clone()
                    });
                }
                // What was left meanwhile still is.
                None if asked.contains(&id) => {}
                None => list.push(Known::new(summary)),
            }
        }
        if known != list {
            self.list.set(list);
        }
        gone
    }

    /// However far the rooms were, the next list from the server says how far they are.
    pub fn begin_anew(self) {
        for known in self.list.get_untracked() {
            known.summary.update_untracked(|summary| {
                (summary.room.head, summary.room.seen) = (0, 0);
            });
        }
    }

    /// *me* has read a room up to `seq` here.
    pub fn seen(self, room: RoomId, seq: Seq) {
        if let Some(known) = self.find(room) {
            known.summary.maybe_update(|summary| {
                let news = summary.room.seen < seq;
                summary.room.seen = summary.room.seen.max(seq);
                settle(&mut summary.room);
                news
            });
        }
    }

    /// A room's conversation follows it from its own cursor.
    pub fn opened(self, room: RoomId) {
        self.followed.update_value(|followed| {
            if !followed.contains(&room) {
                followed.push(room);
            }
        });
    }

    /// Follows the rooms of the list on a new socket.
    pub fn follow_anew(self, session: Session) {
        self.followed.set_value(Vec::new());
        untrack(|| self.follow(session));
    }

    /// Follows the rooms of the list, and no others: what is said in them, and who is there. Tracks the list.
    pub fn follow(self, session: Session) {
        let listed: Vec<_> = self.list.with(|list| {
            let latest = list.iter().take(FOLLOWED);
            latest.map(|known| known.id).collect()
        });
        if !session.is_open() {
            return;
        }
        // One that is open has a cursor, and follows from there by itself.
        let open = |room: &RoomId| session.conversation(*room).is_some();
        let mut followed = self.followed.get_value();
        followed.retain(|room| {
            let keep = listed.contains(room) || open(room);
            if !keep {
                session.send(&ClientFrame::Shut { room: *room });
            }
            keep
        });
        for room in listed.into_iter().filter(|room| !open(room)) {
            if !followed.contains(&room) {
                session.send(&ClientFrame::Open { room, after: None });
                followed.push(room);
            }
        }
        self.followed.set_value(followed);
    }

    /// Brings the store up to date with one frame. `false` where it lacks what the frame speaks of.
    pub fn take_in(self, frame: &ServerFrame, me: &str) -> bool {
        if let ServerFrame::Rooms = frame {
            return false;
        }
        let Some(room) = frame.room() else {
            return true;
        };
        let Some(known) = self.find(room) else {
            // What is refused, or typed, in a room that is not here any more is no reason to ask for it.
            return matches!(
                frame,
                ServerFrame::Refused { .. }
                    | ServerFrame::Typing { .. }
                    | ServerFrame::Presence { .. }
            );
        };
        let head = known.summary.read_untracked().room.head;
        match frame {
            ServerFrame::Opened { head: newest, .. } => return head >= *newest,
            ServerFrame::Head { seq, said, .. } if head < *seq => {
                known.summary.update(|summary| {
                    summary.room.head = *seq;
                    summary.room.said = *said;
                    settle(&mut summary.room);
                });
                self.rise(room);
                // Who said what is not known by that.
                return false;
            }
            ServerFrame::Message(message) if head < message.seq => {
                known.summary.update(|summary| said(summary, message, me));
                self.rise(room);
            }
            ServerFrame::Edited { of, at, body, .. } => {
                known.touch(*of, |last| last.edit(body.clone(), *at));
            }
            ServerFrame::DeletedMessage { of, .. } => known.touch(*of, Message::delete),
            ServerFrame::Read { seq, read, .. } => known.summary.update(|summary| {
                let room = &mut summary.room;
                if room.seen < *seq {
                    (room.seen, room.read) = (*seq, *read);
                    settle(room);
                }
            }),
            ServerFrame::Mention { .. } => {
                known.summary.update(|summary| summary.room.mentions += 1);
            }
            ServerFrame::Presence { count, .. } => known.summary.maybe_update(|summary| {
                std::mem::replace(&mut summary.room.online, *count) != *count
            }),
            _ => {}
        }
        let happening = happenings::of(frame);
        let touch = Touch::of(frame).map(|touch| touch.seq);
        if let Some(seq) = happening.as_ref().map(|it| it.seq).or(touch) {
            known.summary.maybe_update(|summary| {
                let room = &mut summary.room;
                // Where all was read there is nothing unread in what says nothing.
                if room.seen == room.head {
                    room.seen = room.seen.max(seq);
                }
                room.head = room.head.max(seq);
                happening
                    .as_ref()
                    .is_some_and(|it| terms::change(room, it, me))
            });
        }
        if let Some(Happening {
            what: Happened::Name,
            to: Some(name),
            ..
        }) = happening
        {
            self.is_called(room, &name);
        }
        true
    }

    /// Makes a room the first.
    fn rise(self, room: RoomId) {
        if let Some(place) = self.place(room).filter(|place| *place > 0) {
            self.list.update(|list| list[..=place].rotate_right(1));
        }
    }

    fn place(self, room: RoomId) -> Option<usize> {
        self.list
            .with_untracked(|list| list.iter().position(|known| known.id == room))
    }
}

/// Where all of a room is read nothing is unread in it, whatever of that was heard of first.
fn settle(room: &mut Room) {
    if room.seen >= room.head {
        (room.read, room.mentions) = (room.said, 0);
    }
}

/// A message is the newest of its room now.
fn said(summary: &mut RoomSummary, message: &Message, me: &str) {
    let room = &mut summary.room;
    // As the server has it: who answers has not thereby read what came before.
    if message.by == me && room.read == room.said {
        (room.seen, room.read) = (message.seq, room.read + 1);
    }
    (room.head, room.said) = (message.seq, room.said + 1);
    settle(room);
    summary.last = Some(message.clone());
}

impl Known {
    /// Something has happened to the message `of`.
    fn touch(&self, of: Seq, what: impl FnOnce(&mut Message)) {
        self.summary.maybe_update(|summary| {
            let last = summary.last.as_mut().filter(|last| last.seq == of);
            last.map(what).is_some()
        });
    }

    /// The room as the server has it now. What this page knows to be further along stays so.
    fn newer(&self, mut newest: RoomSummary) {
        self.summary.maybe_update(|summary| {
            if newest.room.seen < summary.room.seen {
                newest.room.seen = summary.room.seen;
                newest.room.read = newest.room.read.max(summary.room.read);
            }
            if newest.room.head < summary.room.head {
                (newest.room.head, newest.room.said) = (summary.room.head, summary.room.said);
                newest.last = summary.last.take();
            }
            settle(&mut newest.room);
            let news = *summary != newest;
            *summary = newest;
            news
        });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Role;

    fn room(id: RoomId, head: Seq) -> Room {
        Room {
            id,
            name: id.to_string(),
            topic: String::new(),
            owner: "alice".into(),
            owned: false,
            role: Role::Member,
            posting: Default::default(),
            keep: None,
            head,
            seen: head,
            said: head,
            read: head,
            mentions: 0,
            online: 0,
        }
    }

    fn summary(id: RoomId, head: Seq) -> RoomSummary {
        let (room, last) = (room(id, head), None);
        RoomSummary { room, last }
    }

    fn message(room: RoomId, seq: Seq) -> ServerFrame {
        let (id, by) = (Uuid::nil(), "bob".to_owned());
        ServerFrame::Message(Message::new(room, seq, id, by, 0, "hi".into()))
    }

    /// A store of some rooms, each with its id and head, and what is asked of it.
    fn with_rooms(rooms: &[(RoomId, Seq)], ask: impl FnOnce(Rooms)) {
        let owner = Owner::new();
        let rooms = rooms.iter().map(|(id, head)| summary(*id, *head)).collect();
        owner.with(|| ask(Rooms::new(rooms)));
    }

    fn now(rooms: Rooms, id: RoomId) -> RoomSummary {
        let known = rooms.find(id).expect("a room of the store");
        known.summary.get_untracked()
    }

    #[test]
    fn a_message_makes_its_room_the_first_and_counts_as_unread() {
        with_rooms(&[(1, 5), (2, 7), (3, 0)], |rooms| {
            assert!(rooms.take_in(&message(2, 8), "alice"));
            assert!(rooms.take_in(&message(2, 8), "alice"), "and once");
            assert_eq!(rooms.ids(), [2, 1, 3]);
            let RoomSummary { room, last } = now(rooms, 2);
            assert_eq!((room.unread(), room.head), (1, 8));
            assert_eq!(last.map(|last| last.seq), Some(8));
        });
    }

    #[test]
    fn one_s_own_message_is_not_unread_unless_others_came_before_it() {
        with_rooms(&[(1, 5)], |rooms| {
            rooms.take_in(&message(1, 6), "bob");
            assert_eq!(now(rooms, 1).room.unread(), 0);
            rooms.take_in(&message(1, 7), "alice");
            rooms.take_in(&message(1, 8), "bob");
            assert_eq!(now(rooms, 1).room.unread(), 2);
            rooms.seen(1, 8);
            assert_eq!(now(rooms, 1).room.unread(), 0);
        });
    }

    #[test]
    fn what_was_missed_while_away_counts_at_once_and_asks_for_the_rest() {
        with_rooms(&[(1, 5)], |rooms| {
            let opened = |head| ServerFrame::Opened {
                room: 1,
                head,
                from: head + 1,
                epoch: String::new(),
            };
            assert!(rooms.take_in(&opened(5), "alice"));
            assert!(!rooms.take_in(&opened(6), "alice"));
            let head = |room, seq, said| ServerFrame::Head { room, seq, said };
            assert!(rooms.take_in(&head(1, 5, 5), "alice"));
            assert!(!rooms.take_in(&head(1, 9, 8), "alice"));
            assert_eq!(now(rooms, 1).room.unread(), 3);
            assert!(!rooms.take_in(&head(9, 1, 1), "alice"), "a new room");
            assert!(!rooms.take_in(&ServerFrame::Rooms, "alice"));
        });
    }

    #[test]
    fn what_another_page_has_read_is_read() {
        with_rooms(&[(1, 5)], |rooms| {
            rooms.take_in(&message(1, 6), "alice");
            rooms.take_in(&message(1, 7), "alice");
            let (room, seq, read) = (1, 6, 6);
            rooms.take_in(&ServerFrame::Read { room, seq, read }, "alice");
            assert_eq!(now(rooms, 1).room.unread(), 1);
        });
    }

    #[test]
    fn a_list_from_the_server_neither_takes_back_what_is_new_nor_brings_back_what_is_gone() {
        with_rooms(&[(1, 5), (2, 7)], |rooms| {
            let asked = rooms.ids();
            rooms.take_in(&message(1, 6), "alice");
            rooms.remove(2);
            rooms.add(&room(3, 0));
            let gone = rooms.replace(vec![summary(2, 7), summary(1, 5)], &asked);
            assert!(gone.is_empty());
            assert_eq!(rooms.ids(), [3, 1]);
            assert_eq!(now(rooms, 1).room.head, 6);
            let gone = rooms.replace(vec![summary(4, 1), summary(3, 0)], &rooms.ids());
            assert_eq!(gone, [1]);
        });
    }

    #[test]
    fn a_list_from_another_life_of_the_server_s_data_takes_back_what_was_new() {
        with_rooms(&[(1, 5)], |rooms| {
            rooms.take_in(&message(1, 6), "bob");
            rooms.begin_anew();
            rooms.replace(vec![summary(1, 3)], &rooms.ids());
            let RoomSummary { room, last } = now(rooms, 1);
            assert_eq!((room.head, room.seen, room.unread()), (3, 3, 0));
            assert_eq!(last, None);
        });
    }
}

//! The outboxes of all of *me*'s rooms: what is written leaves as soon as the socket is open, whether its room is
//! open or not.

use std::time::Duration;

use leptos::prelude::*;
use uuid::Uuid;

use super::{Outbox, Session, Unsent, outbox::Act, shelf, shelf::Shelf};
use crate::{
    domain::{Code, Posted, RoomId},
    protocol::ServerFrame,
    ui::browser::now,
};

/// A sent message that nobody answers for so long means that the socket is dead.
const ANSWER: Duration = Duration::from_secs(10);
/// After `too_fast`.
const BREATH: Duration = Duration::from_millis(1_500);

/// A handle: copies are the same outboxes.
#[derive(Clone, Copy)]
pub struct Outboxes(StoredValue<Vec<(RoomId, ArcRwSignal<Outbox>)>>);

impl Outboxes {
    pub fn new() -> Self {
        Self(StoredValue::default())
    }

    /// The outbox of a room.
    pub fn of(self, room: RoomId) -> ArcRwSignal<Outbox> {
        self.find(room).unwrap_or_else(|| {
            let outbox = ArcRwSignal::<Outbox>::default();
            self.0.update_value(|all| all.push((room, outbox.clone())));
            outbox
        })
    }

    fn find(self, room: RoomId) -> Option<ArcRwSignal<Outbox>> {
        self.0.with_value(|all| {
            let found = all.iter().find(|(id, _)| *id == room);
            found.map(|(_, outbox)| outbox.clone())
        })
    }

    /// Takes in what was kept when `me` was here last.
    pub fn restore(self, me: &str) {
        for (room, item) in shelf::unsent(me) {
            self.of(room).update(|outbox| outbox.add(item));
        }
    }

    /// *me* is not in this room any more: what was to be said there is not. Answers how much that is.
    pub fn forget(self, room: RoomId, me: &str) -> usize {
        if let Some(outbox) = self.find(room) {
            let shelf = Shelf::new(me, room);
            let items = outbox.try_update(std::mem::take).unwrap_or_default();
            items.items().iter().for_each(|item| shelf.drop(item.id));
            self.0
                .update_value(|all| all.retain(|(other, _)| *other != room));
            return items.said().len();
        }
        0
    }

    /// The socket is open.
    pub fn up(self, session: Session) {
        self.down();
        for (room, _) in self.0.get_value() {
            self.pump(room, session);
        }
    }

    /// The socket is gone.
    pub fn down(self) {
        for (_, outbox) in self.0.get_value() {
            outbox.update_untracked(Outbox::connection_lost);
        }
    }

    /// Takes something in: it is shown and in storage from here on, and is sent when it can be.
    pub fn put(self, room: RoomId, act: Act, body: String, session: Session) {
        let item = Unsent::new(act, body, now());
        shelf_of(room, session).keep(&item);
        self.of(room).update(|outbox| outbox.add(item));
        self.pump(room, session);
    }

    /// Sends a refused message again.
    pub fn retry(self, room: RoomId, id: Uuid, session: Session) {
        let item = self.of(room).try_update(|outbox| outbox.retry(id));
        if let Some(item) = item.flatten() {
            shelf_of(room, session).keep(&item);
        }
        self.pump(room, session);
    }

    /// Takes something out, because the room has it or its author has taken it back. Gives its text back.
    pub fn discard(self, room: RoomId, id: Uuid, session: Session) -> Option<String> {
        let shelf = shelf_of(room, session);
        let items = self.of(room).try_update(|outbox| outbox.remove(id))?;
        items.iter().for_each(|item| shelf.drop(item.id));
        items.into_iter().next_back().map(|item| item.body)
    }

    /// Takes in what a frame says of messages on their way.
    pub fn received(self, frame: &ServerFrame, session: Session) {
        match frame {
            ServerFrame::Sent { room, id, seq, at } => {
                let posted = Posted {
                    id: *id,
                    seq: *seq,
                    at: *at,
                };
                self.sent(*room, posted, session);
            }
            ServerFrame::Message(message) => {
                let room = message.room;
                let waits = self
                    .find(room)
                    .is_some_and(|outbox| outbox.read_untracked().get(message.id).is_some());
                if waits {
                    // What is to be done to it follows.
                    self.of(room).update(|outbox| {
                        self.tell(outbox.sent(message.id, message.seq), room, session)
                    });
                    self.discard(room, message.id, session);
                    self.pump(room, session);
                }
            }
            ServerFrame::Refused {
                room: Some(room),
                id: Some(id),
                code,
                message,
            } => self.refused(*room, *id, *code, message, session),
            _ => {}
        }
    }

    fn sent(self, room: RoomId, posted: Posted, session: Session) {
        let open = session.conversation(room).is_some();
        self.of(room).update(|outbox| {
            self.tell(outbox.sent(posted.id, posted.seq), room, session);
            // Where the room is open its timeline shows it until it arrives in the room's order.
            if !open {
                outbox.remove(posted.id);
            }
        });
        shelf_of(room, session).drop(posted.id);
        self.pump(room, session);
    }

    /// Keeps what has been told the seq of its message, before that message is forgotten.
    fn tell(self, told: Vec<Unsent>, room: RoomId, session: Session) {
        let shelf = shelf_of(room, session);
        told.iter().for_each(|item| shelf.keep(item));
    }

    fn refused(self, room: RoomId, id: Uuid, code: Code, why: &str, session: Session) {
        let outbox = self.of(room);
        if code == Code::TooFast {
            outbox.update_untracked(Outbox::connection_lost);
            set_timeout(move || self.pump(room, session), BREATH);
            return;
        }
        let item = outbox.try_update(|outbox| outbox.refused(id, why.to_owned()));
        if let Some(item) = item.flatten() {
            shelf_of(room, session).keep(&item);
        }
        self.pump(room, session);
    }

    /// Sends the next unsent message of a room, if there is one and the socket is open.
    fn pump(self, room: RoomId, session: Session) {
        if !session.is_open() {
            return;
        }
        let outbox = self.of(room);
        // Being under way shows nowhere, so nothing is told to run again.
        let Some(item) = outbox.try_update_untracked(Outbox::next_to_send).flatten() else {
            return;
        };
        let id = item.id;
        if let Some(frame) = item.frame(room) {
            session.send(&frame);
        }
        let unanswered = move || {
            if outbox.with_untracked(|outbox| outbox.is_under_way(id)) {
                session.renew();
            }
        };
        set_timeout(unanswered, ANSWER);
    }
}

fn shelf_of(room: RoomId, session: Session) -> Shelf {
    session.me.with_value(|me| Shelf::new(me, room))
}

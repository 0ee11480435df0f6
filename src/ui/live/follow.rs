//! Keeps a list of rooms alive: on the dashboard with everything, beside a conversation with unread counts.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::{prelude::*, task::spawn_local};

use super::{Connection, Event, State, ask, connect};
use crate::{
    api::{Dashboard, MyRooms},
    domain::{Message, Room, RoomId, RoomSummary},
    protocol::{ClientFrame, ServerFrame},
};

/// Keeps `rooms` as they are now, for as long as the page is there: newest message, unread count, how many
/// are online; the latest active first. `link` is kept as the socket is. Browser only.
pub fn follow_rooms(me: String, rooms: RwSignal<Vec<RoomSummary>>, link: RwSignal<State>) {
    let connection = connect(&me);
    link.set(connection.state());
    let reload = {
        let me = me.clone();
        let under_way = Rc::new(Cell::new(false));
        move || {
            if under_way.replace(true) {
                return;
            }
            let (me, under_way) = (me.clone(), under_way.clone());
            spawn_local(async move {
                if let Some(newest) = ask::<Dashboard>(&[("me", &me)]).await {
                    rooms.set(newest);
                }
                under_way.set(false);
            });
        }
    };
    let opened = Rc::new(RefCell::new(Vec::new()));
    let heard = {
        let (connection, opened) = (Rc::downgrade(&connection), opened.clone());
        move |event: &Event| match event {
            Event::Up => {
                opened.borrow_mut().clear();
                if let Some(connection) = connection.upgrade() {
                    rooms.with_untracked(|rooms| open_all(&connection, &opened, rooms));
                }
            }
            Event::State(state) => link.set(*state),
            Event::Down | Event::Frame(ServerFrame::Typing { .. }) => {}
            Event::Frame(frame) => {
                if rooms.try_update(|rooms| take_in(rooms, frame, &me)) == Some(false) {
                    reload();
                }
            }
        }
    };
    if connection.is_open() {
        heard(&Event::Up);
    }
    connection.listen(heard);
    // The list changes when rooms are created, joined and left, here or elsewhere.
    Effect::new(move || rooms.with(|rooms| open_all(&connection, &opened, rooms)));
}

/// Follows the rooms of the list, and no others.
fn open_all(connection: &Connection, opened: &RefCell<Vec<RoomId>>, rooms: &[RoomSummary]) {
    if !connection.is_open() {
        return;
    }
    let listed: Vec<_> = rooms.iter().map(|summary| summary.room.id).collect();
    let before = opened.replace(listed.clone());
    for room in before.iter().filter(|room| !listed.contains(room)) {
        connection.send(&ClientFrame::Shut { room: *room });
    }
    for room in listed.iter().filter(|room| !before.contains(room)) {
        connection.open(*room, None);
    }
}

/// Keeps the heads of `rooms` as they are now, without opening them, for as long as the page is there.
/// Browser only.
pub fn follow_heads(me: String, rooms: RwSignal<Vec<Room>>) {
    connect(&me).listen(move |event| {
        let Event::Frame(ServerFrame::Head { room, seq, .. }) = event else {
            return;
        };
        let (room, seq) = (*room, *seq);
        let known = rooms.try_update(|rooms| {
            let place = rooms.iter().position(|known| known.id == room)?;
            if rooms[place].head < seq {
                rooms[place].head = seq;
                rooms[..=place].rotate_right(1);
            }
            Some(())
        });
        if known == Some(None) {
            let me = me.clone();
            spawn_local(async move {
                if let Some(newest) = ask::<MyRooms>(&[("me", &me)]).await {
                    rooms.set(newest);
                }
            });
        }
    });
}

/// Brings the list up to date with one frame. `false` where the list lacks what the frame speaks of.
fn take_in(rooms: &mut Vec<RoomSummary>, frame: &ServerFrame, me: &str) -> bool {
    let place =
        |rooms: &[RoomSummary], id: RoomId| rooms.iter().position(|summary| summary.room.id == id);
    match frame {
        ServerFrame::Opened { room, head, .. }
        | ServerFrame::Head {
            room, seq: head, ..
        } => place(rooms, *room).is_some_and(|place| rooms[place].room.head >= *head),
        ServerFrame::Message(message) => match place(rooms, message.room) {
            Some(place) => {
                said(&mut rooms[place], message, me);
                rooms[..=place].rotate_right(1);
                true
            }
            None => false,
        },
        ServerFrame::Presence { room, count, .. } => {
            if let Some(place) = place(rooms, *room) {
                rooms[place].room.online = *count;
            }
            true
        }
        ServerFrame::Deleted { room } => {
            rooms.retain(|summary| summary.room.id != *room);
            true
        }
        _ => true,
    }
}

fn said(summary: &mut RoomSummary, message: &Message, me: &str) {
    let room = &mut summary.room;
    if message.seq > room.head {
        room.head = message.seq;
        // As the server has it: who answers has not thereby read what came before.
        if message.by == me && room.seen + 1 == message.seq {
            room.seen = message.seq;
        }
        summary.last = Some(message.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Role, Seq};

    fn summary(id: RoomId, head: Seq) -> RoomSummary {
        let room = Room {
            id,
            name: id.to_string(),
            topic: String::new(),
            owner: "alice".into(),
            owned: false,
            role: Role::Member,
            head,
            seen: head,
            said: head,
            read: head,
            mentions: 0,
            online: 0,
        };
        RoomSummary { room, last: None }
    }

    fn message(room: RoomId, seq: Seq) -> ServerFrame {
        let id = uuid::Uuid::nil();
        ServerFrame::Message(Message::new(room, seq, id, "bob".into(), 0, "hi".into()))
    }

    fn ids(rooms: &[RoomSummary]) -> Vec<RoomId> {
        rooms.iter().map(|summary| summary.room.id).collect()
    }

    #[test]
    fn a_message_makes_its_room_the_first_and_counts_as_unread() {
        let mut rooms = vec![summary(1, 5), summary(2, 7), summary(3, 0)];
        assert!(take_in(&mut rooms, &message(2, 8), "alice"));
        assert_eq!(ids(&rooms), [2, 1, 3]);
        assert_eq!(rooms[0].room.head - rooms[0].room.seen, 1);
        assert!(rooms[0].last.is_some());
    }

    #[test]
    fn one_s_own_message_is_not_unread() {
        let mut rooms = vec![summary(1, 5)];
        take_in(&mut rooms, &message(1, 6), "bob");
        assert_eq!((rooms[0].room.head, rooms[0].room.seen), (6, 6));
    }

    #[test]
    fn what_was_missed_while_away_asks_for_the_list_anew() {
        let mut rooms = vec![summary(1, 5)];
        assert!(take_in(
            &mut rooms,
            &ServerFrame::Opened {
                room: 1,
                head: 5,
                from: 6
            },
            "alice"
        ));
        assert!(!take_in(
            &mut rooms,
            &ServerFrame::Opened {
                room: 1,
                head: 6,
                from: 7
            },
            "alice"
        ));
        assert!(!take_in(
            &mut rooms,
            &ServerFrame::Head {
                room: 9,
                seq: 1,
                said: 1
            },
            "alice"
        ));
    }

    #[test]
    fn a_deleted_room_leaves_the_list() {
        let mut rooms = vec![summary(1, 5), summary(2, 0)];
        assert!(take_in(
            &mut rooms,
            &ServerFrame::Deleted { room: 1 },
            "alice"
        ));
        assert_eq!(ids(&rooms), [2]);
    }
}

//! Keeps a list of rooms alive: on the dashboard with everything, beside a conversation with unread counts.

use leptos::{prelude::*, task::spawn_local};

use super::{Connection, Event};
use crate::{
    api,
    domain::{Message, Room, RoomId, RoomSummary},
    protocol::ServerFrame,
};

/// Keeps `rooms` as they are now: newest message, unread count, how many are online; the latest active
/// first. For as long as the current owner lives.
pub fn follow_rooms(me: &str, rooms: RwSignal<Vec<RoomSummary>>) {
    let me = StoredValue::new(me.to_owned());
    let under_way = StoredValue::new(false);
    let reload = move || {
        if under_way.try_get_value() != Some(false) {
            return;
        }
        under_way.set_value(true);
        spawn_local(async move {
            let Some(name) = me.try_get_value() else {
                return;
            };
            let newest = api::dashboard(name).await;
            under_way.try_set_value(false);
            if let Ok(newest) = newest {
                rooms.try_set(newest);
            }
        });
    };
    let opened = StoredValue::new(Vec::<RoomId>::new());
    let open_all = move |connection: &Connection, again: bool| {
        let listed: Vec<_> =
            rooms.with(|rooms| rooms.iter().map(|summary| summary.room.id).collect());
        opened.update_value(|opened| {
            for room in opened.iter().filter(|room| !listed.contains(room)) {
                connection.unfollow(*room);
            }
            for room in &listed {
                let known = opened.contains(room);
                if !known {
                    connection.follow(*room);
                }
                if again || !known {
                    connection.open(*room, None);
                }
            }
            *opened = listed;
        });
    };
    with_connection(
        me,
        move |connection, event| match event {
            Event::Up => untrack(|| open_all(connection, true)),
            Event::Down | Event::Frame(ServerFrame::Typing { .. }) => {}
            Event::Frame(frame) => {
                let fits = me
                    .with_value(|me| rooms.try_update(|rooms| take_in(rooms, frame, me)))
                    .unwrap_or(true);
                if !fits {
                    reload();
                }
            }
        },
        move |connection| {
            for room in opened.try_get_value().unwrap_or_default() {
                connection.unfollow(room);
            }
        },
    );
    // The list changes when rooms are created, joined and left, here or elsewhere.
    Effect::new(move || {
        rooms.track();
        if let Some(connection) = super::current() {
            open_all(&connection, false);
        }
    });
}

/// Keeps the heads of `rooms` as they are now, without opening them. For as long as the current owner lives.
pub fn follow_heads(me: &str, rooms: RwSignal<Vec<Room>>) {
    let me = StoredValue::new(me.to_owned());
    with_connection(
        me,
        move |_, event| {
            let Event::Frame(ServerFrame::Head { room, seq }) = event else {
                return;
            };
            let (room, seq) = (*room, *seq);
            let known = rooms.try_update(|rooms| {
                let place = rooms.iter().position(|known| known.id == room)?;
                rooms[place].head = rooms[place].head.max(seq);
                rooms[..=place].rotate_right(1);
                Some(())
            });
            if known == Some(None)
                && let Some(me) = me.try_get_value()
            {
                spawn_local(async move {
                    if let Ok(newest) = api::my_rooms(me).await {
                        rooms.try_set(newest);
                    }
                });
            }
        },
        |_| {},
    );
}

/// Holds a share of the socket and listens to it while the current owner lives.
fn with_connection(
    me: StoredValue<String>,
    heard: impl Fn(&Connection, &Event) + Clone + 'static,
    left: impl Fn(&Connection) + Copy + Send + Sync + 'static,
) {
    Effect::new(move || {
        let me = me.get_value();
        let connection = super::join(&me);
        let listener = connection.listen({
            let (heard, connection) = (heard.clone(), std::rc::Rc::downgrade(&connection));
            move |event| {
                if let Some(connection) = connection.upgrade() {
                    heard(&connection, event);
                }
            }
        });
        if connection.is_open() {
            untrack(|| heard(&connection, &Event::Up));
        }
        on_cleanup(move || {
            if let Some(connection) = super::current().filter(|connection| connection.me() == me) {
                connection.forget(listener);
                left(&connection);
            }
            super::leave(&me);
        });
    });
}

/// Brings the list up to date with one frame. `false` where the list lacks what the frame speaks of.
fn take_in(rooms: &mut Vec<RoomSummary>, frame: &ServerFrame, me: &str) -> bool {
    let place =
        |rooms: &[RoomSummary], id: RoomId| rooms.iter().position(|summary| summary.room.id == id);
    match frame {
        ServerFrame::Opened { room, head, .. } | ServerFrame::Head { room, seq: head } => {
            place(rooms, *room).is_some_and(|place| rooms[place].room.head >= *head)
        }
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
    use crate::domain::Seq;

    fn summary(id: RoomId, head: Seq) -> RoomSummary {
        let room = Room {
            id,
            name: id.to_string(),
            owner: "alice".into(),
            owned: false,
            head,
            seen: head,
            online: 0,
        };
        RoomSummary { room, last: None }
    }

    fn message(room: RoomId, seq: Seq) -> ServerFrame {
        let id = uuid::Uuid::nil();
        ServerFrame::Message(Message {
            room,
            seq,
            id,
            by: "bob".into(),
            at: 0,
            body: "hi".into(),
        })
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
            &ServerFrame::Head { room: 9, seq: 1 },
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

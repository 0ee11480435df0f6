//! Who is counted and named, and which shards a room concerns.

use super::*;
use crate::server::store::{Session, Standing, User};

const ROOM: RoomId = 1;

fn member(id: UserId) -> Membership {
    let name = format!("user{id}");
    Membership {
        session: Session {
            id,
            user: User { id, name },
        },
        rooms: vec![Standing {
            room: ROOM,
            head: 0,
            said: 0,
        }],
    }
}

#[test]
fn in_a_crowd_all_are_counted_and_the_first_two_hundred_named() {
    let presence = Presence::default();
    (1..=250).for_each(|id| drop(presence.connect(&member(id), 0)));
    let ServerFrame::Presence { count, online, .. } = presence.frame(ROOM) else {
        panic!("not a presence frame");
    };
    assert_eq!((count, online.len()), (250, limits::PRESENCE_NAMES));
    (1..=100).for_each(|id| drop(presence.disconnect(id, 0)));
    let ServerFrame::Presence { count, online, .. } = presence.frame(ROOM) else {
        panic!("not a presence frame");
    };
    assert_eq!((count, online.len()), (150, 150));
}

/// The rooms that somebody came to or went from.
fn rooms(changed: Vec<Changed>) -> Vec<RoomId> {
    changed.into_iter().map(|changed| changed.room).collect()
}

#[test]
fn a_user_is_there_until_their_last_socket_is_gone() {
    let presence = Presence::default();
    assert_eq!(rooms(presence.connect(&member(1), 0)), [ROOM]);
    assert!(presence.connect(&member(1), 1).is_empty());
    assert!(presence.disconnect(1, 0).is_empty());
    assert_eq!(
        (presence.count(ROOM), presence.who_is_online([1, 2])),
        (1, vec![true, false])
    );
    assert_eq!(rooms(presence.disconnect(1, 1)), [ROOM]);
    assert_eq!(presence.count(ROOM), 0);
}

#[test]
fn a_room_concerns_the_shards_that_have_members_of_it_or_follow_it_and_no_others() {
    let presence = Presence::default();
    presence.connect(&member(1), 2);
    presence.connect(&member(1), 2);
    presence.connect(&member(2), 3);
    assert_eq!(presence.concerned(ROOM)[..], [2, 3]);
    assert!(presence.concerned(ROOM + 1).is_empty());
    presence.follow(ROOM, 3, Follows::Log);
    presence.disconnect(2, 3);
    assert_eq!(presence.concerned(ROOM)[..], [2, 3], "its tail is kept");
    presence.follow(ROOM, 3, Follows::Nothing);
    assert_eq!(presence.concerned(ROOM)[..], [2]);
    presence.disconnect(1, 2);
    assert_eq!(presence.concerned(ROOM)[..], [2], "one of two is left");
    presence.left(ROOM, 1);
    assert!(presence.concerned(ROOM).is_empty());
    presence.joined(ROOM, 1);
    assert_eq!(presence.concerned(ROOM)[..], [2]);
    assert_eq!(presence.deleted(ROOM)[..], [2]);
    presence.disconnect(1, 2);
    assert!(presence.state().rooms.is_empty() && presence.state().users.is_empty());
}

#[test]
fn who_comes_and_goes_is_told_to_shards_with_readers_only() {
    let presence = Presence::default();
    presence.connect(&member(1), 0);
    presence.connect(&member(2), 1);
    presence.follow(ROOM, 0, Follows::Log);
    presence.follow(ROOM, 1, Follows::Closely);
    assert_eq!(presence.reading(ROOM)[..], [1]);
    let told = |changed: Vec<Changed>| changed[0].readers.to_vec();
    assert_eq!(told(presence.connect(&member(3), 0)), [1]);
    assert_eq!(told(presence.disconnect(3, 0)), [1]);
}

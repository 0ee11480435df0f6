//! Reading a room's log: stretches of it, what changed, and how much is unread.

use super::{
    on_both,
    world::{World, bodies},
};
use crate::server::store::{StoreError, Stretch};

on_both!(
    history_is_read_in_stretches_from_either_end_and_around,
    what_changed_is_read_as_it_is_now,
    unread_counts_messages_of_others,
    rooms_are_listed_with_their_newest_message_the_latest_active_first,
    what_stands_around_a_room_is_of_one_moment,
);

async fn history_is_read_in_stretches_from_either_end_and_around(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    for n in 2..=31 {
        world.say(alice, room, &format!("{n}")).await;
    }
    world
        .react(bob, room, 10, "👍", true)
        .await
        .expect("it is given");
    let read = async |from, limit| {
        let history = world.store.history(room, bob.user, from, limit).await;
        let history = history.expect("a history");
        let seqs: Vec<_> = history.messages.iter().map(|message| message.seq).collect();
        assert_eq!(history.head, 32);
        (seqs, history.more, history.newer)
    };
    assert_eq!(
        read(Stretch::Newest, 3).await,
        (vec![29, 30, 31], true, None)
    );
    assert_eq!(read(Stretch::Before(4), 5).await, (vec![2, 3], false, None));
    assert_eq!(read(Stretch::Before(5), 2).await, (vec![3, 4], true, None));
    assert_eq!(
        read(Stretch::After(29), 2).await,
        (vec![30, 31], false, None)
    );
    assert_eq!(read(Stretch::After(0), 2).await, (vec![2, 3], true, None));
    assert_eq!(
        read(Stretch::Around(10), 4).await,
        (vec![9, 10, 11, 12], true, Some(true))
    );
    assert_eq!(
        read(Stretch::Around(31), 4).await,
        (vec![30, 31], true, Some(false))
    );
    let all = world
        .store
        .history(room, bob.user, Stretch::After(0), 40)
        .await
        .expect("a history");
    assert_eq!(all.happenings.len(), 1, "Bob came");
    assert_eq!(all.messages[8].reactions.len(), 1);
    let none = world
        .store
        .history(room, bob.user, Stretch::Before(u64::MAX), 1)
        .await;
    assert_eq!(bodies(&none.expect("a history").messages), ["31"]);
    let eve = world.somebody("eve").await;
    let refused = world
        .store
        .history(room, eve.user, Stretch::Newest, 10)
        .await;
    assert_eq!(refused, Err(StoreError::NoSuchRoom));
}

async fn what_changed_is_read_as_it_is_now(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let first = world.say(alice, room, "first").await;
    let second = world.say(alice, room, "second").await;
    let since = second;
    world
        .edit(alice, room, first, "edited")
        .await
        .expect("it is edited");
    world
        .delete(alice, room, second)
        .await
        .expect("it is deleted");
    let third = world.say(bob, room, "third").await;
    let changes = world
        .store
        .changes(room, bob.user, since, 10)
        .await
        .expect("changes");
    let seqs: Vec<_> = changes.messages.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, [first, second, third]);
    assert_eq!(bodies(&changes.messages), ["edited", "", "third"]);
    assert_eq!(
        (changes.to, changes.more, changes.head),
        (third, false, third)
    );
    let some = world
        .store
        .changes(room, bob.user, since, 1)
        .await
        .expect("changes");
    assert_eq!(
        (some.messages.len(), some.to, some.more),
        (1, since + 1, true)
    );
    let none = world
        .store
        .changes(room, bob.user, 1_000, 10)
        .await
        .expect("changes");
    assert_eq!((none.messages.len(), none.to, none.more), (0, third, false));
    let came = world
        .store
        .changes(room, bob.user, 0, 10)
        .await
        .expect("changes");
    assert_eq!(came.happenings.len(), 1);
}

async fn unread_counts_messages_of_others(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let unread = async |by| {
        let room = world.look(by, room).await;
        room.said - room.read
    };
    assert_eq!((unread(alice).await, unread(bob).await), (0, 0));
    let first = world.say(alice, room, "one").await;
    world.say(alice, room, "two").await;
    world
        .react(alice, room, first, "👍", true)
        .await
        .expect("it is given");
    assert_eq!((unread(alice).await, unread(bob).await), (0, 2));
    world
        .store
        .seen(room, bob.user, first)
        .await
        .expect("he has read it");
    assert_eq!(unread(bob).await, 1);
    world.say(bob, room, "who has not read everything").await;
    assert_eq!(
        unread(bob).await,
        2,
        "his own is among them until he has read on"
    );
    world
        .store
        .seen(room, bob.user, u64::MAX)
        .await
        .expect("he has read it");
    assert_eq!(unread(bob).await, 0);
    world.say(bob, room, "now he has").await;
    assert_eq!((unread(bob).await, unread(alice).await), (0, 2));
    world
        .store
        .seen(room, bob.user, first)
        .await
        .expect("it goes only forward");
    assert_eq!(unread(bob).await, 0);
}

async fn rooms_are_listed_with_their_newest_message_the_latest_active_first(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let first = world.room_of("first", &[alice, bob]).await;
    let second = world.room_of("second", &[alice, bob]).await;
    world.room(bob, "not Alice's").await;
    tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    let seq = world.say(bob, first, "hello").await;
    world
        .react(alice, first, seq, "👍", true)
        .await
        .expect("it is given");
    let rooms = world.rooms(alice).await;
    let ids: Vec<_> = rooms.iter().map(|summary| summary.room.id).collect();
    assert_eq!(ids, [first, second]);
    let last = rooms[0].last.as_ref().expect("a message");
    assert_eq!((last.body.as_str(), last.reactions.len()), ("hello", 1));
    assert!(rooms[1].last.is_none());
}

async fn what_stands_around_a_room_is_of_one_moment(world: World) {
    let (alice, bob) = (world.somebody("Alice").await, world.somebody("bob").await);
    let room = world.room_of("General", &[alice, bob]).await;
    let name = crate::domain::RoomName::parse("general")
        .expect("a name")
        .folded();
    let around = world
        .store
        .surroundings(name.clone(), bob.user)
        .await
        .expect("the room");
    assert_eq!(around.room.id, room);
    let names: Vec<_> = around
        .members
        .iter()
        .map(|(user, _)| user.name.as_str())
        .collect();
    assert_eq!(names, ["Alice", "bob"]);
    assert_eq!(around.rooms.len(), 1);
    let eve = world.somebody("eve").await;
    let refused = world.store.surroundings(name, eve.user).await;
    assert_eq!(refused.map(|_| ()), Err(StoreError::NoSuchRoom));
}

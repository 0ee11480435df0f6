//! The order of changes, that they last, and that each is made once.

use tokio::{sync::oneshot, task::JoinSet};
use uuid::Uuid;

use super::{
    on_both,
    world::{PATIENCE, World, answers, bodies, body, reply, says},
};
use crate::{
    domain::{Room, Seq},
    server::store::{Act, Entry, Event, NewEntry, Reading, SocketId, StoreError},
};

on_both!(
    entries_are_numbered_without_holes_and_told_in_that_order_before_they_are_answered,
    what_was_confirmed_is_there_in_another_life,
    the_same_id_of_the_same_author_in_the_same_room_is_the_same_entry,
    what_is_queued_after_a_leaving_finds_no_member,
    a_batch_is_answered_one_by_one_in_its_order,
    what_a_socket_starts_from_is_in_order_with_all_changes,
    read_positions_that_nobody_waits_for_come_with_the_next_commit,
);

async fn entries_are_numbered_without_holes_and_told_in_that_order_before_they_are_answered(
    world: World,
) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let mut rooms = Vec::new();
    for name in ["one", "two", "three"] {
        rooms.push(world.room_of(name, &[alice, bob]).await);
    }
    world.told();
    let mut senders = JoinSet::new();
    for sender in 0..6 {
        let (store, room) = (world.store.clone(), rooms[sender % 3]);
        let by = if sender % 2 == 0 { alice } else { bob };
        senders.spawn(async move {
            let mut last = 0;
            for n in 0..40 {
                let (answer, answered) = oneshot::channel();
                let (id, act) = (Uuid::now_v7(), says(&format!("{sender}/{n}")));
                store.append(vec![NewEntry { room, by, id, act }], reply(answer));
                let posted = answered.await.expect("an answer").expect("answers");
                let seq = posted[0].as_ref().expect("it is stored").seq;
                assert!(last < seq, "{last} before {seq}");
                last = seq;
            }
        });
    }
    senders.join_all().await;
    let told = world.told_entries();
    for room in rooms {
        let seqs: Vec<_> = told
            .iter()
            .filter(|(of, _)| *of == room)
            .map(|(_, seq)| *seq)
            .collect();
        // The first entry is that Bob joined.
        assert_eq!(seqs, (2..=81).collect::<Vec<_>>());
        let history = world.history(alice, room).await;
        assert_eq!((history.head, history.messages.len()), (81, 80));
        let times: Vec<_> = history.messages.iter().map(|message| message.at).collect();
        assert!(times.is_sorted(), "time runs backwards");
    }
}

async fn what_was_confirmed_is_there_in_another_life(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let first = world.say(alice, room, "hello").await;
    world
        .edit(alice, room, first, "hello there")
        .await
        .expect("it is edited");
    world
        .react(bob, room, first, "👍", true)
        .await
        .expect("it is given");
    world.say(bob, room, "hi @alice").await;
    let (before, looked) = (
        world.history(alice, room).await,
        world.look(alice, room).await,
    );
    let world = world.reopened().await;
    assert_eq!(world.history(alice, room).await, before);
    assert_eq!(world.look(alice, room).await, looked);
    assert_eq!(world.say(alice, room, "again").await, before.head + 1);
}

async fn the_same_id_of_the_same_author_in_the_same_room_is_the_same_entry(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let other = world.room_of("other", &[alice, bob]).await;
    let id = Uuid::now_v7();
    let entry = |by, room, text| NewEntry {
        room,
        by,
        id,
        act: says(text),
    };
    let twice = vec![entry(alice, room, "once"), entry(alice, room, "once")];
    let twice = world.append(twice).await;
    assert_eq!(twice[0], twice[1]);
    let later = world
        .append(vec![entry(alice, room, "something else")])
        .await;
    assert_eq!(later[0], twice[0]);
    let others = vec![entry(bob, room, "Bob's"), entry(alice, other, "elsewhere")];
    let others = world.append(others).await;
    assert!(
        others
            .iter()
            .all(|posted| posted.is_ok() && *posted != twice[0])
    );
    let world = world.reopened().await;
    assert_eq!(
        world.append(vec![entry(alice, room, "once")]).await[0],
        twice[0]
    );
    assert_eq!(
        bodies(&world.history(alice, room).await.messages),
        ["once", "Bob's"]
    );
    // An edit, a deletion and a reaction that are repeated change nothing either.
    let seq = twice[0].as_ref().expect("it is stored").seq;
    let id = Uuid::now_v7();
    let edit = |text| NewEntry {
        room,
        by: alice,
        id,
        act: Act::Edit {
            of: seq,
            body: body(text),
        },
    };
    let first = world.append(vec![edit("twice")]).await;
    assert_eq!(world.append(vec![edit("thrice")]).await, first);
    assert_eq!(world.message(alice, room, seq).await.body, "twice");
}

async fn what_is_queued_after_a_leaving_finds_no_member(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    for n in 0..20 {
        let room = world.room_of(&format!("room {n}"), &[alice, bob]).await;
        let say = |text: &str| NewEntry {
            room,
            by: bob,
            id: Uuid::now_v7(),
            act: says(text),
        };
        let (before, was_before) = oneshot::channel();
        let (after, was_after) = oneshot::channel();
        world.store.append(vec![say("before")], reply(before));
        // In this order, and without waiting for an answer.
        let say_after = async { world.store.append(vec![say("after")], reply(after)) };
        let (left, ()) = tokio::join!(biased; world.store.leave(room, bob), say_after);
        left.expect("Bob leaves");
        assert!(was_before.await.expect("an answer").expect("answers")[0].is_ok());
        let after = was_after.await.expect("an answer").expect("answers");
        assert_eq!(after[0], Err(StoreError::NoSuchRoom));
        assert_eq!(
            bodies(&world.history(alice, room).await.messages),
            ["before"]
        );
    }
}

async fn a_batch_is_answered_one_by_one_in_its_order(world: World) {
    let (alice, eve) = (world.somebody("alice").await, world.somebody("eve").await);
    let room = world.room(alice, "general").await;
    let entry = |by, act| NewEntry {
        room,
        by,
        id: Uuid::now_v7(),
        act,
    };
    let answered = world
        .append(vec![
            entry(alice, says("one")),
            entry(eve, says("not a member")),
            entry(alice, answers(1, "two")),
            entry(alice, answers(9, "to nothing")),
            entry(alice, says("three")),
        ])
        .await;
    let seqs: Vec<_> = answered
        .iter()
        .map(|answer| answer.map(|posted| posted.seq))
        .collect();
    let wanted = [
        Ok(1),
        Err(StoreError::NoSuchRoom),
        Ok(2),
        Err(StoreError::NoSuchMessage),
        Ok(3),
    ];
    assert_eq!(seqs, wanted);
    let quote = world.message(alice, room, 2).await.re.expect("a quote");
    assert_eq!((quote.seq, quote.body.as_str()), (1, "one"));
    assert!(world.append(Vec::new()).await.is_empty());
}

async fn what_a_socket_starts_from_is_in_order_with_all_changes(world: World) {
    let session = world.claim("alice").await.expect("it is free");
    let alice = session.actor();
    let token = super::world::token();
    assert!(world.membership(token).await.is_none());
    let room = world.room(alice, "general").await;
    let (answer, said) = oneshot::channel();
    let entry = NewEntry {
        room,
        by: alice,
        id: Uuid::now_v7(),
        act: says("hello"),
    };
    world.store.append(vec![entry], reply(answer));
    // It is asked for without waiting for the answer, and sees what was queued before it.
    assert_eq!(seqs(&world.log(room, None, 10).await), [1]);
    assert!(said.await.expect("an answer").is_ok());
    for n in 0..20 {
        world.say(alice, room, &format!("number {n}")).await;
    }
    let newest = world.log(room, None, 5).await;
    assert_eq!(seqs(&newest), [17, 18, 19, 20, 21]);
    assert_eq!(newest[4].said, 21);
    assert_eq!(seqs(&world.log(room, Some(0), 3).await), [1, 2, 3]);
    assert_eq!(seqs(&world.log(room, Some(19), 3).await), [20, 21]);
    assert!(world.log(room, Some(21), 3).await.is_empty());
}

fn seqs(entries: &[Entry]) -> Vec<Seq> {
    entries.iter().map(|entry| entry.seq).collect()
}

async fn read_positions_that_nobody_waits_for_come_with_the_next_commit(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    for text in ["one", "two", "three"] {
        world.say(alice, room, text).await;
    }
    world.told();
    let socket: SocketId = 77;
    world.store.note_seen(room, bob.user, 2, socket);
    world.store.note_seen(room, bob.user, 3, socket);
    world.store.note_seen(room, bob.user, 1, socket);
    world.say(alice, room, "four").await;
    let moved = |room: &Room| (room.seen, room.read);
    let mut looked = world.look(bob, room).await;
    let since = std::time::Instant::now();
    while moved(&looked) != (3, 2) {
        assert!(since.elapsed() < PATIENCE, "{looked:?}");
        looked = world.look(bob, room).await;
    }
    let is_it = |event: &Event| {
        matches!(event, Event::Seen { user, seq: 3, read: 2, by, .. }
            if *user == bob.user && *by == Reading::Socket(socket))
    };
    // It can be seen a moment before it is told.
    let mut told = world.told();
    while !told.iter().any(is_it) {
        assert!(since.elapsed() < PATIENCE, "{told:?}");
        tokio::task::yield_now().await;
        told.extend(world.told());
    }
}

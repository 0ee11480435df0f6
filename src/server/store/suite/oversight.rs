//! What the keeper sees of names and rooms, and does to them.

use super::{
    on_both,
    world::{World, says, token},
};
use crate::{
    domain::RoomId,
    server::store::{Event, NewSession, PAGE, StoreError, UserId, Wanted, Way, now},
};

on_both!(
    all_that_is_held_is_counted_and_nothing_else,
    rooms_are_listed_with_their_figures_the_newest_first,
    names_that_are_held_are_listed_with_their_figures,
    long_lists_come_in_parts_and_by_how_names_begin,
    a_session_is_cut_with_all_passes_whoever_asks,
    a_name_is_freed_as_if_it_had_been_given_up,
    a_room_is_taken_away_as_if_its_owner_had,
);

fn all() -> Wanted {
    Wanted::default()
}

fn beginning(begins: &str) -> Wanted {
    Wanted {
        begins: begins.to_owned(),
        before: None,
    }
}

async fn rooms(world: &World, wanted: Wanted) -> Vec<(RoomId, String)> {
    let found = world.store.room_figures(wanted).await.expect("rooms");
    found.into_iter().map(|it| (it.id, it.name)).collect()
}

async fn names(world: &World, wanted: Wanted) -> Vec<(UserId, String)> {
    let found = world.store.name_figures(wanted).await.expect("names");
    found.into_iter().map(|it| (it.id, it.name)).collect()
}

/// Who has read how far may be told at any time.
fn told_but_readings(world: &World) -> Vec<Event> {
    let mut told = world.told();
    told.retain(|event| !matches!(event, Event::Seen { .. }));
    told
}

async fn all_that_is_held_is_counted_and_nothing_else(world: World) {
    let count = async || {
        let totals = world.store.totals().await.expect("totals");
        (totals.names, totals.sessions, totals.rooms)
    };
    assert_eq!(count().await, (0, 0, 0));
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room(alice, "general").await;
    world.room(bob, "other").await;
    assert_eq!(count().await, (2, 2, 2));
    world.store.give_up(bob).await.expect("he gives up");
    assert_eq!(count().await, (1, 1, 1), "his room goes with him");
    world.store.take_room(room).await.expect("it is taken");
    assert_eq!(count().await, (1, 1, 0));
}

async fn rooms_are_listed_with_their_figures_the_newest_first(world: World) {
    let (alice, bob) = (world.somebody("Alice").await, world.somebody("bob").await);
    let general = world.room_of("General", &[alice, bob]).await;
    let empty = world.room(bob, "empty").await;
    for text in ["1234", "123456", "12345678"] {
        world.say(alice, general, text).await;
    }
    world.delete(alice, general, 3).await.expect("is deleted");
    let found = world.store.room_figures(all()).await.expect("rooms");
    let figures: Vec<_> = found
        .iter()
        .map(|it| (it.id, it.name.as_str(), it.owner.as_str(), it.members))
        .collect();
    assert_eq!(
        figures,
        [(empty, "empty", "bob", 1), (general, "General", "Alice", 2)]
    );
    assert_eq!((found[0].said, found[0].last), (0, None));
    // What was erased was said, too, and takes no room any more: bob's coming is 1, what he comes to 2 to 4.
    assert_eq!((found[1].said, found[1].bytes_each), (3, 4));
    let age = now() - found[1].last.expect("something happened");
    assert!((0..60_000).contains(&age), "{age}");
}

async fn names_that_are_held_are_listed_with_their_figures(world: World) {
    let (alice, bob) = (world.somebody("Alice").await, world.somebody("bob").await);
    let carol = world.somebody("carol").await;
    world.room_of("general", &[alice, bob]).await;
    world.room(alice, "other").await;
    world.store.give_up(carol).await.expect("she gives up");
    let found = world.store.name_figures(all()).await.expect("names");
    let figures: Vec<_> = found
        .iter()
        .map(|it| (it.id, it.name.as_str(), it.sessions, it.rooms))
        .collect();
    assert_eq!(
        figures,
        [(bob.user, "bob", 1, 1), (alice.user, "Alice", 1, 2)]
    );
    assert!(
        found
            .iter()
            .all(|it| it.since <= it.used && it.used <= now())
    );
    let one = async |user| world.store.figures_of(user).await.expect("an answer");
    assert_eq!(one(bob.user).await.as_ref(), Some(&found[0]));
    assert_eq!(one(carol.user).await, None, "nobody holds it");
    assert_eq!(one(987_654).await, None);
}

async fn long_lists_come_in_parts_and_by_how_names_begin(world: World) {
    let mut expected = Vec::new();
    let owner = world.somebody("Übermut").await;
    for n in 0..PAGE + 3 {
        let name = format!("Raum {n}");
        expected.push((world.room(owner, &name).await, name));
    }
    let odd = world.room(owner, "other % _ ' room").await;
    expected.reverse();
    let first = rooms(&world, beginning("raum")).await;
    assert_eq!(
        first,
        expected[..=PAGE],
        "one more says that there are more"
    );
    let second = Wanted {
        before: Some(first[PAGE - 1].0),
        ..beginning("raum")
    };
    assert_eq!(rooms(&world, second).await, expected[PAGE..]);
    assert_eq!(rooms(&world, beginning("raum 51")).await.len(), 1);
    let found = rooms(&world, beginning("other % _ '")).await;
    assert_eq!(found, [(odd, "other % _ ' room".to_owned())]);
    for none in ["%", "_", "raum 51 ", "z"] {
        assert_eq!(rooms(&world, beginning(none)).await, [], "{none}");
    }
    let held = names(&world, beginning("übe")).await;
    assert_eq!(held, [(owner.user, "Übermut".to_owned())]);
    assert_eq!(names(&world, beginning("ub")).await, []);
}

async fn a_session_is_cut_with_all_passes_whoever_asks(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let (pass, spare) = (token(), token());
    let soon = now() + 60_000;
    for pass in [pass, spare] {
        let made = world.store.new_pass(alice, pass, soon).await;
        made.expect("a pass");
    }
    let new = NewSession {
        token: token(),
        browser: "another".to_owned(),
    };
    let second = new.token;
    let entered = world.store.enter(Way::Pass(pass), new, Vec::new()).await;
    let entered = entered.expect("is let in").actor();
    world.told();
    // Somebody else's is let be.
    let cut = world.store.cut_session(bob.user, entered.session).await;
    assert_eq!(cut, Ok(()));
    assert!(world.membership(second).await.is_some());
    assert!(world.store.pass(spare).await.expect("an answer").is_some());
    let cut = world.store.cut_session(alice.user, entered.session).await;
    assert_eq!(cut, Ok(()));
    let ended = world.told().into_iter().any(|event| {
        matches!(event, Event::SessionEnded { user, session }
            if (user, session) == (alice.user, entered.session))
    });
    assert!(ended, "its sockets are told");
    assert_eq!(world.store.session(second).await, Ok(None));
    assert!(world.membership(second).await.is_none());
    assert_eq!(world.store.pass(spare).await, Ok(None));
    let said = world.act(entered, room, says("still here")).await;
    assert_eq!(said.map(|_| ()), Err(StoreError::NotMe));
    // The last way in, too: who runs the server answers for it.
    let cut = world.store.cut_session(alice.user, alice.session).await;
    assert_eq!(cut, Ok(()));
    let figures = world.store.figures_of(alice.user).await;
    assert_eq!(figures.expect("an answer").map(|it| it.sessions), Some(0));
    assert_eq!(world.claim("alice").await, Err(StoreError::UsernameTaken));
    let again = world.store.cut_session(alice.user, alice.session).await;
    assert_eq!(again, Ok(()));
    world.say(bob, room, "and on").await;
}

async fn a_name_is_freed_as_if_it_had_been_given_up(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    world.say(alice, room, "mine").await;
    world.told();
    let free = async |user| world.store.free_name(user).await;
    assert_eq!(free(alice.user).await, Ok(()));
    let told = told_but_readings(&world);
    assert!(
        matches!(told[..], [Event::Entry(_), Event::GaveUp { user }] if user == alice.user),
        "{told:?}"
    );
    let said = world.act(alice, room, says("still here")).await;
    assert_eq!(said.map(|_| ()), Err(StoreError::NotMe));
    assert!(world.look(bob, room).await.owned, "it is handed on");
    assert_eq!(world.message(bob, room, 2).await.by, "alice");
    let another = world.somebody("alice").await;
    assert_ne!(another.user, alice.user);
    world.told();
    // Nobody holds it, or not that user: nothing is done to who has it now.
    for user in [alice.user, 987_654] {
        assert_eq!(free(user).await, Ok(()));
    }
    assert_eq!(told_but_readings(&world).len(), 0);
    world.room(another, "other").await;
}

async fn a_room_is_taken_away_as_if_its_owner_had(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let other = world.room_of("other", &[bob, alice]).await;
    world.say(alice, room, "mine").await;
    world.told();
    assert_eq!(world.store.take_room(room).await, Ok(()));
    let told = told_but_readings(&world);
    assert!(
        matches!(told[..], [Event::Deleted { room: gone }] if gone == room),
        "{told:?}"
    );
    let gone = world.store.room(room, alice.user).await;
    assert_eq!(gone.map(|_| ()), Err(StoreError::NoSuchRoom));
    let said = world.act(alice, room, says("still here")).await;
    assert_eq!(said.map(|_| ()), Err(StoreError::NoSuchRoom));
    assert_eq!(world.rooms(alice).await.len(), 1);
    for again in [room, 987_654] {
        assert_eq!(world.store.take_room(again).await, Ok(()));
    }
    assert_eq!(told_but_readings(&world).len(), 0);
    world.say(alice, other, "and on").await;
    world.room(bob, "general").await;
}

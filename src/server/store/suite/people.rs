//! Names, sessions, rooms and who is in them.

use uuid::Uuid;

use super::{
    on_both,
    world::{PATIENCE, World, body, folded, says, token},
};
use crate::{
    domain::{Role, RoomName},
    server::store::{
        Act, Crossing, Event, InviteTerms, Lock, NewSession, Setting, StoreError, now,
    },
};

on_both!(
    a_name_is_claimed_once_until_it_is_given_up,
    a_session_that_has_ended_changes_nothing_any_more,
    an_owner_who_leaves_hands_the_room_on_moderators_first_and_the_last_member_takes_it_along,
    a_deleted_room_is_gone_and_its_name_free_and_its_messages_go,
    a_key_that_was_changed_opens_nothing,
    a_member_who_is_shown_out_is_none_and_is_told_before_the_others,
    roles_are_given_by_the_owner_and_the_room_is_handed_over,
    a_room_that_is_renamed_is_found_by_its_former_name_until_another_has_it,
    invites_let_in_so_many_until_they_end,
    a_setting_is_made_once_and_what_is_so_already_makes_no_entry,
);

async fn a_name_is_claimed_once_until_it_is_given_up(world: World) {
    let alice = world.somebody("Alice").await;
    assert_eq!(world.claim("ALICE").await, Err(StoreError::UsernameTaken));
    world.store.give_up(alice).await.expect("it is given up");
    let another = world.somebody("alice").await;
    assert_ne!(another.user, alice.user);
    let (store, same) = (world.store.clone(), Uuid::now_v7().simple().to_string());
    let claims = (0..8).map(|_| {
        let (store, name) = (store.clone(), same[12..].to_owned());
        tokio::spawn(async move {
            let name = crate::domain::Username::parse(&name).expect("a name");
            let new = NewSession {
                token: token(),
                browser: String::new(),
            };
            store.claim(&name, new).await.is_ok()
        })
    });
    let claims: Vec<_> = claims.collect();
    let mut claimed = 0;
    for claim in claims {
        claimed += usize::from(claim.await.expect("an answer"));
    }
    assert_eq!(claimed, 1);
}

async fn a_session_that_has_ended_changes_nothing_any_more(world: World) {
    let name = crate::domain::Username::parse("alice").expect("a name");
    let new = NewSession {
        token: token(),
        browser: String::new(),
    };
    let token = new.token;
    assert_eq!(world.store.session(token).await, Ok(None));
    let session = world.store.claim(&name, new).await.expect("it is free");
    assert_eq!(world.store.session(token).await, Ok(Some(session.clone())));
    assert!(
        world
            .membership(token)
            .await
            .is_some_and(|membership| membership.session == session)
    );
    let (alice, bob) = (session.actor(), world.somebody("bob").await);
    let room = world.room_of("general", &[bob, alice]).await;
    world.store.give_up(alice).await.expect("it is given up");
    assert_eq!(world.store.session(token).await, Ok(None));
    assert!(world.membership(token).await.is_none());
    let not_me = Err(StoreError::NotMe);
    let said = world.act(alice, room, says("still here")).await;
    assert_eq!(said.map(|_| ()), not_me);
    assert_eq!(world.store.leave(room, alice).await, not_me);
    assert_eq!(world.store.give_up(alice).await, not_me);
    let name = RoomName::parse("other").expect("a name");
    let made = world.store.create_room(alice, &name, String::new()).await;
    assert_eq!(made, Err(StoreError::NotMe));
}

async fn an_owner_who_leaves_hands_the_room_on_moderators_first_and_the_last_member_takes_it_along(
    world: World,
) {
    let alice = world.somebody("alice").await;
    let (bob, carol) = (world.somebody("bob").await, world.somebody("carol").await);
    let room = world.room_of("general", &[alice, bob, carol]).await;
    let role = Setting::Role {
        who: folded("carol"),
        role: Role::Moderator,
    };
    world
        .store
        .set(room, alice, Uuid::now_v7(), role)
        .await
        .expect("it is set");
    world.told();
    world.store.give_up(alice).await.expect("she gives up");
    let heirs = world.told().into_iter().filter_map(|event| match event {
        Event::Entry(entry) => match entry.crossing? {
            Crossing::Left { heir, .. } => Some(heir),
            _ => None,
        },
        _ => None,
    });
    let heirs: Vec<_> = heirs.collect();
    assert_eq!(heirs, [Some(carol.user)]);
    assert_eq!(world.look(bob, room).await.owner, "carol");
    world.store.leave(room, carol).await.expect("she leaves");
    assert!(world.look(bob, room).await.owned);
    world.store.leave(room, bob).await.expect("he leaves");
    assert!(
        world
            .told()
            .iter()
            .any(|event| matches!(event, Event::Deleted { room: gone, .. } if *gone == room))
    );
    world.room(bob, "general").await;
}

async fn a_deleted_room_is_gone_and_its_name_free_and_its_messages_go(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    for n in 0..300 {
        world.say(alice, room, &format!("number {n}")).await;
    }
    assert_eq!(
        world.store.delete_room(room, bob).await,
        Err(StoreError::NotOwner)
    );
    world
        .store
        .delete_room(room, alice)
        .await
        .expect("it is deleted");
    assert_eq!(
        world.store.room(room, alice.user).await,
        Err(StoreError::NoSuchRoom)
    );
    let said = world.act(bob, room, says("anybody?")).await;
    assert_eq!(said, Err(StoreError::NoSuchRoom));
    let another = world.room(bob, "General").await;
    assert_eq!(world.say(bob, another, "mine").await, 1);
    if let Some(database) = world.database() {
        let left = format!("SELECT count(*) FROM entries WHERE room_id = {room}");
        let since = std::time::Instant::now();
        while database.ask(&left) != "0" {
            assert!(since.elapsed() < PATIENCE, "its messages do not go");
        }
    }
}

async fn a_key_that_was_changed_opens_nothing(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let carol = world.somebody("carol").await;
    let room = world.room_of("general", &[alice, bob]).await;
    let lock = world
        .store
        .lock(folded("general"))
        .await
        .expect("an answer");
    let lock = lock.expect("the room");
    assert_eq!((lock.room, lock.key_hash.as_str()), (room, "the key"));
    let key = Setting::Key {
        hash: "another key".to_owned(),
        everyone_out: true,
    };
    let set = world.store.set(
        room,
        bob,
        Uuid::now_v7(),
        Setting::Key {
            hash: String::new(),
            everyone_out: false,
        },
    );
    assert_eq!(set.await, Err(StoreError::NotOwner));
    world
        .store
        .set(room, alice, Uuid::now_v7(), key)
        .await
        .expect("it is changed");
    assert_eq!(
        world.store.join(lock, carol).await,
        Err(StoreError::WrongKey)
    );
    assert_eq!(
        world.store.room(room, bob.user).await,
        Err(StoreError::NoSuchRoom)
    );
    let lock = Lock {
        room,
        key_hash: "another key".to_owned(),
    };
    world.store.join(lock.clone(), bob).await.expect("it opens");
    let head = world.look(bob, room).await.head;
    world.store.join(lock, bob).await.expect("he is in");
    assert_eq!(world.look(bob, room).await.head, head);
}

async fn a_member_who_is_shown_out_is_none_and_is_told_before_the_others(world: World) {
    let alice = world.somebody("alice").await;
    let (bob, carol) = (world.somebody("bob").await, world.somebody("carol").await);
    let room = world.room_of("general", &[alice, bob, carol]).await;
    let out = |who: &str| Setting::Out { who: folded(who) };
    let set = |by, setting| world.store.set(room, by, Uuid::now_v7(), setting);
    assert_eq!(set(bob, out("carol")).await, Err(StoreError::NotAllowed));
    assert_eq!(
        set(alice, out("nobody")).await,
        Err(StoreError::NoSuchMember)
    );
    assert_eq!(set(alice, out("alice")).await, Err(StoreError::NotAllowed));
    world.told();
    set(alice, out("bob")).await.expect("he is shown out");
    let told = world.told();
    let [Event::Entry(entry)] = &told[..] else {
        panic!("one entry is told: {told:?}");
    };
    assert_eq!(entry.crossing, Some(Crossing::Removed { user: bob.user }));
    let said = world.act(bob, room, says("but")).await;
    assert_eq!(said, Err(StoreError::NoSuchRoom));
    let read = world.store.changes(room, bob.user, 0, 10).await;
    assert_eq!(read, Err(StoreError::NoSuchRoom));
    let seen = world.store.seen(room, bob.user, 1).await;
    assert_eq!(seen, Err(StoreError::NoSuchRoom));
}

async fn roles_are_given_by_the_owner_and_the_room_is_handed_over(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let role = |who: &str, role| Setting::Role {
        who: folded(who),
        role,
    };
    let set = |by, setting| world.store.set(room, by, Uuid::now_v7(), setting);
    let refused = set(bob, role("bob", Role::Moderator)).await;
    assert_eq!(refused, Err(StoreError::NotOwner));
    assert_eq!(
        set(alice, role("alice", Role::Member)).await,
        Err(StoreError::NotAllowed)
    );
    set(alice, role("bob", Role::Owner))
        .await
        .expect("it is handed over");
    let members = world.store.members(room, bob.user).await.expect("members");
    let roles: Vec<_> = members
        .iter()
        .map(|(user, role)| (user.name.as_str(), *role))
        .collect();
    assert_eq!(roles, [("alice", Role::Moderator), ("bob", Role::Owner)]);
    assert!(world.look(bob, room).await.owned && !world.look(alice, room).await.owned);
}

async fn a_room_that_is_renamed_is_found_by_its_former_name_until_another_has_it(world: World) {
    let alice = world.somebody("alice").await;
    let room = world.room(alice, "general").await;
    let other = world.room(alice, "other").await;
    let name = |name: &str| Setting::Name(RoomName::parse(name).expect("a name"));
    let set = |room, setting| world.store.set(room, alice, Uuid::now_v7(), setting);
    assert_eq!(set(room, name("OTHER")).await, Err(StoreError::RoomTaken));
    set(room, name("Corner")).await.expect("it is renamed");
    let led = |to: &str| {
        let name = RoomName::parse(to).expect("a name").folded();
        world.store.room_named(name, alice.user)
    };
    assert_eq!(led("general").await.map(|room| room.id), Ok(room));
    assert_eq!(
        led("corner").await.map(|room| room.name),
        Ok("Corner".to_owned())
    );
    set(other, name("general")).await.expect("it is free");
    assert_eq!(led("general").await.map(|room| room.id), Ok(other));
    assert_eq!(
        led("nowhere").await.map(|room| room.id),
        Err(StoreError::NoSuchRoom)
    );
}

async fn invites_let_in_so_many_until_they_end(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let (carol, dora) = (world.somebody("carol").await, world.somebody("dora").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let once = InviteTerms {
        uses: Some(1),
        expires: Some(now() + 60_000),
    };
    let secret = token();
    let refused = world.store.new_invite(room, bob, token(), once).await;
    assert_eq!(refused, Err(StoreError::NotAllowed));
    let id = world
        .store
        .new_invite(room, alice, secret, once)
        .await
        .expect("it is made");
    assert_eq!(
        world
            .store
            .invites(room, alice.user)
            .await
            .expect("invites")
            .len(),
        1
    );
    let enter = |by, secret| world.store.join_by_invite(room, by, id, secret);
    assert_eq!(enter(carol, token()).await, Err(StoreError::WrongKey));
    enter(bob, secret)
        .await
        .expect("who is in already uses nothing");
    enter(carol, secret).await.expect("it lets her in");
    assert_eq!(enter(dora, secret).await, Err(StoreError::WrongKey));
    assert_eq!(
        world
            .store
            .invites(room, alice.user)
            .await
            .expect("invites")
            .len(),
        0
    );
    let over = InviteTerms {
        uses: None,
        expires: Some(now() - 1),
    };
    let (late, ended) = (token(), token());
    let id = world
        .store
        .new_invite(room, alice, late, over)
        .await
        .expect("it is made");
    let entered = world.store.join_by_invite(room, dora, id, late).await;
    assert_eq!(entered, Err(StoreError::WrongKey));
    let terms = InviteTerms {
        uses: None,
        expires: None,
    };
    let id = world
        .store
        .new_invite(room, alice, ended, terms)
        .await
        .expect("it is made");
    world
        .store
        .end_invite(room, alice, id)
        .await
        .expect("it ends");
    world
        .store
        .end_invite(room, alice, id)
        .await
        .expect("it has ended");
    let entered = world.store.join_by_invite(room, dora, id, ended).await;
    assert_eq!(entered, Err(StoreError::WrongKey));
}

async fn a_setting_is_made_once_and_what_is_so_already_makes_no_entry(world: World) {
    let alice = world.somebody("alice").await;
    let room = world.room(alice, "general").await;
    let topic = |text: &str| {
        let topic = crate::domain::Topic::parse(text).expect("a topic");
        Setting::Topic(topic)
    };
    let id = Uuid::now_v7();
    world
        .store
        .set(room, alice, id, topic("first"))
        .await
        .expect("it is set");
    world
        .store
        .set(room, alice, id, topic("second"))
        .await
        .expect("it is the same");
    let looked = world.look(alice, room).await;
    assert_eq!((looked.topic.as_str(), looked.head), ("first", 1));
    let new = Uuid::now_v7();
    world
        .store
        .set(room, alice, new, topic("first"))
        .await
        .expect("it is so");
    world
        .store
        .set(room, alice, Uuid::now_v7(), Setting::Keep(Some(7)))
        .await
        .expect("it is set");
    let looked = world.look(alice, room).await;
    assert_eq!((looked.keep, looked.head), (Some(7), 2));
    let happenings = world.history(alice, room).await.happenings;
    assert_eq!(happenings.len(), 2);
    let entry = Act::Edit {
        of: 1,
        body: body("no message"),
    };
    assert_eq!(
        world.act(alice, room, entry).await,
        Err(StoreError::NoSuchMessage)
    );
}

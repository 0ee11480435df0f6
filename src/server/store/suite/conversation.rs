//! What may be done to what was said, and what becomes of it.

use super::{
    on_both,
    world::{World, answers, bodies, folded},
};
use crate::{
    domain::{Posting, Role, limits},
    server::store::{Entry, Event, Setting, StoreError},
};

on_both!(
    an_edit_is_its_authors_and_leaves_nothing_of_what_was_said_before,
    a_deletion_leaves_nothing_but_that_there_was_a_message,
    reactions_are_given_once_taken_back_and_so_many_kinds_at_most,
    who_is_named_is_told_once_and_counted_until_it_is_read,
    an_answer_quotes_what_its_message_says_now,
    where_only_moderators_post_others_react,
    the_tail_is_what_readers_were_told,
);

async fn an_edit_is_its_authors_and_leaves_nothing_of_what_was_said_before(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let seq = world.say(bob, room, "quite a mistake").await;
    let refused = world.edit(alice, room, seq, "no").await;
    assert_eq!(refused, Err(StoreError::NotAuthor));
    assert_eq!(
        world.edit(bob, room, 1, "no").await,
        Err(StoreError::NoSuchMessage)
    );
    let edited = world
        .edit(bob, room, seq, "better")
        .await
        .expect("it is edited");
    assert_eq!(edited.seq, seq + 1);
    let message = world.message(alice, room, seq).await;
    assert_eq!(
        (message.body.as_str(), message.edited),
        ("better", Some(edited.at))
    );
    if let Some(database) = world.database() {
        assert!(!String::from_utf8_lossy(&database.dump()).contains("mistake"));
    }
}

async fn a_deletion_leaves_nothing_but_that_there_was_a_message(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let (hers, his) = (
        world.say(alice, room, "hers").await,
        world.say(bob, room, "his secret").await,
    );
    world
        .react(alice, room, his, "👍", true)
        .await
        .expect("it is given");
    assert_eq!(
        world.delete(bob, room, hers).await,
        Err(StoreError::NotAllowed)
    );
    world.delete(alice, room, his).await.expect("an owner may");
    assert_eq!(
        world.delete(bob, room, his).await,
        Err(StoreError::NoSuchMessage)
    );
    let refused = world.react(bob, room, his, "👍", true).await;
    assert_eq!(refused, Err(StoreError::NoSuchMessage));
    let message = world.message(alice, room, his).await;
    assert!(message.deleted && message.body.is_empty() && message.reactions.is_empty());
    if let Some(database) = world.database() {
        assert!(!String::from_utf8_lossy(&database.dump()).contains("secret"));
    }
}

async fn reactions_are_given_once_taken_back_and_so_many_kinds_at_most(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let seq = world.say(alice, room, "hello").await;
    let given = world
        .react(bob, room, seq, "👍", true)
        .await
        .expect("it is given");
    let again = world
        .react(bob, room, seq, "👍", true)
        .await
        .expect("it is so");
    assert_eq!((again.seq, again.at), (given.seq, given.at));
    world
        .react(alice, room, seq, "🎉", true)
        .await
        .expect("it is given");
    world
        .react(alice, room, seq, "👍", true)
        .await
        .expect("it is given");
    let reactions = world.message(alice, room, seq).await.reactions;
    let given: Vec<_> = reactions
        .iter()
        .map(|kind| (kind.emoji.as_str(), kind.by.clone()))
        .collect();
    let by = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        given,
        [("👍", by(&["bob", "alice"])), ("🎉", by(&["alice"]))]
    );
    world
        .react(bob, room, seq, "👍", false)
        .await
        .expect("it is taken back");
    let head = world.look(bob, room).await.head;
    world
        .react(bob, room, seq, "👍", false)
        .await
        .expect("it is so");
    assert_eq!(world.look(bob, room).await.head, head);
    let kinds = [
        "😀", "😁", "😂", "🤣", "😃", "😄", "😅", "😆", "😉", "😊", "😋", "😎", "😍", "😘", "🥰",
        "😗", "😙", "😚", "🙂", "🤗", "🤩",
    ];
    for emoji in &kinds[..limits::REACTION_KINDS - 2] {
        world
            .react(bob, room, seq, emoji, true)
            .await
            .expect("it is given");
    }
    let refused = world
        .react(bob, room, seq, kinds[limits::REACTION_KINDS - 2], true)
        .await;
    assert_eq!(refused, Err(StoreError::TooManyReactions));
    world
        .react(bob, room, seq, "👍", true)
        .await
        .expect("of a kind that is there");
}

async fn who_is_named_is_told_once_and_counted_until_it_is_read(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("BobB").await);
    world.somebody("eve").await;
    let room = world.room_of("general", &[alice, bob]).await;
    world.told();
    let seq = world
        .say(alice, room, "look, @bobb, and @eve, and @alice")
        .await;
    let mentioned = |events: Vec<Event>| -> Vec<i64> {
        let named = |event| match event {
            Event::Entry(entry) => entry.mentioned,
            _ => Vec::new(),
        };
        events.into_iter().flat_map(named).collect()
    };
    assert_eq!(
        mentioned(world.told()),
        [bob.user],
        "Eve is no member, Alice wrote it"
    );
    assert_eq!(world.look(bob, room).await.mentions, 1);
    world
        .edit(alice, room, seq, "look, @BobB!")
        .await
        .expect("it is edited");
    assert!(mentioned(world.told()).is_empty(), "he was named before");
    world
        .store
        .seen(room, bob.user, seq)
        .await
        .expect("he has read it");
    assert_eq!(world.look(bob, room).await.mentions, 0);
    let other = world.say(alice, room, "@BobB again").await;
    assert_eq!(world.look(bob, room).await.mentions, 1);
    world
        .edit(alice, room, other, "nobody")
        .await
        .expect("it is edited");
    assert_eq!(world.look(bob, room).await.mentions, 0);
}

async fn an_answer_quotes_what_its_message_says_now(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let asked = world.say(alice, room, "question").await;
    let answer = world
        .act(bob, room, answers(asked, "answer"))
        .await
        .expect("it is said");
    world
        .edit(alice, room, asked, "another question")
        .await
        .expect("it is edited");
    let quote = world
        .message(bob, room, answer.seq)
        .await
        .re
        .expect("a quote");
    assert_eq!(
        (quote.seq, quote.by.as_str(), quote.body.as_str()),
        (asked, "alice", "another question")
    );
    world
        .delete(alice, room, asked)
        .await
        .expect("it is deleted");
    let quote = world
        .message(bob, room, answer.seq)
        .await
        .re
        .expect("a quote");
    assert_eq!(quote.body, "");
    let late = world.act(bob, room, answers(asked, "all the same")).await;
    assert!(late.is_ok(), "an answer to what was deleted is an answer");
    assert_eq!(
        world
            .act(bob, room, answers(1, "to an entry that says nothing"))
            .await,
        Err(StoreError::NoSuchMessage)
    );
}

async fn where_only_moderators_post_others_react(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let seq = world.say(alice, room, "news").await;
    let set = |setting| world.store.set(room, alice, uuid::Uuid::now_v7(), setting);
    set(Setting::Posting(Posting::Moderators))
        .await
        .expect("it is set");
    let refused = world.act(bob, room, super::world::says("me too")).await;
    assert_eq!(refused, Err(StoreError::NotAllowed));
    world
        .react(bob, room, seq, "👍", true)
        .await
        .expect("it is given");
    let role = Setting::Role {
        who: folded("bob"),
        role: Role::Moderator,
    };
    set(role).await.expect("it is set");
    world.say(bob, room, "now me").await;
}

async fn the_tail_is_what_readers_were_told(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let room = world.room_of("general", &[alice, bob]).await;
    let seq = world.say(alice, room, "hello @bob").await;
    world
        .act(bob, room, answers(seq, "hi"))
        .await
        .expect("it is said");
    world
        .react(bob, room, seq, "👍", true)
        .await
        .expect("it is given");
    world
        .react(bob, room, seq, "👍", false)
        .await
        .expect("it is taken back");
    world
        .delete(bob, room, seq + 1)
        .await
        .expect("it is deleted");
    world.store.leave(room, bob).await.expect("he leaves");
    let told = world.told().into_iter().filter_map(|event| match event {
        Event::Entry(entry) => Some(entry),
        _ => None,
    });
    let told: Vec<Entry> = told.collect();
    let log = world.log(room, Some(0), 100).await;
    assert_eq!(log.len(), told.len());
    for (now, then) in log.iter().zip(&told) {
        assert_eq!(
            (now.room, now.seq, now.said, now.crossing),
            (then.room, then.seq, then.said, then.crossing)
        );
        // What was deleted since says nothing any more, and names nobody.
        if now.seq != 3 {
            assert_eq!(now.mentioned, then.mentioned);
            assert_eq!(
                serde_json::to_string(&now.frame).ok(),
                serde_json::to_string(&then.frame).ok()
            );
        }
    }
    assert!(bodies(&world.history(alice, room).await.messages).contains(&"hello @bob"));
}

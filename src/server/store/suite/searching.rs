//! Finding what was said.

use super::{
    on_both,
    world::{World, bodies, folded},
};
use crate::{
    domain::{Found, RoomId},
    server::store::{
        Actor, StoreError,
        search::{Place, Query, Search},
    },
};

on_both!(
    words_phrases_and_beginnings_are_found_in_any_script,
    what_was_edited_or_deleted_is_found_by_what_it_says_now,
    the_newest_is_found_first_and_the_rest_page_by_page,
    a_search_is_in_ones_own_rooms_or_one_of_them_or_by_one_author,
);

fn search(words: &str) -> Search {
    Search {
        query: Query::parse(words).expect("something to look for"),
        room: None,
        by: None,
        before: None,
        limit: 20,
    }
}

async fn find(world: &World, by: Actor, search: Search) -> Found {
    world
        .store
        .search(by.user, search)
        .await
        .expect("an answer")
}

/// The bodies that are found, newest first.
async fn found(world: &World, by: Actor, words: &str) -> Vec<String> {
    let found = find(world, by, search(words)).await;
    let messages: Vec<_> = found.hits.into_iter().map(|hit| hit.message).collect();
    bodies(&messages).into_iter().map(str::to_owned).collect()
}

async fn words_phrases_and_beginnings_are_found_in_any_script(world: World) {
    let alice = world.somebody("alice").await;
    let room = world.room(alice, "general").await;
    let texts = [
        "The quick-brown fox",
        "a fox that is brown",
        "Crème brûlée",
        "東京都に住んでいます",
        "京都",
        "it's 'quoted' \\ and: odd",
    ];
    for text in texts {
        world.say(alice, room, text).await;
    }
    for (words, wanted) in [
        ("fox", vec![texts[1], texts[0]]),
        ("FOX brown", vec![texts[1], texts[0]]),
        ("\"brown fox\"", vec![texts[0]]),
        ("qui*", vec![texts[0]]),
        ("qui", vec![]),
        ("\"brown f*", vec![texts[0]]),
        ("creme", vec![texts[2]]),
        ("東京", vec![texts[3]]),
        ("京都", vec![texts[4], texts[3]]),
        ("都", vec![texts[4], texts[3]]),
        ("住んで", vec![texts[3]]),
        ("東都", vec![]),
        ("'quoted'", vec![texts[5]]),
        ("s", vec![texts[5]]),
    ] {
        assert_eq!(found(&world, alice, words).await, wanted, "{words}");
    }
}

async fn what_was_edited_or_deleted_is_found_by_what_it_says_now(world: World) {
    let alice = world.somebody("alice").await;
    let room = world.room(alice, "general").await;
    let first = world.say(alice, room, "one apple").await;
    // Enough of others that some index of the store's may have taken it in.
    for n in 0..40 {
        world.say(alice, room, &format!("number {n}")).await;
    }
    let last = world.say(alice, room, "another apple").await;
    assert_eq!(
        found(&world, alice, "apple").await,
        ["another apple", "one apple"]
    );
    world
        .edit(alice, room, first, "one pear")
        .await
        .expect("it is edited");
    world
        .edit(alice, room, last, "another pear")
        .await
        .expect("it is edited");
    assert_eq!(found(&world, alice, "apple").await, [""; 0]);
    assert_eq!(
        found(&world, alice, "pear").await,
        ["another pear", "one pear"]
    );
    world
        .delete(alice, room, first)
        .await
        .expect("it is deleted");
    assert_eq!(found(&world, alice, "pear").await, ["another pear"]);
}

async fn the_newest_is_found_first_and_the_rest_page_by_page(world: World) {
    let alice = world.somebody("alice").await;
    let rooms = [
        world.room(alice, "one").await,
        world.room(alice, "two").await,
    ];
    for n in 0..30 {
        world.say(alice, rooms[n % 2], &format!("apple {n}")).await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    for limit in [1, 4, 7, 30] {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = Search {
                before,
                limit,
                ..search("apple")
            };
            let page = find(&world, alice, page).await;
            assert!(page.hits.len() <= limit);
            all.extend(page.hits.into_iter().map(|hit| hit.message.body));
            let Some(next) = page.next else { break };
            before = Some(Place::parse(&next).expect("a place"));
        }
        let wanted: Vec<_> = (0..30).rev().map(|n| format!("apple {n}")).collect();
        assert_eq!(all, wanted, "{limit} a page");
    }
}

async fn a_search_is_in_ones_own_rooms_or_one_of_them_or_by_one_author(world: World) {
    let (alice, bob) = (world.somebody("alice").await, world.somebody("bob").await);
    let both = world.room_of("both", &[alice, bob]).await;
    let hers = world.room(alice, "hers").await;
    world.say(alice, both, "apple one").await;
    world.say(bob, both, "apple two").await;
    world.say(alice, hers, "apple three").await;
    assert_eq!(
        found(&world, bob, "apple").await,
        ["apple two", "apple one"]
    );
    assert_eq!(found(&world, alice, "apple").await.len(), 3);
    let count = async |by: Actor, room: Option<RoomId>, author: Option<&str>| {
        let search = Search {
            room,
            by: author.map(folded),
            ..search("apple")
        };
        let found = world.store.search(by.user, search).await;
        found.map(|found| found.hits.len())
    };
    assert_eq!(count(alice, Some(hers), None).await, Ok(1));
    assert_eq!(
        count(bob, Some(hers), None).await,
        Err(StoreError::NoSuchRoom)
    );
    assert_eq!(count(alice, None, Some("ALICE")).await, Ok(2));
    assert_eq!(count(alice, Some(both), Some("bob")).await, Ok(1));
    assert_eq!(count(alice, None, Some("nobody")).await, Ok(0));
    world.store.leave(both, bob).await.expect("he leaves");
    assert_eq!(count(bob, None, None).await, Ok(0));
}

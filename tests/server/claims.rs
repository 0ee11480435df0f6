//! Usernames: who gets one, for how long, and what giving one up does.

use crate::support::*;

#[tokio::test]
async fn a_free_username_is_claimed_as_it_was_typed() {
    let server = Server::start().await;
    let browser = server.browser();
    let answer = browser
        .call("claim_username", &[("username", &"  Älice ")])
        .await;
    assert_eq!(answer.ok(), json!({ "username": "Älice" }));
    assert_eq!(browser.call("my_names", &[]).await.ok(), json!(["Älice"]));
    assert!(visible_text(&browser.get("/").await.page()).contains("Älice"));
}

#[tokio::test]
async fn a_username_that_could_be_mistaken_for_a_taken_one_is_taken() {
    let server = Server::start().await;
    // Upper case, full width, composed and decomposed accents, both forms of sigma.
    let families: [&[&str]; 4] = [
        &["alice", "Alice", "ALICE", "ａｌｉｃｅ", "ＡＬＩＣＥ"],
        &["Zoë", "Zoe\u{308}", "zoë", "ZOE\u{308}"],
        &["ÅSA", "åsa", "A\u{30a}sa"],
        &["ΣΟΦΟΣ", "σοφοσ"],
    ];
    for family in families {
        server.person(family[0]).await;
        for variant in &family[1..] {
            let answer = server
                .browser()
                .call("claim_username", &[("username", variant)])
                .await;
            answer.refused(409, "username_taken");
            assert!(
                !answer.headers.contains_key("set-cookie"),
                "{variant} came with a cookie"
            );
        }
    }
}

#[tokio::test]
async fn two_people_who_race_for_a_name_do_not_both_get_it() {
    let server = Server::start().await;
    for round in 0..10 {
        let (lower, upper) = (format!("racer{round}"), format!("RACER{round}"));
        let (one, other) =
            tokio::join!(try_to_claim(&server, &lower), try_to_claim(&server, &upper));
        let (winner, loser) = if one.status == 200 {
            (one, other)
        } else {
            (other, one)
        };
        winner.ok();
        loser.refused(409, "username_taken");
    }
}

async fn try_to_claim(server: &Server, name: &str) -> Answer {
    server
        .browser()
        .call("claim_username", &[("username", &name)])
        .await
}

#[tokio::test]
async fn a_browser_that_claims_its_own_name_again_does_not_lose_it() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    alice
        .browser
        .call("claim_username", &[("username", &"alice")])
        .await;
    assert_eq!(alice.rooms().await, Vec::<Value>::new());
}

#[tokio::test]
async fn names_survive_a_restart_of_the_server() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let server = server.restart().await;
    let alice = alice.now_at(&server.url);
    assert_eq!(alice.rooms().await[0]["id"], room);
    server
        .browser()
        .call("claim_username", &[("username", &"alice")])
        .await
        .refused(409, "username_taken");
}

#[tokio::test]
async fn a_name_that_was_given_up_is_free_and_its_session_over() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let cookies = alice.browser.jar();
    assert_eq!(alice.call("give_up_username", &[]).await.ok(), Value::Null);
    assert!(alice.browser.jar().is_empty(), "the cookie is taken back");
    // A copy of the cookie opens nothing, neither before nor after someone else takes the name.
    for (name, token) in &cookies {
        alice.browser.put_cookie(name, token);
    }
    alice.call("my_rooms", &[]).await.refused(401, "not_me");
    server.person("Alice").await.create("mine", "key").await;
    alice.call("my_rooms", &[]).await.refused(401, "not_me");
    assert!(alice.try_live().await.is_err());
}

#[tokio::test]
async fn rooms_of_one_who_gives_up_the_name_go_to_the_longest_standing_member() {
    let server = Server::start().await;
    let (alice, zoe, bob) = (
        server.person("alice").await,
        server.person("zoe").await,
        server.person("bob").await,
    );
    let room = alice.create("general", "sesame").await;
    zoe.join("general", "sesame").await;
    bob.join("general", "sesame").await;
    alice.post(room, "farewell").await;
    alice.call("give_up_username", &[]).await.ok();
    let seen_by_zoe = &zoe.rooms().await[0];
    assert_eq!(
        (&seen_by_zoe["owner"], &seen_by_zoe["owned"]),
        (&json!("zoe"), &json!(true))
    );
    let seen_by_bob = &bob.rooms().await[0];
    assert_eq!(
        (&seen_by_bob["owner"], &seen_by_bob["owned"]),
        (&json!("zoe"), &json!(false))
    );
    // What was said stays, under the name it was said with.
    assert_eq!(bob.history(room, &[]).await["messages"][0]["by"], "alice");
}

#[tokio::test]
async fn a_room_whose_only_member_gives_up_the_name_is_deleted() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let old = alice.create("general", "sesame").await;
    alice.call("give_up_username", &[]).await.ok();
    let bob = server.person("bob").await;
    bob.call("join_room", &[("name", &"general"), ("key", &"sesame")])
        .await
        .refused(403, "wrong_key");
    assert_ne!(
        bob.create("general", "sesame").await,
        old,
        "a room's number is never used again"
    );
}

#[tokio::test]
async fn a_new_holder_of_a_freed_name_is_not_taken_for_the_old_one() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = bob.create("general", "sesame").await;
    alice.join("general", "sesame").await;
    let id = new_id();
    alice
        .call(
            "post_message",
            &[("room", &room), ("id", &id), ("body", &"first")],
        )
        .await
        .ok();
    alice.call("give_up_username", &[]).await.ok();
    let newcomer = server.person("alice").await;
    newcomer
        .call("history", &[("room", &room)])
        .await
        .refused(404, "no_such_room");
    newcomer.join("general", "sesame").await;
    let posted = newcomer
        .call(
            "post_message",
            &[("room", &room), ("id", &id), ("body", &"second")],
        )
        .await
        .ok();
    assert_eq!(
        posted["seq"], 5,
        "the same id from another author is another message"
    );
}

#[tokio::test]
async fn a_browser_holds_eight_names_and_no_more() {
    let server = Server::start().await;
    let browser = server.browser();
    let names: Vec<String> = (1..=8).map(|n| format!("name{n}")).collect();
    let mut people = Vec::new();
    for name in &names {
        people.push(browser.claim(name).await);
    }
    browser
        .call("claim_username", &[("username", &"name9")])
        .await
        .refused(400, "bad_request");
    let mut held: Vec<String> =
        serde_json::from_value(browser.call("my_names", &[]).await.ok()).expect("names");
    held.sort();
    assert_eq!(held, names);
    // Each acts for itself, and one that is given up makes place for another.
    for person in &people {
        person
            .create(&format!("room of {}", person.name), "key")
            .await;
    }
    people[3].call("give_up_username", &[]).await.ok();
    browser.claim("name9").await;
    assert_eq!(people[4].rooms().await.len(), 1);
}

#[tokio::test]
async fn an_identitys_cookie_is_kept_from_scripts_and_other_sites() {
    let server = Server::start().await;
    for (name, scheme) in [("alice", "http"), ("bob", "https")] {
        let browser = server.browser();
        let request = browser
            .request("POST", "/api/claim_username")
            .header("x-forwarded-proto", scheme);
        let answer = browser.send_form(request, &[("username", &name)]).await;
        answer.ok();
        let cookie = answer.header("set-cookie").to_ascii_lowercase();
        let attributes: Vec<&str> = cookie.split(';').map(str::trim).skip(1).collect();
        for wanted in ["httponly", "samesite=lax", "path=/"] {
            assert!(
                attributes.contains(&wanted),
                "{wanted} is missing in {attributes:?}"
            );
        }
        assert_eq!(
            attributes.contains(&"secure"),
            scheme == "https",
            "{scheme}: {attributes:?}"
        );
        assert!(
            attributes
                .iter()
                .any(|a| a.starts_with("max-age=") || a.starts_with("expires=")),
            "{attributes:?}"
        );
        assert!(
            !attributes.iter().any(|a| a.starts_with("domain")),
            "{attributes:?}"
        );
    }
}

#[tokio::test]
async fn a_page_begins_its_identitys_time_in_the_browser_anew() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    alice.create("general", "sesame").await;
    let held = alice.browser.cookies();
    for path in ["/@alice", "/@alice/rooms/general"] {
        let answer = alice.browser.get(path).await;
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with(&format!("{held}; ")), "{path}");
        assert!(
            cookie.contains("; HttpOnly; ") && cookie.contains("; Max-Age=34560000"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn under_https_a_cookie_of_the_old_name_goes_on_and_is_replaced() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let (old, token) = alice.browser.jar().pop_first().expect("a cookie");
    let page = alice.browser.request("GET", "/@alice");
    let request = page.header("x-forwarded-proto", "https");
    let answer = alice.browser.send(request, []).await;
    answer.page();
    let set = answer.headers.get_all("set-cookie").iter();
    let set: Vec<_> = set.map(|cookie| cookie.to_str().expect("text")).collect();
    assert!(
        set[0].starts_with(&format!("__Host-{old}={token};")) && set[0].contains("; Secure"),
        "{set:?}"
    );
    assert!(
        set[1].starts_with(&format!("{old}=;")) && set[1].contains("Max-Age=0"),
        "{set:?}"
    );
    // The browser has the new one only, and is who it was.
    let jar = alice.browser.jar();
    assert!(jar.len() == 1 && jar.contains_key(&format!("__Host-{old}")));
    assert_eq!(alice.rooms().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_live_socket_renews_its_identitys_cookie() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let (cookie, token) = alice.browser.jar().pop_first().expect("a cookie");
    let mut raw = Raw::connect(&server, 1).await;
    raw.send(format!(
        "GET /live?me=alice HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}={token}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address()
    ))
    .await;
    let answer = raw.answer(PATIENCE).await.to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 101"), "{answer}");
    let renewed = format!("set-cookie: {cookie}={token};").to_ascii_lowercase();
    assert!(answer.contains(&renewed), "{answer}");
}

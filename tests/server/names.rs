//! The ways into a username: passes, passphrases, sessions and their ends.

use crate::support::*;

const PASSPHRASE: &str = "correct horse battery staple";

/// Lets another browser into a person's name with a pass.
async fn elsewhere(server: &Server, person: &Person) -> Person {
    let pass = new_pass(person).await;
    let browser = server.browser();
    let answer = browser.call("use_pass", &[("pass", &pass)]).await.ok();
    assert_eq!(answer, json!({ "username": person.name }));
    Person {
        browser,
        name: person.name.clone(),
    }
}

async fn new_pass(person: &Person) -> String {
    let made = person.call("new_pass", &[]).await.ok();
    made["pass"].as_str().expect("a pass").to_owned()
}

async fn sessions(person: &Person) -> Vec<Value> {
    let answer = person.call("my_sessions", &[]).await.ok();
    answer.as_array().expect("a list of sessions").clone()
}

/// The number of the session that asks.
async fn own_session(person: &Person) -> i64 {
    let all = sessions(person).await;
    let here: Vec<_> = all.iter().filter(|it| it["here"] == true).collect();
    assert_eq!(here.len(), 1, "{all:?}");
    here[0]["id"].as_i64().expect("a number")
}

async fn sign_in(browser: &Browser, name: &str, passphrase: &str) -> Answer {
    browser
        .call(
            "sign_in",
            &[("username", &name), ("passphrase", &passphrase)],
        )
        .await
}

#[tokio::test]
async fn a_pass_lets_one_other_browser_in_once() {
    let server = Server::start().await;
    let alice = server.person("Alice").await;
    let room = alice.create("general", "sesame").await;
    let made = alice.call("new_pass", &[]).await.ok();
    let pass = made["pass"].as_str().expect("a pass").to_owned();
    assert!(pass.starts_with("pass_"), "{pass}");
    let minutes = made["expires"].as_i64().expect("a time") - now();
    assert!((540_000..=600_000).contains(&minutes), "{minutes} ms");

    let phone = server.browser();
    let answer = phone.call("use_pass", &[("pass", &pass)]).await;
    assert_eq!(answer.ok(), json!({ "username": "Alice" }));
    let phone = Person {
        browser: phone,
        name: "Alice".into(),
    };
    assert_eq!(phone.post(room, "from the phone").await, 1);
    assert_eq!(alice.history(room, &[]).await["messages"][0]["by"], "Alice");
    let again = server.browser().call("use_pass", &[("pass", &pass)]).await;
    again.refused(403, "wrong_pass");
    assert!(!again.headers.contains_key("set-cookie"));
    for wrong in [
        "",
        "pass_",
        "pass_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let answer = server.browser().call("use_pass", &[("pass", &wrong)]).await;
        answer.refused(403, "wrong_pass");
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock");
    i64::try_from(since.as_millis()).expect("a time")
}

#[tokio::test]
async fn of_two_who_use_a_pass_at_once_one_gets_in() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    for _ in 0..10 {
        let pass = new_pass(&alice).await;
        let (one, other) = (server.browser(), server.browser());
        let fields: [(&str, Field); 1] = [("pass", &pass)];
        let (one, other) = tokio::join!(
            one.call("use_pass", &fields),
            other.call("use_pass", &fields)
        );
        let statuses = [one.status.min(other.status), one.status.max(other.status)];
        assert_eq!(statuses, [200, 403]);
    }
}

#[tokio::test]
async fn passes_end_with_their_time_and_with_the_name() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let late = new_pass(&alice).await;
    let mut server = server;
    server.stop().await;
    server.alter("UPDATE passes SET expires_at = expires_at - 600000");
    let server = server.restart().await;
    let alice = alice.now_at(&server.url);
    let answer = server.browser().call("use_pass", &[("pass", &late)]).await;
    answer.refused(403, "wrong_pass");
    let pass = new_pass(&alice).await;
    alice.call("give_up_username", &[]).await.ok();
    let answer = server.browser().call("use_pass", &[("pass", &pass)]).await;
    answer.refused(403, "wrong_pass");
}

#[tokio::test]
async fn a_passphrase_opens_a_name_from_any_browser() {
    let server = Server::start().await;
    let alice = server.person("Alice").await;
    let set = async |passphrase: &str| {
        alice
            .call("set_passphrase", &[("passphrase", &passphrase)])
            .await
    };
    for wrong in ["", "elevenchars", &"x".repeat(129)] {
        set(wrong).await.refused(400, "invalid_passphrase");
    }
    assert_eq!(set(PASSPHRASE).await.ok(), Value::Null);
    // However the name is written; the passphrase counts as it is.
    let browser = server.browser();
    let answer = sign_in(&browser, " ALICE ", PASSPHRASE).await;
    assert_eq!(answer.ok(), json!({ "username": "Alice" }));
    assert_eq!(sessions(&alice).await.len(), 2);
    for wrong in [
        "Correct horse battery staple",
        "correct horse battery staple ",
    ] {
        let answer = sign_in(&server.browser(), "alice", wrong).await;
        answer.refused(403, "wrong_passphrase");
    }
    // Another takes its place, and none opens nothing.
    set("quite another passphrase").await.ok();
    let answer = sign_in(&server.browser(), "alice", PASSPHRASE).await;
    answer.refused(403, "wrong_passphrase");
    alice.call("remove_passphrase", &[]).await.ok();
    let answer = sign_in(&server.browser(), "alice", "quite another passphrase").await;
    answer.refused(403, "wrong_passphrase");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_passphrase_are_answered_alike() {
    let server = Server::start().await;
    let (alice, _bob) = (server.person("alice").await, server.person("bob").await);
    let set = [("passphrase", &PASSPHRASE as Field)];
    alice.call("set_passphrase", &set).await.ok();
    let mut answers = Vec::new();
    for (name, passphrase) in [
        ("alice", "a wrong passphrase"),
        ("alice", "short"),
        ("bob", PASSPHRASE),
        ("nobody", PASSPHRASE),
        ("no such name", PASSPHRASE),
        ("", ""),
    ] {
        let answer = sign_in(&server.browser(), name, passphrase).await;
        answer.refused(403, "wrong_passphrase");
        let headers = answer.headers.keys().map(ToString::to_string);
        answers.push((answer.text(), headers.collect::<Vec<_>>()));
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn sessions_are_told_apart_and_each_knows_which_it_is() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let browser = server.browser();
    let request = browser.request("POST", "/api/use_pass").header(
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    );
    let pass = new_pass(&alice).await;
    browser.send_form(request, &[("pass", &pass)]).await.ok();
    let phone = Person {
        browser,
        name: "alice".into(),
    };
    assert_ne!(own_session(&alice).await, own_session(&phone).await);
    let all = sessions(&alice).await;
    assert_eq!(all.len(), 2);
    let other = all.iter().find(|it| it["here"] == false).expect("another");
    assert_eq!(other["browser"], "Firefox on Linux");
    for time in ["since", "last"] {
        let ago = now() - other[time].as_i64().expect("a time");
        assert!((0..60_000).contains(&ago), "{time}: {other}");
    }
}

#[tokio::test]
async fn a_browser_that_comes_in_again_has_one_session_and_its_old_cookie_is_over() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let id = own_session(&alice).await;
    let old = alice.browser.jar();
    let pass = new_pass(&alice).await;
    alice
        .browser
        .call("use_pass", &[("pass", &pass)])
        .await
        .ok();
    assert_eq!(own_session(&alice).await, id, "it goes on");
    assert_eq!(sessions(&alice).await.len(), 1);
    let thief = Person {
        browser: server.browser(),
        name: "alice".into(),
    };
    for (name, token) in &old {
        thief.browser.put_cookie(name, token);
    }
    thief.call("my_rooms", &[]).await.refused(401, "not_me");
}

#[tokio::test]
async fn logging_out_ends_one_session_and_keeps_the_name() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let phone = elsewhere(&server, &alice).await;
    let cookies = phone.browser.jar();
    assert_eq!(phone.call("log_out", &[]).await.ok(), Value::Null);
    assert!(phone.browser.jar().is_empty(), "the cookie is taken back");
    for (name, token) in &cookies {
        phone.browser.put_cookie(name, token);
    }
    phone.call("my_rooms", &[]).await.refused(401, "not_me");
    assert!(phone.try_live().await.is_err());
    assert_eq!(alice.rooms().await[0]["id"], room);
    let answer = server
        .browser()
        .call("claim_username", &[("username", &"alice")])
        .await;
    answer.refused(409, "username_taken");
}

#[tokio::test]
async fn the_last_way_into_a_name_cannot_be_closed() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let id = own_session(&alice).await;
    alice.call("log_out", &[]).await.refused(409, "last_way_in");
    let answer = alice.call("end_session", &[("session", &id)]).await;
    answer.refused(409, "last_way_in");
    // A pass alone is none: it is good for minutes.
    new_pass(&alice).await;
    alice.call("log_out", &[]).await.refused(409, "last_way_in");
    assert_eq!(own_session(&alice).await, id, "nothing has ended");
    let set = [("passphrase", &PASSPHRASE as Field)];
    alice.call("set_passphrase", &set).await.ok();
    alice.call("log_out", &[]).await.ok();
    sign_in(&alice.browser, "alice", PASSPHRASE).await.ok();
    assert_eq!(alice.rooms().await, Vec::<Value>::new());
}

#[tokio::test]
async fn of_two_browsers_that_log_out_at_once_one_stays() {
    let server = Server::start().await;
    for round in 0..10 {
        let alice = server.person(&format!("alice{round}")).await;
        let phone = elsewhere(&server, &alice).await;
        let (one, other) = tokio::join!(alice.call("log_out", &[]), phone.call("log_out", &[]));
        let statuses = [one.status.min(other.status), one.status.max(other.status)];
        assert_eq!(statuses, [200, 409]);
    }
}

#[tokio::test]
async fn an_ended_sessions_sockets_close_at_once_and_no_others() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let phone = elsewhere(&server, &alice).await;
    let (mut here, mut there, mut bobs) = (
        alice.live_in(room).await,
        phone.live_in(room).await,
        bob.live_in(room).await,
    );
    let id = own_session(&phone).await;
    // Nobody ends another's.
    bob.call("end_session", &[("session", &id)]).await.ok();
    phone.call("my_rooms", &[]).await.ok();
    let answer = alice.call("end_session", &[("session", &id)]).await;
    assert_eq!(answer.ok(), Value::Null);
    let bye = there.frame("bye").await;
    assert_eq!(bye["code"], "not_me");
    there.closed().await;
    phone.call("my_rooms", &[]).await.refused(401, "not_me");
    here.frame("sessions").await;
    bob.post(room, "still here?").await;
    here.until_message("still here?").await;
    bobs.until_message("still here?").await;
    // What has ended is let be.
    alice.call("end_session", &[("session", &id)]).await.ok();
    alice.call("end_session", &[("session", &0)]).await.ok();
}

#[tokio::test]
async fn all_other_sessions_end_in_one_and_what_they_may_have_made_with_them() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let (phone, laptop) = (
        elsewhere(&server, &alice).await,
        elsewhere(&server, &alice).await,
    );
    let pass = new_pass(&phone).await;
    let (mut one, mut other) = (phone.live().await, laptop.live().await);
    alice.call("end_other_sessions", &[]).await.ok();
    one.frame("bye").await;
    other.frame("bye").await;
    for gone in [&phone, &laptop] {
        gone.call("my_rooms", &[]).await.refused(401, "not_me");
    }
    assert_eq!(sessions(&alice).await.len(), 1);
    let answer = server.browser().call("use_pass", &[("pass", &pass)]).await;
    answer.refused(403, "wrong_pass");
}

#[tokio::test]
async fn giving_a_name_up_ends_all_of_its_sessions() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let phone = elsewhere(&server, &alice).await;
    let set = [("passphrase", &PASSPHRASE as Field)];
    alice.call("set_passphrase", &set).await.ok();
    let mut live = phone.live().await;
    alice.call("give_up_username", &[]).await.ok();
    live.frame("bye").await;
    phone.call("my_rooms", &[]).await.refused(401, "not_me");
    let newcomer = server.person("alice").await;
    let answer = sign_in(&server.browser(), "alice", PASSPHRASE).await;
    answer.refused(403, "wrong_passphrase");
    assert_eq!(sessions(&newcomer).await.len(), 1);
}

#[tokio::test]
async fn of_too_many_sessions_the_one_that_rested_longest_gives_way() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let first = elsewhere(&server, &alice).await;
    for _ in 0..30 {
        elsewhere(&server, &alice).await;
    }
    assert_eq!(sessions(&alice).await.len(), 32);
    let mut server = server;
    server.stop().await;
    server.alter("UPDATE sessions SET used_at = used_at - 3600000 WHERE id = 2");
    let server = server.restart().await;
    let (alice, first) = (alice.now_at(&server.url), first.now_at(&server.url));
    elsewhere(&server, &alice).await;
    assert_eq!(sessions(&alice).await.len(), 32);
    first.call("my_rooms", &[]).await.refused(401, "not_me");
}

#[tokio::test]
async fn a_browser_that_holds_eight_names_is_let_into_those_only() {
    let server = Server::start().await;
    let browser = server.browser();
    for n in 1..=8 {
        browser.claim(&format!("name{n}")).await;
    }
    let alice = server.person("alice").await;
    let pass = new_pass(&alice).await;
    let answer = browser.call("use_pass", &[("pass", &pass)]).await;
    answer.refused(400, "bad_request");
    // The pass was not used up by that.
    let other = server.browser().call("use_pass", &[("pass", &pass)]).await;
    other.ok();
    let own = Person {
        browser: browser.clone(),
        name: "name3".into(),
    };
    let pass = new_pass(&own).await;
    browser.call("use_pass", &[("pass", &pass)]).await.ok();
}

#[tokio::test]
async fn two_browsers_of_one_name_share_what_was_read() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let phone = elsewhere(&server, &alice).await;
    let (mut here, mut there) = (alice.live_in(room).await, phone.live_in(room).await);
    let seq = bob.post(room, "hello").await;
    here.until_message("hello").await;
    here.send(json!({ "t": "seen", "room": room, "seq": seq }))
        .await;
    assert_eq!(there.frame("read").await["seq"], seq);
    phone.post(room, "from the phone").await;
    assert_eq!(here.messages(room, 1).await[0]["by"], "alice");
}

/// Whatever the moment: nothing is stored once a session's end was answered, and nothing is received after `bye`.
#[tokio::test]
async fn an_end_and_what_is_under_way_come_in_one_order() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let mut by_bob = Sender::new(bob.clone(), room);
    for _ in 0..15 {
        let phone = elsewhere(&server, &alice).await;
        let mut live = phone.live_in(room).await;
        let id = own_session(&phone).await;
        let ids: Vec<String> = (0..200).map(|_| new_id()).collect();
        for id in &ids {
            live.feed(json!({ "t": "send", "room": room, "id": id, "body": "phone" }))
                .await;
        }
        let wait = std::time::Duration::from_micros(chance(20_000));
        let end = async {
            tokio::time::sleep(wait).await;
            alice.call("end_session", &[("session", &id)]).await.ok();
            stored(&alice, room).await
        };
        let (at_end, (), ()) = tokio::join!(end, live.flush(), by_bob.post(20));
        let (mut confirmed, mut over) = (Vec::new(), false);
        while let Some(frame) = live.try_next().await {
            assert!(!over, "{frame} came after the end");
            match frame["t"].as_str() {
                Some("sent") => confirmed.push(frame["id"].as_str().expect("an id").to_owned()),
                Some("bye") => over = true,
                _ => {}
            }
        }
        for attempt in ["over HTTP", "again"] {
            let fields: [(&str, Field); 2] = [("room", &room), ("body", &attempt)];
            phone
                .call("post_message", &fields)
                .await
                .refused(401, "not_me");
        }
        let_things_arrive().await;
        let later = stored(&alice, room).await;
        assert_eq!(later, at_end, "after the end was answered");
        assert!(
            confirmed.iter().all(|id| later.contains(id)),
            "what was confirmed is there"
        );
    }
}

/// The ids of alice's messages.
async fn stored(alice: &Person, room: i64) -> std::collections::BTreeSet<String> {
    let all = alice.messages_after(room, 0).await;
    let hers = all.iter().filter(|message| message["by"] == "alice");
    hers.map(|message| message["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn wrong_passphrases_run_out_for_who_guesses_and_for_nobody_else() {
    let server = Server::start_with(Options {
        rate_limits: "keys=3/h",
        ..Options::default()
    })
    .await;
    let alice = server.person("alice").await;
    let set = [("passphrase", &PASSPHRASE as Field)];
    alice.call("set_passphrase", &set).await.ok();
    let from = async |address: &str, name: &str, passphrase: &str| {
        let browser = server.browser();
        let request = browser
            .request("POST", "/api/sign_in")
            .header("x-forwarded-for", address);
        browser
            .send_form(request, &[("username", &name), ("passphrase", &passphrase)])
            .await
    };
    for _ in 0..5 {
        from("203.0.113.7", "alice", PASSPHRASE).await.ok();
    }
    for name in ["alice", "nobody"] {
        for _ in 0..3 {
            let answer = from("203.0.113.7", name, "a wrong passphrase").await;
            answer.refused(403, "wrong_passphrase");
        }
        let answer = from("203.0.113.7", name, PASSPHRASE).await;
        answer.refused(429, "too_fast");
        assert!(!answer.header("retry-after").is_empty());
    }
    // From where nobody guessed she gets in.
    from("203.0.113.8", "alice", PASSPHRASE).await.ok();
}

#[tokio::test]
async fn wrong_passes_run_out() {
    let server = Server::start_with(Options {
        rate_limits: "keys=3/h",
        ..Options::default()
    })
    .await;
    let alice = server.person("alice").await;
    for _ in 0..5 {
        elsewhere(&server, &alice).await;
    }
    let guess = async || {
        server
            .browser()
            .call("use_pass", &[("pass", &"pass_x")])
            .await
    };
    for _ in 0..3 {
        guess().await.refused(403, "wrong_pass");
    }
    guess().await.refused(429, "too_fast");
}

#[tokio::test]
async fn secrets_are_only_ever_kept_as_hashes_and_never_told() {
    let server = Server::start_with(Options {
        log: "trace",
        ..Options::default()
    })
    .await;
    let alice = server.person("alice").await;
    let set = [("passphrase", &PASSPHRASE as Field)];
    alice.call("set_passphrase", &set).await.ok();
    let (used, unused) = (new_pass(&alice).await, new_pass(&alice).await);
    let browser = server.browser();
    browser.call("use_pass", &[("pass", &used)]).await.ok();
    let wrong = "a wrong passphrase that nobody has";
    sign_in(&browser, "alice", wrong)
        .await
        .refused(403, "wrong_passphrase");
    // A plain form that is refused comes back without what was secret in it.
    let refused = browser
        .submit(
            "/sign-in",
            "sign_in",
            &[("username", &"alice"), ("passphrase", &wrong)],
        )
        .await;
    let page = browser.get(&refused.leads_to()).await.text();
    assert!(page.contains("No name opens with that username"), "{page}");
    let tokens: Vec<String> = alice.browser.jar().into_values().collect();
    for secret in [PASSPHRASE, wrong, &used, &unused, &tokens[0]] {
        assert!(!server.database_holds(secret), "{secret} is in the file");
        let plain = secret.trim_start_matches("pass_");
        assert!(!server.database_holds(plain), "{plain} is in the file");
        assert!(!server.log().contains(plain), "{plain} is in the log");
        assert!(!page.contains(plain), "{plain} is on the page");
        assert!(!refused.leads_to().contains(plain));
    }
    assert!(server.database_holds("$argon2id$"));
    server.is_well().await;
}

#[tokio::test]
async fn names_and_sessions_that_nobody_uses_are_forgotten_after_a_warning() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    const FLAGS: &[&str] = &["--forget-names-after", "10", "--forget-sessions-after", "5"];
    let forgetful = || Options {
        flags: FLAGS,
        ..Options::default()
    };
    let mut server = Server::start_with(forgetful()).await;
    let (alice, bob, runa) = (
        server.person("alice").await,
        server.person("bob").await,
        server.person("runa").await,
    );
    let phone = elsewhere(&server, &alice).await;
    let room = runa.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    server.stop().await;
    // Alice's phone has rested for six days, Bob's name for six and Runa's for eleven.
    for (table, one, days) in [
        ("sessions", "id = 4", 6),
        ("users", "name = 'bob'", 6),
        ("users", "name = 'runa'", 11),
    ] {
        let ago = days * DAY;
        let rested = server.alter(&format!(
            "UPDATE {table} SET used_at = used_at - {ago} WHERE {one}"
        ));
        assert_eq!(rested, 1);
    }
    let server = server.restart_with(forgetful()).await;
    let (alice, bob) = (alice.now_at(&server.url), bob.now_at(&server.url));
    eventually("a name to be free", async || {
        let browser = server.browser();
        let claim = [("username", &"runa" as Field)];
        let answer = browser.call("claim_username", &claim).await;
        (answer.status == 200).then_some(())
    })
    .await;
    phone
        .now_at(&server.url)
        .call("my_rooms", &[])
        .await
        .refused(401, "not_me");
    assert_eq!(sessions(&alice).await.len(), 1);
    let page = visible_text(&alice.browser.get("/@alice").await.page());
    assert!(!page.contains("nobody uses"), "{page}");
    // Bob is warned when he comes back, and owns what was Runa's.
    for path in ["/@bob", "/@bob/settings"] {
        let page = visible_text(&bob.browser.get(path).await.page());
        assert!(page.contains("Nobody had used @bob for 6 days"), "{page}");
    }
    assert_eq!(bob.rooms().await[0]["id"], room);
    assert_eq!(bob.rooms().await[0]["owner"], "bob");
}

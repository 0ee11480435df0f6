//! Everything through plain HTML forms, as a browser without JavaScript sends them.

use crate::support::*;

/// The page that a refused form leads back to, checked for its error and for what had been typed.
async fn refused_on(person: &Person, answer: Answer, page: &str, typed: &str) -> String {
    let back = answer.leads_to();
    assert!(back.starts_with(&format!("{page}?flash=")), "{back}");
    let page = person.browser.get(&back).await.page();
    assert!(page.contains("role=\"alert\""), "no alert on {back}");
    assert!(page.contains(typed), "what was typed is gone: {typed}");
    page
}

#[tokio::test]
async fn a_name_is_claimed_and_given_up_by_form() {
    let server = Server::start().await;
    let browser = server.browser();
    assert!(
        browser
            .get("/")
            .await
            .page()
            .contains("action=\"/api/claim_username\"")
    );
    let claimed = browser
        .submit("/", "claim_username", &[("username", &"alice")])
        .await;
    assert_eq!(claimed.leads_to(), "/@alice");
    let alice = Person {
        browser: browser.clone(),
        name: "alice".into(),
    };
    let dashboard = browser.get("/@alice").await.page();
    assert!(visible_text(&dashboard).contains("Log out"));
    assert_eq!(
        alice
            .submit("/@alice", "give_up_username", &[])
            .await
            .leads_to(),
        "/"
    );
    assert!(browser.jar().is_empty());
    server.person("alice").await;
}

#[tokio::test]
async fn a_name_in_any_script_leads_to_its_own_dashboard() {
    let server = Server::start().await;
    for name in ["Zoë", "李雷", "мария", "a+b%c"] {
        let browser = server.browser();
        let path = browser
            .submit("/", "claim_username", &[("username", &name)])
            .await
            .leads_to();
        assert!(
            visible_text(&browser.get(&path).await.page()).contains(name),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_refused_name_is_shown_again_with_the_reason() {
    let server = Server::start().await;
    server.person("alice").await;
    let nobody = Person {
        browser: server.browser(),
        name: String::new(),
    };
    let taken = nobody
        .browser
        .submit("/", "claim_username", &[("username", &"ALICE")])
        .await;
    let page = refused_on(&nobody, taken, "/", "value=\"ALICE\"").await;
    assert!(visible_text(&page).contains("taken"));
    let invalid = nobody
        .browser
        .submit("/", "claim_username", &[("username", &"two words")])
        .await;
    refused_on(&nobody, invalid, "/", "value=\"two words\"").await;
    // A second refusal replaces the first.
    let again = nobody
        .browser
        .submit("/?flash=old", "claim_username", &[("username", &"alice")])
        .await
        .leads_to();
    assert_eq!(again.matches("flash=").count(), 1, "{again}");
}

#[tokio::test]
async fn a_room_is_created_joined_used_left_and_deleted_by_form() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let create = alice
        .submit(
            "/@alice",
            "create_room",
            &[("name", &"The Garden"), ("key", &"sesame")],
        )
        .await;
    let page = create.leads_to();
    assert_eq!(page, "/@alice/rooms/The%20Garden");
    let room = alice.rooms().await[0]["id"].as_i64().expect("a number");
    let joined = bob
        .submit(
            "/@bob",
            "join_room",
            &[("name", &"the garden"), ("key", &"sesame")],
        )
        .await;
    assert_eq!(joined.leads_to(), "/@bob/rooms/The%20Garden");
    let posted = alice
        .submit(
            &page,
            "post_message",
            &[("room", &room), ("body", &"first line\r\nsecond")],
        )
        .await;
    assert_eq!(posted.leads_to(), page);
    assert_eq!(
        alice.history(room, &[]).await["messages"][0]["body"],
        "first line\nsecond"
    );
    let seen = bob.browser.get("/@bob/rooms/The%20Garden").await.page();
    assert!(visible_text(&seen).contains("first line"));
    assert_eq!(
        bob.submit("/@bob", "leave_room", &[("room", &room)])
            .await
            .leads_to(),
        "/@bob"
    );
    assert_eq!(
        alice
            .submit("/@alice", "delete_room", &[("room", &room)])
            .await
            .leads_to(),
        "/@alice"
    );
    assert_eq!(alice.rooms().await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_invitation_is_taken_up_by_form() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    alice.create("general", "sesame").await;
    let page = bob.browser.get("/rooms/general").await.page();
    assert!(
        page.contains("action=\"/api/join_room\""),
        "an invitation can be taken up without JavaScript"
    );
    let stranger = server.browser().get("/rooms/general").await.page();
    assert!(
        stranger.contains("action=\"/api/claim_username\""),
        "whoever has no name can claim one there"
    );
    let wrong = bob
        .submit(
            "/rooms/general",
            "join_room",
            &[("name", &"general"), ("key", &"guess")],
        )
        .await;
    refused_on(&bob, wrong, "/rooms/general", "general").await;
    let joined = bob
        .submit(
            "/rooms/general",
            "join_room",
            &[("name", &"general"), ("key", &"sesame")],
        )
        .await;
    assert_eq!(joined.leads_to(), "/@bob/rooms/general");
    // A room that does not exist invites in the same words.
    let missing = bob.browser.get("/rooms/nowhere").await;
    assert_eq!(missing.status, 200);
}

#[tokio::test]
async fn refused_rooms_and_messages_keep_what_was_typed_but_never_the_key() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    let fields: [(&str, Field); 2] = [("name", &"General"), ("key", &"a-key-of-mine")];
    for (endpoint, status) in [("create_room", "exists"), ("join_room", "key")] {
        let refused = bob.submit("/@bob", endpoint, &fields).await;
        assert!(!refused.header("location").contains("a-key-of-mine"));
        let page = refused_on(&bob, refused, "/@bob", "value=\"General\"").await;
        assert!(!page.contains("a-key-of-mine"), "{endpoint}");
        assert!(visible_text(&page).contains(status), "{endpoint}");
    }
    let long = format!("keep this text {}", "x".repeat(4_000));
    let page = "/@alice/rooms/general";
    let refused = alice
        .submit(page, "post_message", &[("room", &room), ("body", &long)])
        .await;
    assert!(
        !refused.header("location").contains("keep"),
        "a message belongs in no URL"
    );
    refused_on(&alice, refused, page, "keep this text").await;
    let refused = alice
        .submit(page, "post_message", &[("room", &room), ("body", &"  ")])
        .await;
    refused_on(&alice, refused, page, "Type a message").await;
    assert_eq!(alice.messages_after(room, 0).await, Vec::<Value>::new());
}

#[tokio::test]
async fn whatever_is_refused_of_a_message_is_said_once_on_whatever_page_it_was_tried() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (own, gone) = (
        alice.post(room, "hello").await,
        alice.post(room, "bye").await,
    );
    let others = bob.post(room, "from bob").await;
    alice
        .call("delete_message", &[("room", &room), ("seq", &gone)])
        .await;
    let long = format!("keep this text {}", "x".repeat(4_000));
    let path = "/@alice/rooms/general";
    let asks = |what: &str| format!("{path}?{what}");
    let emoji = |emoji: &'static str| [("emoji", emoji), ("on", "true")];
    let nothing: &[(&str, &str)] = &[];
    for page in [
        path.to_owned(),
        asks("at=1"),
        asks("before=9"),
        asks(&format!("edit={own}")),
    ] {
        for (endpoint, seq, fields, said) in [
            ("edit_message", own, &[("body", " ")][..], "Type a message"),
            ("edit_message", own, &[("body", &*long)], ">keep this text "),
            ("edit_message", gone, &[("body", "x")], "no such message"),
            ("edit_message", others, &[("body", "x")], "role=\"alert\""),
            ("edit_message", 9_999, &[("body", "x")], "no such message"),
            ("react", own, &emoji("nonsense"), "emoji"),
            ("react", gone, &emoji("\u{1F44D}"), "no such message"),
            ("react", 9_999, &emoji("\u{1F44D}"), "no such message"),
            ("delete_message", gone, nothing, "no such message"),
            ("delete_message", 9_999, nothing, "no such message"),
        ] {
            let mut all: Vec<(&str, Field)> = vec![("room", &room), ("seq", &seq)];
            all.extend(fields.iter().map(|(name, value)| (*name, value as Field)));
            let back = alice.submit(&page, endpoint, &all).await.leads_to();
            assert!(back.starts_with(&*page), "{back}");
            let shown = alice.browser.get(&back).await.page();
            let case = format!("{endpoint} of {seq} on {page}");
            assert_eq!(shown.matches("role=\"alert\"").count(), 1, "{case}");
            assert!(shown.contains(said), "{case}");
        }
    }
    // The editor is for the message's author only.
    let page = alice
        .browser
        .get(&asks(&format!("edit={others}")))
        .await
        .page();
    assert!(!page.contains("Edit message"));
}

#[tokio::test]
async fn a_form_that_is_about_a_member_who_has_left_says_so() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    bob.call("leave_room", &[("room", &room)]).await;
    let page = "/@alice/rooms/general/settings";
    for (endpoint, role) in [("set_role", "moderator"), ("remove_member", "")] {
        let fields: [(&str, Field); 3] = [("room", &room), ("who", &"bob"), ("role", &role)];
        let refused = alice.submit(page, endpoint, &fields).await;
        let shown = refused_on(&alice, refused, page, "").await;
        assert_eq!(shown.matches("role=\"alert\"").count(), 1, "{endpoint}");
    }
}

#[tokio::test]
async fn an_answer_leads_back_to_where_the_next_message_answers_nothing() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let first = alice.post(room, "hello").await;
    let path = "/@alice/rooms/general";
    let fields: [(&str, Field); 3] = [("room", &room), ("body", &"hi"), ("re", &first)];
    for (query, back) in [
        ("?reply=1", ""),
        ("?reply=1&flash=x", ""),
        ("?at=1", "?at=1"),
    ] {
        let page = format!("{path}{query}");
        let posted = alice.submit(&page, "post_message", &fields).await;
        assert_eq!(posted.leads_to(), format!("{path}{back}"), "{query}");
    }
}

#[tokio::test]
async fn a_room_is_read_and_paged_back_without_javascript() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    Sender::new(alice.clone(), room).post(120).await;
    for n in 121..=130 {
        alice.post(room, &format!("late message {n}")).await;
    }
    let path = "/@alice/rooms/general";
    let page = alice.browser.get(path).await.page();
    assert!(page.contains("role=\"log\"") && page.contains("action=\"/api/post_message\""));
    let text = visible_text(&page);
    assert!(text.contains("late message 121") && text.contains("late message 130"));
    let older = page
        .split("href=\"")
        .filter_map(|link| link.split('"').next())
        .find(|link| link.contains("before="))
        .expect("a link to older messages")
        .replace(path, "");
    let text = visible_text(&alice.browser.get(&format!("{path}{older}")).await.page());
    let messages = alice.messages_after(room, 0).await;
    let shown = |seq: usize| text.contains(messages[seq - 1]["body"].as_str().expect("a body"));
    assert!(
        shown(31) && shown(80) && !shown(30) && !shown(81),
        "{older} shows the 50 before"
    );
}

#[tokio::test]
async fn pages_that_one_may_not_see_lead_somewhere_useful() {
    let server = Server::start().await;
    let (alice, eve) = (server.person("alice").await, server.person("eve").await);
    alice.create("general", "sesame").await;
    for path in [
        "/@alice",
        "/@alice/rooms/general",
        "/@eve/rooms/general",
        "/@nobody",
    ] {
        let answer = eve.browser.get(path).await;
        assert!(answer.status < 500, "{path}: {}", answer.status);
        assert!(
            !answer.text().contains("role=\"log\""),
            "{path} shows a conversation"
        );
    }
    assert_eq!(eve.browser.get("/no/such/page").await.status, 404);
}

#[tokio::test]
async fn a_form_leads_to_no_other_site() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    for elsewhere in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        let fields: [(&str, Field); 3] = [("name", &new_id()), ("key", &"k"), ("then", &elsewhere)];
        let answer = alice.submit("/@alice", "create_room", &fields).await;
        assert!(
            !answer.header("location").contains("evil"),
            "{}",
            answer.header("location")
        );
    }
    let request = alice
        .browser
        .request("POST", "/api/create_room")
        .header("accept", "text/html");
    let request = request.header("referer", "https://evil.example//evil.example/");
    let fields: [(&str, Field); 3] = [("me", &"alice"), ("name", &""), ("key", &"k")];
    let to = alice
        .browser
        .send_form(request, &fields)
        .await
        .header("location")
        .to_owned();
    assert!(
        to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\"),
        "{to}"
    );
}

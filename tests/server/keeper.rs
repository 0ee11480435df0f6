//! The keeper's pages: who is let in, what is seen and done there, and what is not.

use serde_json::Value;

use crate::support::*;

const ENTER: &str = "/keeper";

/// The keeper's browser, let in by the code that the server printed.
pub async fn keeper(server: &Server) -> Browser {
    let browser = server.browser();
    let code = server.keepers_code().await;
    let answer = post(&browser, ENTER, &[("code", &code)]).await;
    assert_eq!(answer.leads_to(), "/keeper");
    browser
}

pub async fn post(browser: &Browser, path: &str, fields: Fields<'_>) -> Answer {
    let request = browser.request("POST", path).header("accept", "text/html");
    browser.send_form(request, fields).await
}

/// What the page says, and what it does not load.
pub async fn page(browser: &Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    let policy = answer.header("content-security-policy").to_owned();
    assert!(policy.contains("script-src 'none'"), "{policy}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let page = answer.page();
    assert!(!page.contains("<script"), "{page}");
    page
}

/// The number that a form on the page says as `field`, after the first `near`.
pub fn number(page: &str, near: &str, field: &str) -> i64 {
    let (_, rest) = page
        .split_once(near)
        .unwrap_or_else(|| panic!("no {near} in {page}"));
    let (_, rest) = rest
        .split_once(&format!("name=\"{field}\" value=\""))
        .unwrap_or_else(|| panic!("no {field} in {rest}"));
    let number = rest.split('"').next().expect("a value");
    number.parse().expect("a number")
}

pub fn id_of(page: &str, name: &str) -> i64 {
    let link = page
        .split("/keeper/names/")
        .skip(1)
        .find(|rest| {
            rest.split_once('>')
                .is_some_and(|(_, text)| text.starts_with(name))
        })
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    link.split('"')
        .next()
        .expect("a link")
        .parse()
        .expect("a number")
}

#[tokio::test]
async fn who_has_not_the_code_sees_only_the_door() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    assert_eq!(room, 1);
    let browser = server.browser();
    for path in [
        "/keeper",
        "/keeper/rooms",
        "/keeper/names",
        "/keeper/names/1",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let page = answer.page();
        assert!(
            page.contains("Come in") && !page.contains("alice"),
            "{page}"
        );
    }
    let wrong = post(&browser, ENTER, &[("code", &"keep_guess")]).await;
    assert_eq!(wrong.status, 403);
    for (deed, field) in [
        ("free-name", "user"),
        ("delete-room", "room"),
        ("announce", "text"),
    ] {
        post(&browser, &format!("/keeper/{deed}"), &[(field, &"1")]).await;
    }
    assert!(browser.jar().is_empty(), "{:?}", browser.jar());
    assert_eq!(alice.rooms().await.len(), 1, "her room is there");
    assert!(
        !server
            .browser()
            .get("/")
            .await
            .page()
            .contains("class=\"warning\"")
    );
    server.person("bob").await;
    let taken = server
        .browser()
        .call("claim_username", &[("username", &"alice")])
        .await;
    taken.refused(409, "username_taken");
    let code = server.keepers_code().await;
    assert!(code.len() > 40, "{code}");
    assert!(!server.log().contains(&code));
    assert!(!server.database_holds(&code));
}

#[tokio::test]
async fn another_site_and_who_left_can_do_nothing() {
    let server = Server::start().await;
    let keeper = keeper(&server).await;
    let cookie = keeper.jar()["keeper"].clone();
    let request = keeper
        .request("POST", "/keeper/announce")
        .header("origin", "https://evil.example");
    let refused = keeper.send_form(request, &[("text", &"boo")]).await;
    assert_eq!(refused.status, 403);
    let left = post(&keeper, "/keeper/leave", &[]).await;
    assert_eq!(left.leads_to(), "/keeper");
    keeper.put_cookie("keeper", &cookie);
    let page = keeper.get("/keeper").await.page();
    assert!(page.contains("Come in"), "{page}");
    let answer = post(&keeper, "/keeper/announce", &[("text", &"boo")]).await;
    assert!(answer.page().contains("Come in"));
    assert!(!server.browser().get("/").await.page().contains("boo"));
}

#[tokio::test]
async fn wrong_codes_run_out_by_address() {
    let server = Server::start_with(Options {
        rate_limits: "on",
        ..Options::default()
    })
    .await;
    let browser = server.browser();
    for _ in 0..10 {
        let wrong = post(&browser, ENTER, &[("code", &"keep_guess")]).await;
        assert_eq!(wrong.status, 403);
    }
    let code = server.keepers_code().await;
    let answer = post(&browser, ENTER, &[("code", &code)]).await;
    assert_eq!(answer.status, 429);
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn the_keeper_sees_figures_and_no_words_and_ends_sessions_names_and_rooms() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let general = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    alice.create("other <room>", "sesame").await;
    alice.post(general, "a secret between us").await;
    let mut live = bob.live_in(general).await;
    let keeper = keeper(&server).await;

    let overview = page(&keeper, "/keeper").await;
    let shown = visible_text(&overview);
    for figure in [
        "People online",
        "Names",
        "Rooms",
        "Last backup",
        "Left on its disk",
    ] {
        assert!(shown.contains(figure), "{figure} in {shown}");
    }
    let rooms = page(&keeper, "/keeper/rooms").await;
    assert!(
        rooms.contains("other &lt;room&gt;") && rooms.contains("2 members, 1 online"),
        "{rooms}"
    );
    let found = page(&keeper, "/keeper/rooms?named=GEN").await;
    assert!(
        found.contains("general") && !found.contains("other"),
        "{found}"
    );
    let names = page(&keeper, "/keeper/names").await;
    let bobs = page(&keeper, &format!("/keeper/names/{}", id_of(&names, "bob"))).await;
    for page in [&overview, &rooms, &names, &bobs] {
        assert!(!page.contains("secret between"), "{page}");
    }

    let user = number(&bobs, "Sessions", "user");
    let session = number(&bobs, "Sessions", "session");
    let fields: Fields<'_> = &[("user", &user), ("session", &session)];
    let done = post(&keeper, "/keeper/end-session", fields).await;
    assert_eq!(done.leads_to(), format!("/keeper/names/{user}"));
    live.frame("bye").await;
    let mine = bob.call("my_rooms", &[]).await;
    mine.refused(401, "not_me");
    assert!(
        page(&keeper, &format!("/keeper/names/{user}"))
            .await
            .contains("No browser is signed in")
    );

    post(&keeper, "/keeper/free-name", &[("user", &user)]).await;
    let another = server.person("bob").await;
    another.join("general", "sesame").await;
    let history = another.history(general, &[]).await;
    assert_eq!(history["messages"][0]["body"], "a secret between us");

    let room = number(
        &page(&keeper, "/keeper/rooms?named=general").await,
        "Delete general",
        "room",
    );
    assert_eq!(room, general);
    let fields: Fields<'_> = &[("room", &room), ("name", &"general")];
    post(&keeper, "/keeper/delete-room", fields).await;
    let rooms: Vec<Value> = alice.rooms().await;
    assert_eq!(rooms.len(), 1, "{rooms:?}");

    let log = server.log();
    for line in [
        "the keeper came in",
        "the keeper ended a session",
        "the keeper freed a name",
        "the keeper deleted a room",
    ] {
        assert!(log.contains(line), "{line} in {log}");
    }
    assert!(!log.contains("secret between"));
}

#[tokio::test]
async fn what_the_keeper_announces_stands_on_every_page_until_it_is_taken_back() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let general = alice.create("general", "sesame").await;
    alice.post(general, "hello").await;
    let keeper = keeper(&server).await;
    let stranger = server.browser();
    // Rendered before, and kept.
    for _ in 0..2 {
        stranger.get("/").await.page();
        alice.browser.get("/@alice/rooms/general").await.page();
    }
    let text = "Back in five minutes: <b>new disk</b>";
    post(&keeper, "/keeper/announce", &[("text", &text)]).await;
    for (browser, path) in [
        (&stranger, "/"),
        (&alice.browser, "/@alice"),
        (&alice.browser, "/@alice/rooms/general"),
        (&alice.browser, "/@alice/settings"),
    ] {
        let page = browser.get(path).await.page();
        assert!(
            page.contains("Back in five minutes: &lt;b&gt;new disk"),
            "{page}"
        );
    }
    assert!(server.log().contains("new disk"));
    let too_long = "x".repeat(201);
    let refused = post(&keeper, "/keeper/announce", &[("text", &too_long)]).await;
    assert_eq!(refused.status, 400);
    post(&keeper, "/keeper/announce", &[("text", &"")]).await;
    for (browser, path) in [(&stranger, "/"), (&alice.browser, "/@alice/rooms/general")] {
        assert!(!browser.get(path).await.page().contains("Back in five"));
    }
}

/// The first frame of a new socket.
async fn hello(person: &Person) -> Value {
    let mut live = person.try_live().await.expect("a socket");
    live.next().await
}

#[tokio::test]
async fn what_the_keeper_announces_is_told_to_the_sockets_that_are_open_and_to_those_that_come() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let mut live = alice.live().await;
    assert_eq!(hello(&bob).await.get("notice"), None);
    let keeper = keeper(&server).await;
    for text in ["Back in five minutes", "Back in ten \"minutes\""] {
        post(&keeper, "/keeper/announce", &[("text", &text)]).await;
        assert_eq!(
            live.frame("notice").await,
            json!({"t": "notice", "text": text})
        );
        assert_eq!(hello(&bob).await["notice"], text);
    }
    post(&keeper, "/keeper/announce", &[("text", &" ")]).await;
    assert_eq!(live.frame("notice").await["text"], "");
    assert_eq!(hello(&bob).await.get("notice"), None);
    server.is_well().await;
}

#[tokio::test]
async fn long_lists_come_in_pages_the_newest_first() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    for n in 0..53 {
        alice.create(&format!("room {n}"), "sesame").await;
    }
    let keeper = keeper(&server).await;
    let first = page(&keeper, "/keeper/rooms").await;
    assert_eq!(first.matches("<li class=\"way\">").count(), 50);
    let (_, rest) = first.split_once("/keeper/rooms?before=").expect("a way on");
    let before = rest.split('"').next().expect("a link");
    let second = page(&keeper, &format!("/keeper/rooms?before={before}")).await;
    assert_eq!(second.matches("<li class=\"way\">").count(), 3);
    assert!(!second.contains("?before="), "{second}");
}

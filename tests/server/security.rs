//! Other sites, other people's frames, and scripts that are not ours.

use crate::support::*;

#[tokio::test]
async fn posts_from_another_site_are_refused() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for foreign in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("accept", "text/html")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", server.url.as_str()),
        ],
    ] {
        let mut request = alice.browser.request("POST", "/api/post_message");
        for (name, value) in foreign {
            request = request.header(*name, *value);
        }
        let fields: [(&str, Field); 3] = [("me", &"alice"), ("room", &room), ("body", &"forged")];
        alice
            .browser
            .send_form(request, &fields)
            .await
            .refused(403, "cross_origin");
    }
    for own in [
        &[("origin", server.url.as_str())][..],
        &[("sec-fetch-site", "same-origin")],
        &[],
    ] {
        let mut request = alice.browser.request("POST", "/api/post_message");
        for (name, value) in own {
            request = request.header(*name, *value);
        }
        alice
            .browser
            .send_form(
                request,
                &[("me", &"alice"), ("room", &room), ("body", &"hers")],
            )
            .await
            .ok();
    }
    assert_eq!(alice.messages_after(room, 0).await.len(), 3);
}

#[tokio::test]
async fn live_sockets_from_another_site_are_refused() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    for foreign in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        alice
            .browser
            .refused_upgrade("?me=alice", &[foreign])
            .await
            .refused(403, "cross_origin");
    }
    alice.live().await;
}

#[tokio::test]
async fn a_live_socket_needs_an_identity() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let own = [("origin", server.url.as_str())];
    server
        .browser()
        .refused_upgrade("?me=alice", &own)
        .await
        .refused(401, "not_me");
    alice
        .browser
        .refused_upgrade("?me=bob", &own)
        .await
        .refused(401, "not_me");
    let answer = alice.browser.refused_upgrade("", &own).await;
    assert!([400, 401].contains(&answer.status), "{}", answer.status);
    let plain = alice.browser.get("/live?me=alice").await;
    assert!(
        (400..500).contains(&plain.status),
        "not an upgrade: {}",
        plain.status
    );
    server.is_well().await;
}

#[tokio::test]
async fn pages_allow_only_their_own_scripts() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    alice.create("general", "sesame").await;
    let mut nonces = std::collections::BTreeSet::new();
    let pages = [
        "/",
        "/@alice",
        "/@alice/rooms/general",
        "/rooms/general",
        "/no/such/page",
    ];
    // What strangers see is kept from one to the next: all but this.
    let stranger = server.browser();
    let for_strangers = ["/", "/rooms/general", "/no/such/page"];
    let visits = pages.map(|path| (&alice.browser, path)).into_iter().chain(
        [for_strangers, for_strangers]
            .concat()
            .into_iter()
            .map(|path| (&stranger, path)),
    );
    let mut visited = 0;
    for (browser, path) in visits {
        visited += 1;
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{path}: {policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("'wasm-unsafe-eval'"),
            "{path}: {policy}"
        );
        assert!(
            !policy.contains('*') && !policy.contains("http:") && !policy.contains("https:"),
            "{path}: {policy}"
        );
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .expect("a nonce");
        assert!(nonce.len() >= 20, "{nonce} can be guessed");
        nonces.insert(nonce.to_owned());
        let page = answer.text();
        for script in page.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap_or_default();
            assert!(
                tag.contains(&format!("nonce=\"{nonce}\"")),
                "{path}: <script{tag}>"
            );
        }
        for forbidden in [
            " onclick=",
            " onload=",
            " onsubmit=",
            " style=\"",
            "javascript:",
            "<style",
        ] {
            assert!(!page.contains(forbidden), "{path} has {forbidden}");
        }
    }
    assert_eq!(nonces.len(), visited, "every page has a nonce of its own");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let css = crate::assets::files_of(&alice.browser.get("/").await.page())
        .pop()
        .expect("a file");
    let answers = [
        alice.browser.get("/").await,
        alice.browser.get("/no/such/page").await,
        alice.browser.get(&css).await,
        alice.browser.get("/healthz").await,
        alice.call("my_rooms", &[]).await,
        alice.call("history", &[("room", &404)]).await,
        alice
            .browser
            .refused_upgrade("?me=bob", &[("origin", &server.url)])
            .await,
    ];
    for answer in answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors 'none'")
        );
        let referrer = answer.header("referrer-policy");
        assert!(
            ["same-origin", "no-referrer", "strict-origin"].contains(&referrer),
            "{referrer}"
        );
    }
}

#[tokio::test]
async fn what_people_type_stays_text() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let nasty = "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'</textarea>";
    let name = "</title><i>&amp; \"friends\"";
    let room = alice.create(name, "sesame").await;
    alice.post(room, nasty).await;
    alice
        .post(
            room,
            "see https://example.org/a?b=1&c=2 and javascript:alert(1)",
        )
        .await;
    let path = format!(
        "/@alice/rooms/{}",
        percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
    );
    let page = alice.browser.get(&path).await.page();
    assert!(
        !page.contains("<script>alert") && !page.contains("<img src=x") && !page.contains("<i>"),
        "{page}"
    );
    assert!(
        visible_text(&page).contains(nasty),
        "{}",
        visible_text(&page)
    );
    let tag = page
        .split("<a ")
        .filter_map(|tag| tag.split('>').next())
        .find(|tag| tag.contains("https://example.org/a?b=1&amp;c=2"))
        .expect("a link");
    assert!(
        tag.contains("noopener") && tag.contains("noreferrer"),
        "{tag}"
    );
    assert!(!page.contains("href=\"javascript:"));
    // The data that the page starts from is text inside an attribute.
    assert!(!page.contains("\"'</textarea>") && !page.contains("\\\"'</textarea>"));
}

#[tokio::test]
async fn private_answers_are_kept_by_no_cache() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    alice.create("general", "sesame").await;
    for answer in [
        alice.browser.get("/@alice/rooms/general").await,
        alice.call("my_rooms", &[]).await,
    ] {
        assert!(
            answer.header("cache-control").contains("no-store"),
            "{}",
            answer.header("cache-control")
        );
    }
}

#[tokio::test]
async fn whatever_people_are_called_and_say_is_text_in_a_room() {
    let server = Server::start().await;
    let name = "<i>\"x='&";
    let (mallory, alice) = (server.person(name).await, server.person("alice").await);
    let room = mallory.create("general", "sesame").await;
    alice.join("general", "sesame").await;
    let seq = mallory.post(room, "\"><img src=x onerror=alert(1)>").await;
    let words = "</article><script>x";
    mallory
        .call(
            "post_message",
            &[("room", &room), ("re", &seq), ("body", &words)],
        )
        .await
        .ok();
    mallory
        .call(
            "react",
            &[
                ("room", &room),
                ("seq", &seq),
                ("emoji", &"👍"),
                ("on", &true),
            ],
        )
        .await
        .ok();
    let page = alice.browser.get("/@alice/rooms/general").await.page();
    for markup in ["<img", "<i>", "<script>x"] {
        assert!(!page.contains(markup), "{markup}");
    }
    let text = visible_text(&page);
    for words in ["<img src=x onerror=alert(1)>", words, name] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

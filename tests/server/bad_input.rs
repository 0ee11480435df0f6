//! Whatever is sent, the answer is clear, nothing is stored, and the server goes on.

use tokio_tungstenite::tungstenite::Message;

use crate::support::*;

#[tokio::test]
async fn names_that_nobody_could_tell_apart_or_read_are_invalid() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let (long_name, long_room) = ("x".repeat(33), "x".repeat(65));
    // NUL, escape, delete, a C1 control; overrides, isolates; zero-width space, joiner, BOM; line and paragraph.
    let invisible = [
        "\0", "\u{1b}", "\u{7f}", "\u{85}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{2060}",
        "\u{feff}", "\u{2028}", "\u{2029}",
    ];
    let mut names: Vec<String> = invisible
        .iter()
        .flat_map(|c| [format!("al{c}ice"), format!("zz{c}z")])
        .collect();
    names.extend(["", "   ", "two words", &long_name, "al\nice", "al\tice"].map(String::from));
    for name in &names {
        let answer = server
            .browser()
            .call("claim_username", &[("username", name)])
            .await;
        answer.refused(400, "invalid_username");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    let mut rooms: Vec<String> = invisible.iter().map(|c| format!("gen{c}eral")).collect();
    rooms.extend(["", "  ", &long_room, "two\nlines", "tab\tbed", ".", ".."].map(String::from));
    for name in &rooms {
        for endpoint in ["create_room", "join_room"] {
            let answer = alice.call(endpoint, &[("name", name), ("key", &"k")]).await;
            answer.refused(400, "invalid_room_name");
        }
    }
    for key in ["", &"x".repeat(129)] {
        for endpoint in ["create_room", "join_room"] {
            alice
                .call(endpoint, &[("name", &"general"), ("key", &key)])
                .await
                .refused(400, "invalid_key");
        }
    }
    assert_eq!(alice.rooms().await, Vec::<Value>::new());
    server.is_well().await;
}

#[tokio::test]
async fn names_at_their_limits_are_valid() {
    let server = Server::start().await;
    let alice = server.person(&"ä".repeat(32)).await;
    alice.create(&"🌱".repeat(64), &"k".repeat(128)).await;
    alice.create("a", "k").await;
    server.person("z").await;
    let path = format!(
        "/@{}",
        percent_encoding::utf8_percent_encode(&alice.name, percent_encoding::NON_ALPHANUMERIC)
    );
    assert!(visible_text(&alice.browser.get(&path).await.page()).contains(&"🌱".repeat(64)));
}

#[tokio::test]
async fn bodies_out_of_bounds_are_refused_over_http_and_socket() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    let long = "x".repeat(4_001);
    for (body, status, code) in [
        ("", 400, "empty_body"),
        (" \n\t\u{a0} ", 400, "empty_body"),
        (long.as_str(), 413, "body_too_long"),
        ("nul\0nul", 400, "bad_request"),
    ] {
        alice
            .call("post_message", &[("room", &room), ("body", &body)])
            .await
            .refused(status, code);
        let id = new_id();
        live.post(room, &id, body).await;
        let refused = live.frame("refused").await;
        assert_eq!(
            (&refused["room"], &refused["id"], &refused["code"]),
            (&json!(room), &json!(id), &json!(code))
        );
    }
    assert_eq!(alice.messages_after(room, 0).await, Vec::<Value>::new());
    // A frame that holds the longest body, escaped in the longest way, is no huge frame.
    let id = new_id();
    let escaped = "\\u0001".repeat(4_000);
    let frame = format!(r#"{{"t":"send","room":{room},"id":"{id}","body":"{escaped}"}}"#);
    live.send_raw(Message::text(frame)).await;
    assert_eq!(live.frame("sent").await["id"], json!(id));
    server.is_well().await;
}

#[tokio::test]
async fn calls_that_make_no_sense_are_bad_requests() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for (endpoint, fields) in [
        ("claim_username", &[][..]),
        ("create_room", &[("name", &"x" as Field)]),
        ("create_room", &[("key", &"x")]),
        ("history", &[]),
        ("history", &[("room", &"general")]),
        ("history", &[("room", &"")]),
        ("history", &[("room", &room), ("limit", &"many")]),
        ("history", &[("room", &room), ("before", &"-1")]),
        ("history", &[("room", &room), ("after", &"1.5")]),
        ("history", &[("room", &"99999999999999999999999")]),
        ("post_message", &[("room", &room)]),
        (
            "post_message",
            &[("room", &room), ("id", &"not-a-uuid"), ("body", &"hi")],
        ),
        ("post_message", &[("room", &"1e3"), ("body", &"hi")]),
        ("leave_room", &[]),
        ("delete_room", &[("room", &"true")]),
    ] {
        let answer = alice.call(endpoint, fields).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request".into()),
            "{endpoint}: {}",
            answer.text()
        );
    }
    // Without `me`, and with arguments that nobody asked for.
    alice
        .browser
        .call("my_rooms", &[])
        .await
        .refused(400, "bad_request");
    alice.call("my_rooms", &[("colour", &"green")]).await.ok();
    alice
        .browser
        .call("my_rooms", &[("me", &"\0")])
        .await
        .refused(401, "not_me");
    alice
        .browser
        .call("my_rooms", &[("me", &"x".repeat(5_000))])
        .await
        .refused(401, "not_me");
    assert_eq!(alice.messages_after(room, 0).await, Vec::<Value>::new());
    server.is_well().await;
}

#[tokio::test]
async fn requests_that_are_no_form_are_bad_requests() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    for body in [
        &b"\xff\xfe%%%=&&&==%ZZ"[..],
        b"{\"me\":\"alice\"}",
        b"me=%FF%FE&room=1",
        b"me[a][b]=1&me=2",
        b"&",
        b"=",
    ] {
        let request = alice.browser.request("POST", "/api/history");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = alice.browser.send(request, body).await;
        assert!(
            [400, 401].contains(&answer.status),
            "{}: {}",
            answer.status,
            answer.text()
        );
        assert!(
            ["bad_request", "not_me"].contains(&answer.code().as_str()),
            "{}",
            answer.text()
        );
    }
    for kind in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let request = alice
            .browser
            .request("POST", "/api/my_rooms")
            .header("content-type", kind);
        let answer = alice.browser.send(request, "\"alice\"").await;
        assert!(
            (400..500).contains(&answer.status),
            "{kind}: {}",
            answer.status
        );
    }
    server.is_well().await;
}

#[tokio::test]
async fn huge_forms_are_refused() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let body = "x".repeat(3_000_000);
    let answer = alice
        .call("post_message", &[("room", &room), ("body", &body)])
        .await;
    answer.refused(413, "body_too_long");
    server
        .browser()
        .call("claim_username", &[("username", &body)])
        .await
        .refused(413, "body_too_long");
    server.is_well().await;
}

#[tokio::test]
async fn unknown_calls_and_methods_are_refused() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    for (method, path) in [
        ("POST", "/api/no_such_call"),
        ("POST", "/api/"),
        ("GET", "/api/my_rooms?me=alice"),
        ("PUT", "/api/my_rooms"),
        ("DELETE", "/@alice"),
        ("POST", "/"),
        ("POST", "/live?me=alice"),
        ("GET", "/pkg/../../etc/passwd"),
        ("GET", "/pkg/%2e%2e/%2e%2e/Cargo.toml"),
        ("GET", "/%00"),
        ("GET", "/@%ff"),
        ("GET", "/@alice/rooms/%ff%00"),
    ] {
        let answer = alice
            .browser
            .send(alice.browser.request(method, path), [])
            .await;
        assert!(
            (400..500).contains(&answer.status),
            "{method} {path}: {}",
            answer.status
        );
    }
    server.is_well().await;
}

#[tokio::test]
async fn frames_that_make_no_sense_are_refused_and_the_socket_goes_on() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    let id = new_id();
    let deep = "[".repeat(30_000);
    for text in [
        "",
        " ",
        "hello",
        "null",
        "[]",
        "{}",
        "{\"t\":",
        "{\"t\":7}",
        "{\"t\":\"dance\"}",
        "{\"t\":\"hello\",\"me\":\"alice\"}",
        "{\"room\":1}",
        "{\"t\":\"open\"}",
        "{\"t\":\"open\",\"room\":\"general\"}",
        "{\"t\":\"open\",\"room\":1.5}",
        "{\"t\":\"open\",\"room\":1,\"after\":-1}",
        "{\"t\":\"send\",\"room\":1}",
        "{\"t\":\"send\",\"room\":1,\"id\":\"x\",\"body\":\"hi\"}",
        &format!("{{\"t\":\"send\",\"room\":{room},\"id\":\"{id}\",\"body\":7}}"),
        &format!("{{\"t\":\"send\",\"room\":{room},\"id\":\"{id}\",\"body\":\"\\ud800\"}}"),
        "{\"t\":\"seen\",\"room\":1,\"seq\":99999999999999999999}",
        "{\"t\":\"open\",\"room\":1}{\"t\":\"open\",\"room\":1}",
        deep.as_str(),
    ] {
        live.send_raw(Message::text(text)).await;
        let refused = live.frame("refused").await;
        assert_eq!(refused["code"], "bad_request", "{text}");
        assert!(!refused["message"].as_str().unwrap_or_default().is_empty());
    }
    live.post(room, &id, "still here").await;
    assert_eq!(
        live.frame("sent").await["seq"],
        1,
        "nothing else was stored"
    );
    server.is_well().await;
}

#[tokio::test]
async fn a_refused_frame_says_which_message_it_was_where_that_can_be_read() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let mut live = alice.live().await;
    live.send(json!({ "t": "send", "room": 999, "id": new_id(), "body": "" }))
        .await;
    let refused = live.frame("refused").await;
    assert_eq!(refused["room"], 999);
    assert!(refused["id"].is_string());
    live.send_raw(Message::text("nonsense")).await;
    let refused = live.frame("refused").await;
    assert!(
        refused.get("room").is_none() && refused.get("id").is_none(),
        "{refused}"
    );
}

#[tokio::test]
async fn a_binary_frame_is_refused_or_ends_the_socket() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let mut live = alice.live().await;
    live.send_raw(Message::binary(vec![0, 159, 146, 150])).await;
    if let Some(frame) = live.try_next().await {
        assert!(
            (frame["t"] == "refused" || frame["t"] == "bye") && frame["code"] == "bad_request",
            "{frame}"
        );
    }
    server.is_well().await;
}

#[tokio::test]
async fn a_frame_of_more_than_64_kib_closes_the_socket_with_1009() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for bytes in [64 * 1024 + 1, 1_000_000, 20_000_000] {
        let live = alice.live().await;
        // The server need not take it all in before it closes.
        assert_eq!(
            live.closed_by(Message::text("x".repeat(bytes))).await,
            1009,
            "{bytes} bytes"
        );
    }
    assert_eq!(alice.messages_after(room, 0).await, Vec::<Value>::new());
    server.is_well().await;
}

#[tokio::test]
async fn bytes_that_are_no_websocket_frames_end_only_their_own_socket() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let mut other = alice.live().await;
    // Unmasked text, a reserved opcode, reserved bits, an endless length, a fragmented ping, invalid UTF-8.
    for bytes in [
        &b"\x81\x02hi"[..],
        b"\x83\x80\0\0\0\0",
        b"\xf1\x80\0\0\0\0",
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
        b"\x09\x80\0\0\0\0",
        b"\x81\x82\0\0\0\0\xc3\x28",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        alice.live().await.broken_by(bytes).await;
    }
    let room = alice.create("general", "sesame").await;
    other.post(room, &new_id(), "unmoved").await;
    other.frame("sent").await;
    server.is_well().await;
}

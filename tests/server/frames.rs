//! The live socket's WebSocket frames (RFC 6455 §5): in pieces, interleaved, masked, of every length.

use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

use crate::support::*;

/// Part of a message: the first has a kind, those after it continue it.
fn part(kind: Data, bytes: &[u8], last: bool) -> Message {
    Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(kind), last))
}

fn ping(payload: &[u8]) -> Message {
    Message::Frame(Frame::ping(payload.to_vec()))
}

/// A `send` whose JSON is exactly so many bytes.
fn sized(room: i64, bytes: usize) -> String {
    let frame = json!({ "t": "send", "room": room, "id": new_id(), "body": "as long as asked" })
        .to_string();
    format!("{frame}{}", " ".repeat(bytes - frame.len()))
}

#[tokio::test]
async fn a_message_in_fragments_is_one_message_and_control_frames_may_come_between() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    // Cut inside a character, too.
    let text =
        json!({ "t": "send", "room": room, "id": new_id(), "body": "in 🗝 parts" }).to_string();
    let cut = text.find('🗝').expect("it is there") + 2;
    let (first, rest) = text.as_bytes().split_at(cut);
    let (second, third) = rest.split_at(4);
    live.send_raw(part(Data::Text, first, false)).await;
    live.send_raw(ping(b"between")).await;
    assert_eq!(
        live.pong().await,
        "between",
        "answered before the message is whole"
    );
    live.send_raw(part(Data::Continue, second, false)).await;
    live.send_raw(part(Data::Continue, b"", false)).await;
    live.send_raw(ping(b"")).await;
    live.send_raw(part(Data::Continue, third, true)).await;
    assert_eq!(live.messages(room, 1).await[0]["body"], "in 🗝 parts");
    server.is_well().await;
}

#[tokio::test]
async fn fragments_that_do_not_belong_together_close_the_socket() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    // A continuation of nothing; a new message inside another.
    for frames in [
        vec![part(Data::Continue, b"{}", true)],
        vec![part(Data::Text, b"{", false), part(Data::Text, b"}", true)],
    ] {
        let mut live = alice.live().await;
        for frame in frames {
            live.send_raw(frame).await;
        }
        assert_eq!(live.closed().await, 1002);
    }
    server.is_well().await;
}

#[tokio::test]
async fn fragments_count_together_against_the_longest_frame() {
    let server = Server::start().await;
    let mut live = server.person("alice").await.live().await;
    live.send_raw(part(Data::Text, &[b' '; 40_000], false))
        .await;
    live.send_raw(part(Data::Continue, &[b' '; 40_000], true))
        .await;
    assert_eq!(live.closed().await, 1009);
}

#[tokio::test]
async fn frames_of_every_length_form_are_read() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    // The length is one byte up to 125, two more up to 65,535, eight more after that; 65,536 is the longest.
    for bytes in [125, 126, 127, 65_535, 65_536] {
        live.send_raw(Message::text(sized(room, bytes))).await;
        live.frame("sent").await;
    }
    live.send_raw(Message::text("")).await;
    assert_eq!(live.frame("refused").await["code"], "bad_request");
    for payload in ["", "p", &"p".repeat(125)] {
        live.send_raw(ping(payload.as_bytes())).await;
        assert_eq!(live.pong().await, payload);
    }
    live.send_raw(Message::text(" ".repeat(65_537))).await;
    assert_eq!(live.closed().await, 1009);
}

#[tokio::test]
async fn messages_of_every_length_are_delivered_as_they_are() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let room = alice.create("general", "sesame").await;
    bob.join("general", "sesame").await;
    let (mut hers, mut his) = (alice.live_in(room).await, bob.live_in(room).await);
    // A frame around these crosses the lengths' borders; every character of the last takes six bytes in JSON.
    for body in [
        "x".to_owned(),
        "x".repeat(125),
        "x".repeat(4_000),
        "🗝".repeat(4_000),
        format!("x{}x", "\u{b}".repeat(3_998)),
    ] {
        hers.post(room, &new_id(), &body).await;
        assert_eq!(his.messages(room, 1).await[0]["body"], *body);
    }
}

#[tokio::test]
async fn bytes_may_arrive_one_at_a_time() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    let text =
        json!({ "t": "send", "room": room, "id": new_id(), "body": "drop by drop" }).to_string();
    let mask = [0xa5, 0x5a, 0xff, 0x00];
    let mut bytes = vec![0x81, 0x80 | 126];
    bytes.extend(
        u16::try_from(text.len())
            .expect("a short text")
            .to_be_bytes(),
    );
    bytes.extend(mask);
    bytes.extend(
        text.bytes()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    for byte in bytes {
        live.send_bytes(&[byte]).await;
    }
    assert_eq!(live.messages(room, 1).await[0]["body"], "drop by drop");
}

#[tokio::test]
async fn a_goodbye_is_answered_with_its_code_and_nothing_after_it() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    let mut live = alice.live_in(room).await;
    live.send_raw(Message::Close(Some(CloseFrame {
        code: CloseCode::Away,
        reason: "off to lunch".into(),
    })))
    .await;
    alice.post(room, "too late for that socket").await;
    let mut close = None;
    while let Some(message) = live.try_message().await {
        assert!(close.is_none(), "after the goodbye came {message:?}");
        if let Message::Close(frame) = message {
            close = Some(frame.map(|frame| frame.code));
        }
    }
    assert_eq!(close, Some(Some(CloseCode::Away)));
    server.is_well().await;
}

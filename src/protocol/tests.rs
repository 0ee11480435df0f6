//! Every frame survives the way, reads as the contract has it, and a damaged one does no harm.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{Code, Message, Millis, Quote, Reaction, RoomId, Seq};

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn client_frames() -> impl Strategy<Value = ClientFrame> {
    let (room, seq) = (any::<RoomId>, any::<Seq>);
    prop_oneof![
        (room(), any::<Option<Seq>>()).prop_map(|(room, after)| ClientFrame::Open { room, after }),
        room().prop_map(|room| ClientFrame::Shut { room }),
        (room(), id(), any::<String>(), any::<Option<Seq>>())
            .prop_map(|(room, id, body, re)| ClientFrame::Send { room, id, body, re }),
        (room(), id(), seq(), any::<String>()).prop_map(|(room, id, of, body)| ClientFrame::Edit {
            room,
            id,
            of,
            body
        }),
        (room(), id(), seq()).prop_map(|(room, id, of)| ClientFrame::Delete { room, id, of }),
        (room(), id(), seq(), any::<String>(), any::<bool>()).prop_map(
            |(room, id, of, emoji, on)| ClientFrame::React {
                room,
                id,
                of,
                emoji,
                on
            }
        ),
        room().prop_map(|room| ClientFrame::Typing { room }),
        (room(), seq()).prop_map(|(room, seq)| ClientFrame::Seen { room, seq }),
    ]
}

fn messages() -> impl Strategy<Value = Message> {
    let told = (
        any::<RoomId>(),
        any::<Seq>(),
        id(),
        any::<String>(),
        any::<Millis>(),
        any::<String>(),
    );
    let quote = (any::<Seq>(), any::<String>(), any::<String>())
        .prop_map(|(seq, by, body)| Quote { seq, by, body });
    let reaction = (
        any::<String>(),
        prop::collection::vec(any::<String>(), 0..3),
    )
        .prop_map(|(emoji, by)| Reaction { emoji, by });
    let since = (
        prop::option::of(quote),
        any::<Option<Millis>>(),
        any::<bool>(),
        prop::collection::vec(reaction, 0..3),
    );
    (told, since).prop_map(
        |((room, seq, id, by, at, body), (re, edited, deleted, reactions))| Message {
            re,
            edited,
            deleted,
            reactions,
            ..Message::new(room, seq, id, by, at, body)
        },
    )
}

fn entries() -> impl Strategy<Value = ServerFrame> {
    let entry = || {
        (
            any::<RoomId>(),
            any::<Seq>(),
            any::<Seq>(),
            any::<String>(),
            any::<Millis>(),
        )
    };
    prop_oneof![
        messages().prop_map(ServerFrame::Message),
        (entry(), any::<String>()).prop_map(|((room, seq, of, by, at), body)| {
            ServerFrame::Edited {
                room,
                seq,
                of,
                by,
                at,
                body,
            }
        }),
        entry().prop_map(|(room, seq, of, by, at)| ServerFrame::DeletedMessage {
            room,
            seq,
            of,
            by,
            at
        }),
        (entry(), any::<String>(), any::<bool>()).prop_map(
            |((room, seq, of, by, at), emoji, on)| ServerFrame::Reacted {
                room,
                seq,
                of,
                by,
                at,
                emoji,
                on
            }
        ),
        entry().prop_map(|(room, seq, _, who, at)| ServerFrame::Joined { room, seq, who, at }),
        entry().prop_map(|(room, seq, _, who, at)| ServerFrame::Left { room, seq, who, at }),
        (entry(), any::<String>()).prop_map(|((room, seq, _, by, at), who)| {
            ServerFrame::Removed {
                room,
                seq,
                who,
                by,
                at,
            }
        }),
        (
            entry(),
            prop::sample::select(vec![What::Name, What::Key, What::Role, What::Keep]),
            any::<Option<String>>(),
            any::<Option<String>>()
        )
            .prop_map(|((room, seq, _, by, at), what, to, who)| {
                ServerFrame::Changed {
                    room,
                    seq,
                    by,
                    at,
                    what,
                    to,
                    who,
                }
            }),
        entry().prop_map(|(room, seq, of, by, at)| ServerFrame::Erased {
            room,
            seq,
            of,
            by,
            at
        }),
    ]
}

fn values() -> impl Strategy<Value = ServerFrame> {
    let room = any::<RoomId>;
    let names = || prop::collection::vec(any::<String>(), 0..4);
    prop_oneof![
        (any::<String>(), any::<String>(), any::<Option<String>>())
            .prop_map(|(me, build, notice)| ServerFrame::Hello { me, build, notice }),
        any::<String>().prop_map(|text| ServerFrame::Notice { text }),
        (room(), id(), any::<Seq>(), any::<Millis>())
            .prop_map(|(room, id, seq, at)| ServerFrame::Sent { room, id, seq, at }),
        (
            any::<Option<RoomId>>(),
            prop::option::of(id()),
            any::<String>()
        )
            .prop_map(|(room, id, message)| ServerFrame::Refused {
                room,
                id,
                code: Code::NoSuchRoom,
                message,
            }),
        (room(), any::<usize>(), names()).prop_map(|(room, count, online)| {
            ServerFrame::Presence {
                room,
                count,
                online,
            }
        }),
        (room(), names()).prop_map(|(room, who)| ServerFrame::Typing { room, who }),
        (room(), any::<Seq>(), any::<u64>()).prop_map(|(room, seq, said)| ServerFrame::Head {
            room,
            seq,
            said
        }),
        (room(), any::<Seq>(), any::<u64>()).prop_map(|(room, seq, read)| ServerFrame::Read {
            room,
            seq,
            read
        }),
        (room(), any::<Seq>(), any::<String>()).prop_map(|(room, seq, by)| ServerFrame::Mention {
            room,
            seq,
            by
        }),
        Just(ServerFrame::Rooms),
        Just(ServerFrame::Sessions),
    ]
}

proptest! {
    #[test]
    fn client_frames_survive_the_way(frame in client_frames()) {
        let text = serde_json::to_string(&frame).expect("a frame is JSON");
        prop_assert!(text.starts_with("{\"t\":\""), "t first");
        prop_assert_eq!(serde_json::from_str::<ClientFrame>(&text).expect("a frame"), frame);
    }

    #[test]
    fn server_frames_survive_the_way(frame in prop_oneof![entries(), values()]) {
        let text = serde_json::to_string(&frame).expect("a frame is JSON");
        prop_assert!(text.starts_with("{\"t\":\""), "t first");
        prop_assert_eq!(serde_json::from_str::<ServerFrame>(&text).expect("a frame"), frame);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = serde_json::from_str::<ClientFrame>(&text);
    }

    #[test]
    fn a_damaged_frame_is_an_error_or_another_frame(
        frame in client_frames(),
        at in any::<prop::sample::Index>(),
        c in any::<char>(),
    ) {
        let mut text: Vec<char> = serde_json::to_string(&frame).expect("a frame is JSON").chars().collect();
        let at = at.index(text.len());
        text[at] = c;
        let _ = serde_json::from_str::<ClientFrame>(&text.iter().collect::<String>());
        // Cut short it is never one.
        let cut: String = text[..at].iter().collect();
        prop_assert!(serde_json::from_str::<ClientFrame>(&cut).is_err());
    }
}

#[test]
fn frames_read_as_the_contract_has_them() {
    let frame = |text| serde_json::from_str::<ClientFrame>(text).ok();
    let open = |after| Some(ClientFrame::Open { room: 17, after });
    assert_eq!(
        frame(r#"{"t":"open","room":17,"after":800}"#),
        open(Some(800))
    );
    assert_eq!(frame(r#"{"t":"open","room":17}"#), open(None));
    assert_eq!(
        frame(r#"{"room":17,"t":"open"}"#),
        open(None),
        "in any order"
    );
    assert_eq!(frame(r#"{"t":"open","room":"17"}"#), None);
    assert_eq!(frame(r#"{"t":"shout","room":17}"#), None);
    let refused = ServerFrame::Refused {
        room: None,
        id: None,
        code: Code::BadRequest,
        message: "What?".into(),
    };
    let text = |frame| serde_json::to_string(frame).expect("JSON");
    assert_eq!(
        text(&refused),
        r#"{"t":"refused","code":"bad_request","message":"What?"}"#
    );
    let said = Message::new(17, 1, Uuid::nil(), "bob".into(), 5, "hi".into());
    assert_eq!(
        text(&ServerFrame::Message(said)),
        r#"{"t":"message","room":17,"seq":1,"id":"00000000-0000-0000-0000-000000000000","by":"bob","at":5,"body":"hi"}"#,
        "what a message has not is not named"
    );
}

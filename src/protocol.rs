//! The frames of the live socket: JSON text, one object each, `t` first.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Code, Message, Millis, RoomId, Seq};

/// Browser → server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Follow a room from just after `after`; from its head where there is none.
    Open {
        room: RoomId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Seq>,
    },
    /// Stop following a room.
    Shut { room: RoomId },
    /// Post. `id` is the sender's own: repeating it is safe.
    Send {
        room: RoomId,
        id: Uuid,
        body: String,
    },
    /// *me* is typing. At most one every 3 s.
    Typing { room: RoomId },
    /// *me* has read up to here.
    Seen { room: RoomId, seq: Seq },
}

/// Server → browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", try_from = "Flat")]
pub enum ServerFrame {
    /// The first frame of every socket.
    Hello { me: String },
    /// Messages follow from `from`; where `from` > `after` + 1, the hole is in history.
    Opened { room: RoomId, head: Seq, from: Seq },
    /// In seq order, each once.
    Message(Message),
    /// Durable; also for a repeat.
    Sent {
        room: RoomId,
        id: Uuid,
        seq: Seq,
        at: Millis,
    },
    /// Nothing was stored. `room` and `id` are missing where the frame could not be understood.
    Refused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        code: Code,
        message: String,
    },
    /// Latest value: how many members are connected, and the first 200 of them by name.
    Presence {
        room: RoomId,
        count: usize,
        online: Vec<String>,
    },
    /// Latest value; empty when nobody is.
    Typing { room: RoomId, who: Vec<String> },
    /// A room of *me*'s that this socket has not opened moved on.
    Head { room: RoomId, seq: Seq },
    /// The room is gone.
    Deleted { room: RoomId },
    /// A close frame follows. [`Code::Restarting`] asks to come back.
    Bye { code: Code, message: String },
}

/// Which frame it is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Hello,
    Opened,
    Message,
    Sent,
    Refused,
    Presence,
    Typing,
    Head,
    Deleted,
    Bye,
}

/// The fields of all [`ServerFrame`]s in one: read straight away, whatever their order. Serde would keep a
/// frame's fields aside until it knows its kind, with code for everything that they might have been.
#[derive(Deserialize)]
struct Flat {
    t: Kind,
    room: Option<RoomId>,
    id: Option<Uuid>,
    code: Option<Code>,
    #[serde(default)]
    seq: Seq,
    #[serde(default)]
    head: Seq,
    #[serde(default)]
    from: Seq,
    #[serde(default)]
    at: Millis,
    #[serde(default)]
    count: usize,
    #[serde(default)]
    me: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    online: Vec<String>,
    #[serde(default)]
    who: Vec<String>,
}

impl TryFrom<Flat> for ServerFrame {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let room = flat.room.ok_or("a frame without its room");
        let id = flat.id.ok_or("a frame without its id");
        let code = flat.code.ok_or("a frame without its code");
        let (seq, at, message) = (flat.seq, flat.at, flat.message);
        Ok(match flat.t {
            Kind::Hello => Self::Hello { me: flat.me },
            Kind::Opened => Self::Opened {
                room: room?,
                head: flat.head,
                from: flat.from,
            },
            Kind::Message => Self::Message(Message {
                room: room?,
                seq,
                id: id?,
                by: flat.by,
                at,
                body: flat.body,
            }),
            Kind::Sent => Self::Sent {
                room: room?,
                id: id?,
                seq,
                at,
            },
            Kind::Refused => Self::Refused {
                room: flat.room,
                id: flat.id,
                code: code?,
                message,
            },
            Kind::Presence => Self::Presence {
                room: room?,
                count: flat.count,
                online: flat.online,
            },
            Kind::Typing => Self::Typing {
                room: room?,
                who: flat.who,
            },
            Kind::Head => Self::Head { room: room?, seq },
            Kind::Deleted => Self::Deleted { room: room? },
            Kind::Bye => Self::Bye {
                code: code?,
                message,
            },
        })
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id() -> impl Strategy<Value = Uuid> {
        any::<u128>().prop_map(Uuid::from_u128)
    }

    fn client_frames() -> impl Strategy<Value = ClientFrame> {
        let room = any::<RoomId>;
        prop_oneof![
            (room(), any::<Option<Seq>>())
                .prop_map(|(room, after)| ClientFrame::Open { room, after }),
            room().prop_map(|room| ClientFrame::Shut { room }),
            (room(), id(), any::<String>()).prop_map(|(room, id, body)| ClientFrame::Send {
                room,
                id,
                body
            }),
            room().prop_map(|room| ClientFrame::Typing { room }),
            (room(), any::<Seq>()).prop_map(|(room, seq)| ClientFrame::Seen { room, seq }),
        ]
    }

    fn server_frames() -> impl Strategy<Value = ServerFrame> {
        let room = any::<RoomId>;
        prop_oneof![
            any::<String>().prop_map(|me| ServerFrame::Hello { me }),
            (
                room(),
                any::<Seq>(),
                id(),
                any::<String>(),
                any::<Millis>(),
                any::<String>()
            )
                .prop_map(|(room, seq, id, by, at, body)| ServerFrame::Message(
                    Message {
                        room,
                        seq,
                        id,
                        by,
                        at,
                        body
                    }
                )),
            (room(), id(), any::<Seq>(), any::<Millis>())
                .prop_map(|(room, id, seq, at)| ServerFrame::Sent { room, id, seq, at }),
            (
                any::<Option<RoomId>>(),
                proptest::option::of(id()),
                any::<String>()
            )
                .prop_map(|(room, id, message)| {
                    ServerFrame::Refused {
                        room,
                        id,
                        code: Code::NoSuchRoom,
                        message,
                    }
                }),
            (
                room(),
                any::<usize>(),
                prop::collection::vec(any::<String>(), 0..4)
            )
                .prop_map(|(room, count, online)| ServerFrame::Presence {
                    room,
                    count,
                    online
                }),
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
        fn server_frames_survive_the_way(frame in server_frames()) {
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
        assert_eq!(
            serde_json::to_string(&refused).expect("JSON"),
            r#"{"t":"refused","code":"bad_request","message":"What?"}"#
        );
    }
}

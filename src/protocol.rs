//! The frames of the live socket: JSON text, one object each, `t` first.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};
use uuid::Uuid;

use crate::domain::{Code, Message, Millis, Quote, Reaction, RoomId, Seq};

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
    /// Post, or answer the message `re`. `id` is the sender's own, here and below: repeating it is safe.
    Send {
        room: RoomId,
        id: Uuid,
        body: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        re: Option<Seq>,
    },
    /// Give one's own message `of` another body.
    Edit {
        room: RoomId,
        id: Uuid,
        of: Seq,
        body: String,
    },
    /// Erase the message `of`.
    Delete { room: RoomId, id: Uuid, of: Seq },
    /// Give the message `of` a reaction, or take it back.
    React {
        room: RoomId,
        id: Uuid,
        of: Seq,
        emoji: String,
        on: bool,
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
    /// The first frame of every socket. `build` is another one whenever the site is; `notice` is what is announced to
    /// everybody, where something is.
    Hello {
        me: String,
        build: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<String>,
    },
    /// Entries follow from `from`; where `from` > `after` + 1, `changes` has what is between. Another `epoch` is another
    /// log: of what a reader has of the room from before nothing needs to be in it.
    Opened {
        room: RoomId,
        head: Seq,
        from: Seq,
        epoch: String,
    },
    /// Somebody said something. This and the entries below come in seq order, each once; one that was erased
    /// before a reader came to it is already without its words.
    Message(Message),
    /// The message `of` has another body. What was quoted of it has changed with it.
    Edited {
        room: RoomId,
        seq: Seq,
        of: Seq,
        by: String,
        at: Millis,
        body: String,
    },
    /// The message `of` is erased, and whatever was quoted of it.
    DeletedMessage {
        room: RoomId,
        seq: Seq,
        of: Seq,
        by: String,
        at: Millis,
    },
    /// The message `of` was given a reaction, or it was taken back.
    Reacted {
        room: RoomId,
        seq: Seq,
        of: Seq,
        by: String,
        at: Millis,
        emoji: String,
        on: bool,
    },
    /// Somebody has become a member.
    Joined {
        room: RoomId,
        seq: Seq,
        who: String,
        at: Millis,
    },
    /// Somebody is no longer a member.
    Left {
        room: RoomId,
        seq: Seq,
        who: String,
        at: Millis,
    },
    /// A member was shown out. For their own sockets the last of the room.
    Removed {
        room: RoomId,
        seq: Seq,
        who: String,
        by: String,
        at: Millis,
    },
    /// The room has another name, topic, key or rule, or the member `who` another role; `to` is what it is now, a
    /// key apart. Who hands a room over, by making another the owner, is a moderator from then on.
    Changed {
        room: RoomId,
        seq: Seq,
        by: String,
        at: Millis,
        what: What,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who: Option<String>,
    },
    /// All messages up to `of` are erased: the room keeps them no longer.
    Erased {
        room: RoomId,
        seq: Seq,
        of: Seq,
        by: String,
        at: Millis,
    },
    /// What had this id is durable, as this entry; also for a repeat.
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
    /// A room of *me*'s that this socket has not opened moved on; `said` counts the messages up to there. Said
    /// after `hello` too, once for each of *me*'s rooms in which anything has happened: what a page holds may be
    /// older than its socket.
    Head { room: RoomId, seq: Seq, said: u64 },
    /// *me* has read up to here, as another socket or *me*'s own words say; `read` counts the messages up to
    /// there.
    Read { room: RoomId, seq: Seq, read: u64 },
    /// The message `seq` names *me*, whether the room is open or not.
    Mention { room: RoomId, seq: Seq, by: String },
    /// *me*'s list of rooms has changed: ask for it.
    Rooms,
    /// Where *me* is signed in has changed: a session began or ended.
    Sessions,
    /// The room is gone.
    Deleted { room: RoomId },
    /// What is announced to everybody from now on; nothing where it is empty.
    Notice { text: String },
    /// A close frame follows. [`Code::Restarting`] asks to come back.
    Bye { code: Code, message: String },
}

impl ServerFrame {
    /// The room that it is about, where it is about one.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Message(message) => Some(message.room),
            Self::Refused { room, .. } => *room,
            Self::Opened { room, .. }
            | Self::Edited { room, .. }
            | Self::DeletedMessage { room, .. }
            | Self::Reacted { room, .. }
            | Self::Joined { room, .. }
            | Self::Left { room, .. }
            | Self::Removed { room, .. }
            | Self::Changed { room, .. }
            | Self::Erased { room, .. }
            | Self::Sent { room, .. }
            | Self::Presence { room, .. }
            | Self::Typing { room, .. }
            | Self::Head { room, .. }
            | Self::Read { room, .. }
            | Self::Mention { room, .. }
            | Self::Deleted { room } => Some(*room),
            Self::Hello { .. }
            | Self::Rooms
            | Self::Sessions
            | Self::Notice { .. }
            | Self::Bye { .. } => None,
        }
    }
}

/// What of a room has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Name,
    Topic,
    Key,
    /// A member's role: `owner`, `moderator` or `member`.
    Role,
    /// Who may post: `everyone` or `moderators`.
    Posting,
    /// For how many days messages are kept; empty for ever.
    Keep,
}

/// Which frame it is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Hello,
    Opened,
    Message,
    Edited,
    DeletedMessage,
    Reacted,
    Joined,
    Left,
    Removed,
    Changed,
    Erased,
    Sent,
    Refused,
    Presence,
    Typing,
    Head,
    Read,
    Mention,
    Rooms,
    Sessions,
    Deleted,
    Notice,
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
    who: Who,
    #[serde(default)]
    of: Seq,
    #[serde(default)]
    said: u64,
    #[serde(default)]
    read: u64,
    #[serde(default)]
    emoji: String,
    #[serde(default)]
    on: bool,
    #[serde(default)]
    build: String,
    #[serde(default)]
    epoch: String,
    notice: Option<String>,
    #[serde(default)]
    text: String,
    what: Option<What>,
    to: Option<String>,
    re: Option<Quote>,
    edited: Option<Millis>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    reactions: Vec<Reaction>,
}

/// Those who are typing, or the one who came or went.
#[derive(Default)]
struct Who(Vec<String>);

impl Who {
    fn one(self) -> Result<String, &'static str> {
        self.0.into_iter().next().ok_or("a frame without its who")
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Who;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or names")
    }

    fn visit_str<E>(self, name: &str) -> Result<Who, E> {
        Ok(Who(vec![name.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Who, A::Error> {
        let mut who = Vec::new();
        while let Some(name) = names.next_element()? {
            who.push(name);
        }
        Ok(Who(who))
    }
}

impl TryFrom<Flat> for ServerFrame {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let room = flat.room.ok_or("a frame without its room");
        let id = flat.id.ok_or("a frame without its id");
        let code = flat.code.ok_or("a frame without its code");
        let (seq, of, at, by) = (flat.seq, flat.of, flat.at, flat.by);
        let message = flat.message;
        Ok(match flat.t {
            Kind::Hello => Self::Hello {
                me: flat.me,
                build: flat.build,
                notice: flat.notice,
            },
            Kind::Opened => Self::Opened {
                room: room?,
                head: flat.head,
                from: flat.from,
                epoch: flat.epoch,
            },
            Kind::Message => Self::Message(Message {
                room: room?,
                seq,
                id: id?,
                by,
                at,
                body: flat.body,
                re: flat.re,
                edited: flat.edited,
                deleted: flat.deleted,
                reactions: flat.reactions,
            }),
            Kind::Edited => Self::Edited {
                room: room?,
                seq,
                of,
                by,
                at,
                body: flat.body,
            },
            Kind::Removed => Self::Removed {
                room: room?,
                seq,
                who: flat.who.one()?,
                by,
                at,
            },
            Kind::Changed => Self::Changed {
                room: room?,
                seq,
                by,
                at,
                what: flat.what.ok_or("a change without its what")?,
                to: flat.to,
                who: flat.who.one().ok(),
            },
            Kind::Erased => Self::Erased {
                room: room?,
                seq,
                of,
                by,
                at,
            },
            Kind::Sessions => Self::Sessions,
            Kind::DeletedMessage => Self::DeletedMessage {
                room: room?,
                seq,
                of,
                by,
                at,
            },
            Kind::Reacted => Self::Reacted {
                room: room?,
                seq,
                of,
                by,
                at,
                emoji: flat.emoji,
                on: flat.on,
            },
            Kind::Joined => Self::Joined {
                room: room?,
                seq,
                who: flat.who.one()?,
                at,
            },
            Kind::Left => Self::Left {
                room: room?,
                seq,
                who: flat.who.one()?,
                at,
            },
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
                who: flat.who.0,
            },
            Kind::Head => Self::Head {
                room: room?,
                seq,
                said: flat.said,
            },
            Kind::Read => Self::Read {
                room: room?,
                seq,
                read: flat.read,
            },
            Kind::Mention => Self::Mention {
                room: room?,
                seq,
                by,
            },
            Kind::Rooms => Self::Rooms,
            Kind::Deleted => Self::Deleted { room: room? },
            Kind::Notice => Self::Notice { text: flat.text },
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
        let (room, seq) = (any::<RoomId>, any::<Seq>);
        prop_oneof![
            (room(), any::<Option<Seq>>())
                .prop_map(|(room, after)| ClientFrame::Open { room, after }),
            room().prop_map(|room| ClientFrame::Shut { room }),
            (room(), id(), any::<String>(), any::<Option<Seq>>())
                .prop_map(|(room, id, body, re)| ClientFrame::Send { room, id, body, re }),
            (room(), id(), seq(), any::<String>())
                .prop_map(|(room, id, of, body)| ClientFrame::Edit { room, id, of, body }),
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
            (room(), any::<Seq>(), any::<String>())
                .prop_map(|(room, seq, by)| ServerFrame::Mention { room, seq, by }),
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
}

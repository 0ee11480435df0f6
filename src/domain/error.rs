//! The errors a caller can meet: a stable code for programs and a sentence for people.

use std::fmt;

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

use super::limits;

/// Why something was refused. The serialised form (`snake_case`) is part of the public contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    InvalidUsername,
    InvalidRoomName,
    InvalidKey,
    InvalidEmoji,
    InvalidTopic,
    InvalidPassphrase,
    EmptyBody,
    BadRequest,
    NotMe,
    WrongKey,
    WrongPassphrase,
    WrongPass,
    NotOwner,
    NotAuthor,
    NotAllowed,
    CrossOrigin,
    NoSuchRoom,
    NoSuchMessage,
    NoSuchMember,
    UsernameTaken,
    RoomTaken,
    LastWayIn,
    BodyTooLong,
    TooFast,
    StorageFull,
    Unavailable,
    /// The server is going down and will be back: reconnect. Only in a socket's `bye`.
    Restarting,
    /// The request never reached the server. Made by the browser's side only.
    Offline,
}

impl fmt::Display for Code {
    /// As programs are told it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Code {
    /// The name of the form field that this is about, where it is about one.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Code::InvalidUsername | Code::UsernameTaken => Some("username"),
            Code::InvalidRoomName | Code::RoomTaken => Some("name"),
            Code::InvalidKey | Code::WrongKey => Some("key"),
            Code::InvalidTopic => Some("topic"),
            Code::InvalidPassphrase | Code::WrongPassphrase => Some("passphrase"),
            Code::WrongPass => Some("pass"),
            Code::InvalidEmoji => Some("emoji"),
            _ => None,
        }
    }

    /// The HTTP status that goes with this code.
    pub fn status(self) -> u16 {
        match self {
            Code::InvalidUsername
            | Code::InvalidRoomName
            | Code::InvalidKey
            | Code::InvalidEmoji
            | Code::InvalidTopic
            | Code::InvalidPassphrase
            | Code::EmptyBody
            | Code::BadRequest => 400,
            Code::NotMe => 401,
            Code::WrongKey
            | Code::WrongPassphrase
            | Code::WrongPass
            | Code::NotOwner
            | Code::NotAuthor
            | Code::NotAllowed
            | Code::CrossOrigin => 403,
            Code::NoSuchRoom | Code::NoSuchMessage | Code::NoSuchMember => 404,
            Code::UsernameTaken | Code::RoomTaken | Code::LastWayIn => 409,
            Code::BodyTooLong => 413,
            Code::TooFast => 429,
            Code::StorageFull | Code::Unavailable | Code::Restarting | Code::Offline => 503,
        }
    }
}

#[cfg(feature = "ssr")]
impl From<Code> for axum::http::StatusCode {
    fn from(code: Code) -> Self {
        Self::from_u16(code.status()).unwrap_or(Self::INTERNAL_SERVER_ERROR)
    }
}

/// An error as every endpoint answers it: `{"code":"username_taken","message":"…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub code: Code,
    /// A sentence for a person, in plain English.
    pub message: String,
    /// Seconds to wait before another try; sent as `Retry-After`, not in the JSON.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl ApiError {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    pub fn not_me() -> Self {
        Self::new(
            Code::NotMe,
            "This browser does not hold that username. Claim it, or choose one of your names.",
        )
    }

    pub fn no_such_room() -> Self {
        Self::new(
            Code::NoSuchRoom,
            "There is no such room, or you are not a member of it.",
        )
    }

    pub fn wrong_key() -> Self {
        Self::new(
            Code::WrongKey,
            "No room opens with that name and key. Check both; the key may have been changed since you were given it, \
             and then whoever invited you has the new one.",
        )
    }

    pub fn not_owner() -> Self {
        Self::new(Code::NotOwner, "Only the room's owner can do that.")
    }

    pub fn not_author() -> Self {
        Self::new(Code::NotAuthor, "Only its author can change a message.")
    }

    pub fn not_allowed() -> Self {
        Self::new(
            Code::NotAllowed,
            "Your role in this room does not let you do that.",
        )
    }

    pub fn no_such_message() -> Self {
        Self::new(
            Code::NoSuchMessage,
            "There is no such message in this room, or it was deleted.",
        )
    }

    pub fn no_such_member() -> Self {
        Self::new(
            Code::NoSuchMember,
            "Nobody of that name is a member of this room.",
        )
    }

    pub fn wrong_passphrase() -> Self {
        Self::new(
            Code::WrongPassphrase,
            "No name opens with that username and passphrase. Check both and try again.",
        )
    }

    pub fn wrong_pass() -> Self {
        Self::new(
            Code::WrongPass,
            "That pass is wrong, was used already, or is too old. Make a new one in the other browser.",
        )
    }

    pub fn last_way_in() -> Self {
        Self::new(
            Code::LastWayIn,
            "This is the last way into that name. Set a passphrase, add a passkey or let another browser in \
             first; or give the name up.",
        )
    }

    pub fn too_many_invites() -> Self {
        Self::bad_request(format!(
            "This room has {} invites, which is the most. End one first.",
            limits::INVITES
        ))
    }

    pub fn too_many_passkeys() -> Self {
        Self::bad_request(format!(
            "That name has {} passkeys, which is the most. Remove one first.",
            limits::PASSKEYS
        ))
    }

    pub fn wrong_passkey() -> Self {
        Self::new(
            Code::WrongPass,
            "That passkey opens no name here, or it took too long. Try it again.",
        )
    }

    pub fn too_many_reactions() -> Self {
        Self::new(
            Code::InvalidEmoji,
            format!(
                "That message has {} kinds of reactions, which is the most. Choose one of those.",
                limits::REACTION_KINDS
            ),
        )
    }

    pub fn username_taken() -> Self {
        Self::new(
            Code::UsernameTaken,
            "That username is taken. Try another one.",
        )
    }

    pub fn room_taken() -> Self {
        Self::new(
            Code::RoomTaken,
            "A room with that name exists already. Try another name.",
        )
    }

    pub fn cross_origin() -> Self {
        Self::new(
            Code::CrossOrigin,
            "This request came from another site, so it was refused.",
        )
    }

    pub fn unavailable() -> Self {
        Self::new(
            Code::Unavailable,
            "The server could not do that just now. Nothing was stored; please try again.",
        )
    }

    pub fn offline() -> Self {
        Self::new(
            Code::Offline,
            "The server could not be reached. Check your connection and try again.",
        )
    }

    pub fn storage_full() -> Self {
        Self::new(
            Code::StorageFull,
            "The server has no room left to store this. Nothing was stored.",
        )
    }

    pub fn too_fast(seconds: u32) -> Self {
        let seconds = seconds.max(1);
        let unit = if seconds == 1 { "second" } else { "seconds" };
        Self {
            code: Code::TooFast,
            message: format!("That was too fast. Try again in {seconds} {unit}."),
            retry_after: Some(seconds),
        }
    }

    pub fn too_many_identities() -> Self {
        Self::bad_request(format!(
            "This browser already holds {} names, which is the most it can. Log out of one first.",
            limits::IDENTITIES
        ))
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = match error {
            ServerFnErrorErr::Args(why) | ServerFnErrorErr::MissingArg(why) => {
                Self::bad_request(format!("That request could not be understood: {why}."))
            }
            // On the server these are about what came in, in the browser about what did not come back.
            ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Request(_)
                if cfg!(feature = "ssr") =>
            {
                Self::bad_request("That request could not be understood.")
            }
            ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Request(_) => Self::offline(),
            _ => Self::unavailable(),
        };
        // The framework answers these itself, so the status is set here and not where ours are.
        #[cfg(feature = "ssr")]
        if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
            response.set_status(error.code.into());
        }
        error
    }
}

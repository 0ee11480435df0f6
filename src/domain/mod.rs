//! What both sides mean by a username, a room, a message and its markup: their rules, their limits, their errors.
//!
//! Nothing here does I/O. A [`Username`], [`RoomName`], [`Key`] or [`Body`] that exists is valid.

mod emoji;
mod error;
mod flash;
mod happening;
pub mod invite;
pub mod limits;
pub mod markup;
pub mod mentions;
mod message;
mod names;
mod numbers;
mod people;
mod role;
mod room;

#[cfg(feature = "ssr")]
pub use emoji::Emoji;
pub use emoji::QUICK_REACTIONS;
pub use error::{ApiError, Code};
pub use flash::{Flash, Made};
pub use happening::{Happened, Happening};
pub use invite::{Invite, InviteId, NewInvite};
pub use message::{Body, Changes, Found, History, Hit, Message, Noted, Posted, Quote, Reaction};
#[cfg(feature = "ssr")]
pub use names::Folded;
pub use names::{Key, Passphrase, RoomName, Topic, Username};
pub use numbers::{Millis, RoomId, Seq};
pub use people::{Hold, Pass, Passkey};
pub use role::{Deed, Posting, Role};
pub use room::{Member, Room, RoomPage, RoomSummary};

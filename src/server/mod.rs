//! The server: who is asking, what they may do, and where it is kept.
//!
//! [`Chat`] does what the product does, in the domain's words; [`router`] puts it on HTTP, as [`pages`] and as
//! the API; [`live`] on the live socket.

#![deny(unsafe_code)]

mod assets;
pub mod config;
mod flashes;
mod forms;
mod guard;
mod hashing;
mod identity;
mod keys;
mod live;
mod pages;
mod rooms;
mod router;
mod serve;
mod store;

pub use identity::Request;
#[cfg(feature = "fuzz")]
pub use live::fuzz_socket;
pub use rooms::Chat;
pub use serve::serve;

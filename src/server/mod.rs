//! The server: who is asking, what they may do, and where it is kept.
//!
//! [`Chat`] does what the product does, in the domain's words; [`router`] puts it on HTTP, as [`pages`] and as
//! the API; [`live`] on the live socket.

#![deny(unsafe_code)]

mod announced;
mod aside;
mod assets;
mod authorities;
mod backup;
mod bounds;
mod browsers;
mod bus;
pub mod commands;
pub mod config;
mod connections;
mod counts;
mod crowd;
mod flashes;
mod forms;
mod guard;
mod hashing;
mod health;
mod identity;
mod idle;
mod keeper;
mod kept;
mod keys;
mod listeners;
mod live;
mod locked;
mod metrics;
mod pages;
mod passkeys;
mod patience;
mod proxies;
mod rates;
mod redirect;
mod repeats;
mod request;
mod rooms;
mod router;
mod serve;
mod sockets;
mod store;
mod strangers;
mod stream;
mod tls;
mod transfer;
mod upgrade;

pub use listeners::Handed;
#[cfg(feature = "fuzz")]
pub use live::fuzz_socket;
pub use pages::plain::render as render_plain;
pub use request::Request;
pub use rooms::{Chat, LetIn, Sought};
pub use serve::serve;
pub use store::Act;

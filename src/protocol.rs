//! The frames of the live socket: JSON text, one object each, `t` first.

mod client;
mod flat;
mod server;
#[cfg(all(test, feature = "ssr"))]
mod tests;
mod what;

pub use self::{client::ClientFrame, server::ServerFrame, what::What};

//! What people see. It reaches the server only through [`crate::api`] and the live socket.

mod app;
pub mod browser;
pub mod live;
pub mod pages;
pub mod parts;
pub mod paths;

pub use app::App;
#[cfg(feature = "ssr")]
pub use app::{Assets, shell};

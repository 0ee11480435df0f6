//! What people see. It reaches the server only through [`crate::api`] and the live socket.

mod app;

pub use app::App;
#[cfg(feature = "ssr")]
pub use app::{Assets, shell};

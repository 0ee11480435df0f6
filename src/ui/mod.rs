//! What people see. The server renders whole pages; in the browser what lives of them comes alive, and reaches the
//! server only through [`crate::api`] and the live socket.

pub mod aim;
pub mod browser;
#[cfg(feature = "ssr")]
pub mod document;
pub mod enhance;
pub mod notices;
pub mod pages;
pub mod parts;
pub mod paths;
pub mod session;

//! What people see. The server renders whole pages; in the browser their islands come alive, and reach the
//! server only through [`crate::api`] and the live socket.

pub mod browser;
#[cfg(feature = "ssr")]
pub mod document;
pub mod enhance;
pub mod live;
#[cfg(feature = "ssr")]
pub mod pages;
pub mod parts;
pub mod paths;

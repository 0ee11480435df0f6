//! The pages, one file each. Those below `/@me` are one that stays, see [`app`]; the others are rendered by the server
//! alone.

pub mod app;
mod dashboard;
#[cfg(feature = "ssr")]
pub mod invite;
#[cfg(feature = "ssr")]
pub mod keeper;
#[cfg(feature = "ssr")]
pub mod landing;
#[cfg(feature = "ssr")]
pub mod not_found;
mod plain;
mod room;
#[cfg(feature = "ssr")]
pub mod room_settings;
#[cfg(feature = "ssr")]
pub mod search;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
pub mod sign_in;

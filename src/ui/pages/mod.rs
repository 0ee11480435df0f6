//! The pages, one file each: what the server renders from what it knows.

pub mod dashboard;
pub mod invite;
pub mod landing;
pub mod not_found;
pub mod room;

//! The pages, one file each.

pub mod dashboard;
pub mod invite;
pub mod landing;
pub mod not_found;
pub mod room;

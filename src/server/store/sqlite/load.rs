//! Lines into a database: a whole server's into a new one, or one room's into one that may be in use.

mod lines;
mod room;
mod server;
#[cfg(test)]
mod tests;

pub use self::{
    lines::Loaded,
    room::load_room,
    server::{load, load_from},
};

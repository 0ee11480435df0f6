//! The server as its users meet it: the real binary, real HTTP, real live sockets, a real database file.

mod assets;
mod bad_input;
mod bounded;
mod claims;
mod durability;
mod forms;
mod frames;
mod history;
mod live;
mod operations;
mod presence;
mod privacy;
mod rate_limits;
mod reconnect;
mod rooms;
mod security;
mod storage_full;
mod support;

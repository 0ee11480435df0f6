//! The server as its users meet it: the real binary, real HTTP, real live sockets, a real database file.

mod assets;
mod backup;
mod bad_input;
mod bounded;
mod bounds;
mod changes;
mod claims;
mod conversation;
mod deploy;
mod durability;
mod forms;
mod frames;
mod history;
mod hostile;
mod live;
mod operations;
mod presence;
mod privacy;
mod rate_limits;
mod reconnect;
mod rooms;
mod search;
mod security;
mod storage_full;
mod support;
mod transfer;

//! What rooms, entries and times are numbered by.

/// A room's number on this server; never used again after the room is deleted.
pub type RoomId = i64;

/// Number of an entry in its room: 1, 2, 3 … without holes, in commit order. 0 means "before the first".
pub type Seq = u64;

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

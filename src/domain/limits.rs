//! What the product promises to accept, and no more.

/// Characters (Unicode scalar values) in a username, after trimming.
pub const USERNAME_CHARS: usize = 32;
/// Characters in a room name, after trimming.
pub const ROOM_NAME_CHARS: usize = 64;
/// Characters in a room key, exactly as typed.
pub const KEY_CHARS: usize = 128;
/// Characters in a passphrase, exactly as typed, at least and at most.
pub const PASSPHRASE_CHARS: (usize, usize) = (12, 128);
/// Characters in a room's topic, after trimming.
pub const TOPIC_CHARS: usize = 200;
/// Days that a room's messages are kept, where they are not for ever, at most.
pub const KEEP_DAYS: u32 = 3_650;
/// Former names by which a room can be found, the latest of them.
pub const FORMER_NAMES: usize = 20;
/// Invites that a room may have at once.
pub const INVITES: usize = 50;
/// Uses of an invite, and hours that it is good for, at most.
pub const INVITE_USES: u32 = 10_000;
pub const INVITE_HOURS: u32 = 24 * 366;
/// Sessions that a username may have at once.
pub const SESSIONS: usize = 32;
/// Passkeys that a username may have.
pub const PASSKEYS: usize = 16;
/// Passes that a username may have at once.
pub const PASSES: usize = 4;
/// Minutes that a pass is good for.
pub const PASS_MINUTES: u32 = 10;
/// Characters in a message body, after trimming its outer white space.
pub const BODY_CHARS: usize = 4_000;
/// Kinds of reactions that one message may have.
pub const REACTION_KINDS: usize = 20;
/// Characters of a message that an answer to it quotes.
pub const QUOTE_CHARS: usize = 140;
/// `@` in a message that are looked at as mentions.
pub const MENTIONS: usize = 50;
/// Usernames that one browser may hold at once.
pub const IDENTITIES: usize = 8;
/// Messages in a page of history, where the caller names no limit.
pub const HISTORY_PAGE: usize = 50;
/// Messages in a page of history at most.
pub const HISTORY_MAX: usize = 200;
/// Of what happened to the room itself, told with a page of history at most.
pub const HAPPENINGS: usize = 50;
/// Characters that are searched for at most, and words in them.
pub const SEARCH_CHARS: usize = 200;
pub const SEARCH_TERMS: usize = 32;
/// Hits in a page of a search, where the caller names no limit, and at most.
pub const SEARCH_PAGE: usize = 20;
pub const SEARCH_MAX: usize = 50;
/// Bytes in one WebSocket frame from a browser at most.
pub const FRAME_BYTES: usize = 64 * 1024;
/// Names that a presence frame lists at most; the count is always exact.
pub const PRESENCE_NAMES: usize = 200;
/// Seconds between two `typing` frames that one browser sends for a room.
pub const TYPING_SECONDS: u32 = 3;

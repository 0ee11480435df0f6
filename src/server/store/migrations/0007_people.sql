-- A username may have several sessions, each one browser's hold on it. Those of before go on.
ALTER TABLE sessions RENAME TO only_sessions;
CREATE TABLE sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB    NOT NULL UNIQUE,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    -- To a few minutes.
    used_at    INTEGER NOT NULL,
    -- Which browser on which system, in words.
    browser    TEXT    NOT NULL DEFAULT ''
) STRICT;
INSERT INTO sessions (token_hash, user_id, created_at, used_at)
    SELECT token_hash, user_id, created_at, unixepoch() * 1000 FROM only_sessions ORDER BY created_at;
DROP TABLE only_sessions;
CREATE INDEX sessions_by_user ON sessions (user_id);

-- What else lets somebody into a name. PHC string of the passphrase's Argon2id hash.
ALTER TABLE users ADD COLUMN passphrase_hash TEXT;
-- When any browser last used the name, to a few minutes.
ALTER TABLE users ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
UPDATE users SET used_at = unixepoch() * 1000;

CREATE TABLE passkeys (
    -- The credential's id (WebAuthn, §5.8.3).
    id         BLOB    PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    -- Its public key and counter, as JSON.
    passkey    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- Each lets one other browser in, once.
CREATE TABLE passes (
    token_hash BLOB    PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passes_by_user ON passes (user_id);

ALTER TABLE rooms ADD COLUMN topic TEXT NOT NULL DEFAULT '';
-- Who may post: 0 everyone, 1 moderators and the owner.
ALTER TABLE rooms ADD COLUMN posting INTEGER NOT NULL DEFAULT 0;
-- For how many days messages are kept; for ever where there is no number.
ALTER TABLE rooms ADD COLUMN keep_days INTEGER;
-- Messages up to this seq are erased, or about to be: nobody is given them any more.
ALTER TABLE rooms ADD COLUMN erased_to INTEGER NOT NULL DEFAULT 0;
-- Rooms whose messages up to there are not all erased yet: those after `after` may not be.
CREATE TABLE erasures (
    room_id INTEGER PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    after   INTEGER NOT NULL
) STRICT;
-- 0 member, 1 moderator. The owner is in the room's own row.
ALTER TABLE members ADD COLUMN role INTEGER NOT NULL DEFAULT 0;

-- Names that rooms once had: they lead to the room as long as no other has them.
CREATE TABLE former_names (
    folded  TEXT    PRIMARY KEY,
    room_id INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- When the room was last called that.
    until   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX former_names_by_room ON former_names (room_id);

CREATE TABLE invites (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB    NOT NULL UNIQUE,
    room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    author_id  INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    -- For ever, and any number, where there is none.
    expires_at INTEGER,
    uses       INTEGER,
    uses_left  INTEGER
) STRICT;
CREATE INDEX invites_by_room ON invites (room_id);

-- Whom an entry is about, where it is about somebody. More kinds: 7 removed, 8 named the room, 9 gave it a topic,
-- 10 changed its key, 11 gave somebody a role, 12 said who may post, 13 said how long messages are kept, 14 erased all
-- messages up to `about`. The body is what it was changed to.
ALTER TABLE entries ADD COLUMN subject INTEGER;

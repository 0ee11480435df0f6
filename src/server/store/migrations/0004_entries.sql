-- A room is a log: whatever happens in it is an entry, with the next seq. What a message says now stands in its
-- own row and nowhere else, so that what is edited or erased is gone.
ALTER TABLE messages RENAME TO entries;
-- 0 said, 1 edited, 2 deleted, 3 reacted, 4 took a reaction back, 5 joined, 6 left.
ALTER TABLE entries ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
-- The message that it is about, or that it answers.
ALTER TABLE entries ADD COLUMN about INTEGER;
-- How many of the room's entries up to this one say nothing: its seq less these counts the messages.
ALTER TABLE entries ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
-- Of a message: when it was last edited, and whether it is erased.
ALTER TABLE entries ADD COLUMN edited_at INTEGER;
ALTER TABLE entries ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
DROP INDEX messages_by_id;
CREATE UNIQUE INDEX entries_by_id ON entries (id, author_id, room_id);

-- The reactions that messages have now.
CREATE TABLE reactions (
    room_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    emoji   TEXT    NOT NULL,
    user_id INTEGER NOT NULL,
    -- The entry that gave it, and the one that gave the message the first of its kind: their order is that in
    -- which people and kinds came.
    entry   INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, user_id)
) STRICT, WITHOUT ROWID;

-- Which messages name whom.
CREATE TABLE mentions (
    user_id INTEGER NOT NULL,
    room_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_message ON mentions (room_id, seq);

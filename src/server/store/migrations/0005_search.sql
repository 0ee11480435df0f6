-- What rooms' messages are found by. A row's number is its room and its seq in one, so that a room's newest come
-- first; its terms begin with their room, so that what is in one room costs nothing in another. The text itself
-- stays where it is: this holds the terms alone, and forgets them when they are taken out.
CREATE VIRTUAL TABLE words USING fts5 (terms, content = '', columnsize = 0, tokenize = 'ascii');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);

-- Up to where rooms' messages are in there.
CREATE TABLE indexed (
    room_id INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL
) STRICT;

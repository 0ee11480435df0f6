-- Ids that browsers make grow with time (UUIDv7): with the id first, the newest entries of all rooms stand
-- on the same few pages, and a commit writes those instead of a page a room.
DROP INDEX messages_by_id;
CREATE UNIQUE INDEX messages_by_id ON messages (id, author_id, room_id);

-- A room's head is the seq of its newest message, which its messages' key finds at once: kept in a column as
-- well, it cost every post a second row to write.
ALTER TABLE rooms DROP COLUMN head;

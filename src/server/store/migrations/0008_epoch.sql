-- Which life of the data this is: a copy that is restored one day is another, as what was said after it was made is not
-- in it.
CREATE TABLE epoch (value TEXT NOT NULL) STRICT;
INSERT INTO epoch (value) VALUES (lower(hex(randomblob(8))));

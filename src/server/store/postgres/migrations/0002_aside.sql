-- What is kept for some minutes for whoever is given its id: what became of a plain form, a passkey's ceremony. Lost in a
-- crash, and on no standby.
CREATE UNLOGGED TABLE aside (
    id    uuid   PRIMARY KEY,
    until bigint NOT NULL,
    value text   NOT NULL
);

-- What pages of any build of late start from, by its path.
CREATE UNLOGGED TABLE files (
    path  text   PRIMARY KEY,
    at    bigint NOT NULL,
    bytes bytea  NOT NULL
);

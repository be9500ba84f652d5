-- How far the engines for telemetry have come.

-- What was learned from the log of a node up to this record is in the other tables.
CREATE TABLE learned (
    node     TEXT    NOT NULL PRIMARY KEY,
    sequence BIGINT  NOT NULL
);

-- What older engines kept themselves and has been moved here, by the digest of it.
CREATE TABLE taken_over (
    digest TEXT NOT NULL PRIMARY KEY
);

-- A checksum over the other columns of every row, over the set of segments, and over their files:
-- SQLite has none of its own. Rows that were there before get theirs in the same transaction.

ALTER TABLE segments ADD COLUMN tail_offset INTEGER;
ALTER TABLE segments ADD COLUMN tail_checksum INTEGER;
ALTER TABLE segments ADD COLUMN checksum INTEGER;

-- How many rows `segments` has and what their checksums add up to: tells that rows are missing.
ALTER TABLE checkpoint ADD COLUMN segment_count INTEGER;
ALTER TABLE checkpoint ADD COLUMN segment_sum INTEGER;
ALTER TABLE checkpoint ADD COLUMN checksum INTEGER;

ALTER TABLE services ADD COLUMN checksum INTEGER;
ALTER TABLE peers ADD COLUMN checksum INTEGER;

-- What answers leave out: damaged files by their segment, and rows that were lost (segment 0).
CREATE TABLE quarantine (
    segment_id INTEGER PRIMARY KEY,
    project    TEXT,
    table_name TEXT,
    from_ns    INTEGER NOT NULL,
    to_ns      INTEGER NOT NULL,
    noticed_ns INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    checksum   INTEGER NOT NULL
) STRICT;

-- One row: how far the background check of all segments has come.
CREATE TABLE scrub (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    next_id     INTEGER NOT NULL,
    finished_ns INTEGER NOT NULL
) STRICT;

INSERT INTO scrub (one, next_id, finished_ns) VALUES (1, 0, 0);

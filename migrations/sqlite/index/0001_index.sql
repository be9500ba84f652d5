-- An index of the manifest, for people and tools: which segments count, and up to where they hold the log.
-- Nothing reads it for truth; it is made anew when it is missing or differs.

CREATE TABLE segments (
    id             INTEGER PRIMARY KEY,
    project        TEXT    NOT NULL,
    node           TEXT    NOT NULL,
    table_name     TEXT    NOT NULL,
    bucket_ns      INTEGER NOT NULL,
    min_time_ns    INTEGER NOT NULL,
    max_time_ns    INTEGER NOT NULL,
    row_count      INTEGER NOT NULL,
    byte_count     INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    written_ns     INTEGER NOT NULL,
    format_version INTEGER NOT NULL,
    path           TEXT    NOT NULL UNIQUE,
    tail_offset    INTEGER NOT NULL,
    tail_checksum  INTEGER NOT NULL,
    checksum       INTEGER NOT NULL
) STRICT;

-- One row: every log record up to `sequence` is in segments; how many there are, and the sum of their checksums.
CREATE TABLE checkpoint (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    sequence      INTEGER NOT NULL,
    segment_count INTEGER NOT NULL,
    segment_sum   INTEGER NOT NULL,
    checksum      INTEGER NOT NULL
) STRICT;

-- Above the versions in which this file was the catalog itself: those refuse it.
PRAGMA user_version = 10;

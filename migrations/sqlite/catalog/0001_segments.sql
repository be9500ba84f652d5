-- The catalog: which segments count, and up to where they hold what the log holds.

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
    path           TEXT    NOT NULL UNIQUE
) STRICT;

-- One row: every log record up to `sequence` is in segments.
CREATE TABLE checkpoint (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    sequence INTEGER NOT NULL
) STRICT;

INSERT INTO checkpoint (one, sequence) VALUES (1, 0);

-- Every service that segments have rollups of.
CREATE TABLE services (
    project     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    newest_ns   INTEGER NOT NULL,
    PRIMARY KEY (project, service, namespace, environment)
) STRICT, WITHOUT ROWID;

-- Hosts that are known to be services: learned from traces that cross them.
CREATE TABLE peers (
    project TEXT NOT NULL,
    target  TEXT NOT NULL,
    service TEXT NOT NULL,
    PRIMARY KEY (project, target)
) STRICT, WITHOUT ROWID;

-- Attributes that an administrator wants found fast: segments written since have a filter of their
-- values.

CREATE TABLE promoted_attributes (
    project  TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    since_ns INTEGER NOT NULL,
    PRIMARY KEY (project, key)
) STRICT, WITHOUT ROWID;

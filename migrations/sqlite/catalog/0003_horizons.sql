-- Up to where retention has deleted: before `horizon_ns`, rows of the table may be missing.

CREATE TABLE horizons (
    project    TEXT    NOT NULL,
    table_name TEXT    NOT NULL,
    horizon_ns INTEGER NOT NULL,
    PRIMARY KEY (project, table_name)
) STRICT, WITHOUT ROWID;

-- What a service's resource last said of whose it is and where it runs: what boards are grouped by.
CREATE TABLE labels (
    project     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    checksum    INTEGER NOT NULL,
    PRIMARY KEY (project, service, namespace, environment, name)
) STRICT, WITHOUT ROWID;

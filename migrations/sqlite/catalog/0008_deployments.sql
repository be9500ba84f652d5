-- When the first transaction of each version of a service ended: what deployments are told by.
CREATE TABLE versions (
    project     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    first_ns    INTEGER NOT NULL,
    checksum    INTEGER NOT NULL,
    PRIMARY KEY (project, service, namespace, environment, version)
) STRICT, WITHOUT ROWID;

-- Deployments that someone told of: they need no new version.
CREATE TABLE deployments (
    id          INTEGER PRIMARY KEY,
    project     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    at_ns       INTEGER NOT NULL,
    label       TEXT    NOT NULL,
    checksum    INTEGER NOT NULL
) STRICT;

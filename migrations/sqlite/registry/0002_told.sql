-- What people and programs told through the API.

-- In the order of `id` they arrived.
CREATE TABLE deployments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    at_ns       INTEGER NOT NULL,
    label       TEXT    NOT NULL
) STRICT;

CREATE INDEX deployments_of_project ON deployments (project, id);

-- Promoted attributes, with the time of the promotion.
CREATE TABLE promoted_attributes (
    project  TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    since_ns INTEGER NOT NULL,
    PRIMARY KEY (project, key)
) STRICT;

-- Settings of services. A service whose settings are all the defaults has no row.
CREATE TABLE service_settings (
    project           TEXT    NOT NULL,
    service           TEXT    NOT NULL,
    namespace         TEXT    NOT NULL,
    environment       TEXT    NOT NULL,
    slow_threshold_ns INTEGER,
    PRIMARY KEY (project, service, namespace, environment)
) STRICT;

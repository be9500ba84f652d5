-- What is known of services from their telemetry.

-- The start of the newest 5 s bucket with data of the service.
CREATE TABLE services (
    project     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    newest_ns   BIGINT  NOT NULL,
    PRIMARY KEY (project, service, namespace, environment)
);

-- The start of the 5 s bucket in which the first transaction of the version ended.
CREATE TABLE versions (
    project     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    first_ns    BIGINT  NOT NULL,
    PRIMARY KEY (project, service, namespace, environment, version)
);

-- The labels that the service's resources reported last.
CREATE TABLE labels (
    project     TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    namespace   TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    PRIMARY KEY (project, service, namespace, environment, name)
);

-- Called hosts that are services of ours.
CREATE TABLE peers (
    project TEXT    NOT NULL,
    target  TEXT    NOT NULL,
    service TEXT    NOT NULL,
    seen_ns BIGINT  NOT NULL,
    PRIMARY KEY (project, target)
);

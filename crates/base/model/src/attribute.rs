//! Attribute keys of OpenTelemetry's semantic conventions (v1.44). The stable key comes first, then
//! the older keys that agents in the field still send.

/// The keys that carry one meaning, newest first. The first key present wins.
pub type Keys = &'static [&'static str];

/// Request method.
pub const HTTP_METHOD: Keys = &["http.request.method", "http.method"];
/// Response status code.
pub const HTTP_STATUS: Keys = &["http.response.status_code", "http.status_code"];
/// Matched route: a template such as `/users/{id}`.
pub const HTTP_ROUTE: Keys = &["http.route"];
/// Absolute URL.
pub const URL_FULL: Keys = &["url.full", "http.url"];
/// Path. In the older convention it includes the query string.
pub const URL_PATH: Keys = &["url.path", "http.target"];
/// Host that was called (client span), or that serves (server span).
pub const SERVER_ADDRESS: Keys = &[
    "server.address",
    "net.peer.name",
    "net.host.name",
    "http.host",
    "net.peer.ip",
    "net.sock.peer.addr",
    "network.peer.address",
];
/// Port of that host.
pub const SERVER_PORT: Keys = &[
    "server.port",
    "net.peer.port",
    "net.host.port",
    "net.sock.peer.port",
    "network.peer.port",
];
/// Low-cardinality reason for a failure.
pub const ERROR_TYPE: Keys = &["error.type"];
/// Database product.
pub const DB_SYSTEM: Keys = &["db.system.name", "db.system"];
/// Database (schema, keyspace) name.
pub const DB_NAMESPACE: Keys = &["db.namespace", "db.name"];
/// Query text.
pub const DB_QUERY_TEXT: Keys = &["db.query.text", "db.statement"];
/// Short, low-cardinality form of the query.
pub const DB_QUERY_SUMMARY: Keys = &["db.query.summary"];
/// Operation: `SELECT`, `GET`, `findAndModify`.
pub const DB_OPERATION: Keys = &["db.operation.name", "db.operation"];
/// Table, collection or container.
pub const DB_COLLECTION: Keys = &[
    "db.collection.name",
    "db.sql.table",
    "db.mongodb.collection",
    "db.cassandra.table",
    "db.cosmosdb.container",
    "azure.cosmosdb.container",
    "db.elasticsearch.path_parts.index",
    "db.couchbase.collection",
    "aws.dynamodb.table_names",
];
/// RPC system.
pub const RPC_SYSTEM: Keys = &["rpc.system.name", "rpc.system"];
/// RPC service. Only the older convention has it separate from the method.
pub const RPC_SERVICE: Keys = &["rpc.service"];
/// RPC method. In the stable convention it is the full `pkg.Service/Method`.
pub const RPC_METHOD: Keys = &["rpc.method"];
/// RPC status: a text in the stable convention, gRPC's number in the older one.
pub const RPC_STATUS: Keys = &[
    "rpc.response.status_code",
    "rpc.status_code",
    "rpc.grpc.status_code",
];
/// Messaging product.
pub const MESSAGING_SYSTEM: Keys = &["messaging.system"];
/// Queue or topic. Consumers of 2022 and 2023 called it the source; Azure's first libraries had a
/// prefix of their own.
pub const MESSAGING_DESTINATION: Keys = &[
    "messaging.destination.template",
    "messaging.destination.name",
    "messaging.source.template",
    "messaging.source.name",
    "messaging.destination",
    "messaging.source",
    "message_bus.destination",
    "messaging.kafka.topic",
    "messaging.rocketmq.topic",
];
/// Name of the stored procedure that was called.
pub const DB_STORED_PROCEDURE: Keys = &["db.stored_procedure.name"];
/// `send`, `receive`, `process`, `publish`.
pub const MESSAGING_OPERATION: Keys = &[
    "messaging.operation.type",
    "messaging.operation.name",
    "messaging.operation",
];
/// Logical name of the other side, configured by hand.
pub const PEER_SERVICE: Keys = &["service.peer.name", "peer.service"];
/// Type of an exception.
pub const EXCEPTION_TYPE: Keys = &["exception.type"];
/// `service.name`.
pub const SERVICE_NAME: Keys = &["service.name"];
/// `service.namespace`.
pub const SERVICE_NAMESPACE: Keys = &["service.namespace"];
/// `service.version`.
pub const SERVICE_VERSION: Keys = &["service.version"];
/// Instance, the best key first.
pub const SERVICE_INSTANCE: Keys = &[
    "service.instance.id",
    "k8s.pod.name",
    "container.id",
    "host.name",
];
/// Environment.
pub const ENVIRONMENT: Keys = &["deployment.environment.name", "deployment.environment"];
/// Host.
pub const HOST_NAME: Keys = &["host.name", "k8s.node.name"];

//! Databases and caches: what was asked, and properties of the products.

use crate::{sent::Sent, texts::Texts};
use hinomi_model::{Text, attribute};
use hinomi_sql::Dialect;

/// Products that count as caches, whatever else they can do.
const CACHES: &[&str] = &[
    "redis",
    "valkey",
    "memcached",
    "keydb",
    "dragonfly",
    "garnet",
    "hazelcast",
    "infinispan",
    "coherence",
    "ehcache",
    "geode",
    "aws.elasticache",
];

/// Products whose statements are JSON documents. Their fingerprint is operation and collection.
const DOCUMENT_STORES: &[&str] = &[
    "mongodb",
    "elasticsearch",
    "opensearch",
    "couchdb",
    "dynamodb",
    "aws.dynamodb",
    "cosmosdb",
    "azure.cosmosdb",
    "firestore",
    "hbase",
    "solr",
];

/// Default ports of the products. Targets leave them out.
const DEFAULT_PORTS: &[(&str, u16)] = &[
    ("postgresql", 5432),
    ("mysql", 3306),
    ("mariadb", 3306),
    ("mssql", 1433),
    ("microsoft.sql_server", 1433),
    ("oracle", 1521),
    ("oracle.db", 1521),
    ("mongodb", 27017),
    ("redis", 6379),
    ("valkey", 6379),
    ("memcached", 11211),
    ("cassandra", 9042),
    ("elasticsearch", 9200),
    ("opensearch", 9200),
    ("clickhouse", 8123),
    ("cockroachdb", 26257),
    ("neo4j", 7687),
    ("couchdb", 5984),
    ("db2", 50000),
    ("redshift", 5439),
    ("aws.redshift", 5439),
    ("influxdb", 8086),
];

/// Redis commands that need their second word to tell what they do.
const CONTAINER_COMMANDS: &[&str] = &[
    "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "FUNCTION", "LATENCY", "MEMORY", "OBJECT",
    "PUBSUB", "SCRIPT", "SLOWLOG", "XGROUP", "XINFO",
];

/// The product; `db` when there is a statement but no product.
pub(crate) fn system<'r>(sent: &Sent<'r>) -> Option<&'r str> {
    let attributes = sent.attributes;
    attributes
        .text(attribute::DB_SYSTEM)
        .or_else(|| attributes.text(attribute::DB_QUERY_TEXT).map(|_| "db"))
}

/// Whether the product is a cache.
pub(crate) fn is_cache(system: &str) -> bool {
    CACHES.contains(&system)
}

/// The default port of the product.
pub(crate) fn default_port(system: &str) -> Option<u16> {
    DEFAULT_PORTS
        .iter()
        .find(|(name, _)| *name == system)
        .map(|(_, port)| *port)
}

/// The command of a cache call: `GET`, `CONFIG GET`. Never the key, because keys are identities.
pub(crate) fn command(sent: &Sent<'_>) -> String {
    let attributes = sent.attributes;
    let statement = || attributes.text(attribute::DB_QUERY_TEXT);
    let text = attributes.text(attribute::DB_OPERATION).or_else(statement);
    let word = |word: &&str| {
        word.len() <= 32
            && word
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || b"._".contains(&b))
    };
    let mut words = text.unwrap_or_default().split_ascii_whitespace();
    let Some(first) = words.next().filter(word) else {
        return sent.name().to_owned();
    };
    let first = first.to_ascii_uppercase();
    match words.next().filter(word) {
        Some(second) if CONTAINER_COMMANDS.contains(&&*first) => {
            format!("{first} {}", second.to_ascii_uppercase())
        }
        _ => first,
    }
}

/// The statement's fingerprint, else the summary that was sent, else `OPERATION collection`, else
/// the span's name.
pub(crate) fn statement<'r>(sent: &Sent<'r>, system: &str, texts: &mut Texts) -> Text {
    let attributes = sent.attributes;
    let text = attributes.text(attribute::DB_QUERY_TEXT);
    let dialect = Dialect::of(system);
    if let Some(text) = text
        && !DOCUMENT_STORES.contains(&system)
        && !is_document(text, dialect)
    {
        let print = texts.fingerprint(dialect, text);
        if !print.is_empty() {
            return print;
        }
    }
    if let Some(procedure) = attributes.text(attribute::DB_STORED_PROCEDURE) {
        return texts.name(&format!("CALL {procedure}"));
    }
    if let Some(summary) = attributes.text(attribute::DB_QUERY_SUMMARY) {
        return texts.name(summary);
    }
    let command = text.and_then(command_of_document);
    let operation = attributes.text(attribute::DB_OPERATION);
    let operation = operation.or(command.map(|(operation, _)| operation));
    let collection = attributes.text(attribute::DB_COLLECTION);
    let collection = collection.or(command.map(|(_, collection)| collection));
    match (operation, collection) {
        (Some(operation), Some(collection)) => texts.name(&format!("{operation} {collection}")),
        (Some(operation), None) => texts.name(operation),
        _ => texts.name(sent.name()),
    }
}

/// Whether a statement is a JSON document, and not SQL that begins with a bracket: a call as JDBC
/// writes it, or a name in brackets.
fn is_document(text: &str, dialect: Dialect) -> bool {
    match text.as_bytes() {
        [b'{', ..] => !hinomi_sql::is_escaped_call(text),
        [b'[', ..] => !matches!(dialect, Dialect::MsSql | Dialect::Sqlite),
        _ => false,
    }
}

/// Command and collection of a document that is a command of MongoDB: its first key and value, as
/// in `{"find": "orders", …}`.
fn command_of_document(text: &str) -> Option<(&str, &str)> {
    let quoted = |text: &'_ str| -> Option<(usize, usize)> {
        let from = text.find(|c: char| !c.is_whitespace())?;
        let length = text[from..].strip_prefix('"')?.find(['"', '\\'])?;
        Some((from + 1, from + 1 + length))
    };
    let rest = text.trim_start().strip_prefix('{')?;
    let (from, to) = quoted(rest)?;
    let key = &rest[from..to];
    let rest = rest[to..]
        .strip_prefix('"')?
        .trim_start()
        .strip_prefix(':')?;
    let (from, to) = quoted(rest)?;
    let value = &rest[from..to];
    let word = |text: &str| {
        !text.is_empty()
            && text.len() <= 128
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.$".contains(&byte))
    };
    let command = key.bytes().all(|byte| byte.is_ascii_alphabetic());
    (command && word(key) && word(value)).then_some((key, value))
}

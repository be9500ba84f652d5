//! Attributes of each kind of call, in the semantic conventions that the calling service uses.

use crate::{
    dice::Dice,
    operation::{Operation, Topic},
    service::{Dialect, Language, Service},
    span::{Attribute, Value},
    store::{BROKER_HOST, CACHE_HOST, Command, Statement},
};

/// Reserved number of attributes, so that the list grows only once.
const ROOM: usize = 14;

/// How a call ended, in terms of status codes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended {
    Status(u16),
    /// The client gave up.
    TimedOut,
}

impl Ended {
    fn failed(self, from: u16) -> bool {
        matches!(self, Self::Status(status) if status >= from) || matches!(self, Self::TimedOut)
    }
}

pub(crate) struct Attributes(pub(crate) Vec<Attribute>);

impl Attributes {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(ROOM))
    }

    pub(crate) fn text(&mut self, key: &'static str, value: &'static str) {
        self.0.push(Attribute {
            key,
            value: Value::Static(value),
        });
    }

    pub(crate) fn int(&mut self, key: &'static str, value: i64) {
        self.0.push(Attribute {
            key,
            value: Value::Int(value),
        });
    }

    pub(crate) fn put(&mut self, key: &'static str, value: Value) {
        self.0.push(Attribute { key, value });
    }

    /// The server's side of an HTTP request.
    pub(crate) fn http_server(
        &mut self,
        service: &Service,
        name: &'static str,
        path: Value,
        status: u16,
        dice: &mut Dice,
    ) {
        const CLIENTS: [&str; 8] = [
            "203.0.113.7",
            "203.0.113.24",
            "203.0.113.61",
            "203.0.113.118",
            "198.51.100.9",
            "198.51.100.33",
            "198.51.100.80",
            "198.51.100.201",
        ];
        const AGENTS: [&str; 4] = [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15",
            "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/146.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/146.0",
            "OakShop/8.2 (com.example.oakshop; build 4410)",
        ];
        let (method, route) = name.split_once(' ').unwrap_or(("GET", name));
        let at_edge = service.index == 0;
        match service.language.http() {
            Dialect::New => {
                self.text("http.request.method", method);
                self.text("http.route", route);
                self.int("http.response.status_code", i64::from(status));
                self.put("url.path", path);
                self.text("url.scheme", if at_edge { "https" } else { "http" });
                self.text("server.address", service.host);
                self.int("server.port", i64::from(service.port));
                self.text("network.protocol.version", "1.1");
                if at_edge {
                    self.text("client.address", CLIENTS[dice.below(8) as usize]);
                    self.text("user_agent.original", AGENTS[dice.below(4) as usize]);
                }
                if status >= 500 {
                    self.text("error.type", status_text(status));
                }
            }
            Dialect::Old => {
                self.text("http.method", method);
                self.text("http.route", route);
                self.int("http.status_code", i64::from(status));
                self.put("http.target", path);
                self.text("http.scheme", "http");
                self.text("http.host", service.host);
                self.text("http.flavor", "1.1");
                self.int("net.host.port", i64::from(service.port));
            }
        }
        if service.language == Language::Java {
            self.int("thread.id", i64::from(30 + dice.below(60)));
            self.text("thread.name", "http-nio-8080-exec");
        }
    }

    /// The client's side of an HTTP request to another service.
    pub(crate) fn http_call(&mut self, caller: &Service, callee: &Operation, ended: Ended) {
        let name = callee.entry.name();
        let (method, route) = name.split_once(' ').unwrap_or(("GET", name));
        let Service {
            host,
            port,
            authority,
            ..
        } = callee.service;
        let url = Value::Owned(join(&["http://", authority, route]));
        let key = match caller.language.http() {
            Dialect::New => "url.full",
            Dialect::Old => "http.url",
        };
        self.put(key, url);
        self.http_client(caller.language, method, host, i64::from(*port), ended);
    }

    /// The client's side of an HTTP request to a partner.
    pub(crate) fn partner_call(
        &mut self,
        caller: &Service,
        method: &'static str,
        url: &'static str,
        host: &'static str,
        ended: Ended,
    ) {
        match caller.language.http() {
            Dialect::New => self.text("url.full", url),
            Dialect::Old => self.text("http.url", url),
        }
        self.http_client(caller.language, method, host, 443, ended);
    }

    fn http_client(
        &mut self,
        language: Language,
        method: &'static str,
        host: &'static str,
        port: i64,
        ended: Ended,
    ) {
        match language.http() {
            Dialect::New => {
                self.text("http.request.method", method);
                self.text("server.address", host);
                self.int("server.port", port);
                self.text("network.protocol.version", "1.1");
                match ended {
                    Ended::TimedOut => self.text("error.type", "timeout"),
                    Ended::Status(status) => {
                        self.int("http.response.status_code", i64::from(status));
                        if ended.failed(400) {
                            self.text("error.type", status_text(status));
                        }
                    }
                }
            }
            Dialect::Old => {
                self.text("http.method", method);
                self.text("net.peer.name", host);
                self.int("net.peer.port", port);
                if let Ended::Status(status) = ended {
                    self.int("http.status_code", i64::from(status));
                }
            }
        }
    }

    /// Attributes of either side of a gRPC call. `peer` is the called service on the client's side.
    pub(crate) fn rpc(
        &mut self,
        side: &Service,
        name: &'static str,
        peer: Option<&Service>,
        code: usize,
    ) {
        match side.language.others() {
            Dialect::New => {
                self.text("rpc.system.name", "grpc");
                self.text("rpc.method", name);
                self.text("rpc.status_code", GRPC_CODES[code]);
                if code != 0 {
                    self.text("error.type", GRPC_CODES[code]);
                }
            }
            Dialect::Old => {
                let (service, method) = name.split_once('/').unwrap_or((name, ""));
                self.text("rpc.system", "grpc");
                self.text("rpc.service", service);
                self.text("rpc.method", method);
                self.int("rpc.grpc.status_code", code as i64);
            }
        }
        let other = peer.unwrap_or(side);
        self.text("server.address", other.host);
        self.int("server.port", i64::from(other.port));
        if peer.is_none() && side.language == Language::Java {
            self.int("thread.id", 61);
            self.text("thread.name", "grpc-default-executor");
        }
    }

    /// A statement to a database.
    pub(crate) fn sql(
        &mut self,
        caller: &Service,
        statement: &'static Statement,
        failed: bool,
        dice: &mut Dice,
    ) {
        let database = statement.database;
        let (verb, table) = statement.verb_and_table();
        let text = if statement.text.contains('{') {
            Value::Owned(with_literals(statement.text, dice))
        } else {
            Value::Static(statement.text)
        };
        match caller.language.others() {
            Dialect::New => {
                self.text("db.system.name", database.system);
                self.text("db.namespace", database.name);
                self.put("db.query.text", text);
                self.text("db.query.summary", statement.summary);
                self.text("db.operation.name", verb);
                self.text("db.collection.name", table);
                self.text("server.address", database.host);
                self.int("server.port", database.port);
                if failed {
                    self.text("db.response.status_code", "40001");
                    self.text("error.type", "40001");
                } else {
                    let rows = statement.rows + dice.below(statement.rows / 2 + 1);
                    self.int("db.response.returned_rows", i64::from(rows));
                    if caller.language == Language::Go && statement.text.contains("$1") {
                        self.put(
                            "db.query.parameter.0",
                            Value::Owned(number("acct-", dice.below(400))),
                        );
                    }
                }
            }
            Dialect::Old => {
                self.text("db.system", database.system);
                self.text("db.name", database.name);
                self.put("db.statement", text);
                self.text("db.user", database.user);
                if caller.language == Language::Java {
                    self.text("db.operation", verb);
                    self.text("db.sql.table", table);
                    self.text("server.address", database.host);
                    self.int("server.port", database.port);
                } else {
                    self.text("net.peer.name", database.host);
                    self.int("net.peer.port", database.port);
                }
            }
        }
    }

    /// A command to the cache.
    pub(crate) fn cache(&mut self, caller: &Service, command: &Command) {
        match caller.language.others() {
            Dialect::New => {
                self.text("db.system.name", "redis");
                self.text("db.operation.name", command.verb);
                self.text("db.query.text", command.text);
                self.text("server.address", CACHE_HOST);
                self.int("server.port", 6379);
            }
            Dialect::Old => {
                self.text("db.system", "redis");
                self.text("db.statement", command.text);
                if caller.language == Language::Java {
                    self.text("server.address", CACHE_HOST);
                    self.int("server.port", 6379);
                } else {
                    self.text("net.peer.name", CACHE_HOST);
                    self.int("net.peer.port", 6379);
                }
            }
        }
    }

    /// A message sent to a topic.
    pub(crate) fn publish(&mut self, caller: &Service, topic: &Topic) {
        self.messaging(caller, topic.name, "send", "publish");
    }

    /// A message read from a topic.
    pub(crate) fn process(&mut self, reader: &Service, topic: &'static str) {
        self.messaging(reader, topic, "process", "process");
        self.text("messaging.consumer.group.name", reader.name);
    }

    fn messaging(
        &mut self,
        side: &Service,
        topic: &'static str,
        new_operation: &'static str,
        old_operation: &'static str,
    ) {
        self.text("messaging.system", "kafka");
        match side.language.others() {
            Dialect::New => {
                self.text("messaging.destination.name", topic);
                self.text("messaging.operation.type", new_operation);
                self.text("messaging.operation.name", new_operation);
            }
            Dialect::Old => {
                self.text("messaging.destination", topic);
                self.text("messaging.operation", old_operation);
            }
        }
        self.text("server.address", BROKER_HOST);
        self.int("server.port", 9092);
    }
}

const GRPC_CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The gRPC status for an HTTP status.
pub(crate) fn grpc_code(status: u16) -> usize {
    match status {
        0..400 => 0,
        401 => 16,
        402 => 9,
        404 => 5,
        409 => 10,
        429 => 8,
        400..500 => 3,
        503 => 14,
        504 => 4,
        _ => 13,
    }
}

fn status_text(status: u16) -> &'static str {
    match status {
        401 => "401",
        402 => "402",
        404 => "404",
        409 => "409",
        422 => "422",
        429 => "429",
        500 => "500",
        502 => "502",
        503 => "503",
        504 => "504",
        _ => "_OTHER",
    }
}

/// A prefix with five digits. Does not use the formatter, because this runs for most spans.
pub(crate) fn number(prefix: &str, number: u32) -> String {
    let mut text = String::with_capacity(prefix.len() + 5);
    text.push_str(prefix);
    let mut unit = 10_000;
    while unit > 0 {
        text.push(char::from(b'0' + (number / unit % 10) as u8));
        unit /= 10;
    }
    text
}

pub(crate) fn join(parts: &[&str]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| text.push_str(part));
    text
}

/// A statement's text with a literal in each gap.
fn with_literals(text: &str, dice: &mut Dice) -> String {
    const WORDS: [&str; 6] = ["aoi", "hikari", "O''Brien", "kaede", "momiji", "sakura"];
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}') {
            Some(("n", tail)) => {
                filled.push_str(&number("", 10_000 + dice.below(80_000)));
                rest = tail;
            }
            Some((_, tail)) => {
                filled.push_str(WORDS[dice.below(6) as usize]);
                rest = tail;
            }
            None => rest = after,
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_fill_every_gap() {
        let text = with_literals("a = {n} AND b = '{s}'", &mut Dice::new(1));
        assert!(
            !text.contains('{') && text.starts_with("a = ") && text.ends_with('\''),
            "{text}"
        );
    }

    #[test]
    fn numbers_have_five_digits() {
        assert_eq!(number("u-", 42), "u-00042");
    }
}

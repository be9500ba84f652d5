//! What the field sends and simple models get wrong: one host in front of two services, queues whose
//! two ends say different names, connections that stay open, and machines that look in. On the real
//! server, also after it was killed.

use crate::{
    estate::{ask, get, now_ms},
    server::Server,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

const SERVER: u8 = 2;
const CLIENT: u8 = 3;
const PRODUCER: u8 = 4;
const CONSUMER: u8 = 5;

/// Sends spans and remembers how many.
struct Sender<'a> {
    server: &'a Server,
    id: u64,
    end_ms: u64,
    /// Whether the next spans failed.
    failed: bool,
}

/// A span: kind, name, milliseconds and text attributes.
type Sent<'a> = (u8, &'a str, u64, &'a [(&'a str, &'a str)]);

impl Sender<'_> {
    /// Sends a span of a service and answers its id.
    fn send(
        &mut self,
        service: &str,
        (kind, name, millis, attributes): Sent<'_>,
        parent: u64,
    ) -> u64 {
        self.id += 1;
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let attributes: Vec<Value> = attributes
            .iter()
            .map(|(key, value)| text(key, value))
            .collect();
        let mut span = json!({
            "traceId": format!("{:032x}", self.id.max(parent) - u64::from(parent > 0)),
            "spanId": format!("{:016x}", self.id), "name": name, "kind": kind,
            "startTimeUnixNano": ((self.end_ms - millis) * 1_000_000).to_string(),
            "endTimeUnixNano": (self.end_ms * 1_000_000).to_string(),
            "attributes": attributes,
            "status": {"code": if self.failed { 2 } else { 0 }},
        });
        if parent > 0 {
            span["parentSpanId"] = json!(format!("{parent:016x}"));
        }
        let body = json!({"resourceSpans": [{
            "resource": {"attributes": [text("service.name", service)]},
            "scopeSpans": [{"spans": [span]}],
        }]});
        let (status, answer) = ask(self.server.otlp_http, "POST /v1/traces", &body.to_string());
        assert_eq!(status, 200, "{answer}");
        self.id
    }

    /// A call of `caller` to a path of `host`, answered by `service`.
    fn call(&mut self, caller: &str, (host, path): (&str, &str), service: &str) {
        let url = format!("http://{host}{path}");
        let of_client = [
            ("http.request.method", "GET"),
            ("url.full", &url),
            ("server.address", host),
        ];
        let call = self.send(caller, (CLIENT, "GET", 40, &of_client), 0);
        let of_server = [("http.request.method", "GET"), ("http.route", path)];
        self.send(service, (SERVER, "GET", 20, &of_server), call);
    }
}

/// Checks a server, and the next one on its folder after this one was killed.
fn now_and_after_a_kill(server: Server, folder: &Path, check: impl Fn(&Server)) {
    check(&server);
    server.kill();
    check(&Server::start(folder));
}

/// The edges of the map with their counts, as `from > to`.
fn edges(server: &Server) -> BTreeMap<String, u64> {
    let map = get(server, "/api/v1/map");
    let edges = map["edges"].as_array().unwrap().iter();
    edges
        .map(|edge| {
            let end =
                |of: &str| format!("{} {}", edge[of]["kind"], edge[of]["name"]).replace('"', "");
            let ends = format!("{} > {}", end("from"), end("to"));
            (ends, edge["count"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn the_map_tells_services_behind_one_host_apart_and_follows_messages() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let mut sender = Sender {
        server: &server,
        id: 0,
        end_ms: now_ms() - 1_000,
        failed: false,
    };
    for _ in 0..3 {
        sender.call("shop", ("gw", "/orders"), "orders");
    }
    for _ in 0..5 {
        sender.call("shop", ("gw", "/pay"), "pay");
    }
    let unseen = [
        ("http.request.method", "GET"),
        ("url.full", "http://gw/new"),
        ("server.address", "gw"),
    ];
    sender.send("shop", (CLIENT, "GET", 40, &unseen), 0);
    sender.call("shop", ("bank.example", "/transfers"), "egress");
    let passed_on = [
        ("http.request.method", "GET"),
        ("url.full", "http://bank.example/transfers"),
        ("server.address", "bank.example"),
    ];
    sender.send("egress", (CLIENT, "GET", 30, &passed_on), 0);
    let sends = |system, to| {
        [
            ("messaging.system", system),
            ("messaging.destination.name", to),
            ("messaging.operation.type", "send"),
        ]
    };
    let handles = |system, from| {
        [
            ("messaging.system", system),
            ("messaging.destination.name", from),
            ("messaging.operation.type", "process"),
        ]
    };
    sender.send(
        "shop",
        (
            PRODUCER,
            "publish",
            3,
            &sends("rabbitmq", "ex:order.created"),
        ),
        0,
    );
    sender.send(
        "billing",
        (
            CONSUMER,
            "process",
            9,
            &handles("rabbitmq", "ex:order.created:billing"),
        ),
        0,
    );
    sender.send(
        "shop",
        (PRODUCER, "publish", 3, &sends("servicebus", "order events")),
        0,
    );
    sender.send(
        "mailer",
        (
            CONSUMER,
            "process",
            9,
            &handles("servicebus", "order events"),
        ),
        0,
    );
    sender.send(
        "audit",
        (CONSUMER, "process", 9, &handles("kafka", "lonely")),
        0,
    );

    let check = |server: &Server| {
        let expected = [
            ("service shop > service orders", 3),
            ("service shop > service pay", 5),
            ("service shop > gateway gw", 1),
            ("service shop > service egress", 1),
            ("service egress > partner bank.example", 1),
            ("service shop > queue ex:order.created", 1),
            ("queue ex:order.created > service billing", 1),
            ("service shop > queue order events", 1),
            ("queue order events > service mailer", 1),
            ("queue lonely > service audit", 1),
        ];
        let expected = expected.map(|(ends, count)| (ends.to_owned(), count));
        assert_eq!(edges(server), BTreeMap::from(expected));
        let partners = get(server, "/api/v1/partners");
        let partners = partners["items"].as_array().unwrap().iter();
        let partners: Vec<&str> = partners
            .filter_map(|partner| partner["host"].as_str())
            .collect();
        assert_eq!(partners, ["bank.example"]);
    };
    now_and_after_a_kill(server, dir.path(), check);
}

#[test]
fn streams_probes_and_jobs_are_counted_and_judge_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let mut sender = Sender {
        server: &server,
        id: 0,
        end_ms: now_ms() - 1_000,
        failed: false,
    };
    let http = |route| [("http.request.method", "GET"), ("http.route", route)];
    for _ in 0..40 {
        sender.send("chat", (SERVER, "GET", 15, &http("/items")), 0);
        let socket = [
            ("http.request.method", "GET"),
            ("http.route", "/ws"),
            ("network.protocol.name", "websocket"),
        ];
        sender.send("chat", (SERVER, "GET", 600_000, &socket), 0);
        // A probe that fails is the balancer's to act on.
        let probe = [
            ("http.request.method", "GET"),
            ("http.route", "/healthz"),
            ("error.type", "503"),
        ];
        sender.send("chat", (SERVER, "GET", 2, &probe), 0);
        let job = [("faas.trigger", "timer")];
        sender.send("chat", (SERVER, "nightly", 300_000, &job), 0);
    }
    let check = |server: &Server| {
        let services = get(server, "/api/v1/services");
        let chat = &services["items"][0];
        assert_eq!(
            (&chat["count"], &chat["verdict"]),
            (&json!(160), &json!("ok")),
            "{chat}"
        );
        assert_eq!(
            chat["p50_ms"].as_f64().map(|p50| p50 < 400_000.0),
            Some(true),
            "{chat}"
        );
        let rows = get(server, "/api/v1/statistics/operations?service=chat");
        let rows = rows["items"].as_array().unwrap().iter();
        let kinds: BTreeMap<&str, &str> = rows
            .map(|row| (row["key"].as_str().unwrap(), row["kind"].as_str().unwrap()))
            .collect();
        let expected = [
            ("GET /healthz", "probe"),
            ("GET /items", "request"),
            ("GET /ws", "stream"),
            ("nightly", "job"),
        ];
        assert_eq!(kinds, BTreeMap::from(expected));
    };
    now_and_after_a_kill(server, dir.path(), check);
}

#[test]
fn board_and_map_say_the_same_whatever_range_is_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let now = now_ms();
    let http = |status| {
        [
            ("http.request.method", "GET"),
            ("http.route", "/items"),
            ("error.type", status),
        ]
    };
    let mut sender = Sender {
        server: &server,
        id: 0,
        end_ms: 0,
        failed: false,
    };
    // Ten minutes of good traffic, then fifteen seconds in which a third fails.
    for second in 20..620 {
        sender.end_ms = now - second * 1_000;
        sender.send("shop", (SERVER, "GET", 15, &http("")), 0);
    }
    for number in 0..30 {
        sender.end_ms = now - 1_000 - number * 400;
        sender.failed = number % 3 == 0;
        sender.send("shop", (SERVER, "GET", 15, &http("500")), 0);
    }
    for range in ["now-15m", "now-1h", "now-24h", "now-7d"] {
        let services = get(&server, &format!("/api/v1/services?from={range}"));
        let shop = &services["items"][0];
        assert_eq!(shop["verdict"], "bad", "{range}: {shop}");
        let map = get(&server, &format!("/api/v1/map?from={range}"));
        assert_eq!(map["nodes"][0]["verdict"], "bad", "{range}: {map}");
    }
    let page = ask(server.http, "GET /services/shop", "").1;
    assert!(
        page.contains("mark-bad"),
        "the page of the service says it too"
    );
}

#[test]
fn spans_that_share_an_id_are_kept_and_repeats_are_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let end_ms = now_ms() - 1_000;
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    // The two sides of a call with one id, as in the B3 convention, and a span of a forked process that
    // makes the same ids.
    let span = |service: &str, kind: u8, start_ms: u64, parent: Option<&str>| {
        let mut span = json!({
            "traceId": "0000000000000000000000000000b300", "spanId": "000000000000b301",
            "name": "GET /stock", "kind": kind,
            "startTimeUnixNano": (start_ms * 1_000_000).to_string(),
            "endTimeUnixNano": (end_ms * 1_000_000).to_string(),
            "attributes": [text("http.request.method", "GET"), text("server.address", "stock.internal"),
                text("url.full", "http://stock.internal/stock"), text("http.route", "/stock")],
        });
        if let Some(parent) = parent {
            span["parentSpanId"] = json!(parent);
        }
        json!({"resource": {"attributes": [text("service.name", service)]},
            "scopeSpans": [{"spans": [span]}]})
    };
    let send = |server: &Server| {
        let body = json!({"resourceSpans": [
            span("shop", CLIENT, end_ms - 90, None),
            span("stock", SERVER, end_ms - 70, None),
            span("stock", SERVER, end_ms - 40, None),
        ]});
        let (status, answer) = ask(server.otlp_http, "POST /v1/traces", &body.to_string());
        assert_eq!(status, 200, "{answer}");
    };
    send(&server);
    now_and_after_a_kill(server, dir.path(), |server| {
        send(server);
        send(server);
        let found = get(server, "/api/v1/transactions?service=stock");
        assert_eq!(found["total"], 2, "{found}");
        let trace = get(server, "/api/v1/traces/0000000000000000000000000000b300");
        let spans = trace["spans"].as_array().unwrap().iter();
        let sides: Vec<String> = spans
            .map(|span| format!("{} {}", span["service"], span["kind"]).replace('"', ""))
            .collect();
        assert_eq!(sides, ["shop client", "stock server", "stock server"]);
        let (status, page) = ask(
            server.http,
            "GET /traces/0000000000000000000000000000b300?span=000000000000b301.3",
            "",
        );
        assert_eq!(status, 200);
        // The calling side has the last number, and is chosen.
        assert!(page.contains("data-span=\"000000000000b301.3\""), "{page}");
        assert!(page.contains("<h2>shop, → GET /stock</h2>"), "{page}");
        assert_eq!(edges(server)["service shop > service stock"], 1);
    });
}

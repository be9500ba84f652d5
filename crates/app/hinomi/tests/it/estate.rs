//! Compared statistics, partners and the map, over the API of the real server.

use crate::server::Server;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{SystemTime, UNIX_EPOCH},
};

pub(crate) fn ask(port: u16, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

pub(crate) fn get(server: &Server, path: &str) -> Value {
    let (status, body) = ask(server.http, &format!("GET {path}"), "");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_millis() as u64
}

/// A span: number, parent, kind, end in ms, duration in ms, attributes, failed.
pub(crate) struct Made {
    id: u64,
    parent: u64,
    kind: u8,
    end_ms: u64,
    took_ms: u64,
    attributes: Value,
    failed: bool,
}

pub(crate) fn send(server: &Server, service: &str, instance: &str, spans: &[Made]) {
    let attribute = |(key, value): (&String, &Value)| match value {
        Value::Number(number) => json!({"key": key, "value": {"intValue": number.to_string()}}),
        value => json!({"key": key, "value": {"stringValue": value.as_str().unwrap()}}),
    };
    let spans: Vec<Value> = spans
        .iter()
        .map(|span| {
            let attributes = span.attributes.as_object().unwrap().iter();
            json!({
                "traceId": format!("{:032x}", 0xfeed_0000 + span.id / 100),
                "spanId": format!("{:016x}", span.id),
                "parentSpanId": if span.parent == 0 { String::new() } else { format!("{:016x}", span.parent) },
                "name": "span", "kind": span.kind,
                "startTimeUnixNano": ((span.end_ms - span.took_ms) * 1_000_000).to_string(),
                "endTimeUnixNano": (span.end_ms * 1_000_000).to_string(),
                "status": if span.failed { json!({"code": 2}) } else { json!({}) },
                "attributes": attributes.map(attribute).collect::<Vec<_>>(),
            })
        })
        .collect();
    let resource = json!([
        {"key": "service.name", "value": {"stringValue": service}},
        {"key": "service.instance.id", "value": {"stringValue": instance}},
    ]);
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": resource}, "scopeSpans": [{"spans": spans}],
    }]});
    let (status, answer) = ask(server.otlp_http, "POST /v1/traces", &body.to_string());
    assert_eq!(status, 200, "{answer}");
}

pub(crate) fn entry(id: u64, end_ms: u64, took_ms: u64) -> Made {
    Made {
        id,
        parent: 0,
        kind: 2,
        end_ms,
        took_ms,
        attributes: json!({"http.request.method": "POST", "http.route": "/pay"}),
        failed: false,
    }
}

pub(crate) fn call(id: u64, end_ms: u64, attributes: Value, failed: bool) -> Made {
    Made {
        id,
        parent: id / 100 * 100,
        kind: 3,
        end_ms,
        took_ms: 20,
        attributes,
        failed,
    }
}

#[test]
fn a_statistic_is_told_beside_another_time() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let minute = now_ms() / 60_000 * 60_000;
    let (now, then) = (minute - 60_000, minute - 3_600_000 - 60_000);
    let spans: Vec<Made> = (1..=30)
        .map(|n| entry(n * 100, now + n, 100))
        .chain((31..=40).map(|n| entry(n * 100, then + n, 50)))
        .collect();
    send(&server, "pay", "pay-1", &spans);
    let (from, to) = (now - 60_000, now + 60_000);
    let range = format!("service=pay&from={from}&to={to}");
    let plain = get(&server, &format!("/api/v1/statistics/operations?{range}"));
    assert!(plain["items"][0].get("compare").is_none());
    let (from, to) = (then - 60_000, then + 60_000);
    let path = format!("/api/v1/statistics/operations?{range}&compare_from={from}&compare_to={to}");
    let compared = get(&server, &path);
    let row = &compared["items"][0];
    for name in [
        "key", "count", "errors", "total_ms", "p50_ms", "p95_ms", "p99_ms",
    ] {
        assert_eq!(row[name], plain["items"][0][name], "{name}");
    }
    assert_eq!(row["count"], 30);
    assert_eq!(row["compare"]["count"], 10);
    assert_eq!(row["change"]["rate"], 2.0);
    let p95 = row["change"]["p95"].as_f64().unwrap();
    assert!((0.9..1.1).contains(&p95), "{p95}");
    assert_eq!(compared["gone"], json!([]));

    let (status, problem) = ask(
        server.http,
        &format!("GET /api/v1/statistics/operations?compare_from={from}"),
        "",
    );
    assert_eq!(status, 400);
    assert!(problem.contains("compare_to"), "{problem}");

    // The page and its download have the same numbers.
    let query = format!(
        "from={}&to={}&vs=custom&vs_from={from}&vs_to={to}",
        now - 60_000,
        now + 60_000
    );
    let (status, html) = ask(
        server.http,
        &format!("GET /services/pay/statistics/operations?{query}"),
        "",
    );
    assert_eq!(status, 200);
    assert!(html.contains("+200"), "{html}");
    let (_, csv) = ask(
        server.http,
        &format!("GET /csv/statistics/operations?service=pay&{query}"),
        "",
    );
    let lines: Vec<&str> = csv.lines().filter(|line| line.contains(',')).collect();
    assert!(
        lines[0].starts_with("key,detail,count,errors,total_ms,p50_ms,p95_ms,p99_ms,"),
        "{csv}"
    );
    assert!(lines[1].starts_with("POST /pay,,30,0,"), "{csv}");
    assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
    server.stop();
}

#[test]
fn a_partner_that_fails_is_told_apart_from_our_own_trouble() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let now = now_ms() - 5_000;
    // Two services call the bank and both time out. Only one instance cannot reach the post office.
    for (service, offset) in [("pay", 0_u64), ("payout", 1_000)] {
        let mut spans = Vec::new();
        for n in 1..=40_u64 {
            let id = (offset + n) * 100;
            spans.push(entry(id, now, 40));
            let late = n % 4 == 0;
            let answer = if late {
                json!({"http.request.method": "POST", "server.address": "bank.example", "error.type": "java.net.SocketTimeoutException"})
            } else {
                json!({"http.request.method": "POST", "server.address": "bank.example", "http.response.status_code": 200})
            };
            spans.push(call(id + 1, now, answer, late));
        }
        send(&server, service, &format!("{service}-1"), &spans);
    }
    for (instance, offset) in [("pay-1", 2_000_u64), ("pay-2", 3_000)] {
        let mut spans = Vec::new();
        for n in 1..=40_u64 {
            let id = (offset + n) * 100;
            let refused = instance == "pay-2" && n % 4 == 0;
            let mut attributes =
                json!({"http.request.method": "POST", "server.address": "post.example"});
            if refused {
                attributes["error.type"] = json!("ECONNREFUSED");
            }
            spans.push(entry(id, now, 40));
            spans.push(call(id + 1, now, attributes, refused));
        }
        send(&server, "pay", instance, &spans);
    }
    let answer = get(&server, "/api/v1/partners");
    let items = answer["items"].as_array().unwrap();
    let of = |host: &str| items.iter().find(|item| item["host"] == host).unwrap();
    let bank = of("bank.example");
    assert_eq!((&bank["count"], &bank["errors"]), (&json!(80), &json!(20)));
    assert_eq!(bank["failures"]["timeout"], 20);
    assert_eq!(
        (&bank["blame"], &bank["reason"]),
        (&json!("theirs"), &json!("all_callers"))
    );
    assert_eq!(bank["callers"].as_array().unwrap().len(), 2);
    let post = of("post.example");
    assert_eq!(post["failures"]["connect"], 10);
    assert_eq!(
        (&post["blame"], &post["reason"]),
        (&json!("ours"), &json!("one_instance"))
    );
    assert_eq!(post["callers"][0]["failing_instances"], json!(["pay-2"]));

    let map = get(&server, "/api/v1/map");
    let edges: Vec<String> = map["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| format!("{}>{}", edge["from"]["name"], edge["to"]["name"]).replace('"', ""))
        .collect();
    assert_eq!(
        edges,
        [
            "pay>bank.example",
            "pay>post.example",
            "payout>bank.example"
        ]
    );

    for path in [
        "/partners",
        "/partners/bank.example",
        "/partners/nobody.example",
        "/map",
    ] {
        let (status, html) = ask(server.http, &format!("GET {path}"), "");
        assert_eq!(status, 200, "{path}");
        assert!(
            path.contains("nobody") || html.contains("bank.example"),
            "{path}"
        );
    }
    let (_, csv) = ask(server.http, "GET /csv/partners?host=bank.example", "");
    let lines: Vec<&str> = csv.lines().filter(|line| line.contains(',')).collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[1].ends_with(",theirs"), "{csv}");

    // Failures are still there after a restart, from the log as well as from segments.
    server.stop();
    let server = Server::start(dir.path());
    let again = get(&server, "/api/v1/partners");
    assert_eq!(again["items"], answer["items"]);
    server.stop();
}

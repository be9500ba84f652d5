//! Finding the transaction of an order on the real server: over the API and as a stream.

use crate::server::Server;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{SystemTime, UNIX_EPOCH},
};

/// Sends a request. Returns status and body.
fn ask(port: u16, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {length}\r\n"
    );
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/json\r\n"
    };
    stream
        .write_all(format!("{request}{kind}\r\n{body}").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, body.to_owned())
}

fn get(server: &Server, path: &str) -> (u16, Value) {
    let (status, body) = ask(server.http, &format!("GET {path}"), "");
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// Sends three orders. Each is a transaction with a call that has the order's number as well.
fn send_orders(server: &Server) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let end = now.as_nanos() as u64;
    let spans = (1..=3_u64).flat_map(|order| {
        [(1_u64, 2), (2, 3)].map(|(place, kind)| {
            json!({
                "traceId": format!("{:032x}", 0xabc0 + order),
                "spanId": format!("{:016x}", order * 10 + place),
                "parentSpanId": if place == 1 { String::new() } else { format!("{:016x}", order * 10 + 1) },
                "name": "POST /orders", "kind": kind,
                "startTimeUnixNano": (end - 9_000_000).to_string(),
                "endTimeUnixNano": (end - order * 1_000_000).to_string(),
                "attributes": [
                    {"key": "order.id", "value": {"stringValue": format!("1234{order}")}},
                    {"key": "order.items", "value": {"intValue": order.to_string()}},
                    {"key": "customer", "value": {"stringValue": "A B"}},
                    {"key": "http.response.status_code", "value": {"intValue": if order == 3 { "500" } else { "201" }}},
                ],
            })
        })
    });
    let name = json!([{"key": "service.name", "value": {"stringValue": "shop"}}]);
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": name}, "scopeSpans": [{"spans": spans.collect::<Vec<_>>()}],
    }]});
    let (status, answer) = ask(server.otlp_http, "POST /v1/traces", &body.to_string());
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn the_transaction_of_an_order_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    send_orders(&server);
    for (question, expected) in [
        ("q=order.id%3D12342", 2),
        ("q=12342", 2),
        ("q=customer%3D%22A+B%22", 6),
        ("q=order.items%3D2+customer%3D*", 2),
        ("q=status%3D500+12343", 2),
        ("q=order.id%3D12342&service=shop", 2),
        ("q=order.id%3D12342&service=other", 0),
        ("q=order.id%3D1234", 0),
    ] {
        let (status, found) = get(&server, &format!("/api/v1/search?{question}"));
        assert_eq!(status, 200, "{found}");
        assert_eq!(found["complete"], true, "{question}");
        assert_eq!(found["partial"], false, "{question}");
        let items = found["items"].as_array().unwrap();
        assert_eq!(items.len(), expected, "{question}: {found}");
    }
    let (_, found) = get(&server, "/api/v1/search?q=order.id%3D12342");
    let items = found["items"].as_array().unwrap();
    let entry = items.iter().find(|item| !item["transaction"].is_null());
    let entry = entry.unwrap();
    assert_eq!(entry["trace_id"], format!("{:032x}", 0xabc2));
    assert_eq!(
        entry["matched"],
        json!({"key": "order.id", "value": "12342"})
    );
    assert_eq!(entry["transaction"]["outcome"], "ok");

    // Over all pages, every span comes once.
    let (mut ids, mut before) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/search?q=customer%3D*&limit=4&before={before}");
        let (_, found) = get(&server, &path);
        let items = found["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["span_id"].to_string()));
        match found["next_before"].as_str() {
            Some(next) => before = next.to_owned(),
            None => break,
        }
        assert_eq!(found["stopped"], "limit");
    }
    assert_eq!(ids.len(), 6);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn transactions_are_listed_by_terms_and_nonsense_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    send_orders(&server);
    for (q, expected) in [
        ("status%3D500", 1),
        ("status%3D201", 2),
        ("order.id%3D12341", 1),
        ("status%3D500+order.id%3D12341", 0),
        ("customer%3D%22A+B%22+orders", 3),
    ] {
        let (status, list) = get(&server, &format!("/api/v1/transactions?q={q}"));
        assert_eq!(status, 200, "{list}");
        assert_eq!(list["total"], expected, "{q}");
        assert_eq!(list["items"].as_array().unwrap().len(), expected, "{q}");
    }
    for path in [
        "/api/v1/search",
        "/api/v1/search?q=order.id%3D",
        "/api/v1/search?q=%22x",
        "/api/v1/search/live?q=a%3D%22x",
        "/api/v1/transactions?q=order.id%3D",
        "/api/v1/transactions/live?q=order.id%3D",
    ] {
        let (status, problem) = get(&server, path);
        assert_eq!(
            (status, &problem["parameter"]),
            (400, &json!("q")),
            "{path}"
        );
    }
    let (status, problem) = get(&server, "/api/v1/search?q=x&before=zz");
    assert_eq!((status, &problem["parameter"]), (400, &json!("before")));
}

#[test]
fn a_search_streams_its_progress_its_matches_and_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    send_orders(&server);
    let (status, events) = ask(server.http, "GET /api/v1/search/live?q=customer%3D*", "");
    assert_eq!(status, 200);
    let names = events
        .lines()
        .filter_map(|line| line.strip_prefix("event: "));
    let names: Vec<&str> = names.collect();
    assert_eq!(names, ["progress", "match", "end"], "{events}");
    let last = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .next_back();
    let end: Value = serde_json::from_str(last.unwrap()).unwrap();
    assert_eq!(end["items"].as_array().unwrap().len(), 6);
    assert_eq!(end["complete"], true);
}

#[test]
fn attributes_are_promoted_from_here_and_not_from_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let keys = |body: &str| {
        let list: Value = serde_json::from_str(body).unwrap();
        let items = list["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["key"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let path = "/api/v1/attributes/promoted";
    let put = |body: &str| ask(server.http, &format!("PUT {path}"), body);
    let (status, body) = put(r#"{"key":"order.id"}"#);
    assert_eq!((status, keys(&body)), (200, vec!["order.id".to_owned()]));
    for nonsense in [r#"{"key":""}"#, r#"{"kee":"a"}"#, "[]"] {
        assert_eq!(put(nonsense).0, 400, "{nonsense}");
    }
    assert_eq!(put("").0, 415);
    let foreign = "HTTP/1.1\r\nOrigin: https://evil.example\r\nX-Rest:";
    let (status, _) = ask(
        server.http,
        &format!("DELETE {path}?key=order.id {foreign}"),
        "",
    );
    assert_eq!(status, 403);
    let (_, body) = ask(server.http, &format!("GET {path}"), "");
    assert_eq!(keys(&body), ["order.id"]);
    let (status, body) = ask(server.http, &format!("DELETE {path}?key=order.id"), "");
    assert_eq!((status, keys(&body)), (200, Vec::new()));
}

/// Number of queries that the store was asked, by kind: own, page, search, export.
fn questions(server: &Server) -> [u64; 4] {
    let (_, metrics) = ask(server.http, "GET /metrics", "");
    ["own", "page", "search", "export"].map(|kind| {
        let series = format!("hinomi_store_questions_total{{kind=\"{kind}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&*series));
        line.and_then(|count| count.parse().ok())
            .unwrap_or_default()
    })
}

#[test]
fn every_question_of_a_request_is_asked_as_what_it_is_for() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    send_orders(&server);
    let service = "/services/shop";
    // Streams query the store while they are sent, long after their handler has returned.
    for (path, kind) in [
        (&*format!("{service}/transactions"), 1),
        ("/api/v1/transactions?service=shop", 1),
        ("/traces/0000000000000000000000000000abc1", 1),
        ("/api/v1/search?q=order.id=12341", 2),
        ("/api/v1/search/live?q=order.id=12341", 2),
        ("/api/v1/transactions?service=shop&q=orders", 2),
        ("/csv/transactions?service=shop", 3),
    ] {
        let before = questions(&server);
        let (status, answer) = ask(server.http, &format!("GET {path}"), "");
        assert_eq!(status, 200, "{path}: {answer}");
        let after = questions(&server);
        assert!(after[kind] > before[kind], "{path}: {before:?}, {after:?}");
        assert_eq!(after[0], before[0], "{path} asks as the server itself");
    }
}

#[test]
fn a_short_trace_id_leads_to_the_trace_that_it_was_padded_to() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    send_orders(&server);
    let trace = "0000000000000000000000000000abc1";
    let found = |text: &str| {
        let head = format!("GET /search?q={text}");
        let answer = crate::otlp::http(server.http, &head, &[], b"");
        let to = answer
            .headers
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        (answer.status, to.map(str::to_owned))
    };
    let there = (303, Some(format!("/traces/{trace}")));
    for text in ["000000000000abc1", "0000ABC1", "trace_id=000000000000abc1"] {
        assert_eq!(found(text), there, "{text}");
    }
    for text in ["000000000000abc9", "order.id=000000000000abc1"] {
        assert_eq!(found(text).0, 200, "{text}");
    }
}

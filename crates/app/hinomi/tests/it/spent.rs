//! Differences and download of a list by the time in calls, over the API and the pages of the real
//! server.

use crate::{
    estate::{Made, ask, call, entry, get, now_ms, send},
    server::Server,
};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    io::{Read, Write},
    net::TcpStream,
    ops::Range,
};

/// Transactions, `each` milliseconds apart, each with `calls` calls to a database of 20 ms.
fn with_calls(numbers: Range<u64>, (at, each): (u64, u64), calls: u64) -> Vec<Made> {
    let of_one = |n: u64| {
        let database = json!({"db.system.name": "postgresql", "db.query.text": "SELECT 1"});
        let end = at + n / each;
        let below = (1..=calls)
            .map(move |number| call(n * 100 + number, end - number, database.clone(), false));
        std::iter::once(entry(n * 100, end, 200)).chain(below)
    };
    numbers.flat_map(of_one).collect()
}

fn file(server: &Server, query: &str) -> Vec<Vec<String>> {
    let (status, csv) = ask(server.http, &format!("GET /csv/transactions?{query}"), "");
    assert_eq!(status, 200, "{csv}");
    // Lines without a comma belong to the chunked transfer.
    let lines = csv.lines().filter(|line| line.contains(','));
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

#[test]
fn a_region_by_the_time_in_calls_has_differences_and_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let at = now_ms() / 5_000 * 5_000 - 60_000;
    send(&server, "pay", "pay-1", &with_calls(1..41, (at, 1), 1));
    send(&server, "pay", "pay-2", &with_calls(41..81, (at, 1), 3));
    send(&server, "pay", "pay-1", &with_calls(81..91, (at, 1), 0));
    let range = format!("service=pay&from={}&to={}", at - 60_000, at + 5_000);
    let map = get(&server, &format!("/api/v1/hitmap?{range}&y=database"));
    assert_eq!(map["total"]["ok"], 90);
    let mut edges = map["row_edges_ms"].as_array().unwrap().iter();
    let edge = edges.find(|edge| edge.as_f64().unwrap() > 25.0).unwrap();
    let region = format!(
        "selected_from={at}&selected_to={}&min_ms={edge}",
        at + 5_000
    );

    let found = get(
        &server,
        &format!("/api/v1/differences?{range}&{region}&y=database"),
    );
    let list = get(
        &server,
        &format!("/api/v1/transactions?{range}&min_ms={edge}&y=database"),
    );
    assert_eq!(found["selected"], list["total"]);
    assert_eq!(
        (&found["selected"], &found["rest"]),
        (&json!(40), &json!(50))
    );
    assert_eq!(found["sampled"], json!({"selected": 40, "rest": 50}));
    let findings = found["findings"].as_array().unwrap().iter();
    let mut of_instance = findings.filter(|finding| finding["dimension"] == "instance");
    let finding = of_instance.next().expect("the instance tells them apart");
    assert_eq!(
        (&finding["value"], &finding["exact"]),
        (&json!("pay-2"), &json!(true))
    );
    assert_eq!(finding["selected"], json!({"count": 40, "of": 40}));
    assert_eq!(finding["rest"], json!({"count": 0, "of": 50}));
    assert_eq!(found["expired_before_ms"], json!(null));

    let lines = file(&server, &format!("{range}&min_ms={edge}&y=database"));
    let spent = lines[0].iter().position(|name| name == "spent_ms").unwrap();
    assert_eq!(lines.len(), 41);
    assert!(lines[1..].iter().all(|line| line[spent] == "60"));
    let plain = file(&server, &range);
    assert_eq!(
        (plain.len(), plain[0].contains(&"spent_ms".into())),
        (91, false)
    );

    for (query, parameter) in [("y=cache", "y"), ("y=database&q=pay", "q")] {
        let (status, page) = ask(server.http, &format!("GET /csv/transactions?{query}"), "");
        assert_eq!(status, 400, "{query}");
        assert!(page.contains(&format!("`{parameter}` ")), "{page}");
    }
    let (status, problem) = ask(
        server.http,
        &format!("GET /api/v1/differences?{region}&y=cache"),
        "",
    );
    assert_eq!(status, 400);
    assert!(problem.contains("\"parameter\":\"y\""), "{problem}");
}

#[test]
fn a_file_by_the_time_in_calls_has_every_one_once_beyond_a_page() {
    const MANY: u64 = 10_300;
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let at = now_ms() / 5_000 * 5_000 - 60_000;
    // Many transactions end in the same millisecond, also at the edge of a page.
    for first in (1..=MANY).step_by(2_000) {
        let numbers = first..(first + 2_000).min(MANY + 1);
        send(&server, "pay", "pay-1", &with_calls(numbers, (at, 700), 0));
    }
    let list: Value = get(
        &server,
        &format!(
            "/api/v1/transactions?service=pay&from={at}&to={}&y=external&limit=1",
            at + 5_000
        ),
    );
    assert_eq!(list["total"], MANY);
    let query = format!("service=pay&from={at}&to={}&y=external", at + 5_000);
    let lines = file(&server, &query);
    let ids: HashSet<&String> = lines[1..].iter().filter_map(|line| line.last()).collect();
    assert_eq!((lines.len() as u64, ids.len() as u64), (MANY + 1, MANY));
}

#[test]
fn a_file_comes_whole_when_it_is_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let at = now_ms() / 5_000 * 5_000 - 60_000;
    send(&server, "pay", "pay-1", &with_calls(1..41, (at, 1), 1));
    for y in ["duration", "database"] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.http)).unwrap();
        let path = format!("/csv/transactions?service=pay&y={y}");
        let head = "Host: localhost\r\nConnection: close\r\nAccept-Encoding: gzip";
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        assert!(text.contains("content-encoding: gzip"), "{text}");
        assert!(answer.ends_with(b"\r\n0\r\n\r\n"), "{y}: cut short");
    }
}

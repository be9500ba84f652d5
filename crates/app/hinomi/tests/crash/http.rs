//! The HTTP that the crash test needs: a connection for posts, and requests to the JSON API.

use crate::client::SentSpan;
use serde_json::Value as Json;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Timeout for answers. A machine that is only busy does not take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A persistent connection.
pub struct Connection {
    stream: TcpStream,
    port: u16,
}

impl Connection {
    pub fn open(port: u16) -> Option<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Self { stream, port })
    }

    /// Posts protobuf and returns the status; `None` when the server is gone.
    pub fn post(&mut self, path: &str, body: &[u8]) -> Option<u16> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/x-protobuf\r\n\
             content-length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        self.stream.write_all(&request).ok()?;
        self.answer().map(|(status, _)| status)
    }

    fn get(&mut self, path: &str) -> Option<(u16, Vec<u8>)> {
        let port = self.port;
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n");
        self.stream.write_all(head.as_bytes()).ok()?;
        self.answer()
    }

    fn answer(&mut self) -> Option<(u16, Vec<u8>)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(Some(0), |length| length.trim().parse().ok())?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some((status, body))
    }
}

fn ask(port: u16, path: &str) -> (u16, Json) {
    let (status, body) = Connection::open(port).unwrap().get(path).unwrap();
    let json = serde_json::from_slice(&body)
        .unwrap_or_else(|error| panic!("{path}: {error}: {}", String::from_utf8_lossy(&body)));
    (status, json)
}

fn known(port: u16, path: &str) -> Json {
    let (status, json) = ask(port, path);
    assert_eq!(status, 200, "{path}: {json}");
    json
}

/// The transactions of all pages of the list.
pub struct Listed {
    pub total: u64,
    pub trace_ids: Vec<String>,
}

/// Every transaction of the list.
pub fn transactions(port: u16) -> Listed {
    let mut listed = Listed {
        total: 0,
        trace_ids: Vec::new(),
    };
    let mut cursor = String::new();
    loop {
        let path = format!(
            "/api/v1/transactions?service=crash-test&from=now-1h&to=now&limit=1000{cursor}"
        );
        let page = known(port, &path);
        listed.total = page["total"].as_u64().unwrap();
        for item in page["items"].as_array().unwrap() {
            listed
                .trace_ids
                .push(item["trace_id"].as_str().unwrap().into());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return listed,
        }
    }
}

/// Number of transactions that the hitmap counts.
pub fn hitmap_total(port: u16) -> u64 {
    let map = known(port, "/api/v1/hitmap?service=crash-test&from=now-1h&to=now");
    let count = |word: &str| map["total"][word].as_u64().unwrap();
    count("ok") + count("slow") + count("error")
}

/// The spans of a trace; empty when there is no such trace.
pub fn trace(port: u16, trace_id: &str) -> Vec<SentSpan> {
    let (status, json) = ask(port, &format!("/api/v1/traces/{trace_id}"));
    if status == 404 {
        return Vec::new();
    }
    assert_eq!(status, 200, "{json}");
    assert_eq!(json["partial"], Json::Bool(false), "{json}");
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let spans = json["spans"].as_array().unwrap().iter();
    spans
        .map(|span| SentSpan {
            span_id: text(&span["span_id"]),
            name: text(&span["name"]),
            start: span["start_unix_ns"].as_i64().unwrap(),
            duration: span["duration_ns"].as_i64().unwrap(),
            check: text(&span["attributes"]["crash.check"]),
        })
        .collect()
}

//! Connections and senders that demand too much, on the real server: others are served as before.

use crate::{
    memory::metric,
    otlp::{http, post, request, span, transactions},
    server::Server,
};
use prost::Message;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

const PROTOBUF: &str = "application/x-protobuf";
/// Memory limit with which no port has more than 436 connections.
const LIMIT: &str = "256MiB";

#[test]
fn silent_connections_on_any_port_keep_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--memory-limit", LIMIT]);
    let mut sent = 0;
    for (port, name) in [
        (server.http, "pages"),
        (server.otlp_http, "otlp_http"),
        (server.grpc, "otlp_grpc"),
    ] {
        let held: Vec<TcpStream> = (0..500)
            .map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap())
            .collect();
        let body = request("shop", vec![span()]).encode_to_vec();
        assert_eq!(post(server.otlp_http, PROTOBUF, None, &body).status, 200);
        sent += 1;
        assert_eq!(transactions(&server, "shop"), sent);
        let of = |what: &str| metric(&server, &format!("hinomi_connections_{what}"));
        let limit = of(&format!("limit{{port=\"{name}\"}}"));
        assert!(of(&format!("open{{port=\"{name}\"}}")) <= limit);
        let displaced = format!("closed_total{{port=\"{name}\",reason=\"displaced\"}}");
        // Connections of a port that nothing else has asked may still wait to be accepted.
        let deadline = Instant::now() + Duration::from_secs(60);
        while of(&displaced) < 500 - limit {
            assert!(Instant::now() < deadline, "{name}: too few were displaced");
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(held);
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn millions_of_empty_messages_in_little_gzip_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..31 {
        gzip.write_all(&[0x0a, 0].repeat(1_000_000)).unwrap();
    }
    let gzip = gzip.finish().unwrap();
    let answer = post(server.otlp_http, PROTOBUF, Some("gzip"), &gzip);
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 400, "{text}");
    assert!(text.contains("messages are empty"), "{text}");
}

#[test]
fn a_client_that_sends_all_before_it_reads_is_told_that_it_is_too_much() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--memory-limit", LIMIT]);
    let mut stream = TcpStream::connect(("127.0.0.1", server.otlp_http)).unwrap();
    let body = vec![0; 40 << 20];
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: {PROTOBUF}\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[test]
fn a_page_in_a_browser_can_not_send_spans() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--otlp-hosts", "otel.example.com"]);
    let body = request("shop", vec![span()]).encode_to_vec();
    let headers = [
        ("content-type", PROTOBUF),
        ("origin", "https://evil.example"),
    ];
    let answer = http(server.otlp_http, "POST /v1/traces", &headers, &body);
    assert_eq!(answer.status, 403);
    for (host, status) in [("evil.example", b"421"), ("otel.example.com", b"200")] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.otlp_http)).unwrap();
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: {host}\r\ncontent-type: {PROTOBUF}\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer[9..], status, "{host}");
    }
    assert_eq!(transactions(&server, "shop"), 1);
}

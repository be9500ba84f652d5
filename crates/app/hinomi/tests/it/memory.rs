//! The memory limit, on the real server: what is refused when a share is used up, and what is not.

use crate::{
    otlp::{http, post, request, span, transactions},
    server::Server,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use prost::Message;
use std::{
    io::Write,
    net::TcpStream,
    time::{Duration, Instant},
};
use tonic::Code;
use tonic_types::StatusExt;

/// With this limit, 37,879,800 bytes of requests can be in flight, and one request may have
/// 15,151,920.
const LIMIT: &str = "256MiB";
/// Size of a request of which three leave room for small requests only.
const STUCK: usize = 12_613_600;

/// One of the server's metrics.
pub fn metric(server: &Server, series: &str) -> u64 {
    let answer = http(server.http, "GET /metrics", &[], b"");
    let text = String::from_utf8(answer.body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    let value = line.unwrap_or_else(|| panic!("no {series} in {text}"));
    value.trim().parse().unwrap()
}

/// Waits until requests hold this many bytes, or slightly more.
fn wait_for_admission(server: &Server, bytes: u64) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let used = metric(
            server,
            "hinomi_memory_share_used_bytes{share=\"admission\"}",
        );
        if (bytes..=bytes + 100).contains(&used) {
            return;
        }
        assert!(Instant::now() < deadline, "{used} bytes, and not {bytes}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Begins a request whose end never arrives.
fn stuck(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.otlp_http)).unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-protobuf\r\n\
         content-length: {}\r\n\r\n",
        STUCK + 1
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![0; STUCK]).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn when_admission_has_no_memory_requests_are_refused_for_the_moment() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--memory-limit", LIMIT]);
    assert_eq!(metric(&server, "hinomi_memory_limit_bytes"), 256 << 20);
    let held: Vec<TcpStream> = (0..3).map(|_| stuck(&server)).collect();
    wait_for_admission(&server, 3 * STUCK as u64);

    let many = || request("shop", (0..1_000).map(|_| span()).collect());
    let protobuf = "application/x-protobuf";
    let refused = post(server.otlp_http, protobuf, None, &many().encode_to_vec());
    assert_eq!(refused.status, 503);
    assert!(
        refused.headers.contains("retry-after: 1"),
        "{}",
        refused.headers
    );
    let channel =
        tonic::transport::Endpoint::from_shared(format!("http://127.0.0.1:{}", server.grpc));
    let channel = channel.unwrap().connect().await.unwrap();
    let mut client = TraceServiceClient::new(channel);
    let status = client.export(many()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let retry = status.get_details_retry_info().unwrap().retry_delay;
    assert_eq!(retry, Some(Duration::from_secs(1)));
    assert_eq!(metric(&server, "hinomi_ingest_refused_requests_total"), 2);
    let small = request("shop", vec![span()]).encode_to_vec();
    assert_eq!(post(server.otlp_http, protobuf, None, &small).status, 200);
    assert_eq!(transactions(&server, "shop"), 1);

    drop(held);
    wait_for_admission(&server, 0);
    assert_eq!(
        client
            .export(many())
            .await
            .unwrap()
            .into_inner()
            .partial_success,
        None
    );
    let answer = post(server.otlp_http, protobuf, None, &many().encode_to_vec());
    assert_eq!(answer.status, 200);
    assert_eq!(transactions(&server, "shop"), 2_001);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_request_over_what_can_be_in_flight_is_too_large_and_not_for_later() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--memory-limit", LIMIT]);
    let large = vec![0; 16_000_000];
    let answer = post(server.otlp_http, "application/x-protobuf", None, &large);
    assert_eq!(answer.status, 413);
    wait_for_admission(&server, 0);
}

/// A megabyte of empty objects would take fifty megabytes if each were built, and a long time to
/// read.
#[test]
fn a_body_of_nothings_is_refused_and_costs_little_more_than_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--memory-limit", LIMIT]);
    let lists = [
        ("traces", "resourceSpans"),
        ("metrics", "resourceMetrics"),
        ("logs", "resourceLogs"),
    ];
    for (signal, list) in lists {
        let route = format!("POST /v1/{signal}");
        let nothings = [0x0a, 0].repeat(7_000_000);
        let protobuf = [("content-type", "application/x-protobuf")];
        assert_eq!(
            http(server.otlp_http, &route, &protobuf, &nothings).status,
            400
        );
        let nothings = format!("{{\"{list}\":[{}{{}}]}}", "{},".repeat(4_500_000));
        let json = [("content-type", "application/json")];
        assert_eq!(
            http(server.otlp_http, &route, &json, nothings.as_bytes()).status,
            400
        );
    }
    let peak = server.peak_memory() >> 20;
    assert!(peak < 128, "{peak} MiB");
}

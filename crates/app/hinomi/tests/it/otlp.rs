//! Conformance with OTLP: requests over each transport and the stored result, on the real server.

use crate::server::Server;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_client::TraceServiceClient,
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use serde_json::Value as Json;
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};
use tonic::{Code, codec::CompressionEncoding};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64
}

pub fn span() -> Span {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let end = now();
    Span {
        trace_id: [[0xcd; 8], id.to_be_bytes()].concat(),
        span_id: id.to_be_bytes().to_vec(),
        name: "GET /orders/{id}".into(),
        kind: 2,
        start_time_unix_nano: end - 5_000_000,
        end_time_unix_nano: end,
        ..Span::default()
    }
}

pub fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let name = KeyValue {
        key: "service.name".into(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(service.into())),
        }),
        ..KeyValue::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![name],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

pub fn json_request(service: &str) -> String {
    let span = span();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name",
        "value":{{"stringValue":"{service}"}}}}]}},"scopeSpans":[{{"spans":[{{"traceId":"{}",
        "spanId":"{}","name":"GET /","kind":2,"startTimeUnixNano":"{}","endTimeUnixNano":{}}}]}}]}}]}}"#,
        hex(&span.trace_id).to_uppercase(),
        hex(&span.span_id),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

/// One HTTP/1.1 request on its own connection.
pub fn http(port: u16, head: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut request = format!("{head} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(request.as_bytes()).unwrap();
    // A server may answer and close before it has read the whole body of a refused request.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let split = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a whole head");
    let headers = String::from_utf8_lossy(&answer[..split]).to_lowercase();
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        headers,
        body: answer[split + 4..].to_vec(),
    }
}

pub fn post(port: u16, content_type: &str, encoding: Option<&str>, body: &[u8]) -> Answer {
    let mut headers = vec![("content-type", content_type)];
    headers.extend(encoding.map(|encoding| ("content-encoding", encoding)));
    http(port, "POST /v1/traces", &headers, body)
}

/// Number of transactions of a service, by the API.
pub fn transactions(server: &Server, service: &str) -> u64 {
    let head = format!("GET /api/v1/transactions?service={service}&from=now-1h&to=now");
    let answer = http(server.http, &head, &[], b"");
    let json: Json = serde_json::from_slice(&answer.body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&answer.body)));
    json["total"].as_u64().unwrap_or_else(|| panic!("{json}"))
}

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
/// One byte over the limit. Zeros compress to almost nothing.
const TOO_LARGE: usize = (64 << 20) + 1;

#[test]
fn http_answers_as_the_protocol_says() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let good = || request("http", vec![span()]).encode_to_vec();
    let half = || {
        let nameless = Span {
            trace_id: vec![0; 16],
            ..span()
        };
        request("http", vec![span(), nameless, span()]).encode_to_vec()
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    let bomb = vec![0; TOO_LARGE];

    for (what, answer, status, content_type) in [
        (
            "protobuf",
            post(server.otlp_http, PROTOBUF, None, &good()),
            200,
            PROTOBUF,
        ),
        (
            "gzip",
            post(server.otlp_http, PROTOBUF, Some("gzip"), &gzip(&good())),
            200,
            PROTOBUF,
        ),
        (
            "gzip in capitals",
            post(server.otlp_http, PROTOBUF, Some("GZIP"), &gzip(&good())),
            200,
            PROTOBUF,
        ),
        (
            "a slash at the end",
            http(
                server.otlp_http,
                "POST /v1/traces/",
                &[("content-type", PROTOBUF)],
                &good(),
            ),
            200,
            PROTOBUF,
        ),
        (
            "zstd",
            post(server.otlp_http, PROTOBUF, Some("zstd"), &zstd(&good())),
            200,
            PROTOBUF,
        ),
        (
            "empty",
            post(server.otlp_http, PROTOBUF, None, b""),
            200,
            PROTOBUF,
        ),
        (
            "JSON",
            post(
                server.otlp_http,
                JSON,
                None,
                json_request("http").as_bytes(),
            ),
            200,
            JSON,
        ),
        (
            "empty JSON",
            post(server.otlp_http, JSON, None, b"{}"),
            200,
            JSON,
        ),
        (
            "half",
            post(server.otlp_http, PROTOBUF, None, &half()),
            200,
            PROTOBUF,
        ),
        (
            "garbage",
            post(server.otlp_http, PROTOBUF, None, b"\xff\xff garbage"),
            400,
            PROTOBUF,
        ),
        (
            "garbage JSON",
            post(server.otlp_http, JSON, None, b"{\"resourceSpans\":7}"),
            400,
            JSON,
        ),
        (
            "JSON of which nothing would be read",
            post(server.otlp_http, JSON, None, b"{\"resourceMetrics\":[]}"),
            400,
            JSON,
        ),
        (
            "no gzip",
            post(server.otlp_http, PROTOBUF, Some("gzip"), b"garbage"),
            400,
            PROTOBUF,
        ),
        (
            "bomb",
            post(server.otlp_http, PROTOBUF, Some("gzip"), &gzip(&bomb)),
            413,
            PROTOBUF,
        ),
        (
            "zstd bomb",
            post(server.otlp_http, JSON, Some("zstd"), &zstd(&bomb)),
            413,
            JSON,
        ),
        (
            "brotli",
            post(server.otlp_http, PROTOBUF, Some("br"), &good()),
            415,
            PROTOBUF,
        ),
        (
            "XML",
            post(server.otlp_http, "text/xml", None, b"<a/>"),
            415,
            JSON,
        ),
        (
            "path",
            http(server.otlp_http, "POST /v2/traces", &[], b""),
            404,
            JSON,
        ),
    ] {
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, status, "{what}: {text}");
        assert!(
            answer
                .headers
                .contains(&format!("content-type: {content_type}")),
            "{what}"
        );
        if status != 200 && content_type == PROTOBUF {
            let status = tonic_types::Status::decode(&answer.body[..]).unwrap();
            assert!(
                status.code != 0 && !status.message.is_empty(),
                "{what}: {status:?}"
            );
        }
    }
    let get = http(server.otlp_http, "GET /v1/traces", &[], b"");
    assert_eq!(get.status, 405);

    // Six valid requests with one span each, and two valid spans of the partly valid one.
    assert_eq!(transactions(&server, "http"), 8);
    let partial = post(server.otlp_http, PROTOBUF, None, &half());
    let partial = ExportTraceServiceResponse::decode(&partial.body[..]).unwrap();
    let partial = partial.partial_success.expect("one span is refused");
    assert_eq!(partial.rejected_spans, 1);
    assert!(
        partial.error_message.contains("trace id"),
        "{}",
        partial.error_message
    );
    assert_eq!(transactions(&server, "http"), 10);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_large_body_sent_plainly_is_refused_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let answer = post(server.otlp_http, PROTOBUF, None, &vec![0; TOO_LARGE]);
    assert_eq!(answer.status, 413);
    assert_eq!(transactions(&server, "any"), 0, "the server still answers");
}

#[test]
fn active_requests_are_shown_and_other_metrics_beside_them_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let metrics = r#"{"resourceMetrics":[{
        "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},
            {"key":"service.instance.id","value":{"stringValue":"shop-1"}}]},
        "scopeMetrics":[{"metrics":[
            {"name":"http.server.active_requests","sum":{"aggregationTemporality":2,"dataPoints":[
                {"asInt":"3","timeUnixNano":"1"}]}},
            {"name":"other","gauge":{"dataPoints":[{"asDouble":1},{"asDouble":2}]}}]}]}]}"#;
    let headers = [("content-type", JSON)];
    let answer = http(
        server.otlp_http,
        "POST /v1/metrics",
        &headers,
        metrics.as_bytes(),
    );
    let json: Json = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["partialSuccess"]["rejectedDataPoints"], "2");
    let now = |which: &str| -> Json {
        let path = format!("GET /api/v1/in-flight/now?service={which}");
        serde_json::from_slice(&http(server.http, &path, &[], b"").body).unwrap()
    };
    let active = now("shop&instance=shop-1")["active"].clone();
    assert_eq!(
        (active["requests"].as_u64(), active["instances"].as_u64()),
        (Some(3), Some(1))
    );
    assert!(now("shop&operation=GET").get("active").unwrap().is_null());
    assert!(now("other").get("active").unwrap().is_null());
}

#[test]
fn metrics_and_logs_are_said_not_to_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let metrics =
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a"},{"name":"b"}]}]}]}"#;
    let answer = http(
        server.otlp_http,
        "POST /v1/metrics",
        &[("content-type", JSON)],
        metrics.as_bytes(),
    );
    let json: Json = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(json["partialSuccess"]["rejectedDataPoints"], "2");
    let empty = http(
        server.otlp_http,
        "POST /v1/logs",
        &[("content-type", JSON)],
        b"{}",
    );
    assert_eq!((empty.status, &empty.body[..]), (200, &b"{}"[..]));
}

#[tokio::test]
async fn grpc_answers_as_the_protocol_says() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let endpoint = format!("http://127.0.0.1:{}", server.grpc);
    let channel = tonic::transport::Endpoint::new(endpoint)
        .unwrap()
        .connect()
        .await
        .unwrap();
    let client = || TraceServiceClient::new(channel.clone());

    for mut client in [
        client(),
        client().send_compressed(CompressionEncoding::Gzip),
        client().send_compressed(CompressionEncoding::Zstd),
    ] {
        let answer = client
            .export(request("grpc", vec![span()]))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer, ExportTraceServiceResponse::default());
    }
    let empty = client()
        .export(ExportTraceServiceRequest::default())
        .await
        .unwrap();
    assert_eq!(empty.into_inner(), ExportTraceServiceResponse::default());

    let backwards = Span {
        start_time_unix_nano: now() + 1_000_000,
        ..span()
    };
    let half = client()
        .export(request("grpc", vec![backwards, span()]))
        .await
        .unwrap();
    assert_eq!(half.into_inner().partial_success.unwrap().rejected_spans, 1);
    assert_eq!(transactions(&server, "grpc"), 4);

    for compressed in [false, true] {
        let large = Span {
            name: "x".repeat(TOO_LARGE),
            ..span()
        };
        let mut client = client().max_encoding_message_size(usize::MAX);
        if compressed {
            client = client.send_compressed(CompressionEncoding::Gzip);
        }
        let status = client
            .export(request("grpc", vec![large]))
            .await
            .unwrap_err();
        assert_eq!(
            status.code(),
            Code::ResourceExhausted,
            "compressed {compressed}: {status:?}"
        );
        assert!(
            status.details().is_empty(),
            "no RetryInfo: it must not be repeated"
        );
    }

    let status = raw_export(channel.clone(), b"\xff\xff garbage")
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");

    let answer = post(server.grpc, JSON, None, json_request("grpc").as_bytes());
    let sentence = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 415);
    assert!(sentence.contains("4318"), "{sentence}");
}

/// Sends bytes unchanged as the message of an export.
async fn raw_export(
    channel: tonic::transport::Channel,
    body: &'static [u8],
) -> Result<(), tonic::Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        .parse()
        .unwrap();
    grpc.unary(tonic::Request::new(body), path, RawCodec)
        .await
        .map(|_| ())
}

struct RawCodec;

impl tonic::codec::Codec for RawCodec {
    type Encode = &'static [u8];
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl tonic::codec::Encoder for RawCodec {
    type Item = &'static [u8];
    type Error = tonic::Status;

    fn encode(
        &mut self,
        item: &'static [u8],
        buffer: &mut tonic::codec::EncodeBuf<'_>,
    ) -> Result<(), tonic::Status> {
        bytes::BufMut::put(buffer, item);
        Ok(())
    }
}

impl tonic::codec::Decoder for RawCodec {
    type Item = ();
    type Error = tonic::Status;

    fn decode(&mut self, _: &mut tonic::codec::DecodeBuf<'_>) -> Result<Option<()>, tonic::Status> {
        Ok(Some(()))
    }
}

#[test]
fn acknowledged_spans_survive_kill_minus_nine_and_repeats_are_not_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut sent: Vec<Vec<u8>> = Vec::new();
    for round in 1..=3_u64 {
        let server = Server::start(dir.path());
        for _ in 0..20 {
            let body = request("durable", vec![span(), span()]).encode_to_vec();
            assert_eq!(post(server.otlp_http, PROTOBUF, None, &body).status, 200);
            sent.push(body);
        }
        // As if the answer to the last request was lost: the client repeats it, before and after
        // the restart.
        let last = sent.last().unwrap();
        assert_eq!(post(server.otlp_http, PROTOBUF, None, last).status, 200);
        assert_eq!(transactions(&server, "durable"), round * 40);
        server.kill();
        let server = Server::start(dir.path());
        assert_eq!(post(server.otlp_http, PROTOBUF, None, last).status, 200);
        assert_eq!(
            transactions(&server, "durable"),
            round * 40,
            "after kill -9, round {round}"
        );
        assert_eq!(server.stop(), Some(0));
    }
}

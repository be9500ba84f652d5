//! Tests a port with small limits over real sockets: what is closed, what is displaced, and who
//! gets in.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use axum::{
    Router,
    body::Body,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use hinomi_listen::{ListenLimits, ListenMetrics, Pace, Port, PortMetrics, TooSlow, serve};
use http_body_util::BodyExt;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(50);
/// Longer than any test runs.
const LONG: Duration = Duration::from_secs(600);

/// Limits that no test here reaches.
fn patient() -> ListenLimits {
    ListenLimits {
        head_timeout: LONG,
        idle_timeout: LONG,
        write_timeout: LONG,
        ping_interval: LONG,
        linger: LONG,
        ..ListenLimits::default()
    }
}

struct Server {
    address: SocketAddr,
    metrics: PortMetrics,
    /// A request to `/wait` is answered once per permit.
    permits: Arc<Semaphore>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(limits: ListenLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let port = Port::new("test", limits, &ListenMetrics::default());
        let metrics = port.metrics().clone();
        let (permits, stop) = (Arc::new(Semaphore::new(0)), CancellationToken::new());
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/wait", get(wait))
            .route("/refuse", post(|| async { StatusCode::PAYLOAD_TOO_LARGE }))
            .route("/read", post(read))
            .with_state(permits.clone());
        let serving = tokio::spawn(serve(listener, port, router, stop.clone()));
        Self {
            address,
            metrics,
            permits,
            stop,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection that has sent a request for `path`.
    async fn ask(&self, path: &str) -> TcpStream {
        let mut stream = self.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }
}

async fn wait(State(permits): State<Arc<Semaphore>>) -> &'static str {
    permits.acquire().await.unwrap().forget();
    "waited"
}

async fn read(body: Body) -> StatusCode {
    match body.collect().await {
        Ok(_) => StatusCode::OK,
        Err(error) if TooSlow::of(&error).is_some() => StatusCode::SERVICE_UNAVAILABLE,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// The first line of an answer. Reads up to the end of the head.
async fn status(stream: &mut TcpStream) -> String {
    let head = head(stream).await;
    head.lines().next().unwrap_or_default().to_owned()
}

/// The head of an answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await;
        answer.push(byte.unwrap_or_else(|error| panic!("{error} behind {answer:?}")));
    }
    String::from_utf8(answer).unwrap()
}

/// Waits until the server has closed the connection.
async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A connection reset also ends it.
    let _ = stream.read_to_end(&mut rest).await;
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn whoever_is_silent_or_stops_within_a_head_is_closed() {
    let server = Server::start(ListenLimits {
        head_timeout: SHORT,
        ..patient()
    })
    .await;
    for sent in [
        &b""[..],
        b"GET / HTTP/1.1\r\nhost: te",
        b"PRI * HTTP/2.0\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(sent).await.unwrap();
        closed(&mut stream).await;
    }
}

#[tokio::test]
async fn an_http_2_client_that_answers_no_ping_is_closed() {
    let server = Server::start(ListenLimits {
        ping_interval: SHORT,
        ping_timeout: SHORT,
        ..patient()
    })
    .await;
    let mut stream = server.connect().await;
    stream.write_all(PREFACE).await.unwrap();
    closed(&mut stream).await;
}

#[tokio::test]
async fn between_requests_a_connection_stays_and_then_is_closed() {
    let server = Server::start(ListenLimits {
        idle_timeout: SHORT,
        ..patient()
    })
    .await;
    let mut stream = server.ask("/").await;
    assert_eq!(status(&mut stream).await, "HTTP/1.1 200 OK");
    closed(&mut stream).await;
}

#[tokio::test]
async fn a_sender_gets_in_while_silent_connections_hold_all_places() {
    let server = Server::start(patient().with_connections(8)).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(server.connect().await);
        if silent.len() % 10 == 0 {
            let mut sender = server.ask("/").await;
            assert_eq!(status(&mut sender).await, "HTTP/1.1 200 OK");
        }
    }
    assert!(server.metrics.open() <= 8);
    closed(&mut silent[0]).await;
}

#[tokio::test]
async fn when_all_places_are_busy_a_sender_waits_for_one() {
    let server = Server::start(patient().with_connections(2)).await;
    let mut busy = [server.ask("/wait").await, server.ask("/wait").await];
    let mut waiting = server.ask("/").await;
    server.permits.add_permits(1);
    assert_eq!(status(&mut waiting).await, "HTTP/1.1 200 OK");
    server.permits.add_permits(1);
    // One of the two was displaced after its answer.
    for stream in &mut busy {
        assert_eq!(status(stream).await, "HTTP/1.1 200 OK");
    }
}

#[tokio::test]
async fn a_body_that_stops_is_given_up_and_its_connection_closed() {
    let server = Server::start(ListenLimits {
        pace: Pace {
            window: SHORT,
            ..Pace::default()
        },
        linger: SHORT,
        ..patient()
    })
    .await;
    let mut stream = server.connect().await;
    let head = b"POST /read HTTP/1.1\r\nhost: test\r\ncontent-length: 100000\r\n\r\nabc";
    stream.write_all(head).await.unwrap();
    assert_eq!(
        status(&mut stream).await,
        "HTTP/1.1 503 Service Unavailable"
    );
    closed(&mut stream).await;
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_gets_its_answer() {
    let server = Server::start(patient()).await;
    let mut stream = server.connect().await;
    let body = vec![7; 16 << 20];
    let head = format!(
        "POST /refuse HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    assert_eq!(status(&mut stream).await, "HTTP/1.1 413 Payload Too Large");
}

#[tokio::test]
async fn a_client_whose_body_was_not_read_is_told_that_its_connection_ends() {
    let server = Server::start(patient()).await;
    let mut stream = server.connect().await;
    let half = b"POST /refuse HTTP/1.1\r\nhost: test\r\ncontent-length: 100000\r\n\r\nabc";
    stream.write_all(half).await.unwrap();
    let answer = head(&mut stream).await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_in_chunks_that_was_read_keeps_its_connection() {
    let server = Server::start(patient()).await;
    let mut stream = server.connect().await;
    let chunked = b"POST /read HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(chunked).await.unwrap();
        let answer = head(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
}

/// `GET /` as the HEADERS frame of an HTTP/2 stream, all of its fields by their indices.
fn get_http_2(stream: u8) -> Vec<u8> {
    const FIELDS: &[u8] = b"\x82\x86\x84\x41\x04test";
    const HEADERS: u8 = 1;
    const END_STREAM_AND_HEADERS: u8 = 5;
    let head = [0, 0, FIELDS.len() as u8, HEADERS, END_STREAM_AND_HEADERS];
    [&head[..], &[0, 0, 0, stream], FIELDS].concat()
}

/// Reads frames until the HEADERS of a stream: its answer.
async fn answered(connection: &mut TcpStream, stream: u8) {
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        connection
            .read_exact(&mut vec![0; length as usize])
            .await
            .unwrap();
        if head[3] == 1 && head[8] == stream {
            return;
        }
    }
}

#[tokio::test]
async fn an_http_2_client_that_has_not_heard_that_its_connection_closes_is_answered() {
    let server = Server::start(patient().with_connections(1)).await;
    let mut first = server.connect().await;
    first.write_all(PREFACE).await.unwrap();
    first.write_all(&get_http_2(1)).await.unwrap();
    answered(&mut first, 1).await;
    // Longer than a connection that was answered keeps its place.
    tokio::time::sleep(Duration::from_millis(150)).await;
    let mut second = server.ask("/").await;
    assert_eq!(status(&mut second).await, "HTTP/1.1 200 OK");
    first.write_all(&get_http_2(3)).await.unwrap();
    answered(&mut first, 3).await;
    closed(&mut first).await;
}

#[tokio::test]
async fn stopping_waits_for_open_requests_and_not_for_idle_connections() {
    let server = Server::start(ListenLimits {
        drain: LONG,
        ..patient()
    })
    .await;
    let mut idle = server.ask("/").await;
    status(&mut idle).await;
    let mut busy = server.ask("/wait").await;
    let mut silent = server.connect().await;
    // Once a later connection has been answered, this one has been accepted too.
    status(&mut server.ask("/").await).await;
    server.stop.cancel();
    closed(&mut idle).await;
    closed(&mut silent).await;
    server.permits.add_permits(1);
    assert_eq!(status(&mut busy).await, "HTTP/1.1 200 OK");
    server.serving.await.unwrap();
}

#[tokio::test]
async fn after_the_drain_limit_open_requests_are_cut_off() {
    let server = Server::start(ListenLimits {
        drain: SHORT,
        ..patient()
    })
    .await;
    let mut busy = server.ask("/wait").await;
    status(&mut server.ask("/").await).await;
    server.stop.cancel();
    server.serving.await.unwrap();
    closed(&mut busy).await;
}

//! Tests of the promises of feed, batcher and senders, with a server that only counts.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use hinomi_sim::{
    Batch, Batcher, Grouping, MAX_SPANS, SimError, SpanFeed, Workload, WorkloadConfig, backfill,
    live, shapes,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    trace::v1::Span,
};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};
use tonic_types::{ErrorDetails, StatusExt};

const SECOND: i64 = 1_000_000_000;
const NOW: i64 = 1_800_000_123 * SECOND;

fn workload() -> Workload {
    Workload::new(WorkloadConfig::new(NOW))
}

fn spans_of(request: &ExportTraceServiceRequest) -> Vec<&Span> {
    let resources = request.resource_spans.iter();
    resources
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .collect()
}

fn batches(grouping: Grouping, from: i64, to: i64) -> Vec<Batch> {
    let mut feed = SpanFeed::new(workload(), from);
    let mut batcher = Batcher::new(workload(), grouping);
    let mut batches = Vec::new();
    while let Some(span) = feed.next_before(to) {
        batches.extend(batcher.push(span));
    }
    batches.extend(batcher.flush());
    batches
}

/// The ids of all spans that end in a range, directly from the traces.
fn expected(from: i64, to: i64) -> HashSet<Vec<u8>> {
    workload()
        .traces(from - 200 * SECOND, to)
        .flat_map(|trace| trace.spans)
        .filter(|span| (from..to).contains(&span.end_unix_ns))
        .map(|span| span.span_id.to_vec())
        .collect()
}

#[test]
fn the_feed_gives_spans_in_the_order_in_which_they_end() {
    let mut feed = SpanFeed::new(workload(), NOW - 300 * SECOND);
    let mut last = NOW - 300 * SECOND;
    while let Some(span) = feed.next_before(NOW) {
        assert!(last <= span.end_unix_ns && span.end_unix_ns < NOW);
        last = span.end_unix_ns;
    }
    assert!(last > NOW - SECOND);
}

#[test]
fn batches_neither_lose_nor_double_spans_and_hold_512_at_most() {
    let (from, to) = (NOW - 300 * SECOND, NOW);
    for grouping in [Grouping::Instance, Grouping::Collector] {
        let mut seen = HashSet::new();
        for batch in batches(grouping, from, to) {
            let request = batch.to_request();
            let spans = spans_of(&request);
            assert!(batch.spans().len() == spans.len() && spans.len() <= MAX_SPANS);
            assert!(spans.iter().all(|span| seen.insert(span.span_id.clone())));
            if grouping == Grouping::Instance {
                assert_eq!(request.resource_spans.len(), 1);
            }
        }
        assert_eq!(seen, expected(from, to));
    }
}

#[test]
fn within_a_scope_spans_stand_in_end_order_and_requests_follow_each_other() {
    let mut last = 0;
    for batch in batches(Grouping::Collector, NOW - 300 * SECOND, NOW) {
        let request = batch.to_request();
        for scope in request
            .resource_spans
            .iter()
            .flat_map(|spans| &spans.scope_spans)
        {
            assert!(scope.spans.is_sorted_by_key(|span| span.end_time_unix_nano));
        }
        let ends = spans_of(&request)
            .into_iter()
            .map(|span| span.end_time_unix_nano);
        assert!(last <= ends.min().unwrap());
        last = batch.last_end_unix_ns() as u64;
    }
}

#[test]
fn the_fast_encoding_says_what_the_message_says() {
    // Ten minutes with failures, stack traces, links and literals.
    for batch in batches(Grouping::Collector, NOW - 600 * SECOND, NOW) {
        let body = batch.encode();
        let decoded = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        assert_eq!(decoded, batch.to_request());
        assert_eq!(body.len(), decoded.encoded_len());
    }
}

#[test]
fn a_trace_is_spread_over_several_requests() {
    let batches = batches(Grouping::Instance, NOW - 60 * SECOND, NOW);
    let mut most = 0;
    for trace in workload().traces(NOW - 30 * SECOND, NOW - 20 * SECOND) {
        let requests = batches.iter().filter(|batch| {
            batch
                .spans()
                .iter()
                .any(|span| span.trace_id == trace.trace_id)
        });
        most = most.max(requests.count());
    }
    assert!(most > 4, "{most}");
}

#[test]
fn shapes_are_full_requests_with_ids_of_their_own() {
    let encoded = shapes::encoded_requests(5, 400);
    assert_eq!(encoded, shapes::encoded_requests(5, 400));
    assert!(encoded.len() > 8);
    let mut seen = HashSet::new();
    for (place, body) in encoded.iter().enumerate() {
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let spans = spans_of(&request);
        assert!(spans.len() == MAX_SPANS || place + 1 == encoded.len());
        assert!(spans.iter().all(|span| seen.insert(span.span_id.clone())));
    }
}

/// A server that remembers span ids, and refuses the first requests.
#[derive(Clone, Default)]
struct Memory {
    ids: Arc<Mutex<Vec<Vec<u8>>>>,
    refusals: Arc<AtomicU32>,
    code: Option<Code>,
    key_seen: Arc<AtomicU32>,
}

#[tonic::async_trait]
impl TraceService for Memory {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        if request.metadata().get("x-key").is_some() {
            self.key_seen.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(code) = self.code {
            let left = self
                .refusals
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(1)
                });
            if left.is_ok() {
                let retry = ErrorDetails::with_retry_info(Some(Duration::from_millis(1)));
                return Err(Status::with_error_details(code, "not now", retry));
            }
        }
        let request = request.into_inner();
        let ids = spans_of(&request)
            .into_iter()
            .map(|span| span.span_id.clone());
        self.ids.lock().expect("unpoisoned").extend(ids);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn serve(memory: Memory) -> String {
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let endpoint = format!("http://{}", incoming.local_addr().expect("bound"));
    let service = TraceServiceServer::new(memory);
    tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming),
    );
    endpoint
}

#[tokio::test]
async fn a_back_fill_sends_each_span_once_though_the_server_asks_to_wait() {
    let memory = Memory {
        refusals: Arc::new(AtomicU32::new(7)),
        code: Some(Code::Unavailable),
        ..Memory::default()
    };
    let endpoint = serve(memory.clone()).await;
    let (from, to) = (NOW - 120 * SECOND, NOW);
    let reached = AtomicI64::new(from);
    let target = hinomi_sim::Target {
        endpoint,
        headers: vec![("X-Key".into(), "k".into())],
    };
    let sent = backfill(target, &workload(), from, to, |progress| {
        reached.store(progress.at_unix_ns, Ordering::Relaxed);
    })
    .await
    .unwrap();
    let ids = memory.ids.lock().unwrap().clone();
    assert_eq!(ids.len() as u64, sent.spans);
    assert_eq!(sent.retries, 7);
    assert!(memory.key_seen.load(Ordering::Relaxed) > 7);
    assert_eq!(ids.into_iter().collect::<HashSet<_>>(), expected(from, to));
    assert!(to - reached.load(Ordering::Relaxed) < SECOND);
}

#[tokio::test]
async fn a_refusal_for_good_is_an_error_at_once() {
    let memory = Memory {
        refusals: Arc::new(AtomicU32::new(u32::MAX)),
        code: Some(Code::Unauthenticated),
        ..Memory::default()
    };
    let endpoint = serve(memory).await;
    let result = backfill(endpoint.as_str(), &workload(), NOW - SECOND, NOW, |_| ()).await;
    assert!(matches!(result, Err(SimError::Refused(_))), "{result:?}");
}

#[tokio::test]
async fn what_is_no_url_is_no_target() {
    let result = backfill("not a url", &workload(), NOW - SECOND, NOW, |_| ()).await;
    assert!(matches!(result, Err(SimError::Target { .. })), "{result:?}");
}

#[tokio::test]
async fn history_and_live_join_without_a_seam() {
    let memory = Memory::default();
    let endpoint = serve(memory.clone()).await;
    let (from, seam, end) = (NOW - 60 * SECOND, NOW, NOW + 40 * SECOND);
    let history = backfill(endpoint.as_str(), &workload(), from, seam, |_| ())
        .await
        .unwrap();

    // A clock that advances ten seconds at each reading, then stops and cancels.
    let clock = AtomicI64::new(seam);
    let cancel = CancellationToken::new();
    let sent = live(endpoint.as_str(), &workload(), seam, cancel.clone(), || {
        let now = clock.fetch_add(10 * SECOND, Ordering::Relaxed) + 10 * SECOND;
        if now >= end {
            cancel.cancel();
        }
        now.min(end)
    })
    .await
    .unwrap();

    let ids = memory.ids.lock().unwrap().clone();
    assert_eq!(ids.len() as u64, history.spans + sent.spans);
    assert_eq!(ids.into_iter().collect::<HashSet<_>>(), expected(from, end));
}

#[tokio::test]
async fn live_stops_promptly_though_nobody_listens() {
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let clock = AtomicI64::new(NOW);
    let workload = workload();
    // Port 9 (discard) has no listener; every attempt fails and is retried.
    let running = live(
        "http://127.0.0.1:9",
        &workload,
        NOW - SECOND,
        cancel,
        || {
            stop.cancel();
            clock.fetch_add(SECOND, Ordering::Relaxed)
        },
    );
    let sent = tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(sent.spans, 0);
}

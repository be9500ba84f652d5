//! Clients that send traces over OTLP/HTTP, each on one connection, and remember the answers.

use crate::http::Connection;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{SystemTime, UNIX_EPOCH},
};

/// Number of connections that send at the same time, so that commits are grouped.
const CLIENTS: usize = 4;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// One request, with one trace.
#[derive(Debug, Clone)]
pub struct Request {
    pub trace_id: String,
    /// Sequence number of the request.
    pub number: u64,
    pub spans: Vec<SentSpan>,
    pub is_acknowledged: bool,
    body: Vec<u8>,
}

/// The span that must be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentSpan {
    pub span_id: String,
    pub name: String,
    pub start: i64,
    pub duration: i64,
    /// Value of the attribute `crash.check`.
    pub check: String,
}

/// Running clients.
pub struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    sent: Arc<Mutex<Vec<Request>>>,
}

impl Clients {
    /// Starts sending; the requests in `again` come first.
    pub fn start(port: u16, again: Vec<Request>) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let again = Arc::new(Mutex::new(again));
        let threads = (0..CLIENTS).map(|_| {
            let (stop, again) = (Arc::clone(&stop), Arc::clone(&again));
            let sent: Arc<Mutex<Vec<Request>>> = Arc::clone(&sent);
            std::thread::spawn(move || {
                let Some(mut connection) = Connection::open(port) else {
                    return;
                };
                while !stop.load(Ordering::SeqCst) {
                    let next = again.lock().unwrap().pop();
                    let mut request = next.unwrap_or_else(Request::new);
                    let status = connection.post("/v1/traces", &request.body);
                    request.is_acknowledged = status == Some(200);
                    sent.lock().unwrap().push(request);
                    if status.is_none() {
                        return;
                    }
                }
            })
        });
        Self {
            threads: threads.collect(),
            stop,
            sent,
        }
    }

    /// Waits for the last answers, which the kill has interrupted, and returns all requests.
    pub fn end(self) -> Vec<Request> {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

impl Request {
    /// A transaction that ends now, with some calls in it. Some are large.
    fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let count = if number.is_multiple_of(40) { 90 } else { 4 };
        let trace = [u64::MAX / 3, number.wrapping_mul(0x9E37_79B9_7F4A_7C15)];
        let trace_id: Vec<u8> = trace.iter().flat_map(|half| half.to_be_bytes()).collect();
        let spans: Vec<Span> = (0..count).map(|at| span(&trace_id, number, at)).collect();
        let sent = spans.iter().map(SentSpan::of).collect();
        let service = attribute("service.name", "crash-test");
        let request = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: vec![service],
                    ..Resource::default()
                }),
                scope_spans: vec![ScopeSpans {
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        Self {
            trace_id: hex(&trace_id),
            number,
            spans: sent,
            is_acknowledged: false,
            body: request.encode_to_vec(),
        }
    }
}

impl SentSpan {
    fn of(span: &Span) -> Self {
        let value = span.attributes[0].value.clone().and_then(|any| any.value);
        let Some(Value::StringValue(check)) = value else {
            panic!("the first attribute is the check");
        };
        Self {
            span_id: hex(&span.span_id),
            name: span.name.clone(),
            start: span.start_time_unix_nano as i64,
            duration: (span.end_time_unix_nano - span.start_time_unix_nano) as i64,
            check,
        }
    }
}

fn span(trace_id: &[u8], number: u64, at: u64) -> Span {
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let end = end.as_nanos() as u64 - at * 1_000;
    let id = |at: u64| (number << 10 | (at + 1)).to_be_bytes().to_vec();
    let check = format!(
        "{:016x}",
        (number << 10 | at).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    );
    Span {
        trace_id: trace_id.to_vec(),
        span_id: id(at),
        parent_span_id: if at == 0 { Vec::new() } else { id(0) },
        name: format!("step {at} of {}", number % 7),
        // The first span is the transaction, the others are calls.
        kind: if at == 0 { 2 } else { 3 },
        start_time_unix_nano: end - 1_000_000 - number % 1_000_000,
        end_time_unix_nano: end,
        attributes: vec![attribute("crash.check", &check)],
        ..Span::default()
    }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.into())),
        }),
        ..KeyValue::default()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

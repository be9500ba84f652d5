//! Spans and batches for the cases.

use hinomi_model::{
    CallCategory, ClientCall, Outcome, Resource, Span, SpanId, SpanKind, SpanStatus, TraceId,
    Transaction, TransactionKind, UnixNanos,
};
use hinomi_store::Batch;
use std::{sync::Arc, time::Duration};

/// 2026-11-22T13:00:00Z, the start of an hour.
pub const HOUR: UnixNanos = UnixNanos::from_millis(1_795_352_400_000);

/// Names of the services.
pub const SERVICES: [&str; 4] = ["checkout", "payment", "ledger", "Ünïcode shop"];

/// The properties of a test span.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Number of its trace.
    pub trace: u8,
    /// Number of its id.
    pub id: u32,
    /// Index of its service in [`SERVICES`].
    pub service: usize,
    /// Number of its instance.
    pub instance: usize,
    /// Number of its operation.
    pub operation: usize,
    /// End, in milliseconds since [`HOUR`]; may be negative.
    pub end_ms: i64,
    /// Duration from start to end.
    pub duration: Duration,
    /// Kind; servers and consumers are entry spans.
    pub kind: SpanKind,
    /// Whether it failed.
    pub failed: bool,
    /// Whether it is a client call.
    pub call: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            trace: 1,
            id: 1,
            service: 0,
            instance: 0,
            operation: 0,
            end_ms: 0,
            duration: Duration::from_millis(10),
            kind: SpanKind::Server,
            failed: false,
            call: false,
        }
    }
}

/// The id of a trace.
pub fn trace_id(number: u8) -> TraceId {
    // Spread like real ids.
    let mut bytes = [number.wrapping_mul(151).wrapping_add(1); 16];
    bytes[15] = number;
    bytes[0] |= 1;
    TraceId::from_slice(&bytes).unwrap()
}

/// The id of a span.
pub fn span_id(number: u32) -> SpanId {
    SpanId::from_slice(&(u64::from(number) << 8 | 0x5a).to_be_bytes()).unwrap()
}

/// The span of these properties.
pub fn span(spec: &Spec) -> Span {
    let end = UnixNanos(HOUR.0 + spec.end_ms * 1_000_000);
    let entry = matches!(spec.kind, SpanKind::Server | SpanKind::Consumer);
    let outcome = if spec.failed {
        Outcome::Error
    } else {
        Outcome::Ok
    };
    Span {
        trace_id: trace_id(spec.trace),
        span_id: span_id(spec.id),
        parent_span_id: (!spec.id.is_multiple_of(3)).then(|| span_id(spec.id + 1)),
        start: end.minus(spec.duration),
        end,
        kind: spec.kind,
        status: if spec.failed {
            SpanStatus::Error
        } else {
            SpanStatus::Unset
        },
        status_message: if spec.failed { "it broke" } else { "" }.into(),
        name: format!("span {}", spec.operation).into(),
        resource: Arc::new(Resource {
            service: SERVICES[spec.service].into(),
            namespace: "shop".into(),
            environment: ["prod", "test"][spec.service % 2].into(),
            instance: format!("pod-{}", spec.instance).into(),
            version: ["1.4.0", "1.5.0"][spec.instance % 2].into(),
            host: "host".into(),
            attributes: r#"{"service.name":"x"}"#.into(),
        }),
        scope: "io.opentelemetry.test".into(),
        http_status: entry.then_some(if spec.failed { 500 } else { 200 }),
        error_type: spec.failed.then(|| "TimeoutException".into()),
        transaction: entry.then(|| Transaction {
            operation: format!("GET /{}", spec.operation).into(),
            outcome,
            kind: TransactionKind::ALL[(spec.operation + spec.instance) % 5],
        }),
        call: spec.call.then(|| ClientCall {
            category: CallCategory::ALL[spec.operation % 5],
            target: "db:5432".into(),
            detail: format!("SELECT {}", spec.operation).into(),
            failed: spec.failed,
        }),
        attributes: format!(r#"{{"order.id":"{}"}}"#, spec.id),
        events: if spec.failed {
            r#"[{"name":"exception"}]"#.into()
        } else {
            String::new()
        },
        links: String::new(),
    }
}

/// A batch of project `default`.
pub fn batch(spans: Vec<Span>) -> Batch {
    batch_of("default", spans)
}

/// A batch of any project.
pub fn batch_of(project: &str, spans: Vec<Span>) -> Batch {
    Batch::of(project, &spans)
}

/// A batch with one span.
pub fn one(spec: Spec) -> Batch {
    batch(vec![span(&spec)])
}

/// Entry spans of one service, a millisecond apart.
pub fn entries(ids: std::ops::Range<u32>) -> Batch {
    let entry = |id: u32| {
        span(&Spec {
            id,
            trace: id as u8,
            end_ms: i64::from(id),
            ..Spec::default()
        })
    };
    batch(ids.map(entry).collect())
}

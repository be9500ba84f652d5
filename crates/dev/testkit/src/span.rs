//! A builder of model spans. Every span gets its own ids.

use hinomi_model::{
    CallCategory, ClientCall, Outcome, Resource, Span, SpanId, SpanKind, SpanStatus, Text, TraceId,
    Transaction, UnixNanos,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Builds one span.
#[derive(Debug, Clone)]
pub struct SpanBuilder {
    span: Span,
    resource: Resource,
}

impl SpanBuilder {
    /// A successful transaction of `service`, 10 ms long, ending at second 1,000,000,000.
    pub fn server(service: &str, operation: &str) -> Self {
        let mut builder = Self::new(service, operation, SpanKind::Server);
        builder.span.transaction = Some(Transaction {
            operation: operation.into(),
            outcome: Outcome::Ok,
            kind: hinomi_model::TransactionKind::Request,
        });
        builder
    }

    /// A successful HTTP call of `service` to `target`.
    pub fn http_call(service: &str, target: &str) -> Self {
        Self::call(service, CallCategory::Http, target, "GET /")
    }

    /// A successful client call of `service`.
    pub fn call(service: &str, category: CallCategory, target: &str, detail: &str) -> Self {
        let mut builder = Self::new(service, detail, SpanKind::Client);
        builder.span.call = Some(ClientCall {
            category,
            target: target.into(),
            detail: detail.into(),
            failed: false,
        });
        builder
    }

    /// An internal span of `service`.
    pub fn internal(service: &str, name: &str) -> Self {
        Self::new(service, name, SpanKind::Internal)
    }

    fn new(service: &str, name: &str, kind: SpanKind) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let end = UnixNanos::from_millis(1_000_000_000_000);
        let empty: Text = "".into();
        let resource = Resource {
            service: service.into(),
            namespace: empty.clone(),
            environment: empty.clone(),
            instance: empty.clone(),
            version: empty.clone(),
            host: empty.clone(),
            attributes: "{}".into(),
        };
        let span = Span {
            trace_id: trace_id(id),
            span_id: span_id(id),
            parent_span_id: None,
            start: end.minus(Duration::from_millis(10)),
            end,
            kind,
            status: SpanStatus::Unset,
            status_message: empty.clone(),
            name: name.into(),
            resource: Arc::new(resource.clone()),
            scope: empty,
            http_status: None,
            error_type: None,
            transaction: None,
            call: None,
            attributes: "{}".into(),
            events: String::new(),
            links: String::new(),
        };
        Self { span, resource }
    }

    /// Makes it a child of `parent`, in the same trace.
    pub fn child_of(mut self, parent: &Span) -> Self {
        self.span.trace_id = parent.trace_id;
        self.span.parent_span_id = Some(parent.span_id);
        self
    }

    /// Puts it into the trace with number `id`.
    pub fn in_trace(mut self, id: u64) -> Self {
        self.span.trace_id = trace_id(id);
        self
    }

    /// Sets its end and its duration.
    pub fn ends(mut self, end: UnixNanos, duration: Duration) -> Self {
        self.span.end = end;
        self.span.start = end.minus(duration);
        self
    }

    /// Makes it fail with this error type.
    pub fn fails(mut self, error_type: &str) -> Self {
        self.span.status = SpanStatus::Error;
        self.span.error_type = Some(error_type.into());
        if let Some(transaction) = &mut self.span.transaction {
            transaction.outcome = Outcome::Error;
        }
        if let Some(call) = &mut self.span.call {
            call.failed = true;
        }
        self
    }

    /// Sets `service.instance.id`.
    pub fn instance(mut self, instance: &str) -> Self {
        self.resource.instance = instance.into();
        self
    }

    /// Sets `service.version`.
    pub fn version(mut self, version: &str) -> Self {
        self.resource.version = version.into();
        self
    }

    /// Sets `deployment.environment.name`.
    pub fn environment(mut self, environment: &str) -> Self {
        self.resource.environment = environment.into();
        self
    }

    /// Sets the attributes, a JSON object.
    pub fn attributes(mut self, json: &str) -> Self {
        self.span.attributes = json.into();
        self
    }

    /// Builds the span.
    pub fn build(self) -> Span {
        Span {
            resource: Arc::new(self.resource),
            ..self.span
        }
    }
}

fn trace_id(id: u64) -> TraceId {
    let mut bytes = [0xab; 16];
    bytes[8..].copy_from_slice(&id.to_be_bytes());
    TraceId::from_slice(&bytes).expect("not zero, of the right length")
}

fn span_id(id: u64) -> SpanId {
    SpanId::from_slice(&id.to_be_bytes()).expect("ids count from one")
}

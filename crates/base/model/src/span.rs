//! A span as all other crates see it: normalised once when it arrives, never re-interpreted later.

use crate::{ClientCall, SpanId, Text, TraceId, Transaction, UnixNanos};
use std::{sync::Arc, time::Duration};

/// One span: what the agent sent, and what was derived from its attributes.
///
/// `attributes`, `events` and `links` are JSON texts. They are written once when the span is
/// decoded, and passed to the store and the API without parsing.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Trace of the span.
    pub trace_id: TraceId,
    /// Id of the span.
    pub span_id: SpanId,
    /// Id of its parent. The parent may belong to another service and may never arrive.
    pub parent_span_id: Option<SpanId>,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended; never before `start`.
    pub end: UnixNanos,
    /// Role of the span.
    pub kind: SpanKind,
    /// Status that the instrumentation set.
    pub status: SpanStatus,
    /// Description of the status; empty when there is none.
    pub status_message: Text,
    /// Name of the span.
    pub name: Text,
    /// Resource of the process that sent it.
    pub resource: Arc<Resource>,
    /// Name of the instrumentation scope; empty when there is none.
    pub scope: Text,
    /// HTTP response status, when the span has one.
    pub http_status: Option<u16>,
    /// `error.type`, else the type of its exception, else the failing status. Set only on errors.
    pub error_type: Option<Text>,
    /// Set when the span is an entry span. The hitmap counts these.
    pub transaction: Option<Transaction>,
    /// Set when the span is a client call.
    pub call: Option<ClientCall>,
    /// JSON object of the span's attributes; `{}` when there are none.
    pub attributes: String,
    /// JSON array of `{"name","time_unix_ns","attributes"}`; empty text when there are none.
    pub events: String,
    /// JSON array of `{"trace_id","span_id","attributes"}`; empty text when there are none.
    pub links: String,
}

impl Span {
    /// What tells it from other spans.
    pub fn identity(&self) -> SpanIdentity {
        SpanIdentity {
            trace_id: self.trace_id,
            span_id: self.span_id,
            kind: self.kind,
            start: self.start,
        }
    }

    /// `end - start`.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }

    /// Memory that the span uses, roughly, in bytes. Admission and the memtable budget by it.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.attributes.len() + self.events.len() + self.links.len()
    }
}

/// The process that sent a span: one value for each process, shared by its spans.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// `service.name`; `unknown_service` when unset.
    pub service: Text,
    /// `service.namespace`; empty when unset.
    pub namespace: Text,
    /// `deployment.environment.name`; empty when unset.
    pub environment: Text,
    /// `service.instance.id`, else pod, container or host name; empty when none is known.
    pub instance: Text,
    /// `service.version`; empty when unset.
    pub version: Text,
    /// `host.name`; empty when unset.
    pub host: Text,
    /// JSON object of all resource attributes.
    pub attributes: Text,
}

/// What tells a span from another. A repeat of a span has the same; its ids alone do not tell: in the B3
/// convention the two sides of a call share an id, and processes that were forked with the state of their
/// random numbers all make the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanIdentity {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// Its role.
    pub kind: SpanKind,
    /// When it began.
    pub start: UnixNanos,
}

/// A span's role, as in OpenTelemetry. The numbers are OTLP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum SpanKind {
    /// Internal; also when the kind is unspecified.
    #[default]
    Internal = 1,
    /// Handles a request.
    Server = 2,
    /// Makes a request.
    Client = 3,
    /// Sends a message.
    Producer = 4,
    /// Handles a message.
    Consumer = 5,
}

impl SpanKind {
    /// The kind for an OTLP number. Unknown and unspecified kinds are internal, as the protocol
    /// requires.
    pub fn from_otlp(number: i32) -> Self {
        match number {
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Internal,
        }
    }

    /// Whether the span is the answering side of a call or a message. In the B3 convention, and with some
    /// meshes, it has the id of the calling side.
    pub fn is_answering(self) -> bool {
        matches!(self, Self::Server | Self::Consumer)
    }

    /// Whether the span is the calling side of a call or a message.
    pub fn is_calling(self) -> bool {
        matches!(self, Self::Client | Self::Producer)
    }

    /// OpenTelemetry's word in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// A span's status, as in OpenTelemetry. The numbers are OTLP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum SpanStatus {
    /// No status was set.
    #[default]
    Unset = 0,
    /// Explicitly set to OK.
    Ok = 1,
    /// Failed.
    Error = 2,
}

impl SpanStatus {
    /// The status for an OTLP number. Unknown numbers are unset.
    pub fn from_otlp(number: i32) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }

    /// OpenTelemetry's word in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

//! A span as the rest of Hinomi sees it: normalised once at the edge, never re-interpreted below.

use crate::{ClientCall, SpanId, Text, TraceId, Transaction, UnixNanos};
use std::{sync::Arc, time::Duration};

/// One span, with what was derived from its attributes beside what the agent sent.
///
/// `attributes`, `events` and `links` are JSON texts: written once when the span is decoded and
/// handed through to the store and the API unparsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// Its parent, which may live in another service and may never arrive.
    pub parent_span_id: Option<SpanId>,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended; never before `start`.
    pub end: UnixNanos,
    /// Its role.
    pub kind: SpanKind,
    /// The status its instrumentation set.
    pub status: SpanStatus,
    /// The status' description; empty when none.
    pub status_message: Text,
    /// The name its instrumentation gave it.
    pub name: Text,
    /// Who sent it.
    pub resource: Arc<Resource>,
    /// Name of the instrumentation scope; empty when none.
    pub scope: Text,
    /// HTTP response status, when the span has one.
    pub http_status: Option<u16>,
    /// `error.type`, else the type of its exception, else the failing status; set only on errors.
    pub error_type: Option<Text>,
    /// Set when the span is an entry span: what the hitmap counts.
    pub transaction: Option<Transaction>,
    /// Set when the span is a call to something else.
    pub call: Option<ClientCall>,
    /// A JSON object of the span's own attributes, `{}` when none.
    pub attributes: String,
    /// A JSON array of `{"name","time_unix_ns","attributes"}`; empty text when none.
    pub events: String,
    /// A JSON array of `{"trace_id","span_id","attributes"}`; empty text when none.
    pub links: String,
}

impl Span {
    /// `end - start`.
    pub fn duration(&self) -> Duration {
        self.end.since(self.start)
    }

    /// Bytes this span holds in memory, roughly: what admission and the memtable budget by.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.attributes.len() + self.events.len() + self.links.len()
    }
}

/// Who sent a span: one value a process, shared by its spans.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// `service.name`, `unknown_service` when unset.
    pub service: Text,
    /// `service.namespace`, empty when unset.
    pub namespace: Text,
    /// `deployment.environment.name`, empty when unset.
    pub environment: Text,
    /// `service.instance.id`, else pod, container or host name, empty when none is known.
    pub instance: Text,
    /// `service.version`, empty when unset.
    pub version: Text,
    /// `host.name`, empty when unset.
    pub host: Text,
    /// A JSON object of all resource attributes.
    pub attributes: Text,
}

/// A span's role, as in OpenTelemetry. Numbers are OTLP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum SpanKind {
    /// Nothing was said; read as internal.
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
    /// The kind of an OTLP number; unknown and unspecified are internal, as the protocol asks.
    pub fn from_otlp(number: i32) -> Self {
        match number {
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Internal,
        }
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

/// A span's status, as in OpenTelemetry. Numbers are OTLP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum SpanStatus {
    /// Nothing was said.
    #[default]
    Unset = 0,
    /// Explicitly fine.
    Ok = 1,
    /// Failed.
    Error = 2,
}

impl SpanStatus {
    /// The status of an OTLP number; unknown ones are unset.
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

//! Spans as the workload makes them: small, with shared text. [`crate::Batch`] converts them to
//! OTLP.

use std::sync::Arc;

use crate::exception::Exception;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text in the program.
    Static(&'static str),
    /// Text that several spans of a trace share.
    Shared(Arc<str>),
    /// Text of this span only.
    Owned(String),
    /// A whole number.
    Int(i64),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// The key, in the conventions of the service.
    pub key: &'static str,
    /// The value.
    pub value: Value,
}

/// The kind of a span, with OTLP's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// Work within a service.
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

/// The library that made a span, for `InstrumentationScope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scope {
    HttpServer,
    HttpClient,
    Rpc,
    Sql,
    Cache,
    Messaging,
    Code,
}

/// One span.
#[derive(Debug, Clone)]
pub struct SimSpan {
    /// Trace of the span.
    pub trace_id: [u8; 16],
    /// Id of the span.
    pub span_id: [u8; 8],
    /// Id of its parent; `None` for roots.
    pub parent_span_id: Option<[u8; 8]>,
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: SpanKind,
    /// When it began.
    pub start_unix_ns: i64,
    /// When it ended.
    pub end_unix_ns: i64,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// Trace and span that it links to: the message that a consumer read.
    pub link: Option<([u8; 16], [u8; 8])>,
    /// Whether its status is ERROR.
    pub failed: bool,
    /// The exception that was thrown just before the end.
    pub exception: Option<&'static Exception>,
    /// The instance that made it: an index in the release plan's table.
    pub(crate) instance: u32,
    pub(crate) scope: Scope,
    /// Whether the parent is in another process.
    pub(crate) remote_parent: bool,
}

impl SimSpan {
    /// The value of an attribute.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes
            .iter()
            .find(|attribute| attribute.key == key)
            .map(|found| &found.value)
    }

    /// How long it took.
    pub fn duration_ns(&self) -> i64 {
        self.end_unix_ns - self.start_unix_ns
    }
}

/// One edge request, or one run of a job, with everything that it caused: usually one trace, plus
/// the traces of consumers that start their own.
#[derive(Debug, Clone)]
pub struct SimTrace {
    /// The trace of the edge request.
    pub trace_id: [u8; 16],
    /// When the edge request began.
    pub start_unix_ns: i64,
    /// All spans. A parent may come after its children.
    pub spans: Vec<SimSpan>,
}

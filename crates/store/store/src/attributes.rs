//! Searches by attribute: the request and the answer.

use crate::Lost;
use hinomi_model::{Cursor, Outcome, Scope, SpanId, Text, TimeRange, TraceId, UnixNanos};

/// One condition on a span. Values are compared as text: a string by its characters, any other type
/// by its JSON form. So `12` matches both the number and the string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// The attribute has exactly this value.
    Is {
        /// Attribute key.
        key: Text,
        /// Attribute value.
        value: Text,
    },
    /// The span has the attribute, with any value.
    Has {
        /// Attribute key.
        key: Text,
    },
    /// Any attribute has exactly this value.
    Any {
        /// Attribute value.
        value: Text,
    },
    /// The HTTP response status.
    HttpStatus(u16),
}

/// The spans to search for.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeSearch {
    /// Project, namespace and environment.
    pub scope: Scope,
    /// Only spans of this service.
    pub service: Option<Text>,
    /// Range in which the spans ended.
    pub range: TimeRange,
    /// Conditions; a span must match all of them.
    pub terms: Vec<Term>,
    /// Only spans after this cursor in the list, which means older ones.
    pub before: Option<Cursor>,
    /// Maximum number of spans; capped by the limit of the engine.
    pub limit: usize,
}

/// The attribute by which a span matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// Attribute key.
    pub key: Text,
    /// Attribute value: a string as it is, any other type as JSON.
    pub value: Text,
}

/// A span that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeRow {
    /// Trace id.
    pub trace_id: TraceId,
    /// Span id.
    pub span_id: SpanId,
    /// `service.name`.
    pub service: Text,
    /// Span name.
    pub name: Text,
    /// Start time.
    pub start: UnixNanos,
    /// End time.
    pub end: UnixNanos,
    /// What the first term matched.
    pub matched: Matched,
    /// Operation and outcome, if it is an entry span.
    pub transaction: Option<(Text, Outcome)>,
    /// HTTP response status code.
    pub http_status: Option<u16>,
}

impl AttributeRow {
    /// Its cursor in a list.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            end: self.end,
            trace_id: self.trace_id,
            span_id: self.span_id,
        }
    }
}

/// Progress of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scanned {
    /// Number of parts that are done. An engine chooses what a part is, such as a file.
    pub parts: usize,
    /// Number of parts in the range.
    pub of_parts: usize,
    /// Number of spans in memory and in the parts that are done.
    pub rows: u64,
}

/// Why a search stopped before the end of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It found the requested number of spans.
    Limit,
    /// It reached its time limit, the limit of the engine.
    Time,
}

/// Result of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeRows {
    /// Newest first: descending (end, trace id, span id).
    pub rows: Vec<AttributeRow>,
    /// `None` if the range was searched completely.
    pub stopped: Option<Stopped>,
    /// Every match that ended at this instant or later is in `rows`, unless the limit excludes it.
    pub covered_from: UnixNanos,
    /// Cursor at which to continue a stopped search.
    pub next: Option<Cursor>,
    /// How much was searched.
    pub scanned: Scanned,
    /// Whether damaged segments in the time range were left out.
    pub partial: bool,
    /// Data in the searched range that is known to be missing.
    pub lost: Vec<Lost>,
}

/// Progress report of a running search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchNews {
    /// How much has been searched.
    pub scanned: Scanned,
    /// Everything that ended at this instant or later has been searched.
    pub covered_from: UnixNanos,
    /// Spans found since the last report, in no particular order. The limit may still exclude some.
    pub found: Vec<AttributeRow>,
    /// Data found missing since the last report.
    pub lost: Vec<Lost>,
}

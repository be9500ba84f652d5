//! Searches by attribute: what is asked, and what comes back.

use crate::Lost;
use hinomi_model::{Cursor, Outcome, Scope, SpanId, Text, TimeRange, TraceId, UnixNanos};

/// One condition on a span. A value is compared as it is written: a text by its characters, anything
/// else by its JSON, so that `12` finds the number and the text alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// The attribute has exactly this value.
    Is {
        /// The attribute's key.
        key: Text,
        /// Its value.
        value: Text,
    },
    /// The span has the attribute, whatever its value.
    Has {
        /// The attribute's key.
        key: Text,
    },
    /// Some attribute has exactly this value.
    Any {
        /// The value.
        value: Text,
    },
    /// The HTTP response status.
    HttpStatus(u16),
}

/// Which spans to look for.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeSearch {
    /// Whose.
    pub scope: Scope,
    /// Only this service's.
    pub service: Option<Text>,
    /// When they ended.
    pub range: TimeRange,
    /// All of them must hold of a span.
    pub terms: Vec<Term>,
    /// Only those that come after this one in the list.
    pub before: Option<Cursor>,
    /// Most to return; capped by the engine.
    pub limit: usize,
}

/// The attribute that made a span match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// Its key.
    pub key: Text,
    /// Its value: a text as it is, anything else as JSON.
    pub value: Text,
}

/// A span that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeRow {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// `service.name`.
    pub service: Text,
    /// Its name.
    pub name: Text,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended.
    pub end: UnixNanos,
    /// By the first term.
    pub matched: Matched,
    /// Its operation and outcome, when it is an entry span.
    pub transaction: Option<(Text, Outcome)>,
    /// HTTP response status.
    pub http_status: Option<u16>,
}

impl AttributeRow {
    /// Its place in a list.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            end: self.end,
            trace_id: self.trace_id,
            span_id: self.span_id,
        }
    }
}

/// How far a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scanned {
    /// Segments that are done.
    pub segments: usize,
    /// Of so many in the range.
    pub of_segments: usize,
    /// Spans in those that are done, and in memory.
    pub rows: u64,
}

/// Why a search ended before the end of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It found as many as it was asked for.
    Limit,
    /// Its time was up: the limit of the engine.
    Time,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeRows {
    /// Newest first: descending (end, trace id, span id).
    pub rows: Vec<AttributeRow>,
    /// `None` when there are no others in the range.
    pub stopped: Option<Stopped>,
    /// Every match that ended at this instant or later is among the rows, or comes after them by
    /// the limit.
    pub covered_from: UnixNanos,
    /// Where to go on when it stopped.
    pub next: Option<Cursor>,
    /// What was looked at.
    pub scanned: Scanned,
    /// Whether damaged segments in the time range were left out.
    pub partial: bool,
    /// What is known to be missing from what was looked at.
    pub lost: Vec<Lost>,
}

/// What a running search tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchNews {
    /// How far it is.
    pub scanned: Scanned,
    /// Everything that ended at this instant or later has been looked at.
    pub covered_from: UnixNanos,
    /// Found since the last news; in no order, and some may yet fall to the limit.
    pub found: Vec<AttributeRow>,
    /// What has turned out to be missing since the last news.
    pub lost: Vec<Lost>,
}

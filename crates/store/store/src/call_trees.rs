//! Transactions with the spans of their traces, reduced to what it takes to follow a client call up
//! to its transaction: ids, parents, times and calls.

use crate::Lost;
use hinomi_io::HeldMemory;
use hinomi_model::{
    CallCategory, Cursor, Outcome, Selection, SpanId, Text, TimeRange, TraceId, UnixNanos,
    rollup::ServiceKey,
};
use std::time::Duration;

/// The transactions to find, and the spans around them.
#[derive(Debug, Clone, PartialEq)]
pub struct CallTreeSearch {
    /// Project, service and other conditions on the transactions. Spans of services that it excludes
    /// are left out.
    pub selection: Selection,
    /// Range in which the transactions ended.
    pub range: TimeRange,
    /// Slow threshold for the selection's outcome; rounded up to a hitmap row edge.
    pub slow_threshold: Duration,
    /// Spans of the same traces are in the answer if they ended at most this long before the range.
    pub before: Duration,
    /// The same for spans that ended after the range.
    pub after: Duration,
    /// Categories of the client calls that the answer marks.
    pub categories: Vec<CallCategory>,
    /// Whether the answer names operation, instance and version of the transactions.
    pub names: bool,
}

impl CallTreeSearch {
    /// Range in which the spans ended.
    pub fn around(&self) -> TimeRange {
        TimeRange::new(
            self.range.from.minus(self.before),
            self.range.to.plus(self.after),
        )
    }
}

/// Transactions and the spans of their traces.
#[derive(Debug)]
pub struct CallTrees {
    /// In no particular order.
    pub transactions: Vec<TreeTransaction>,
    /// In no particular order. A span that was stored twice may be here twice.
    pub spans: Vec<TreeSpan>,
    /// The services of the spans.
    pub services: Vec<ServiceKey>,
    /// The words of transactions and spans. The first is the empty text.
    pub words: Vec<Text>,
    /// Data that is missing: transactions, or spans below them.
    pub lost: Vec<Lost>,
    /// Transactions that ended before this instant are left out, because some of their spans were
    /// deleted.
    pub expired_before: Option<UnixNanos>,
    /// Memory that the engine reserves for this answer, and for following its spans, until it is
    /// dropped.
    pub held: Option<HeldMemory>,
}

/// A transaction. Its words are indexes into [`CallTrees::words`], and 0 unless they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeTransaction {
    /// End time, trace and span id.
    pub cursor: Cursor,
    /// Duration from start to end.
    pub duration: Duration,
    /// Whether it succeeded.
    pub outcome: Outcome,
    /// Name of the operation.
    pub operation: u32,
    /// Service instance.
    pub instance: u32,
    /// Service version.
    pub version: u32,
}

/// A span of a transaction's trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeSpan {
    /// Trace id.
    pub trace_id: TraceId,
    /// Span id.
    pub span_id: SpanId,
    /// Id of its parent.
    pub parent: Option<SpanId>,
    /// Start time.
    pub start: UnixNanos,
    /// End time.
    pub end: UnixNanos,
    /// Index of its service in [`CallTrees::services`].
    pub service: u32,
    /// Whether it is the entry span of a transaction.
    pub is_entry: bool,
    /// For a client call of one of the categories: its target, as an index into
    /// [`CallTrees::words`].
    pub call: Option<u32>,
}

//! Batches of spans, and questions for transactions and traces with their answers.

use crate::{Lost, Term};
use hinomi_model::{
    Cursor, DurationRange, Outcome, RollupSet, Selection, Span, SpanBatch, SpanId, Text, TimeRange,
    TraceId, UnixNanos,
};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// Spans of one project, to be committed together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whose.
    pub project: Text,
    /// The spans, already deduplicated and masked.
    pub spans: SpanBatch,
    /// What the spans add: [`RollupSet::of`] them. The log keeps the spans only, and replay counts
    /// them again.
    pub rollups: Arc<RollupSet>,
}

impl Batch {
    /// A batch of these spans, counted.
    pub fn of<'a>(project: &str, spans: impl IntoIterator<Item = &'a Span>) -> Self {
        let spans: SpanBatch = spans.into_iter().collect();
        let rollups = RollupSet::of(&spans).into();
        Self {
            project: project.into(),
            spans,
            rollups,
        }
    }
}

/// Which transactions to list and count.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionSearch {
    /// Whose, and which.
    pub selection: Selection,
    /// When they ended.
    pub range: TimeRange,
    /// How long they took.
    pub duration: DurationRange,
    /// What the selection's outcome calls slow; snaps up to a hitmap row edge.
    pub slow_threshold: Duration,
    /// Only those with this text, in any case, in trace id, span id, operation, error type,
    /// instance or version. Empty is absent.
    pub text: Option<String>,
    /// Only those that have all of this themselves.
    pub terms: Vec<Term>,
    /// Only list those after this one; does not change the total.
    pub after: Option<Cursor>,
    /// Most to list; capped by the engine.
    pub limit: usize,
}

/// One transaction of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRow {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its entry span.
    pub span_id: SpanId,
    /// `service.name`.
    pub service: Text,
    /// `service.namespace`, may be empty.
    pub namespace: Text,
    /// `deployment.environment.name`, may be empty.
    pub environment: Text,
    /// The operation.
    pub operation: Text,
    /// The instance, may be empty.
    pub instance: Text,
    /// The version, may be empty.
    pub version: Text,
    /// When it ended.
    pub end: UnixNanos,
    /// How long it took.
    pub duration: Duration,
    /// Whether it succeeded.
    pub outcome: Outcome,
    /// HTTP response status.
    pub http_status: Option<u16>,
    /// Type of its error.
    pub error_type: Option<Text>,
}

impl TransactionRow {
    /// Its place in a list.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            end: self.end,
            trace_id: self.trace_id,
            span_id: self.span_id,
        }
    }
}

/// A page of transactions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransactionRows {
    /// How many the whole selection has, `after` aside.
    pub total: u64,
    /// Newest first: descending (end, trace id, span id).
    pub rows: Vec<TransactionRow>,
    /// Whether more come after the last row.
    pub more: bool,
    /// Whether damaged segments in the time range were left out.
    pub partial: bool,
    /// What they had.
    pub lost: Vec<Lost>,
}

/// When transactions ran.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransactionTimes {
    /// End and duration of each, in no order.
    pub times: Vec<(UnixNanos, Duration)>,
    /// What damaged segments had.
    pub lost: Vec<Lost>,
}

/// A place in the order in which transactions come in. It means something only to the engine that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArrivalPlace(pub u64);

/// The transactions that came since a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArrivedRows {
    /// How many of the selection came.
    pub total: u64,
    /// The newest of them, newest first: descending (end, trace id, span id).
    pub rows: Vec<TransactionRow>,
    /// The place behind them.
    pub place: ArrivalPlace,
    /// Whether the engine can no longer tell all that came, so that these are not all: read the list anew.
    pub missed: bool,
}

/// Where a span stands in its trace: earliest start first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TracePlace {
    /// When it began, as sent.
    pub start: UnixNanos,
    /// When it ended, as sent.
    pub end: UnixNanos,
    /// Its id.
    pub span_id: SpanId,
}

/// Where a page of a trace begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TraceStart {
    /// With the trace.
    #[default]
    First,
    /// Behind the last span of the page before.
    After(TracePlace),
    /// With this span, unless the first page has it; with the trace when it is unknown.
    With(SpanId),
}

/// A page of the spans of one trace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TraceRows {
    /// Earliest start first, each span id once.
    pub spans: Vec<Span>,
    /// How many spans the trace has before these.
    pub before: usize,
    /// How many it has after them.
    pub omitted: usize,
    /// The place of the last of these when others follow.
    pub next: Option<TracePlace>,
    /// Parents of these spans that are on other pages.
    pub elsewhere: HashSet<SpanId>,
    /// Whether damaged segments, which may hold more spans, were left out: those of an hour around
    /// the spans that were found, or any when none was.
    pub partial: bool,
    /// What they had.
    pub lost: Vec<Lost>,
}

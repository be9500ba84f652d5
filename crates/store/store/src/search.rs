//! Types of the store's interface: batches, searches and their answers.

use crate::{Lost, Term};
use hinomi_model::{
    Cursor, DurationRange, Outcome, RollupSet, Selection, Span, SpanBatch, SpanId, SpanKind, Text,
    TimeRange, TraceId, UnixNanos,
};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// Spans of one project that are committed together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Project that owns the spans.
    pub project: Text,
    /// The spans, already deduplicated and with sensitive values masked.
    pub spans: SpanBatch,
    /// Rollups of the spans, from [`RollupSet::of`]. The log stores only the spans; replay computes
    /// the rollups again.
    pub rollups: Arc<RollupSet>,
}

impl Batch {
    /// A batch of these spans, with their rollups.
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
    /// Project, service and other conditions.
    pub selection: Selection,
    /// Range in which they ended.
    pub range: TimeRange,
    /// Range of their duration.
    pub duration: DurationRange,
    /// Slow threshold for the selection's outcome; rounded up to a hitmap row edge.
    pub slow_threshold: Duration,
    /// Only transactions with this text in trace id, span id, operation, error type, instance or
    /// version. Case is ignored. An empty text means no condition.
    pub text: Option<String>,
    /// Only transactions whose entry span matches all of these terms.
    pub terms: Vec<Term>,
    /// Only list transactions after this cursor. Does not change the total.
    pub after: Option<Cursor>,
    /// Maximum number to list; capped by the limit of the engine.
    pub limit: usize,
}

/// A transaction in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRow {
    /// Trace id.
    pub trace_id: TraceId,
    /// Id of the entry span.
    pub span_id: SpanId,
    /// `service.name`.
    pub service: Text,
    /// `service.namespace`; may be empty.
    pub namespace: Text,
    /// `deployment.environment.name`; may be empty.
    pub environment: Text,
    /// Name of the operation.
    pub operation: Text,
    /// Service instance; may be empty.
    pub instance: Text,
    /// Service version; may be empty.
    pub version: Text,
    /// End time.
    pub end: UnixNanos,
    /// Duration from start to end.
    pub duration: Duration,
    /// Whether it succeeded.
    pub outcome: Outcome,
    /// HTTP response status code.
    pub http_status: Option<u16>,
    /// Type of the error, if it failed.
    pub error_type: Option<Text>,
}

impl TransactionRow {
    /// The row of an entry span; `None` for other spans.
    pub fn of(span: &Span) -> Option<Self> {
        let transaction = span.transaction.as_ref()?;
        let resource = &span.resource;
        Some(Self {
            trace_id: span.trace_id,
            span_id: span.span_id,
            service: resource.service.clone(),
            namespace: resource.namespace.clone(),
            environment: resource.environment.clone(),
            operation: transaction.operation.clone(),
            instance: resource.instance.clone(),
            version: resource.version.clone(),
            end: span.end,
            duration: span.duration(),
            outcome: transaction.outcome,
            http_status: span.http_status,
            error_type: span.error_type.clone(),
        })
    }

    /// Its cursor in a list.
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
    /// Number of transactions of the whole selection, regardless of `after`.
    pub total: u64,
    /// Newest first: descending (end, trace id, span id).
    pub rows: Vec<TransactionRow>,
    /// Whether more rows follow the last one.
    pub more: bool,
    /// Whether damaged segments in the time range were left out.
    pub partial: bool,
    /// Data that is missing because of damage.
    pub lost: Vec<Lost>,
}

/// End times and durations of transactions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransactionTimes {
    /// End and duration of each transaction, in no particular order.
    pub times: Vec<(UnixNanos, Duration)>,
    /// Data that is missing because of damage.
    pub lost: Vec<Lost>,
}

/// A place in the order in which transactions come in. It means something only to the engine that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArrivalPlace(pub u64);

/// The transactions that came since a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArrivedRows {
    /// Number of transactions of the selection that arrived.
    pub total: u64,
    /// The newest of them: descending (end, trace id, span id).
    pub rows: Vec<TransactionRow>,
    /// The place behind them.
    pub place: ArrivalPlace,
    /// Whether the engine can no longer tell all that came, so that these are not all: read the list anew.
    pub missed: bool,
}

/// Sort key of a span within its trace: earliest start first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TracePlace {
    /// Start time, as sent.
    pub start: UnixNanos,
    /// End time, as sent.
    pub end: UnixNanos,
    /// Span id.
    pub span_id: SpanId,
    /// Its role: the two sides of a call may share an id.
    pub kind: SpanKind,
}

/// Where a page of a trace begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TraceStart {
    /// At the first span of the trace.
    #[default]
    First,
    /// After the last span of the previous page.
    After(TracePlace),
    /// At this span, unless the first page contains it. At the first span if the id is unknown.
    With(SpanId),
}

/// A page of spans of one trace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TraceRows {
    /// Sorted by start; each span id occurs once.
    pub spans: Vec<Span>,
    /// Number of spans of the trace before this page.
    pub before: usize,
    /// Number of spans of the trace after this page.
    pub omitted: usize,
    /// Sort key of the last span, if more spans follow.
    pub next: Option<TracePlace>,
    /// Ids of parents of these spans that exist but are on other pages.
    pub elsewhere: HashSet<SpanId>,
    /// Whether damaged segments that may hold more spans were left out. Considers damage within an
    /// hour of the spans that were found, or any damage if none were found.
    pub partial: bool,
    /// Data that is missing because of damage.
    pub lost: Vec<Lost>,
}

//! Types of the store's interface: batches, searches and their answers.

use crate::{Lost, Term};
use hinomi_model::{
    Cursor, DurationRange, Outcome, RollupKey, RollupRef, RollupSet, Selection, Span, SpanBatch,
    SpanId, Text, TimeRange, TraceId, UnixNanos,
};
use std::{collections::HashSet, ops::BitOr, sync::Arc, time::Duration};

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

/// Width of rollup buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resolution {
    /// 5 s: the hitmap's columns.
    FiveSeconds,
    /// 1 min.
    Minute,
    /// 1 h.
    Hour,
}

impl Resolution {
    /// All resolutions, finest first.
    pub const ALL: [Self; 3] = [Self::FiveSeconds, Self::Minute, Self::Hour];

    /// Width of a bucket.
    pub const fn width(self) -> Duration {
        match self {
            Self::FiveSeconds => Duration::from_secs(5),
            Self::Minute => Duration::from_secs(60),
            Self::Hour => Duration::from_secs(3_600),
        }
    }
}

/// A set of rollup families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Families(u8);

impl Families {
    /// Transactions; the only family with hitmap cells.
    pub const TRANSACTIONS: Self = Self(1);
    /// Client calls.
    pub const CALLS: Self = Self(2);
    /// Errors.
    pub const ERRORS: Self = Self(4);
    /// Failed client calls, by kind of failure and by instance.
    pub const FAILED_CALLS: Self = Self(8);
    /// All four.
    pub const ALL: Self = Self(15);

    /// Whether every family of `other` is in this set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any family of `other` is in this set.
    pub(crate) const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Families {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The transactions to list and count.
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
    /// Maximum number to list; capped by [`crate::LakeLimits::page_rows`].
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

/// Transactions that arrived after a position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArrivedRows {
    /// Number of transactions of the selection that arrived.
    pub total: u64,
    /// The newest of them: descending (end, trace id, span id).
    pub rows: Vec<TransactionRow>,
    /// Position at which to continue.
    pub position: u64,
    /// Whether some arrived transactions are missing here, because they are already in segments.
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

/// Rollups, and the data that is missing from them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollupRows {
    /// Added up by bucket and key.
    pub rollups: RollupSet,
    /// Data of the time range that is missing because of damage; empty if complete.
    pub lost: Vec<Lost>,
}

/// The rollups to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupSearch {
    /// Project, service and other conditions. The outcome is ignored; the caller selects it from
    /// the cells.
    pub selection: Selection,
    /// Time range, widened to whole buckets.
    pub range: TimeRange,
    /// Width of the buckets in the answer.
    pub resolution: Resolution,
    /// Families to read.
    pub families: Families,
}

impl RollupSearch {
    /// Whether it asks for transactions only, regardless of operation, instance and version.
    pub(crate) fn is_of_whole_services(&self) -> bool {
        let selection = &self.selection;
        self.families == Families::TRANSACTIONS
            && selection.operation.is_none()
            && selection.instance.is_none()
            && selection.version.is_none()
    }
}

/// The detail that a fold of rollups needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Every key separately.
    Key,
    /// Services only. If the selection has no condition on operation, instance or version,
    /// transactions may come already added up, under a key in which these three are empty.
    Service,
}

/// Receives rollups and adds them up. `place` is called once per key and source (memtable or
/// segment), not once per rollup.
pub trait RollupFold {
    /// Identifies where the rollups of a key are added.
    type Place: Copy;

    /// The place of a key; `None` if its rollups are not wanted.
    fn place(&mut self, key: &RollupKey) -> Option<Self::Place>;

    /// Adds one rollup of the key with this place.
    fn add(&mut self, place: Self::Place, bucket: UnixNanos, rollup: RollupRef<'_>);
}

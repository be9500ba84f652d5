//! What goes in and what is asked: batches, searches and their answers.

use crate::{Lost, Term};
use hinomi_model::{
    Cursor, DurationRange, Outcome, RollupKey, RollupRef, RollupSet, Selection, Span, SpanBatch,
    SpanId, Text, TimeRange, TraceId, UnixNanos,
};
use std::{collections::HashSet, ops::BitOr, sync::Arc, time::Duration};

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
    /// All, finest first.
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

/// Which families of rollups: a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Families(u8);

impl Families {
    /// Transactions, the ones with hitmap cells.
    pub const TRANSACTIONS: Self = Self(1);
    /// Client calls.
    pub const CALLS: Self = Self(2);
    /// Errors.
    pub const ERRORS: Self = Self(4);
    /// Failed client calls, by how they failed and by instance.
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
    /// Most to list; capped by [`crate::LakeLimits::page_rows`].
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

/// The transactions that came since a place in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArrivedRows {
    /// How many of the selection came.
    pub total: u64,
    /// The newest of them, newest first: descending (end, trace id, span id).
    pub rows: Vec<TransactionRow>,
    /// Where to go on.
    pub position: u64,
    /// Whether some that came are in segments already and not among these.
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

/// Rollups, and what is missing from them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollupRows {
    /// Added up by bucket and key.
    pub rollups: RollupSet,
    /// What damaged segments in the time range had; empty when nothing is missing.
    pub lost: Vec<Lost>,
}

/// Which rollups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupSearch {
    /// Whose; the outcome is left to the reader of the cells.
    pub selection: Selection,
    /// When; widened to whole buckets.
    pub range: TimeRange,
    /// Width of the buckets to answer with.
    pub resolution: Resolution,
    /// What is counted.
    pub families: Families,
}

impl RollupSearch {
    /// Whether it asks for transactions whatever their operation, instance and version.
    pub(crate) fn is_of_whole_services(&self) -> bool {
        let selection = &self.selection;
        self.families == Families::TRANSACTIONS
            && selection.operation.is_none()
            && selection.instance.is_none()
            && selection.version.is_none()
    }
}

/// What a fold of rollups has to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Keys.
    Key,
    /// Services: transactions that are selected by nothing narrower may come added up, under a key
    /// whose operation, instance and version are empty.
    Service,
}

/// What rollups are added up into. A key is asked about once for many of its rollups, and as often as
/// there are places that hold some.
pub trait RollupFold {
    /// Where the rollups of a key go.
    type Place: Copy;

    /// The place of a key; `None` when its rollups are not wanted.
    fn place(&mut self, key: &RollupKey) -> Option<Self::Place>;

    /// Adds one of a key with this place.
    fn add(&mut self, place: Self::Place, bucket: UnixNanos, rollup: RollupRef<'_>);
}

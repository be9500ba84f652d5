//! The answer types, one for each question. They are plain values; `hinomi-analysis` interprets
//! them, and the crates of `front` turn them into JSON and HTML.

mod contrast;
mod deployment;
mod in_flight;
mod spent;
mod tallies;

pub use contrast::{Contrast, ContrastKind, Contrasted, Sampled};
pub use deployment::{
    Comparison, DeployedRow, DeployedSide, Deployment, NewThing, VersionSide, VersionStep,
};
pub use spent::{SpentIn, SpentMap, SpentPage};

pub use in_flight::{AGE_SECONDS, AGES, InFlight, InFlightPoint, Running};
pub use tallies::{JudgedTallies, ServiceTallies, ServiceTally};

pub use hinomi_live::FoldedNames;
use hinomi_model::{
    CallCategory, Cursor, OutcomeFilter, Resource, SpanId, SpanKind, SpanStatus, Text, TimeRange,
    TraceId, TransactionKind, UnixNanos,
};
pub use hinomi_store::{Scanned, ServiceLabels, Stopped, TracePlace, TraceStart};
use std::{sync::Arc, time::Duration};

pub use hinomi_live::Active;
/// What an answer misses because stored data is damaged: a table and a stretch of time.
pub use hinomi_store::Lost;

/// The rows of an answer, and which data is missing from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Damaged data that is missing from the rows; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// The first rows of a list, and how many rows the whole list has.
#[derive(Debug, Clone, PartialEq)]
pub struct Top<T> {
    /// The first rows.
    pub items: Vec<T>,
    /// Number of rows in the whole list, those in `items` included.
    pub total: usize,
}

impl<T> Top<T> {
    /// The first `most` of `items`.
    pub fn of(mut items: Vec<T>, most: usize) -> Self {
        let total = items.len();
        items.truncate(most);
        Self { items, total }
    }

    /// How many rows of the list are not in `items`.
    pub fn others(&self) -> usize {
        self.total - self.items.len()
    }
}

/// Counts by outcome. `total()` is what was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Succeeded under the slow threshold.
    pub ok: u64,
    /// Succeeded at or over it.
    pub slow: u64,
    /// Failed.
    pub error: u64,
}

impl Counts {
    /// All transactions.
    pub fn total(&self) -> u64 {
        self.ok + self.slow + self.error
    }
}

/// Three latency quantiles; each is `None` when nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quantiles {
    /// Median.
    pub p50: Option<Duration>,
    /// 95th percentile.
    pub p95: Option<Duration>,
    /// 99th percentile.
    pub p99: Option<Duration>,
}

/// The hitmap of a selection.
#[derive(Debug, Clone, PartialEq)]
pub struct Hitmap {
    /// The time that the answer covers: the requested range, widened to column edges.
    pub range: TimeRange,
    /// Width of a column.
    pub column: Duration,
    /// A successful transaction that took this long or longer is slow. Always a row edge.
    pub slow_threshold: Duration,
    /// Non-empty cells, by column, then row.
    pub cells: Vec<HitmapCell>,
    /// Sum of the cells.
    pub total: Counts,
    /// Damaged data that is missing from the map; empty when the map is complete.
    pub lost: Vec<Lost>,
}

/// One non-empty cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HitmapCell {
    /// Column number from the range's start.
    pub column: u32,
    /// Row, see `hinomi_model::hitmap`.
    pub row: u8,
    /// Transactions in the cell.
    pub counts: Counts,
}

/// Throughput, latency and errors over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The time that the answer covers: the requested range, widened to column edges.
    pub range: TimeRange,
    /// Width of a column.
    pub column: Duration,
    /// One point a column, empty ones included.
    pub points: Vec<TimelinePoint>,
    /// Damaged data that is missing from the points; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// One column of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelinePoint {
    /// Start of the column.
    pub start: UnixNanos,
    /// Transactions that ended in it.
    pub counts: Counts,
    /// Their latency.
    pub latency: Quantiles,
}

/// One page of transactions, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransactionPage {
    /// Number of transactions that the selection holds, on all pages.
    pub total: u64,
    /// The transactions of this page.
    pub items: Vec<TransactionItem>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
    /// Damaged data that is missing from the page; empty when the page is complete.
    pub lost: Vec<Lost>,
    /// Set when the range begins before the retention horizon. All transactions from this instant
    /// on are listed. Older ones are still counted, but no longer listed.
    pub expired_before: Option<UnixNanos>,
}

/// Transactions that arrived since the live tail was last asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    /// How many arrived.
    pub total: u64,
    /// The newest of them, newest first.
    pub items: Vec<TransactionItem>,
    /// Whether some arrived that are neither counted nor listed here. The caller must start again.
    pub missed: bool,
}

/// One transaction of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionItem {
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
    /// Operation.
    pub operation: Text,
    /// Instance, may be empty.
    pub instance: Text,
    /// Version, may be empty.
    pub version: Text,
    /// When it ended.
    pub end: UnixNanos,
    /// How long it took.
    pub duration: Duration,
    /// Outcome; slow is told apart from ok.
    pub outcome: OutcomeFilter,
    /// HTTP response status, when it has one.
    pub http_status: Option<u16>,
    /// Type of the error, when the transaction failed.
    pub error_type: Option<Text>,
}

/// A trace, or a page of a long one; spans in tree order (parents before children, siblings by start).
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Its id.
    pub trace_id: TraceId,
    /// Whether spans are known to be missing: a span names a parent that never arrived, there is no
    /// root, the trace was cut at the limit, or stored spans are damaged.
    pub partial: bool,
    /// Damaged data that may hold spans of this trace.
    pub lost: Vec<Lost>,
    /// Number of spans that began before the spans of this page. They are on earlier pages.
    pub before: usize,
    /// Number of spans that began after the spans of this page. They are on later pages.
    pub omitted: usize,
    /// Where the next page begins; `None` on the last page.
    pub next: Option<TracePlace>,
    /// Start of the earliest span of this page.
    pub start: UnixNanos,
    /// End of the latest span of this page.
    pub end: UnixNanos,
    /// Hosts whose clocks were certainly off, the largest offset first. Their spans were moved.
    pub skews: Vec<ClockSkew>,
    /// The spans of the page, each once.
    pub spans: Vec<TraceSpan>,
}

/// A host whose spans were moved because its clock was off against the trace's first host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockSkew {
    /// `host.name`, else the instance, else the service.
    pub host: Text,
    /// The service of its first span.
    pub service: Text,
    /// Nanoseconds that were added to its times: positive when its clock was behind.
    pub moved_ns: i64,
    /// How many spans were moved.
    pub spans: usize,
}

/// One span of a trace, placed in its tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSpan {
    /// Its id.
    pub span_id: SpanId,
    /// Its number among the spans of the trace that have this id; most often 1.
    pub number: u32,
    /// Id of its parent, as sent.
    pub parent_span_id: Option<SpanId>,
    /// Index of its parent in `Trace::spans`; `None` for roots and orphans. Always smaller than the
    /// span's own index: cycles are cut.
    pub parent: Option<usize>,
    /// Distance to its root, in spans.
    pub depth: usize,
    /// Whether it names a parent that is neither in the trace nor on another page of it.
    pub orphan: bool,
    /// Resource of the service that sent it.
    pub resource: Arc<Resource>,
    /// Instrumentation scope's name, may be empty.
    pub scope: Text,
    /// Name.
    pub name: Text,
    /// Role.
    pub kind: SpanKind,
    /// When it began.
    pub start: UnixNanos,
    /// How long it took.
    pub duration: Duration,
    /// The part of `duration` that no child covers.
    pub self_time: Duration,
    /// Whether it is on the critical path: the chain of spans that the trace's end waited for.
    pub critical: bool,
    /// Status.
    pub status: SpanStatus,
    /// Status description, may be empty.
    pub status_message: Text,
    /// HTTP response status.
    pub http_status: Option<u16>,
    /// Type of the error, when the span failed.
    pub error_type: Option<Text>,
    /// Operation, when the span is a transaction.
    pub operation: Option<Text>,
    /// The call, when the span is a client call.
    pub call: Option<TraceCall>,
    /// The category that its self time is counted in.
    pub category: SelfTimeCategory,
    /// Attributes, as a JSON object.
    pub attributes: String,
    /// Events, as a JSON array of `{"name","time_unix_ns","attributes"}`.
    pub events: String,
    /// Links, as a JSON array of `{"trace_id","span_id","attributes"}`.
    pub links: String,
}

/// A client call in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceCall {
    /// Category of what was called.
    pub category: CallCategory,
    /// Whether one of our services answered it: the span has a child span of another service.
    pub internal: bool,
    /// Host, database or queue that was called.
    pub target: Text,
    /// Statement fingerprint, route, method or destination.
    pub detail: Text,
}

/// What a span's self time was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SelfTimeCategory {
    /// The service's own code.
    Code,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// An external host.
    External,
    /// The way to or from another one of our services.
    Internal,
    /// A queue.
    Messaging,
}

/// The kinds of statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Transactions by operation.
    Operations,
    /// Client calls by database or cache statement.
    Statements,
    /// Calls to external hosts, by host.
    Externals,
    /// Failed transactions by type of error.
    Errors,
    /// Transactions by instance.
    Instances,
}

/// One row of a statistic.
#[derive(Debug, Clone, PartialEq)]
pub struct StatisticRow {
    /// Operation, statement fingerprint, host, error type or instance.
    pub key: Text,
    /// The second column: the statement's database, the instance's version, the service of an
    /// error.
    pub detail: Text,
    /// Number of transactions or calls.
    pub count: u64,
    /// How many failed.
    pub errors: u64,
    /// Sum of durations.
    pub total: Duration,
    /// Their latency.
    pub latency: Quantiles,
    /// What began the transactions of an operation; where this differs, what began most of them. `None` in
    /// other statistics.
    pub kind: Option<TransactionKind>,
}

/// One service on the live stream. Each column that changed is sent whole.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveService {
    /// `service.name`.
    pub service: Text,
    /// `service.namespace`, may be empty.
    pub namespace: Text,
    /// `deployment.environment.name`, may be empty.
    pub environment: Text,
    /// Changed columns, ascending.
    pub columns: Vec<TimelinePoint>,
}

/// One live column of a hitmap, sent whole: it replaces the column shown before.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveColumn {
    /// Start of the column.
    pub start: UnixNanos,
    /// Its non-empty cells: row and counts.
    pub cells: Vec<(u8, Counts)>,
    /// Sum of the cells.
    pub counts: Counts,
    /// Latency of its transactions.
    pub latency: Quantiles,
}

/// Values that a filter can take within a range, most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// Operations.
    pub operations: Vec<Text>,
    /// Instances.
    pub instances: Vec<Text>,
    /// Versions.
    pub versions: Vec<Text>,
    /// Environments.
    pub environments: Vec<Text>,
    /// Damaged data that is missing from the values; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// A span that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchItem {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// `service.name`.
    pub service: Text,
    /// Its name.
    pub name: Text,
    /// When it ended.
    pub end: UnixNanos,
    /// How long it took.
    pub duration: Duration,
    /// The attribute that matched the first term.
    pub key: Text,
    /// Value of that attribute: a text as it is, anything else as JSON.
    pub value: Text,
    /// Operation and outcome, when the span is an entry span.
    pub transaction: Option<(Text, OutcomeFilter)>,
    /// HTTP response status, when it has one.
    pub http_status: Option<u16>,
}

/// Result of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchAnswer {
    /// Newest first.
    pub items: Vec<SearchItem>,
    /// Why the search stopped before the end of the range; `None` when it found everything.
    pub stopped: Option<Stopped>,
    /// The search has read everything from this instant on. From there, only spans over the limit
    /// are missing.
    pub covered_from: UnixNanos,
    /// Cursor for continuing a search that stopped.
    pub next: Option<Cursor>,
    /// How much data was read.
    pub scanned: Scanned,
    /// Damaged data that was missing from what was read; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// Progress of a running search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchProgress {
    /// How much data was read so far.
    pub scanned: Scanned,
    /// Everything that ended at this instant or later has been read.
    pub covered_from: UnixNanos,
    /// Spans found since the last report. The limit may still remove some of them.
    pub found: Vec<SearchItem>,
    /// Damaged data met since the last report.
    pub lost: Vec<Lost>,
}

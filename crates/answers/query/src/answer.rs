//! One answer type a question. Plain values; JSON and HTML are made of them in `hinomi-web`.

mod contrast;
mod deployment;
mod in_flight;
mod spent;
mod typical;

pub use contrast::{Contrast, ContrastKind, Contrasted, Sampled};
pub use deployment::{
    Comparison, DeployedRow, DeployedSide, Deployment, NewThing, VersionSide, VersionStep,
};
pub use spent::{SpentIn, SpentMap, SpentPage};

pub use in_flight::{AGE_SECONDS, AGES, InFlight, InFlightPoint, Running};
pub use typical::{Band, Typical, TypicalPoint, Usually};

pub use crate::comparison::{Changes, Compared, ComparedRow};
pub use crate::examples::{Examples, Seen, SeenIn};
pub use crate::map::{MapEdge, MapNode, NodeKey, NodeKind, ServiceMap, Traffic};
/// Why a partner or we are blamed.
pub use crate::partners::Reason as BlameReason;
pub use crate::partners::{Blame, Partner, PartnerCaller, PartnerCalls, Partners};
pub use hinomi_live::FoldedNames;
use hinomi_model::{
    CallCategory, Cursor, OutcomeFilter, Resource, SpanId, SpanKind, SpanStatus, Text, TimeRange,
    TraceId, UnixNanos,
};
pub use hinomi_store::{Scanned, ServiceLabels, Stopped, TracePlace, TraceStart};
use std::{sync::Arc, time::Duration};

pub use hinomi_live::Active;
/// What an answer misses because stored data is damaged: a table and a stretch of time.
pub use hinomi_store::Lost;

/// Rows, and what is missing from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// What there is.
    pub items: Vec<T>,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
}

/// The first rows of a list, and how many it has.
#[derive(Debug, Clone, PartialEq)]
pub struct Top<T> {
    /// The first.
    pub items: Vec<T>,
    /// With the others.
    pub total: usize,
}

impl<T> Top<T> {
    /// The first `most` of `items`.
    pub fn of(mut items: Vec<T>, most: usize) -> Self {
        let total = items.len();
        items.truncate(most);
        Self { items, total }
    }

    /// How many are not here.
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

/// Three latency quantiles; `None` where nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quantiles {
    /// Median.
    pub p50: Option<Duration>,
    /// 95th percentile.
    pub p95: Option<Duration>,
    /// 99th percentile.
    pub p99: Option<Duration>,
}

/// One service on the board.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSummary {
    /// `service.name`.
    pub service: Text,
    /// `service.namespace`, may be empty.
    pub namespace: Text,
    /// `deployment.environment.name`, may be empty.
    pub environment: Text,
    /// What its resource says of whose it is and where it runs: `team`, `k8s.namespace.name`, ….
    pub labels: ServiceLabels,
    /// Transactions in the range.
    pub counts: Counts,
    /// Their latency.
    pub latency: Quantiles,
    /// How it is at the end of the range, and why.
    pub health: Health,
    /// One point a column over the range, empty columns included.
    pub timeline: Vec<TimelinePoint>,
}

/// How a service is at the end of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The verdict on its last minutes.
    pub verdict: Verdict,
    /// What it was held against; `None` when nothing before is known.
    pub basis: Option<Basis>,
    /// Since when it is bad or to be watched.
    pub since: Option<Since>,
    /// Whether there were too few transactions to say anything of shares.
    pub few: bool,
}

/// How a service is. Ordered worst first.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Too many transactions fail, or far too many are slow.
    Bad(Reason),
    /// Some fail, many are slow, all are slower than usual, or most stay away.
    Watch(Reason),
    /// Nothing arrived in the range, but did before.
    NoData {
        /// The newest column that holds a transaction.
        last_seen: Option<UnixNanos>,
    },
    /// Nothing to say.
    Ok,
}

/// Why a verdict is not OK. What is usual is `None` when nothing before is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// This share of the transactions failed (0 to 1).
    Errors {
        /// Now.
        share: f64,
        /// Usually.
        usual: Option<f64>,
    },
    /// This share was slow.
    Slow {
        /// Now.
        share: f64,
        /// Usually.
        usual: Option<f64>,
    },
    /// The 95th percentile is far above the usual.
    Slower {
        /// Now.
        p95: Duration,
        /// Usually.
        usual: Duration,
    },
    /// Far fewer transactions than usual.
    Quiet {
        /// Transactions a second now.
        per_second: f64,
        /// Usually.
        usual: f64,
    },
}

/// What "usual" was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The same hour of the week, in so many weeks before.
    HourOfWeek {
        /// Weeks that had enough.
        weeks: u8,
    },
    /// The same hour of the day, on so many days before.
    HourOfDay {
        /// Days that had enough.
        days: u8,
    },
    /// The hour before.
    HourBefore,
}

/// Since when something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The minute it began in.
    pub at: UnixNanos,
    /// Whether that is where the range begins, so that it may have begun before.
    pub or_before: bool,
}

/// The hitmap of a selection.
#[derive(Debug, Clone, PartialEq)]
pub struct Hitmap {
    /// What is covered: the range asked for, widened to column edges.
    pub range: TimeRange,
    /// Width of a column.
    pub column: Duration,
    /// At or over this a success is slow; a row edge.
    pub slow_threshold: Duration,
    /// Non-empty cells, by column, then row.
    pub cells: Vec<HitmapCell>,
    /// Sum of the cells.
    pub total: Counts,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
}

/// One non-empty cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HitmapCell {
    /// Column number from the range's start.
    pub column: u32,
    /// Row, see `hinomi_model::hitmap`.
    pub row: u8,
    /// What is in it.
    pub counts: Counts,
}

/// Throughput, latency and errors over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// What is covered, widened to column edges.
    pub range: TimeRange,
    /// Width of a column.
    pub column: Duration,
    /// One point a column, empty ones included.
    pub points: Vec<TimelinePoint>,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
}

/// One column of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelinePoint {
    /// Where the column begins.
    pub start: UnixNanos,
    /// Transactions that ended in it.
    pub counts: Counts,
    /// Their latency.
    pub latency: Quantiles,
}

/// One page of transactions, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransactionPage {
    /// How many the selection holds, on all pages.
    pub total: u64,
    /// This page's.
    pub items: Vec<TransactionItem>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
    /// Set when the range begins before what is kept: from this instant on they are all there, older
    /// ones are counted and no longer listed.
    pub expired_before: Option<UnixNanos>,
}

/// Transactions that have come.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    /// How many came.
    pub total: u64,
    /// The newest of them, newest first.
    pub items: Vec<TransactionItem>,
    /// Whether some came that are neither counted nor among these: begin anew.
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
    /// Outcome, slow told apart.
    pub outcome: OutcomeFilter,
    /// HTTP response status, when it has one.
    pub http_status: Option<u16>,
    /// Type of its error, when it failed.
    pub error_type: Option<Text>,
}

/// A trace, or a page of a long one; spans in tree order (parents before children, siblings by start).
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Its id.
    pub trace_id: TraceId,
    /// Whether spans are known to be missing: a parent is named that never arrived, there is no
    /// root, the trace was cut at the limit, or stored spans are damaged.
    pub partial: bool,
    /// Damaged spans that may be of this trace.
    pub lost: Vec<Lost>,
    /// Spans of the trace that began before these: they are on earlier pages.
    pub before: usize,
    /// Spans that began after these: they are on later pages.
    pub omitted: usize,
    /// Where the next page begins, when there is one.
    pub next: Option<TracePlace>,
    /// Start of the earliest of these spans.
    pub start: UnixNanos,
    /// End of the latest of them.
    pub end: UnixNanos,
    /// Hosts whose clocks could not be right, the worst first. Their spans were moved.
    pub skews: Vec<ClockSkew>,
    /// Its spans, each once.
    pub spans: Vec<TraceSpan>,
}

/// A host whose spans were moved because its clock was off against the trace's first host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockSkew {
    /// `host.name`, else the instance, else the service.
    pub host: Text,
    /// The service of its first span.
    pub service: Text,
    /// What was added to its times, in nanoseconds: more than 0 when its clock was behind.
    pub moved_ns: i64,
    /// How many spans were moved.
    pub spans: usize,
}

/// One span of a trace, placed in its tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSpan {
    /// Its id.
    pub span_id: SpanId,
    /// Its parent as sent.
    pub parent_span_id: Option<SpanId>,
    /// Index of its parent in `Trace::spans`; `None` for roots and orphans. Always smaller than the
    /// span's own index: cycles are cut.
    pub parent: Option<usize>,
    /// Steps from its root.
    pub depth: usize,
    /// Whether it names a parent that is not in the trace, nor on another page of it.
    pub orphan: bool,
    /// Who sent it.
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
    /// Type of its error, when it failed.
    pub error_type: Option<Text>,
    /// Operation, when it is a transaction.
    pub operation: Option<Text>,
    /// What it called, when it is a client call.
    pub call: Option<TraceCall>,
    /// Where its self time is counted.
    pub category: SelfTimeCategory,
    /// JSON object.
    pub attributes: String,
    /// JSON array of `{"name","time_unix_ns","attributes"}`.
    pub events: String,
    /// JSON array of `{"trace_id","span_id","attributes"}`.
    pub links: String,
}

/// A client call in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceCall {
    /// What kind of thing was called.
    pub category: CallCategory,
    /// Whether a service of ours answered it: it has a child span of another service.
    pub internal: bool,
    /// Whom.
    pub target: Text,
    /// Statement fingerprint, route, method or destination.
    pub detail: Text,
}

/// What a span's own time was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SelfTimeCategory {
    /// The service's own code.
    Code,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// A host outside.
    External,
    /// On the way to or from another service of ours.
    Internal,
    /// A queue.
    Messaging,
}

/// Which statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// By operation.
    Operations,
    /// Database and cache statements.
    Statements,
    /// Calls to hosts that are no service of ours, by host.
    Externals,
    /// Failed transactions by type of error.
    Errors,
    /// By instance.
    Instances,
}

/// One row of a statistic.
#[derive(Debug, Clone, PartialEq)]
pub struct StatisticRow {
    /// Operation, statement fingerprint, host, error type or instance.
    pub key: Text,
    /// Beside the key: the statement's database, the instance's version, the service of an error.
    pub detail: Text,
    /// How many.
    pub count: u64,
    /// How many failed.
    pub errors: u64,
    /// Sum of durations.
    pub total: Duration,
    /// Their latency.
    pub latency: Quantiles,
}

/// One service on the live stream: the columns that changed, each whole.
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

/// One live column of a hitmap, whole: it replaces what was shown before.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveColumn {
    /// Where it begins.
    pub start: UnixNanos,
    /// Its non-empty cells: row and counts.
    pub cells: Vec<(u8, Counts)>,
    /// Sum of the cells.
    pub counts: Counts,
    /// Latency of its transactions.
    pub latency: Quantiles,
}

/// Values a filter can take within a range, most frequent first.
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
    /// What is missing; empty when nothing is.
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
    /// The attribute that the first term matched.
    pub key: Text,
    /// Its value: a text as it is, anything else as JSON.
    pub value: Text,
    /// Operation and outcome, when it is an entry span.
    pub transaction: Option<(Text, OutcomeFilter)>,
    /// HTTP response status, when it has one.
    pub http_status: Option<u16>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchAnswer {
    /// Newest first.
    pub items: Vec<SearchItem>,
    /// Why there may be more in the range; `None` when there are none.
    pub stopped: Option<Stopped>,
    /// From this instant on nothing is missing but what the limit keeps back.
    pub covered_from: UnixNanos,
    /// Where to go on when it stopped.
    pub next: Option<Cursor>,
    /// What was looked at.
    pub scanned: Scanned,
    /// What is missing from what was looked at; empty when nothing is.
    pub lost: Vec<Lost>,
}

/// What a running search tells.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchNews {
    /// How far it is.
    pub scanned: Scanned,
    /// Everything that ended at this instant or later has been looked at.
    pub covered_from: UnixNanos,
    /// Found since the last news; some may yet fall to the limit.
    pub found: Vec<SearchItem>,
    /// What has turned out to be missing since the last news.
    pub lost: Vec<Lost>,
}

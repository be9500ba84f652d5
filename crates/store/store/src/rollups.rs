//! Rollups, asked for by data: which, over what time, in what steps, kept apart by what.
//!
//! A question says all that an engine needs to add rollups up where they lie. The lake folds them, a
//! column store would group by the dimensions.

use crate::{Lost, SlowThresholds};
use hinomi_model::{
    CallCategory, CallFailure, CellSum, LatencySum, RollupRef, Selection, Text, TimeRange,
    TransactionKind, UnixNanos, rollup::ServiceKey,
};
use std::{ops::BitOr, time::Duration};

/// Width of stored rollups.
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

/// What a rollup counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Transactions. Only these have hitmap cells.
    Transactions,
    /// Client calls that a service made.
    Calls,
    /// Failed transactions by type of error.
    Errors,
    /// Failed client calls, by how they failed and by instance.
    FailedCalls,
}

/// A set of families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Families(u8);

impl Families {
    /// [`Family::Transactions`] alone.
    pub const TRANSACTIONS: Self = Self(1);
    /// [`Family::Calls`] alone.
    pub const CALLS: Self = Self(2);
    /// [`Family::Errors`] alone.
    pub const ERRORS: Self = Self(4);
    /// [`Family::FailedCalls`] alone.
    pub const FAILED_CALLS: Self = Self(8);
    /// All four families.
    pub const ALL: Self = Self(15);

    /// Whether every family of `other` is in this set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any family of `other` is in this set.
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl From<Family> for Families {
    fn from(family: Family) -> Self {
        match family {
            Family::Transactions => Self::TRANSACTIONS,
            Family::Calls => Self::CALLS,
            Family::Errors => Self::ERRORS,
            Family::FailedCalls => Self::FAILED_CALLS,
        }
    }
}

impl BitOr for Families {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A set of the parts of rollup keys that an answer keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Dimensions(u16);

impl Dimensions {
    /// None: everything is added up.
    pub const NONE: Self = Self(0);
    /// Service, with its namespace and environment.
    pub const SERVICE: Self = Self(1);
    /// Operation of transactions and errors.
    pub const OPERATION: Self = Self(2);
    /// Instance of transactions and failed calls.
    pub const INSTANCE: Self = Self(4);
    /// Version of transactions.
    pub const VERSION: Self = Self(8);
    /// Category and target of calls and failed calls.
    pub const TARGET: Self = Self(16);
    /// Detail of calls: statement, route, method or destination.
    pub const DETAIL: Self = Self(32);
    /// Type of errors.
    pub const ERROR_TYPE: Self = Self(64);
    /// How failed calls failed.
    pub const FAILURE: Self = Self(128);
    /// What began transactions.
    pub const KIND: Self = Self(256);

    /// Whether every dimension of `other` is in this set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Dimensions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What is added up beside counts and total time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Measures(u8);

impl Measures {
    /// Counts, errors and total time only.
    pub const COUNTS: Self = Self(0);
    /// Latency histograms, too.
    pub const LATENCY: Self = Self(1);
    /// Hitmap cells, too.
    pub const CELLS: Self = Self(2);

    /// This set less the measures of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every measure of `other` is in this set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Measures {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Steps of time that an answer keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// None: step 0 is the whole range.
    Whole,
    /// Steps of one width. No bucket may lie over the edge of a step.
    Of {
        /// Start of step 0.
        from: UnixNanos,
        /// Width of a step.
        width: Duration,
    },
}

impl Steps {
    /// The step that holds `instant`. Instants before the first step are in the first.
    pub fn index(self, instant: UnixNanos) -> u32 {
        let Self::Of { from, width } = self else {
            return 0;
        };
        let width = u64::try_from(width.as_nanos()).unwrap_or(u64::MAX).max(1);
        let since = instant.0.saturating_sub(from.0).max(0).cast_unsigned();
        u32::try_from(since / width).unwrap_or(u32::MAX)
    }

    /// Where a step begins; the start of the range is not known to [`Self::Whole`].
    pub fn start(self, index: u32) -> Option<UnixNanos> {
        match self {
            Self::Whole => None,
            Self::Of { from, width } => Some(from.plus(width.saturating_mul(index))),
        }
    }
}

/// Client calls of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFilter {
    /// Target of the calls.
    pub target: Text,
    /// Statement, route, method or destination; any when absent.
    pub detail: Option<Text>,
}

impl CallFilter {
    /// Whether calls of this target and detail pass the filter.
    pub fn has(&self, target: &str, detail: &str) -> bool {
        let wanted = self.detail.as_deref();
        *self.target == *target && wanted.is_none_or(|wanted| wanted == detail)
    }
}

/// Which rollups are added up, and what is kept apart.
#[derive(Debug, Clone, PartialEq)]
pub struct RollupQuestion {
    /// Project and filters. The outcome is not looked at: cells tell outcomes apart.
    pub selection: Selection,
    /// Time range; widened to whole buckets.
    pub range: TimeRange,
    /// Width of the stored rollups to read.
    pub resolution: Resolution,
    /// Steps of the answer.
    pub steps: Steps,
    /// What is counted.
    pub families: Families,
    /// Only calls of these categories; all when empty.
    pub categories: Vec<CallCategory>,
    /// Only calls that pass this filter. Failed calls have no detail: a filter by detail leaves them out.
    pub calls: Option<CallFilter>,
    /// Only transactions of these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
    /// What is kept apart.
    pub by: Dimensions,
    /// What is added up.
    pub measures: Measures,
    /// Successes of a service that took at least as long as this says are counted as slow; each threshold
    /// snaps up to a hitmap row edge. Without thresholds none are.
    pub slow_thresholds: Option<SlowThresholds>,
}

/// Rollups, added up.
#[derive(Debug, Clone, Default)]
pub struct RollupAnswer {
    /// One group for each combination of the dimensions that has anything in the range; in no order.
    pub groups: Vec<RollupGroup>,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
}

/// A combination of dimensions. A dimension that was not asked for, or that the family does not have, is
/// empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupKey {
    /// What the group counts.
    pub family: Family,
    /// The service; the caller of calls.
    pub service: ServiceKey,
    /// Operation of transactions, or the one in which errors happened.
    pub operation: Text,
    /// Instance that ran the transactions, or that made the failed calls.
    pub instance: Text,
    /// `service.version` of the transactions.
    pub version: Text,
    /// Category of the calls; kept apart together with the target.
    pub category: Option<CallCategory>,
    /// Target of the calls: `host[:port]`, database or destination.
    pub target: Text,
    /// Detail of the calls: statement, route, method or destination.
    pub detail: Text,
    /// `error.type`, exception type or failing status of the errors.
    pub error_type: Text,
    /// How the calls failed.
    pub failure: Option<CallFailure>,
    /// What began the transactions.
    pub kind: Option<TransactionKind>,
}

/// The rollups of a group.
#[derive(Debug, Clone)]
pub struct RollupGroup {
    /// What they have in common.
    pub key: GroupKey,
    /// Sums by step, ascending; steps without rollups are absent.
    pub steps: Vec<(u32, RollupSum)>,
}

impl RollupGroup {
    /// How many there are over all steps.
    pub fn count(&self) -> u64 {
        self.steps.iter().map(|(_, sum)| sum.count).sum()
    }

    /// All steps added up.
    pub fn into_whole(self) -> RollupSum {
        let mut sums = self.steps.into_iter().map(|(_, sum)| sum);
        let mut whole = sums.next().unwrap_or_default();
        sums.for_each(|sum| whole.merge(&sum));
        whole
    }

    /// Adds the sum of a step.
    pub(crate) fn add_step(&mut self, index: u32, sum: RollupSum) {
        let have = self.step(index);
        match have.count {
            0 => *have = sum,
            _ => have.merge(&sum),
        }
    }

    /// The sum of a step; a new one is empty.
    pub(crate) fn step(&mut self, index: u32) -> &mut RollupSum {
        let at = match self.steps.last() {
            Some((last, _)) if *last == index => self.steps.len() - 1,
            // Buckets mostly come in order.
            last if last.is_none_or(|(last, _)| *last < index) => {
                self.steps.push((index, RollupSum::default()));
                self.steps.len() - 1
            }
            _ => match self.steps.binary_search_by_key(&index, |(step, _)| *step) {
                Ok(at) => at,
                Err(at) => {
                    self.steps.insert(at, (index, RollupSum::default()));
                    at
                }
            },
        };
        &mut self.steps[at].1
    }
}

/// Rollups added up.
#[derive(Debug, Clone, Default)]
pub struct RollupSum {
    /// Number of transactions, calls or errors.
    pub count: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How many of them succeeded and were slow; only transactions are.
    pub slow: u64,
    /// Sum of their durations, in nanoseconds; saturates.
    pub total_ns: u64,
    /// Their latencies, when asked for.
    pub latency: LatencySum,
    /// Hitmap cells, when asked for; only transactions have any.
    pub cells: CellSum,
}

impl RollupSum {
    /// Adds a rollup, of its histogram and cells what is asked for. Successes in `slow_from_row` and above
    /// are slow.
    pub fn add(&mut self, rollup: RollupRef<'_>, measures: Measures, slow_from_row: usize) {
        self.count = self.count.saturating_add(rollup.count);
        self.errors = self.errors.saturating_add(rollup.errors);
        self.total_ns = self.total_ns.saturating_add(rollup.total_ns);
        let slow = rollup.cells.iter().rev();
        let slow = slow.take_while(|cell| usize::from(cell.row) >= slow_from_row);
        self.slow += slow.map(|cell| u64::from(cell.ok)).sum::<u64>();
        if measures.has(Measures::LATENCY) {
            self.latency.add(rollup.latency);
        }
        if measures.has(Measures::CELLS) {
            self.cells.add(rollup.cells);
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.errors = self.errors.saturating_add(other.errors);
        self.slow = self.slow.saturating_add(other.slow);
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.latency.merge(&other.latency);
        self.cells.merge(&other.cells);
    }

    /// Sum of the durations.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.total_ns)
    }
}

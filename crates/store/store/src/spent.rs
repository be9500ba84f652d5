//! Searches for the time that transactions spent in client calls, and their answers.

use crate::{Lost, TransactionRow};
use hinomi_model::{
    CallCategory, DurationRange, Outcome, OutcomeFilter, Selection, Text, TimeRange, UnixNanos,
};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// A call counts for a transaction only if the call, and all spans between them, ended at most this
/// long before the transaction. So the sum does not depend on the range of the search.
pub const BEFORE: Duration = Duration::from_secs(5 * 60);
/// The same limit for calls that ended after the transaction, because a call may outlive it.
pub const AFTER: Duration = Duration::from_secs(60);

/// The client calls to count.
#[derive(Debug, Clone, PartialEq)]
pub enum SpentCalls {
    /// Calls to databases, not to caches.
    Database,
    /// HTTP and RPC calls to external hosts.
    External {
        /// Targets that are services of ours, and therefore not external.
        services: Arc<HashSet<Text>>,
    },
}

impl SpentCalls {
    /// Whether calls of this category can count, depending on their target.
    pub fn has_category(&self, category: CallCategory) -> bool {
        match self {
            Self::Database => category == CallCategory::Database,
            Self::External { .. } => matches!(category, CallCategory::Http | CallCategory::Rpc),
        }
    }

    /// Whether calls of a suitable category to this target count.
    pub fn has_target(&self, target: &str) -> bool {
        match self {
            Self::Database => true,
            Self::External { services } => !services.contains(target),
        }
    }
}

/// The transactions to search, and the client calls whose time counts.
///
/// A transaction's time is the sum of the durations of the calls that its own service made below
/// its entry span. A call counts for the next entry span above it. All spans between the call and
/// its transaction must be of the same service, and none of them may be such a call itself, so a
/// driver's span within an ORM's span counts once. Parallel calls add up, so the sum may exceed the
/// transaction's duration. An entry span that is itself such a call counts with its own duration,
/// and calls below it do not.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentSearch {
    /// Project, service and other conditions.
    pub selection: Selection,
    /// Range in which the transactions ended.
    pub range: TimeRange,
    /// Slow threshold for the selection's outcome; rounded up to a hitmap row edge.
    pub slow_threshold: Duration,
    /// The client calls to count.
    pub calls: SpentCalls,
}

/// A transaction, reduced to what counting needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpentRow {
    /// End time.
    pub end: UnixNanos,
    /// Duration from start to end.
    pub duration: Duration,
    /// Whether it succeeded.
    pub outcome: Outcome,
    /// Time in its client calls.
    pub spent: Duration,
}

/// Every transaction of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentRows {
    /// In no particular order.
    pub rows: Vec<SpentRow>,
    /// Data that is missing: transactions, or spans whose time is then missing from the sums.
    pub lost: Vec<Lost>,
    /// Transactions that ended before this instant are left out, because some of their spans were
    /// deleted.
    pub expired_before: Option<UnixNanos>,
}

/// A page of transactions.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentTransactions {
    /// Number of transactions, regardless of cursor and limit.
    pub total: u64,
    /// Newest first, with the time in their client calls.
    pub rows: Vec<(TransactionRow, Duration)>,
    /// Whether more rows follow the last one.
    pub more: bool,
    /// Data that is missing.
    pub lost: Vec<Lost>,
    /// See [`SpentRows::expired_before`].
    pub expired_before: Option<UnixNanos>,
}

/// Selects the transactions of a search that are compared with the others.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentRegion {
    /// Range in which they ended.
    pub range: TimeRange,
    /// Range of the time in their client calls.
    pub spent: DurationRange,
    /// Outcome; `None` selects any.
    pub outcome: Option<OutcomeFilter>,
}

/// Comparison of the transactions of a region with the others of the search.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentContrast {
    /// Transactions of the region.
    pub selected: SpentSide,
    /// All other transactions of the search.
    pub rest: SpentSide,
    /// Counts per operation, sorted by name. The counts of each kind add up to all transactions.
    pub operations: Vec<SpentCount>,
    /// Counts per instance; the name may be empty.
    pub instances: Vec<SpentCount>,
    /// Counts per version; the name may be empty.
    pub versions: Vec<SpentCount>,
    /// Data that is missing.
    pub lost: Vec<Lost>,
    /// See [`SpentRows::expired_before`].
    pub expired_before: Option<UnixNanos>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentSide {
    /// Number of transactions.
    pub total: u64,
    /// A sample of them, sorted by end: one from each of several equal parts.
    pub sample: Vec<TransactionRow>,
}

/// A value and its number of transactions on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentCount {
    /// Operation, instance or version.
    pub value: Text,
    /// Number of transactions in the region.
    pub selected: u64,
    /// Number of other transactions.
    pub rest: u64,
}

impl SpentCount {
    /// Zero counts for a value.
    pub fn of(value: Text) -> Self {
        Self {
            value,
            selected: 0,
            rest: 0,
        }
    }
}

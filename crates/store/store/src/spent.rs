//! What is asked of the time that transactions spent in client calls, and its answers.

use crate::{Lost, TransactionRow};
use hinomi_model::{
    CallCategory, DurationRange, Outcome, OutcomeFilter, Selection, Text, TimeRange, UnixNanos,
};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// A call counts for a transaction when it, and what lies between, ended at most this long before
/// the transaction did: so a transaction's sum is the same whichever range it is asked in.
pub const BEFORE: Duration = Duration::from_secs(5 * 60);
/// The same after it: calls may outlive the transaction that made them.
pub const AFTER: Duration = Duration::from_secs(60);

/// Which client calls.
#[derive(Debug, Clone, PartialEq)]
pub enum SpentIn {
    /// To databases; caches are none.
    Database,
    /// HTTP and RPC to hosts outside.
    External {
        /// Targets that are services of ours, and so not outside.
        services: Arc<HashSet<Text>>,
    },
}

impl SpentIn {
    /// Whether calls of the category may be among them, whatever their target.
    pub fn has_category(&self, category: CallCategory) -> bool {
        match self {
            Self::Database => category == CallCategory::Database,
            Self::External { .. } => matches!(category, CallCategory::Http | CallCategory::Rpc),
        }
    }

    /// Whether calls of such a category to the target are.
    pub fn has_target(&self, target: &str) -> bool {
        match self {
            Self::Database => true,
            Self::External { services } => !services.contains(target),
        }
    }
}

/// Which transactions, and the time in which calls.
///
/// A transaction's time is the sum of the durations of the calls that its own service made below its
/// entry span: the next entry span above them is its own, all between is of the same service, and
/// none of it is such a call itself, so a driver's span within an ORM's counts once. Calls side by
/// side add up, also to more than the transaction took. An entry span that is such a call counts.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentSearch {
    /// Whose, and which.
    pub selection: Selection,
    /// When they ended.
    pub range: TimeRange,
    /// What the selection's outcome calls slow; snaps up to a hitmap row edge.
    pub slow_threshold: Duration,
    /// The calls.
    pub calls: SpentIn,
}

/// One transaction, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpentRow {
    /// When it ended.
    pub end: UnixNanos,
    /// How long it took.
    pub duration: Duration,
    /// Whether it succeeded.
    pub outcome: Outcome,
    /// The time in its calls.
    pub spent: Duration,
}

/// Every transaction of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentRows {
    /// In no order.
    pub rows: Vec<SpentRow>,
    /// What is missing: of transactions, or of spans, whose time then is.
    pub lost: Vec<Lost>,
    /// Transactions that ended before this are left out: spans of theirs have been deleted.
    pub expired_before: Option<UnixNanos>,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentTransactions {
    /// How many there are, whatever the cursor and limit.
    pub total: u64,
    /// Newest first, with the time in their calls.
    pub rows: Vec<(TransactionRow, Duration)>,
    /// Whether there are more behind the last.
    pub more: bool,
    /// What is missing.
    pub lost: Vec<Lost>,
    /// As in [`SpentRows`].
    pub expired_before: Option<UnixNanos>,
}

/// Which of a search's transactions are set against its others.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentRegion {
    /// When they ended.
    pub range: TimeRange,
    /// The time in their calls.
    pub spent: DurationRange,
    /// How they ended; any way when none.
    pub outcome: Option<OutcomeFilter>,
}

/// The transactions of a region against the others of the search.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentContrast {
    /// Those of the region.
    pub selected: SpentSide,
    /// The others.
    pub rest: SpentSide,
    /// Every operation, by name; of each kind the counts add up to all.
    pub operations: Vec<SpentCount>,
    /// Every instance; the name may be empty.
    pub instances: Vec<SpentCount>,
    /// Every version; the name may be empty.
    pub versions: Vec<SpentCount>,
    /// What is missing.
    pub lost: Vec<Lost>,
    /// As in [`SpentRows`].
    pub expired_before: Option<UnixNanos>,
}

/// One side of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentSide {
    /// How many there are.
    pub total: u64,
    /// Some of them, by end: one of each of so many equal parts.
    pub sample: Vec<TransactionRow>,
}

/// A value with its transactions on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentCount {
    /// The value.
    pub value: Text,
    /// Of the selected.
    pub selected: u64,
    /// Of the rest.
    pub rest: u64,
}

impl SpentCount {
    /// Of none yet.
    pub fn of(value: Text) -> Self {
        Self {
            value,
            selected: 0,
            rest: 0,
        }
    }
}

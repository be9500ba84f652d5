//! Selected transactions against the rest of their window.

use super::{Lost, Trace, TransactionItem};
use hinomi_model::{Text, UnixNanos};

/// Both sides, counted and sampled.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// How many are selected.
    pub selected: u64,
    /// How many others the window has.
    pub rest: u64,
    /// Counts over all of both sides.
    pub counted: Vec<Contrasted>,
    /// Some of the selected, evenly over their time.
    pub selected_sample: Vec<Sampled>,
    /// Some of the rest, evenly over their time.
    pub rest_sample: Vec<Sampled>,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
    /// Transactions that ended before this are on neither side: spans of theirs, which their time in calls
    /// is of, are no longer kept. `None` when there are none of them, and of response times.
    pub expired_before: Option<UnixNanos>,
}

/// What all transactions are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContrastKind {
    /// Operation.
    Operation,
    /// Instance.
    Instance,
    /// Version.
    Version,
}

/// One value with its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contrasted {
    /// Of what.
    pub kind: ContrastKind,
    /// The value, not empty.
    pub value: Text,
    /// Of the selected.
    pub selected: u64,
    /// Of the rest.
    pub rest: u64,
}

/// One transaction with its trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// The transaction.
    pub item: TransactionItem,
    /// What is known of its trace, not beyond the limits of a sample.
    pub trace: Trace,
}

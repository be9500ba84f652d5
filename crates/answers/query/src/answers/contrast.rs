//! Answer: the selected transactions compared with the rest of their window.

use super::{Lost, Trace, TransactionItem};
use hinomi_model::{Text, UnixNanos};

/// Both sides of the comparison, counted and sampled.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// Number of selected transactions.
    pub selected: u64,
    /// Number of other transactions in the window.
    pub rest: u64,
    /// Counts by value, over all transactions of both sides.
    pub counted: Vec<Contrasted>,
    /// A sample of the selected transactions, spread evenly over their time.
    pub selected_sample: Vec<Sampled>,
    /// A sample of the rest, spread evenly over their time.
    pub rest_sample: Vec<Sampled>,
    /// Damaged data that is missing from the comparison; empty when it is complete.
    pub lost: Vec<Lost>,
    /// Transactions that ended before this instant are on neither side, because retention has
    /// deleted spans that their time in calls is computed from. `None` when there are no such
    /// transactions, and always for response times.
    pub expired_before: Option<UnixNanos>,
}

/// The properties that all transactions are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContrastKind {
    /// Operation.
    Operation,
    /// Instance.
    Instance,
    /// Version.
    Version,
}

/// One value with its counts on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contrasted {
    /// Property that has the value.
    pub kind: ContrastKind,
    /// The value, not empty.
    pub value: Text,
    /// Number of selected transactions with the value.
    pub selected: u64,
    /// Number of other transactions with the value.
    pub rest: u64,
}

/// One transaction with its trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// The transaction.
    pub item: TransactionItem,
    /// Its trace, up to the span limit of a sample.
    pub trace: Trace,
}

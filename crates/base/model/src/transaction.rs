//! A transaction: a service's entry span. The hitmap counts transactions.

use crate::Text;

/// The properties that a span has as a transaction. A span is a transaction when its kind is server
/// or consumer, or when it has no parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// `METHOD route`, RPC method or destination; else the span's name.
    pub operation: Text,
    /// Whether it succeeded. *Slow* is not stored; it is derived when read.
    pub outcome: Outcome,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Succeeded.
    Ok,
    /// Failed.
    Error,
}

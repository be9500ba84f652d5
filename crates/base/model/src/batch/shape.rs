//! The shape of a span: what many spans of a batch have in common.

use super::Symbol;
use crate::{CallCategory, Outcome, SpanKind, SpanStatus, TransactionKind};

/// Everything about a span except identity, times, sender and attribute values that only this span
/// has. A service has a few dozen shapes, and a batch holds each of them once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Name of the span.
    pub name: Symbol,
    /// Name of the instrumentation scope.
    pub scope: Symbol,
    /// Role of the span.
    pub kind: SpanKind,
    /// Status that the instrumentation set.
    pub status: SpanStatus,
    /// Description of the status.
    pub status_message: Symbol,
    /// HTTP response status, when the span has one.
    pub http_status: Option<u16>,
    /// Type of the error; empty when there is none.
    pub error_type: Symbol,
    /// Set when the span is an entry span.
    pub transaction: Option<ShapeTransaction>,
    /// Set when the span is a client call.
    pub call: Option<ShapeCall>,
    /// JSON object of the attributes that repeat from span to span. Empty means `{}`.
    pub attributes: Symbol,
}

/// A [`crate::Transaction`] with symbols instead of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShapeTransaction {
    /// The operation.
    pub operation: Symbol,
    /// How the transaction ended.
    pub outcome: Outcome,
    /// What began the transaction.
    pub kind: TransactionKind,
}

/// A [`crate::ClientCall`] with symbols instead of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShapeCall {
    /// Category of what was called.
    pub category: CallCategory,
    /// Host, database or queue that was called.
    pub target: Symbol,
    /// What was asked: statement fingerprint, path, method or destination.
    pub detail: Symbol,
    /// Whether it failed.
    pub failed: bool,
}

impl Shape {
    /// All symbols of the shape.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> {
        let transaction = self.transaction.map(|transaction| transaction.operation);
        let call = self.call.map(|call| [call.target, call.detail]);
        [
            self.name,
            self.scope,
            self.status_message,
            self.error_type,
            self.attributes,
        ]
        .into_iter()
        .chain(transaction)
        .chain(call.into_iter().flatten())
    }
}

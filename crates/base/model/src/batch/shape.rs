//! What many spans of a batch have in common: all that does not tell one request from the next.

use super::Symbol;
use crate::{CallCategory, Outcome, SpanKind, SpanStatus};

/// Everything about a span that is neither identity, time, sender nor a value of its own. A service
/// has a few dozen; a batch holds each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The name its instrumentation gave it.
    pub name: Symbol,
    /// Name of the instrumentation scope.
    pub scope: Symbol,
    /// Its role.
    pub kind: SpanKind,
    /// The status its instrumentation set.
    pub status: SpanStatus,
    /// The status' description.
    pub status_message: Symbol,
    /// HTTP response status, when the span has one.
    pub http_status: Option<u16>,
    /// Type of its error; empty when it has none.
    pub error_type: Symbol,
    /// Set when the span is an entry span.
    pub transaction: Option<ShapeTransaction>,
    /// Set when the span is a call to something else.
    pub call: Option<ShapeCall>,
    /// A JSON object of the attributes that repeat; empty text means `{}`.
    pub attributes: Symbol,
}

/// A [`crate::Transaction`] by symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShapeTransaction {
    /// The operation.
    pub operation: Symbol,
    /// How it ended.
    pub outcome: Outcome,
}

/// A [`crate::ClientCall`] by symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShapeCall {
    /// What kind of thing was called.
    pub category: CallCategory,
    /// Whom.
    pub target: Symbol,
    /// What was asked.
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

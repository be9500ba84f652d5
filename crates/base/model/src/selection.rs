//! The selection of a screen: which service, and which of its transactions.

use crate::{
    Outcome, SpanId, Text, TraceId, UnixNanos,
    hitmap::first_row_from,
    rollup::{RollupKey, ServiceKey},
    time::nanos,
};
use std::time::Duration;

/// The owner of data: one project, optionally limited to one environment and one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The project.
    pub project: Text,
    /// Only this `deployment.environment.name`.
    pub environment: Option<Text>,
    /// Only this `service.namespace`.
    pub namespace: Option<Text>,
}

impl Scope {
    /// Everything of a project.
    pub fn of(project: impl Into<Text>) -> Self {
        Self {
            project: project.into(),
            environment: None,
            namespace: None,
        }
    }
}

/// A selection of transactions. A part that is `None` selects all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Project, environment and namespace.
    pub scope: Scope,
    /// Only this service.
    pub service: Option<Text>,
    /// Only this operation.
    pub operation: Option<Text>,
    /// Only this instance.
    pub instance: Option<Text>,
    /// Only this version.
    pub version: Option<Text>,
    /// Only this outcome.
    pub outcome: Option<OutcomeFilter>,
}

impl Selection {
    /// All transactions of the scope.
    pub fn of(scope: Scope) -> Self {
        Self {
            scope,
            service: None,
            operation: None,
            instance: None,
            version: None,
            outcome: None,
        }
    }

    /// Whether the selection includes the service.
    pub fn has_service(&self, key: &ServiceKey) -> bool {
        is(&self.service, &key.service)
            && is(&self.scope.environment, &key.environment)
            && is(&self.scope.namespace, &key.namespace)
    }

    /// Whether the selection includes a rollup's key. The outcome is not tested here: it is a
    /// property of the cells. Calls and errors have no instance or version, so a selection by these
    /// excludes them.
    pub fn has_key(&self, key: &RollupKey) -> bool {
        self.has_service(key.service())
            && match key {
                RollupKey::Transaction {
                    operation,
                    instance,
                    version,
                    ..
                } => {
                    is(&self.operation, operation)
                        && is(&self.instance, instance)
                        && is(&self.version, version)
                }
                RollupKey::Error { operation, .. } => is(&self.operation, operation),
                RollupKey::Call { .. } | RollupKey::FailedCall { .. } => true,
            }
    }
}

fn is(wanted: &Option<Text>, have: &str) -> bool {
    wanted.as_deref().is_none_or(|wanted| wanted == have)
}

/// The three outcomes that screens distinguish. They are disjoint: a slow transaction has
/// succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeFilter {
    /// Succeeded, under the slow threshold.
    Ok,
    /// Succeeded, at or over the slow threshold.
    Slow,
    /// Failed.
    Error,
}

impl OutcomeFilter {
    /// The outcome of a transaction. The threshold is rounded up to a hitmap row edge, so that a
    /// cell never holds both ok and slow transactions.
    pub fn of(outcome: Outcome, duration: Duration, slow_threshold: Duration) -> Self {
        let slow_from = crate::hitmap::row_edge(first_row_from(slow_threshold));
        match outcome {
            Outcome::Error => Self::Error,
            Outcome::Ok if duration >= slow_from => Self::Slow,
            Outcome::Ok => Self::Ok,
        }
    }

    /// The word used in the API and in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Slow => "slow",
            Self::Error => "error",
        }
    }

    /// The outcome for a word of the API.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Ok, Self::Slow, Self::Error]
            .into_iter()
            .find(|filter| filter.as_str() == word)
    }
}

/// A range of durations: `min ≤ duration < max`. A missing end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DurationRange {
    /// Shortest duration inside the range.
    pub min: Option<Duration>,
    /// Shortest duration above the range.
    pub max: Option<Duration>,
}

impl DurationRange {
    /// Whether `duration` is inside the range.
    pub fn contains(&self, duration: Duration) -> bool {
        self.min.is_none_or(|min| duration >= min) && self.max.is_none_or(|max| duration < max)
    }

    /// The ends in nanoseconds: `min ≤ d < max`. Open ends are 0 and `i64::MAX`.
    pub fn nanos(&self) -> (i64, i64) {
        (self.min.map_or(0, nanos), self.max.map_or(i64::MAX, nanos))
    }
}

/// A keyset position in a list of transactions, newest first. The next page begins after it in
/// descending order of (end, trace id, span id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// End of the last transaction of the previous page.
    pub end: UnixNanos,
    /// Trace of that transaction.
    pub trace_id: TraceId,
    /// Entry span of that transaction.
    pub span_id: SpanId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_begins_at_the_row_edge_at_or_over_the_threshold() {
        let threshold = Duration::from_millis(1_050);
        let filter =
            |millis| OutcomeFilter::of(Outcome::Ok, Duration::from_millis(millis), threshold);
        assert_eq!(filter(1_099), OutcomeFilter::Ok);
        assert_eq!(filter(1_100), OutcomeFilter::Slow);
        assert_eq!(
            OutcomeFilter::of(Outcome::Error, Duration::ZERO, threshold),
            OutcomeFilter::Error
        );
    }
}

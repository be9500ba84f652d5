//! What a screen asks about: which service, which of its transactions.

use crate::{
    Outcome, SpanId, Text, TraceId, UnixNanos,
    hitmap::first_row_from,
    rollup::{RollupKey, ServiceKey},
    time::nanos,
};
use std::time::Duration;

/// Whose data: one project, perhaps one environment and namespace of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The project; `default` until accounts exist.
    pub project: Text,
    /// Only this `deployment.environment.name`.
    pub environment: Option<Text>,
    /// Only this `service.namespace`.
    pub namespace: Option<Text>,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            project: "default".into(),
            environment: None,
            namespace: None,
        }
    }
}

/// Which transactions. An absent part selects all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Whose.
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
    /// Whether the service is one of those selected.
    pub fn has_service(&self, key: &ServiceKey) -> bool {
        is(&self.service, &key.service)
            && is(&self.scope.environment, &key.environment)
            && is(&self.scope.namespace, &key.namespace)
    }

    /// Whether a rollup's key is selected, the outcome aside: that is a matter of its cells.
    /// Calls and errors have no instance and version, so a selection by those leaves them out.
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

/// The three outcomes a screen tells apart. Disjoint: a slow transaction has succeeded.
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
    /// Which of the three a transaction is. The threshold snaps up to a hitmap row edge, so that
    /// one cell never holds both ok and slow.
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

    /// From the API's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Ok, Self::Slow, Self::Error]
            .into_iter()
            .find(|filter| filter.as_str() == word)
    }
}

/// `min ≤ duration < max`, in nanoseconds; absent ends are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DurationRange {
    /// Shortest that is inside.
    pub min: Option<Duration>,
    /// Shortest that is too long.
    pub max: Option<Duration>,
}

impl DurationRange {
    /// Whether `duration` is inside.
    pub fn contains(&self, duration: Duration) -> bool {
        self.min.is_none_or(|min| duration >= min) && self.max.is_none_or(|max| duration < max)
    }

    /// The ends in nanoseconds, open ones as the extremes: `min ≤ d < max`.
    pub fn nanos(&self) -> (i64, i64) {
        (self.min.map_or(0, nanos), self.max.map_or(i64::MAX, nanos))
    }
}

/// Keyset position in a list of transactions, newest first: the next page begins after it in
/// descending order of (end, trace id, span id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// End of the last transaction of the page before.
    pub end: UnixNanos,
    /// Its trace.
    pub trace_id: TraceId,
    /// Its span.
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

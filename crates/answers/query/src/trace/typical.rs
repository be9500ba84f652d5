//! Finds a typical trace to compare another one with: the same operation, about the same time,
//! successful and not slow.

use crate::{
    Query, QueryError,
    answers::{Trace, TraceSpan},
};
use hinomi_model::{DurationRange, OutcomeFilter, Scope, Selection, TimeRange, TraceId};
use std::{cmp::Reverse, time::Duration};

/// How far before and after a trace typical transactions are searched.
const AROUND: Duration = Duration::from_secs(1_800);
/// Number of transactions of which the one with the median duration is taken.
const SAMPLE: usize = 200;

impl Trace {
    /// The span that the trace is about: a real root before one whose parent never arrived, then
    /// the longest.
    pub fn main_root(&self) -> Option<&TraceSpan> {
        let roots = self.spans.iter().filter(|span| span.parent.is_none());
        roots.min_by_key(|span| (span.parent_span_id.is_some(), Reverse(span.duration)))
    }
}

impl Query {
    /// The trace of median duration among successful, not slow transactions of the same operation;
    /// `None` when there is none within half an hour.
    pub async fn typical_like(
        &self,
        scope: &Scope,
        trace: &Trace,
    ) -> Result<Option<TraceId>, QueryError> {
        let Some(root) = trace.main_root() else {
            return Ok(None);
        };
        let selection = Selection {
            service: Some(root.resource.service.clone()),
            operation: root.operation.clone(),
            outcome: Some(OutcomeFilter::Ok),
            ..Selection::of(Scope {
                environment: Some(root.resource.environment.clone()),
                namespace: Some(root.resource.namespace.clone()),
                ..Scope::of(scope.project.clone())
            })
        };
        let end = root.start.plus(root.duration);
        let range = TimeRange::new(end.minus(AROUND), end.plus(AROUND));
        let all = DurationRange::default();
        let found = self
            .transactions(&selection, range, all, None, None, SAMPLE)
            .await?;
        let mut others: Vec<(Duration, TraceId)> = found
            .items
            .into_iter()
            .map(|item| (item.duration, item.trace_id))
            .filter(|(_, id)| *id != trace.trace_id)
            .collect();
        others.sort_unstable();
        Ok(others.get(others.len() / 2).map(|(_, id)| *id))
    }
}

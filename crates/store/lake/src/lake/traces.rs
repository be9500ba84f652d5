//! Traces: one page of a trace, or the first spans of several.

use super::Lake;
use crate::{LakeError, TraceRows, TraceStart, scan};
use hinomi_model::{Span, Text, TimeRange, TraceId};
use std::time::Duration;

impl Lake {
    /// The first spans of a trace, earliest start first, at most `max_spans` and at most
    /// [`crate::LakeLimits::trace_spans`].
    pub async fn trace(
        &self,
        project: Text,
        id: TraceId,
        max_spans: usize,
    ) -> Result<TraceRows, LakeError> {
        self.trace_page(project, id, TraceStart::First, max_spans)
            .await
    }

    /// Same as [`Self::trace`], from any start. A page has fewer spans if they would take more than
    /// a quarter of [`crate::LakeLimits::query_bytes`].
    pub async fn trace_page(
        &self,
        project: Text,
        id: TraceId,
        start: TraceStart,
        max_spans: usize,
    ) -> Result<TraceRows, LakeError> {
        let shared = self.inner.shared.clone();
        let wanted = scan::trace::Wanted {
            id,
            start,
            most: max_spans,
        };
        let job = move |cancel: &_| scan::trace::trace(&shared.data, &project, &wanted, cancel);
        self.inner.shared.pool.run(job).await
    }

    /// Spans of several traces, in the order of `ids`. Reads only files with spans that end in the
    /// range. Traces of which none is found are absent. Stops after `time`, so the answer may have
    /// fewer traces. Spans in damaged segments are missing.
    pub async fn traces(
        &self,
        project: Text,
        ids: Vec<TraceId>,
        range: TimeRange,
        max_spans: usize,
        time: Duration,
    ) -> Result<Vec<(TraceId, Vec<Span>)>, LakeError> {
        let shared = self.inner.shared.clone();
        let deadline = shared.data.clock.monotonic() + time;
        let job = move |cancel: &_| {
            scan::trace::traces(
                &shared.data,
                &project,
                &ids,
                range,
                max_spans,
                deadline,
                cancel,
            )
        };
        let mut traces = self.inner.shared.pool.run(job).await?;
        traces.retain(|(_, spans)| !spans.is_empty());
        Ok(traces)
    }
}

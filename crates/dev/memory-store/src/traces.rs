//! Traces, and pages of them.

use crate::project::Project;
use hinomi_model::{Span, SpanId, SpanKind, TimeRange, TraceId, UnixNanos};
use hinomi_store::{TracePlace, TraceRows, TraceStart};
use std::collections::BTreeMap;

/// A page of a trace.
pub(crate) fn page(
    project: &Project,
    id: TraceId,
    start: TraceStart,
    max_spans: usize,
) -> TraceRows {
    let spans = of_trace(project, id, |_| true);
    let first = match start {
        TraceStart::First => 0,
        TraceStart::After(after) => spans.partition_point(|span| place(span) <= after),
        TraceStart::With(wanted) => {
            let at = spans.iter().position(|span| span.span_id == wanted);
            // The first page shows it anyway.
            at.filter(|at| *at >= max_spans).unwrap_or(0)
        }
    };
    let end = spans.len().min(first.saturating_add(max_spans));
    let shown = &spans[first..end];
    let omitted = spans.len() - end;
    let is_shown = |id: &SpanId| shown.iter().any(|span| span.span_id == *id);
    let is_known = |id: &SpanId| spans.iter().any(|span| span.span_id == *id);
    let parents = shown.iter().filter_map(|span| span.parent_span_id);
    let elsewhere = parents.filter(|parent| is_known(parent) && !is_shown(parent));
    TraceRows {
        elsewhere: elsewhere.collect(),
        before: first,
        omitted,
        next: shown.last().filter(|_| omitted > 0).map(place),
        spans: shown.to_vec(),
        partial: false,
        lost: Vec::new(),
    }
}

/// The first spans of several traces, of those spans that ended in the range.
pub(crate) fn first_spans(
    project: &Project,
    ids: Vec<TraceId>,
    range: TimeRange,
    max_spans: usize,
) -> Vec<(TraceId, Vec<Span>)> {
    let traces = ids.into_iter().map(|id| {
        let mut spans = of_trace(project, id, |span| range.contains(span.end));
        spans.truncate(max_spans);
        (id, spans)
    });
    traces.filter(|(_, spans)| !spans.is_empty()).collect()
}

/// The spans of a trace, earliest start first. Of copies of a span the first counts.
fn of_trace(project: &Project, id: TraceId, has: impl Fn(&Span) -> bool) -> Vec<Span> {
    let mut once: BTreeMap<(SpanId, SpanKind, UnixNanos), &Span> = BTreeMap::new();
    for stored in &project.spans {
        let span = &stored.span;
        if span.trace_id != id || !has(span) {
            continue;
        }
        let same = (span.span_id, span.kind, span.start);
        let first = once.entry(same).or_insert(span);
        if place(span) < place(first) {
            *first = span;
        }
    }
    let mut spans: Vec<Span> = once.into_values().cloned().collect();
    spans.sort_by_key(place);
    spans
}

fn place(span: &Span) -> TracePlace {
    TracePlace {
        start: span.start,
        end: span.end,
        span_id: span.span_id,
        kind: span.kind,
    }
}

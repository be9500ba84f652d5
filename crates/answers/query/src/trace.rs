//! Builds the tree of a trace's spans and computes where its time went.
//!
//! Promises: any set of spans gives a trace, in O(n log n) and without recursion. Every span is
//! placed once, also with repeated ids, missing parents, spans that are their own ancestor, spans
//! that begin before their parent, and spans that end after it.
//!
//! Clocks that are certainly off are aligned ([`Clocks::Aligned`]), and the trace reports it.
//!
//! Does not guess at spans that did not arrive.

mod address;
mod clocks;
mod critical;
mod tree;
mod typical;

pub use address::{NoSpanAddress, SpanAddress};
pub use critical::{CriticalTime, critical_time, critical_time_by_category};

use crate::answers::{SelfTimeCategory, Trace, TraceCall, TraceSpan};
use hinomi_model::{CallCategory, ClientCall, Span, SpanId, TraceId, UnixNanos};
use hinomi_store::TraceRows;
use std::{cmp::Reverse, collections::HashSet};

/// Which times the spans of a trace get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clocks {
    /// Hosts whose spans contradict cause and effect are moved until they do not.
    #[default]
    Aligned,
    /// Every span has the times that its host sent.
    AsSent,
}

/// Builds a trace from `spans`. The caller's limit left out `omitted` more spans.
///
/// A span that came twice is shown once: agents resend spans. Different spans may share an id; where they
/// are the two sides of a call, as in the B3 convention, the answering one is below the calling one.
pub fn assemble(trace_id: TraceId, spans: Vec<Span>, omitted: usize, clocks: Clocks) -> Trace {
    let rows = TraceRows {
        spans,
        omitted,
        ..TraceRows::default()
    };
    assemble_page(trace_id, rows, clocks)
}

/// Builds a page of a trace. A parent on another page does not count as missing. Self time and
/// critical path need the whole trace; on a page they are computed from the page's spans alone.
/// Clocks of a trace with several pages are not aligned, because each page would move them by a
/// different offset.
pub(crate) fn assemble_page(trace_id: TraceId, rows: TraceRows, clocks: Clocks) -> Trace {
    let TraceRows {
        mut spans,
        before,
        omitted,
        next,
        elsewhere,
        partial: is_damaged,
        lost,
    } = rows;
    let is_page = before > 0 || next.is_some();
    spans.sort_by_key(by_start);
    let mut seen = HashSet::with_capacity(spans.len());
    spans.retain(|span| seen.insert((span.span_id, span.kind, span.start)));
    drop(seen);
    let skews = match clocks {
        Clocks::Aligned if !is_page => clocks::align(&mut spans),
        Clocks::Aligned | Clocks::AsSent => Vec::new(),
    };
    if !skews.is_empty() {
        spans.sort_by_key(by_start);
    }

    let forest = tree::Forest::of(&spans);
    let rootless = !spans.iter().any(|span| span.parent_span_id.is_none());
    let start = spans.first().map_or(UnixNanos(0), |span| span.start);
    let end = spans.iter().map(|span| span.end).max().unwrap_or(start);

    let mut by_start: Vec<Option<Span>> = spans.into_iter().map(Some).collect();
    let mut placed: Vec<TraceSpan> = forest
        .nodes
        .iter()
        .filter_map(|node| Some(place(by_start.get_mut(node.source)?.take()?, node)))
        .collect();

    if !elsewhere.is_empty() {
        for span in &mut placed {
            let is_elsewhere = span
                .parent_span_id
                .is_some_and(|id| elsewhere.contains(&id));
            span.orphan &= !is_elsewhere;
        }
    }
    let orphaned = placed.iter().any(|span| span.orphan);
    address::number(&mut placed);
    mark_internal_calls(&mut placed);
    subtract_children(&mut placed);
    critical::mark(&mut placed);
    Trace {
        trace_id,
        partial: before > 0 || omitted > 0 || orphaned || rootless || is_damaged,
        lost,
        before,
        omitted,
        next,
        start,
        end,
        skews,
        spans: placed,
    }
}

impl Trace {
    /// Number of spans of the trace, including those on other pages.
    pub fn total(&self) -> usize {
        self.before + self.spans.len() + self.omitted
    }

    /// Whether some spans of the trace are on other pages.
    pub fn is_page(&self) -> bool {
        self.before > 0 || self.next.is_some()
    }
}

fn by_start(span: &Span) -> (UnixNanos, Reverse<UnixNanos>, SpanId) {
    (span.start, Reverse(span.end), span.span_id)
}

fn place(span: Span, node: &tree::Node) -> TraceSpan {
    let duration = span.duration();
    let call = span.call.map(trace_call);
    TraceSpan {
        span_id: span.span_id,
        number: 1,
        parent_span_id: span.parent_span_id,
        parent: node.parent,
        depth: node.depth,
        orphan: node.orphan,
        resource: span.resource,
        scope: span.scope,
        name: span.name,
        kind: span.kind,
        start: span.start,
        duration,
        self_time: duration,
        critical: false,
        status: span.status,
        status_message: span.status_message,
        http_status: span.http_status,
        error_type: span.error_type,
        operation: span.transaction.map(|transaction| transaction.operation),
        category: category(call.as_ref()),
        call,
        attributes: span.attributes,
        events: span.events,
        links: span.links,
    }
}

fn trace_call(call: ClientCall) -> TraceCall {
    TraceCall {
        category: call.category,
        internal: false,
        target: call.target,
        detail: call.detail,
    }
}

fn category(call: Option<&TraceCall>) -> SelfTimeCategory {
    let Some(call) = call else {
        return SelfTimeCategory::Code;
    };
    match call.category {
        CallCategory::Database => SelfTimeCategory::Database,
        CallCategory::Cache => SelfTimeCategory::Cache,
        CallCategory::Messaging => SelfTimeCategory::Messaging,
        CallCategory::Http | CallCategory::Rpc if call.internal => SelfTimeCategory::Internal,
        CallCategory::Http | CallCategory::Rpc => SelfTimeCategory::External,
    }
}

/// Marks the calls that one of our services answered: such a call has that service's span below it.
fn mark_internal_calls(spans: &mut [TraceSpan]) {
    for index in 0..spans.len() {
        let Some(parent) = spans[index].parent else {
            continue;
        };
        if spans[parent].resource.service == spans[index].resource.service {
            continue;
        }
        if let Some(call) = &mut spans[parent].call {
            call.internal = true;
            spans[parent].category = category(spans[parent].call.as_ref());
        }
    }
}

/// Subtracts from each span's self time the time that its children cover. Siblings are sorted by
/// start, so one sweep with a cursor for each parent computes the union of the children.
fn subtract_children(spans: &mut [TraceSpan]) {
    let mut covered_until: Vec<UnixNanos> = spans.iter().map(|span| span.start).collect();
    for index in 0..spans.len() {
        let Some(parent) = spans[index].parent else {
            continue;
        };
        let from = spans[index].start.max(covered_until[parent]);
        let to = end_of(&spans[index]).min(end_of(&spans[parent]));
        if from < to {
            covered_until[parent] = to;
            spans[parent].self_time = spans[parent].self_time.saturating_sub(to.since(from));
        }
    }
}

pub(crate) fn end_of(span: &TraceSpan) -> UnixNanos {
    span.start.plus(span.duration)
}

#[cfg(test)]
mod tests;

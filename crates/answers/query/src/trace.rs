//! Puts the spans of one trace into their tree and says where its time went.
//!
//! Promises: any set of spans gives a trace in O(n log n) without recursion. Repeated ids, missing
//! parents, parents that are their own children, spans that begin before their parent or end after
//! it are all placed, each span once.
//!
//! Clocks that cannot be right are brought together ([`Clocks::Aligned`]), and the trace says so.
//!
//! Refuses: to guess at spans that did not arrive.

mod clocks;
mod critical;
mod tree;
mod typical;

pub use critical::{CriticalTime, critical_time, critical_time_by_category};

use crate::answer::{SelfTimeCategory, Trace, TraceCall, TraceSpan};
use hinomi_model::{CallCategory, ClientCall, Span, SpanId, TraceId, UnixNanos};
use hinomi_store::TraceRows;
use std::{cmp::Reverse, collections::HashSet};

/// Whose word is taken for when a span was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clocks {
    /// Hosts whose spans break cause and effect are moved until they do not.
    #[default]
    Aligned,
    /// Every span is where its own host says it was.
    AsSent,
}

/// The trace made of `spans`; `omitted` more were left out by the caller's limit.
///
/// A span id that comes twice is shown once, as it was first: agents resend, and a client and a
/// server span may share an id in the B3 convention.
pub fn assemble(trace_id: TraceId, spans: Vec<Span>, omitted: usize, clocks: Clocks) -> Trace {
    let rows = TraceRows {
        spans,
        omitted,
        ..TraceRows::default()
    };
    assemble_page(trace_id, rows, clocks)
}

/// The same of a page. Parents on other pages are not missing. What needs the whole trace is of the
/// page's spans alone: own times, the critical path. The clocks of a long trace are left as they were
/// sent: each page would move them by something else.
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
    spans.retain(|span| seen.insert(span.span_id));
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
    /// Spans of the trace, those of other pages included.
    pub fn total(&self) -> usize {
        self.before + self.spans.len() + self.omitted
    }

    /// Whether other spans of the trace are on other pages.
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

/// A call that a service of ours answered has that service's span below it.
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

/// Takes from every span's own time what its children cover. Siblings stand in order of start, so
/// one sweep with a cursor a parent is their union.
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

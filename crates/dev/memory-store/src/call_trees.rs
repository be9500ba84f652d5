//! Transactions with the spans of their traces.

use crate::{project::Project, transactions};
use hinomi_model::{Cursor, DurationRange, Text, TraceId, rollup::ServiceKey};
use hinomi_store::{CallTreeSearch, CallTrees, TransactionSearch, TreeSpan, TreeTransaction};
use std::collections::HashSet;

/// The transactions of a search and the spans of their traces.
pub(crate) fn call_trees(project: &Project, search: &CallTreeSearch) -> CallTrees {
    let listed = TransactionSearch {
        selection: search.selection.clone(),
        range: search.range,
        duration: DurationRange::default(),
        slow_threshold: search.slow_threshold,
        text: None,
        terms: Vec::new(),
        after: None,
        limit: 0,
    };
    let mut words = vec![Text::from("")];
    let mut services: Vec<ServiceKey> = Vec::new();
    let mut transactions = Vec::new();
    let mut traces: HashSet<TraceId> = HashSet::new();
    for stored in transactions::of_selection(project, &listed) {
        let span = &stored.span;
        let Some(transaction) = &span.transaction else {
            continue;
        };
        let mut name = |word: &Text| match search.names {
            true => number(&mut words, word),
            false => 0,
        };
        traces.insert(span.trace_id);
        transactions.push(TreeTransaction {
            cursor: Cursor {
                end: span.end,
                trace_id: span.trace_id,
                span_id: span.span_id,
            },
            duration: span.duration(),
            outcome: transaction.outcome,
            operation: name(&transaction.operation),
            instance: name(&span.resource.instance),
            version: name(&span.resource.version),
        });
    }
    let around = search.around();
    let spans = project.spans.iter().map(|stored| &stored.span);
    let spans = spans.filter(|span| traces.contains(&span.trace_id) && around.contains(span.end));
    let spans = spans.filter_map(|span| {
        let service = ServiceKey::of(&span.resource);
        let is_selected = search.selection.has_service(&service);
        let call = span.call.as_ref();
        let call = call.filter(|call| search.categories.contains(&call.category));
        is_selected.then(|| TreeSpan {
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent: span.parent_span_id,
            start: span.start,
            end: span.end,
            service: number(&mut services, &service),
            is_entry: span.transaction.is_some(),
            call: call.map(|call| number(&mut words, &call.target)),
        })
    });
    let spans = spans.collect();
    CallTrees {
        transactions,
        spans,
        services,
        words,
        lost: Vec::new(),
        expired_before: None,
        held: None,
    }
}

/// The index of a thing in the list of all; it is added if it is not there.
fn number<T: Clone + PartialEq>(all: &mut Vec<T>, one: &T) -> u32 {
    let known = all.iter().position(|have| have == one);
    known.unwrap_or_else(|| {
        all.push(one.clone());
        all.len() - 1
    }) as u32
}

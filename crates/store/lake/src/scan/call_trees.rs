//! Reads transactions, and the spans of their traces, for following client calls up to their
//! transaction.
//!
//! The first pass finds the transactions, the second reads the spans of their traces. Both use one
//! snapshot.

mod spans;
mod transactions;
mod words;

pub(super) use spans::typed;

use crate::{
    LakeError, Lost,
    data::Data,
    lists::Snapshot,
    memtable::Chunk,
    query::cancel::Cancel,
    scan::{self, scan_open},
    segment::Segment,
    tables::TableId,
};
use hinomi_model::SpanBatch;
use hinomi_store::{CallTreeSearch, CallTrees};
use std::sync::Arc;
use words::Words;

/// The transactions of the search with the spans of their traces.
pub(crate) fn call_trees(
    data: &Data,
    search: &CallTreeSearch,
    cancel: &Cancel,
) -> Result<CallTrees, LakeError> {
    loop {
        // If a segment turns out to be damaged, everything is read again without it.
        if let Some(answer) = attempt(data, search, cancel)? {
            return Ok(answer);
        }
        cancel.check()?;
    }
}

/// `None` if a segment turned out to be damaged.
fn attempt(
    data: &Data,
    search: &CallTreeSearch,
    cancel: &Cancel,
) -> Result<Option<CallTrees>, LakeError> {
    let project = &search.selection.scope.project;
    let state = data.read();
    let transactions =
        state.snapshot::<SpanBatch>(project, TableId::TRANSACTIONS, Some(search.range));
    let spans = state.snapshot::<SpanBatch>(project, TableId::SPANS, Some(search.around()));
    let horizon = state
        .horizons
        .get(&(project.clone(), TableId::SPANS))
        .copied();
    drop(state);
    // Starts a little after the horizon, so that no transaction has lost only some of its calls.
    let whole_from = horizon.map(|horizon| horizon.plus(search.before));
    let expired_before = whole_from.filter(|from| search.range.from < *from);
    let mut search = search.clone();
    search.range.from = search
        .range
        .from
        .max(expired_before.unwrap_or(search.range.from));
    search.range.to = search.range.to.max(search.range.from);

    let mut lost = Vec::new();
    let mut words = Words::default();
    let mut held = cancel.hold(0)?;
    let limit = data.limits.call_tree_spans;
    let mut found = transactions::Transactions::new(limit, search.names, &mut words);
    let (chunks, segments) = undamaged(transactions, &mut lost);
    if !found.add_all(data, &search, (&chunks, &segments), (cancel, &mut held))? {
        return Ok(None);
    }
    let transactions = found.finish();
    let kept = transactions.len() * transactions::TRANSACTION_BYTES;

    let mut below = spans::Spans::new(&search, limit, &transactions, &mut words);
    let (chunks, segments) = undamaged(spans, &mut lost);
    for chunk in &chunks {
        cancel.check()?;
        below.add_chunk(&chunk.batch)?;
        cancel.resize(&mut held, kept + below.bytes())?;
    }
    for segment in &segments {
        let whole = scan_open(data, segment, cancel, |open| {
            below.add_segment(&open, cancel, |bytes| {
                cancel.resize(&mut held, kept + bytes)
            })
        })?;
        if !whole {
            return Ok(None);
        }
    }
    let (spans, services) = below.finish();
    Ok(Some(CallTrees {
        transactions,
        spans,
        services,
        words: words.finish(),
        lost,
        expired_before,
        held: Some(held),
    }))
}

/// The readable part of a snapshot. Adds the unreadable part to `lost`.
fn undamaged(
    snapshot: Snapshot<SpanBatch>,
    lost: &mut Vec<Lost>,
) -> (Vec<Arc<Chunk<SpanBatch>>>, Vec<Arc<Segment>>) {
    let (damaged, segments): (Vec<_>, Vec<_>) = snapshot
        .segments
        .into_iter()
        .partition(|segment| segment.is_damaged());
    lost.extend(snapshot.lost);
    lost.extend(damaged.iter().map(|segment| scan::lost(segment)));
    (snapshot.chunks, segments)
}

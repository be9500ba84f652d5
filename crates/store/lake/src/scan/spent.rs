//! Computes the time that transactions spent in client calls. No table stores it, so this reads the
//! spans of the range and follows each call up to its transaction.
//!
//! The first pass finds the transactions, the second reads the spans of their traces. Both use one
//! snapshot, and the list reads the same rows that were counted, so that hitmap and list agree.

mod calls;
mod contrast;
mod entries;
mod names;

pub(crate) use contrast::contrast;

use crate::{
    LakeError, Lost, SpentRow, SpentRows, SpentSearch, SpentTransactions, TransactionRow,
    memtable::Chunk,
    query::cancel::Cancel,
    scan::{self, late, scan_open, transactions as list},
    schema::Table,
    segment::Segment,
    state::{Shared, Snapshot},
};
use entries::{Entry, Place};
use hinomi_io::HeldMemory;
use hinomi_model::{Cursor, DurationRange, TimeRange, UnixNanos};
use hinomi_store::spent::{AFTER, BEFORE};
use names::Names;
use std::{cmp::Reverse, collections::HashMap, sync::Arc, time::Duration};

/// Every transaction of the search.
pub(crate) fn rows(
    shared: &Shared,
    search: &SpentSearch,
    cancel: &Cancel,
) -> Result<SpentRows, LakeError> {
    let found = until_whole(cancel, || measure(shared, search, false, cancel))?;
    let rows = found.entries.iter().map(|entry| SpentRow {
        end: entry.cursor.end,
        duration: entry.duration,
        outcome: entry.outcome,
        spent: entry.spent,
    });
    Ok(SpentRows {
        rows: rows.collect(),
        lost: found.lost,
        expired_before: found.expired_before,
    })
}

/// The transactions whose time in calls is within `spent`, newest first, after the cursor.
pub(crate) fn page(
    shared: &Shared,
    search: &SpentSearch,
    spent: DurationRange,
    (after, limit): (Option<Cursor>, usize),
    cancel: &Cancel,
) -> Result<SpentTransactions, LakeError> {
    until_whole(cancel, || {
        let Some(mut found) = measure(shared, search, false, cancel)? else {
            return Ok(None);
        };
        found.entries.retain(|entry| spent.contains(entry.spent));
        let total = found.entries.len() as u64;
        found
            .entries
            .retain(|entry| after.is_none_or(|after| entry.cursor < after));
        found
            .entries
            .sort_unstable_by_key(|entry| Reverse(entry.cursor));
        let behind = found.entries.len();
        found.entries.truncate(limit.min(shared.limits.page_rows));
        let Some(rows) = found.read(&found.entries, shared, cancel)? else {
            return Ok(None);
        };
        Ok(Some(SpentTransactions {
            total,
            more: behind > rows.len(),
            rows,
            lost: found.lost,
            expired_before: found.expired_before,
        }))
    })
}

/// Retries when a segment turns out to be damaged. The next attempt leaves that segment out.
fn until_whole<T>(
    cancel: &Cancel,
    mut attempt: impl FnMut() -> Result<Option<T>, LakeError>,
) -> Result<T, LakeError> {
    loop {
        if let Some(answer) = attempt()? {
            return Ok(answer);
        }
        cancel.check()?;
    }
}

/// Transactions with their time in calls and their location.
struct Measured {
    entries: Vec<Entry>,
    /// Operation, instance and version of each entry, in the same order; `None` unless requested.
    names: Option<Names>,
    chunks: Vec<Arc<Chunk>>,
    segments: Vec<Arc<Segment>>,
    lost: Vec<Lost>,
    expired_before: Option<UnixNanos>,
    /// Memory reservation for the fields above.
    _held: HeldMemory,
}

/// All transactions of the search; with operation, instance and version if `named`. `None` if a
/// segment turned out to be damaged.
fn measure(
    shared: &Shared,
    search: &SpentSearch,
    named: bool,
    cancel: &Cancel,
) -> Result<Option<Measured>, LakeError> {
    let project = &search.selection.scope.project;
    let around = TimeRange::new(search.range.from.minus(BEFORE), search.range.to.plus(AFTER));
    let state = shared.read();
    let transactions = state.snapshot(project, Table::Transactions, Some(search.range));
    let spans = state.snapshot(project, Table::Spans, Some(around));
    let horizon = state
        .horizons
        .get(&(project.clone(), Table::Spans))
        .copied();
    drop(state);
    // Starts a little after the horizon, so that no transaction has lost only some of its calls.
    let whole_from = horizon.map(|horizon| horizon.plus(BEFORE));
    let expired_before = whole_from.filter(|from| search.range.from < *from);
    let mut search = search.clone();
    search.range.from = search
        .range
        .from
        .max(expired_before.unwrap_or(search.range.from));
    search.range.to = search.range.to.max(search.range.from);

    let mut lost = Vec::new();
    let (chunks, segments) = undamaged(transactions, &mut lost);
    let mut held = cancel.hold(0)?;
    let mut found = entries::Entries::new(shared.limits.spent_spans, named);
    if !found.add_all(shared, &search, (&chunks, &segments), (cancel, &mut held))? {
        return Ok(None);
    }
    let kept = found.bytes();
    let (mut entries, names) = found.finish();

    let mut calls = calls::Calls::new(&search, around, shared.limits.spent_spans, &entries);
    let (span_chunks, span_segments) = undamaged(spans, &mut lost);
    for chunk in &span_chunks {
        cancel.check()?;
        calls.add_chunk(&chunk.spans)?;
        cancel.resize(&mut held, kept + calls.bytes())?;
    }
    for segment in &span_segments {
        let whole = scan_open(shared, segment, cancel, |open| {
            calls.add_segment(&open, cancel, |bytes| {
                cancel.resize(&mut held, kept + bytes)
            })
        })?;
        if !whole {
            return Ok(None);
        }
    }
    calls.sum(&mut entries, cancel)?;
    drop(calls);
    cancel.resize(&mut held, kept)?;
    Ok(Some(Measured {
        entries,
        names,
        chunks,
        segments,
        lost,
        expired_before,
        _held: held,
    }))
}

/// The readable part of a snapshot. Adds the unreadable part to `lost`.
fn undamaged(snapshot: Snapshot, lost: &mut Vec<Lost>) -> (Vec<Arc<Chunk>>, Vec<Arc<Segment>>) {
    let (damaged, segments): (Vec<_>, Vec<_>) = snapshot
        .segments
        .into_iter()
        .partition(|segment| segment.is_damaged());
    lost.extend(snapshot.lost);
    lost.extend(damaged.iter().map(|segment| scan::lost(segment)));
    (snapshot.chunks, segments)
}

impl Measured {
    /// Reads the whole rows of some transactions, in the order of `entries`. `None` if a segment
    /// turned out to be damaged.
    fn read(
        &self,
        entries: &[Entry],
        shared: &Shared,
        cancel: &Cancel,
    ) -> Result<Option<Vec<(TransactionRow, Duration)>>, LakeError> {
        let mut rows: HashMap<Place, TransactionRow> = HashMap::new();
        let mut stored = Vec::new();
        for entry in entries {
            match entry.place {
                Place::Memory { chunk, row } => {
                    let read = list::row_of(&self.chunks[chunk].spans, row);
                    rows.extend(read.map(|read| (entry.place, read)));
                }
                Place::Stored(place) => stored.push((place, entry.cursor)),
            }
        }
        stored.sort_unstable();
        for of_group in
            stored.chunk_by(|(a, _), (b, _)| (a.segment, a.group) == (b.segment, b.group))
        {
            let late::Place { segment, group, .. } = of_group[0].0;
            let places: Vec<usize> = of_group.iter().map(|(place, _)| place.row).collect();
            let whole = scan_open(shared, &self.segments[segment], cancel, |open| {
                let batch = late::read(&open, group, &places)?;
                let mut reader = list::RowReader::new(&batch)?;
                for (at, (place, cursor)) in of_group.iter().enumerate() {
                    rows.insert(Place::Stored(*place), reader.row(*cursor, at)?);
                }
                Ok(())
            })?;
            if !whole {
                return Ok(None);
            }
        }
        let listed = entries.iter();
        let listed = listed.filter_map(|entry| Some((rows.remove(&entry.place)?, entry.spent)));
        Ok(Some(listed.collect()))
    }
}

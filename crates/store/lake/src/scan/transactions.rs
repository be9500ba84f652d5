//! The list behind a hitmap region: counts all selected transactions and returns one page of the
//! newest.

use crate::{
    ArrivalPlace, ArrivedRows, LakeError, TransactionRows, TransactionSearch,
    data::Data,
    memtable::{Chunk, of_signal},
    query::cancel::Cancel,
    scan::{
        self, attributes,
        filter::TransactionFilter,
        late,
        page::{Page, Place},
        scan_open,
    },
    tables::TableId,
};
use hinomi_model::SpanBatch;
use std::{cmp::Reverse, sync::Arc};

pub(crate) fn search(
    data: &Data,
    search: &TransactionSearch,
    cancel: &Cancel,
) -> Result<TransactionRows, LakeError> {
    loop {
        // If a segment turns out to be damaged, everything is read again without it.
        if let Some(rows) = attempt(data, search, cancel)? {
            return Ok(rows);
        }
        cancel.check()?;
    }
}

/// `None` if a segment turned out to be damaged; the next attempt leaves it out.
fn attempt(
    data: &Data,
    search: &TransactionSearch,
    cancel: &Cancel,
) -> Result<Option<TransactionRows>, LakeError> {
    let project = &search.selection.scope.project;
    // Only table `spans` has attributes.
    let attributes = attributes::transactions::span_filter(search);
    let table = match attributes {
        Some(_) => TableId::SPANS,
        None => TableId::TRANSACTIONS,
    };
    let mut snapshot = data
        .read()
        .snapshot::<SpanBatch>(project, table, Some(search.range));
    let filter = TransactionFilter::new(search);
    let mut page = Page::new(search.after, search.limit.min(data.limits.page_rows));
    for chunk in &snapshot.chunks {
        cancel.check()?;
        page.add_chunk(&filter, attributes.as_ref(), &chunk.batch);
    }
    let mut lost = std::mem::take(&mut snapshot.lost);
    let (damaged, mut segments): (Vec<_>, Vec<_>) = snapshot
        .segments
        .into_iter()
        .partition(|segment| segment.is_damaged());
    lost.extend(damaged.iter().map(|segment| scan::lost(segment)));
    // Newest first: rows of older segments then mostly need counting, not decoding.
    segments.sort_by_key(|segment| Reverse(segment.range.to));
    for (at, segment) in segments.iter().enumerate() {
        let whole = scan_open(data, segment, cancel, |open| match &attributes {
            Some(attributes) => {
                attributes::transactions::scan(&open, attributes, cancel, |batch| {
                    page.add(&filter, batch)
                })
            }
            None => late::find(&open, at, &filter, &mut page, cancel),
        })?;
        if !whole {
            return Ok(None);
        }
    }
    for of_group in page
        .take_places()
        .chunk_by(|a, b| (a.segment, a.group) == (b.segment, b.group))
    {
        let Place { segment, group, .. } = of_group[0];
        let rows: Vec<usize> = of_group.iter().map(|place| place.row).collect();
        let whole = scan_open(data, &segments[segment], cancel, |open| {
            page.add_found(&late::read(&open, group, &rows)?)
        })?;
        if !whole {
            return Ok(None);
        }
    }
    Ok(Some(page.finish(lost)))
}

/// Transactions that arrived after the first `since` batches, from the batches that are still in
/// memory. Cheap, because it does not read earlier batches.
pub(crate) fn arrived(
    data: &Data,
    search: &TransactionSearch,
    since: ArrivalPlace,
    cancel: &Cancel,
) -> Result<ArrivedRows, LakeError> {
    let project = &search.selection.scope.project;
    let (chunks, place, missed) = {
        let state = data.read();
        let (chunks, missed) = state.chunks_since(since.0);
        let wanted = chunks.filter(|chunk| chunk.project() == project);
        let chunks: Vec<Arc<Chunk<SpanBatch>>> = wanted.filter_map(of_signal).collect();
        (chunks, ArrivalPlace(state.applied), missed)
    };
    let filter = TransactionFilter::new(search);
    let attributes = attributes::transactions::span_filter(search);
    let mut page = Page::new(None, search.limit.min(data.limits.page_rows));
    for chunk in chunks {
        cancel.check()?;
        page.add_chunk(&filter, attributes.as_ref(), &chunk.batch);
    }
    let TransactionRows { total, rows, .. } = page.finish(Vec::new());
    Ok(ArrivedRows {
        total,
        rows,
        place,
        missed,
    })
}

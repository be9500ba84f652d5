//! Whole rows of transactions whose places in a list are known.

use crate::{
    LakeError, TransactionRow, TransactionSearch,
    data::Data,
    query::cancel::Cancel,
    scan::{
        call_trees::typed,
        filter::{PageFilter, TransactionFilter},
        late,
        row::{RowReader, row_of},
        scan_open,
    },
    segment::OpenSegment,
    tables::spans::decode,
    tables::{TableId, transactions::columns as t},
};
use arrow_array::FixedSizeBinaryArray;
use hinomi_columnar::{ColumnReader, Condition};
use hinomi_model::{
    Cursor, DurationRange, Scope, Selection, SpanBatch, Text, TimeRange, UnixNanos,
};
use std::time::Duration;

/// The transactions at these places. Those that are no longer there, or that are in a damaged
/// segment, are absent.
pub(crate) fn rows_at(
    data: &Data,
    project: Text,
    mut cursors: Vec<Cursor>,
    cancel: &Cancel,
) -> Result<Vec<TransactionRow>, LakeError> {
    cursors.sort_unstable();
    let (Some(first), Some(last)) = (cursors.first(), cursors.last()) else {
        return Ok(Vec::new());
    };
    let range = TimeRange::new(first.end, last.end.plus(Duration::from_nanos(1)));
    let filter = TransactionFilter::new(&TransactionSearch {
        selection: Selection::of(Scope::of(project.clone())),
        range,
        duration: DurationRange::default(),
        slow_threshold: Duration::MAX,
        text: None,
        terms: Vec::new(),
        after: None,
        limit: 0,
    });
    loop {
        // If a segment turns out to be damaged, everything is read again without it.
        if let Some(rows) = attempt(data, &project, (&filter, range), &cursors, cancel)? {
            return Ok(rows);
        }
        cancel.check()?;
    }
}

/// `None` if a segment turned out to be damaged.
fn attempt(
    data: &Data,
    project: &Text,
    (filter, range): (&TransactionFilter, TimeRange),
    cursors: &[Cursor],
    cancel: &Cancel,
) -> Result<Option<Vec<TransactionRow>>, LakeError> {
    let state = data.read();
    let snapshot = state.snapshot::<SpanBatch>(project, TableId::TRANSACTIONS, Some(range));
    drop(state);
    let mut rows = Vec::with_capacity(cursors.len());
    for chunk in &snapshot.chunks {
        cancel.check()?;
        for at in filter.select_spans(&chunk.batch) {
            let span = &chunk.batch.rows[at];
            let cursor = Cursor {
                end: span.end,
                trace_id: span.trace_id,
                span_id: span.span_id,
            };
            if cursors.binary_search(&cursor).is_ok() {
                rows.extend(row_of(&chunk.batch, at));
            }
        }
    }
    for segment in &snapshot.segments {
        if segment.is_damaged() {
            continue;
        }
        let whole = scan_open(data, segment, cancel, |open| {
            add_segment(&open, filter, cursors, cancel, &mut rows)
        })?;
        if !whole {
            return Ok(None);
        }
    }
    Ok(Some(rows))
}

/// Adds the wanted rows of a segment. Ids are read only for rows that ended when a wanted one did.
fn add_segment(
    open: &OpenSegment,
    filter: &TransactionFilter,
    cursors: &[Cursor],
    cancel: &Cancel,
    rows: &mut Vec<TransactionRow>,
) -> Result<(), LakeError> {
    let ended = |end: i64| cursors.binary_search_by_key(&UnixNanos(end), |cursor| cursor.end);
    let conditions = filter.conditions();
    for (group, metadata) in open.metadata.metadata().row_groups().iter().enumerate() {
        cancel.check()?;
        let mut conditions = conditions.iter();
        if !conditions.all(|condition: &Condition| condition.allows_group(metadata)) {
            continue;
        }
        let Some(mut pages) = PageFilter::new(filter, open, group)? else {
            continue;
        };
        let mut found: Vec<(usize, i64)> = Vec::new();
        for page in 0..pages.page_count() {
            cancel.check()?;
            let selected = pages.select(page)?;
            if selected.is_empty() {
                continue;
            }
            let first = pages.first_row(page);
            let ends = pages.ends(page)?;
            for row in selected {
                let end = ends.get(row).copied();
                let end = end.ok_or_else(|| LakeError::Columns("a page ends early".into()))?;
                if ended(end).is_ok() {
                    found.push((first + row, end));
                }
            }
        }
        if found.is_empty() {
            continue;
        }
        let at: Vec<usize> = found.iter().map(|(row, _)| *row).collect();
        let take = |column| ColumnReader::new(open, group, column)?.take(&at);
        let (traces, spans) = (take(t::TRACE_ID)?, take(t::SPAN_ID)?);
        let traces: &FixedSizeBinaryArray = typed(&traces)?;
        let spans: &FixedSizeBinaryArray = typed(&spans)?;
        let mut wanted: Vec<(usize, Cursor)> = Vec::new();
        for (number, (row, end)) in found.iter().enumerate() {
            let cursor = Cursor {
                end: UnixNanos(*end),
                trace_id: decode::trace_id(traces, number)?,
                span_id: decode::span_id(spans, number)?,
            };
            if cursors.binary_search(&cursor).is_ok() {
                wanted.push((*row, cursor));
            }
        }
        let at: Vec<usize> = wanted.iter().map(|(row, _)| *row).collect();
        if at.is_empty() {
            continue;
        }
        let batch = late::read(open, group, &at)?;
        let mut reader = RowReader::new(&batch)?;
        for (number, (_, cursor)) in wanted.iter().enumerate() {
            rows.push(reader.row(*cursor, number)?);
        }
    }
    Ok(())
}

//! Transactions of a segment in two passes: the few columns that select and count, then whole rows
//! of only those that come onto the page.

use crate::{
    LakeError,
    cancel::Cancel,
    columns::Columns,
    filter::TransactionFilter,
    scan::{SCAN_ROWS, prune, scan_open, transactions::Page},
    schema::transactions as t,
    segment::{OpenSegment, Segment},
    state::Shared,
};
use arrow_array::{ArrayRef, NullArray, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use hinomi_model::UnixNanos;
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector},
};
use std::sync::Arc;

/// Adds what a segment has to the page; false when the segment turned out to be damaged.
pub(crate) fn scan(
    shared: &Shared,
    segment: &Segment,
    filter: &TransactionFilter,
    page: &mut Page,
    cancel: &Cancel,
) -> Result<bool, LakeError> {
    scan_open(shared, segment, cancel, |open| {
        both_passes(&open, filter, page, cancel)
    })
}

fn both_passes(
    open: &OpenSegment,
    filter: &TransactionFilter,
    page: &mut Page,
    cancel: &Cancel,
) -> Result<(), LakeError> {
    let builder = || {
        let (file, metadata) = (open.file.clone(), open.metadata.clone());
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_batch_size(SCAN_ROWS)
    };
    let first = builder();
    let metadata = open.metadata.metadata();
    let (groups, selection) = prune::prune(&first, metadata, &filter.conditions())?;
    if groups.is_empty() {
        return Ok(());
    }
    let rows = groups
        .iter()
        .map(|group| metadata.row_group(*group).num_rows() as usize)
        .sum();
    let selection = selection.unwrap_or_else(|| vec![RowSelector::select(rows)].into());

    let columns = filter.columns();
    let mask = ProjectionMask::leaves(first.parquet_schema(), columns.iter().copied());
    let schema = narrowed(open.metadata.schema(), &columns);
    let reader = first
        .with_projection(mask)
        .with_row_groups(groups.clone())
        .with_row_selection(selection.clone())
        .build()?;
    let (mut found, mut read) = (Vec::new(), 0);
    for batch in reader {
        cancel.check()?;
        let batch = widen(&batch?, &schema)?;
        let selected = filter.select(&batch)?;
        let ends = Columns(&batch).instants(t::END)?;
        page.count(selected.len());
        let ends = selected
            .into_iter()
            .map(|row| (UnixNanos(ends[row]), read + row));
        found.extend(ends.filter(|(end, _)| page.may_follow(*end)));
        read += batch.num_rows();
    }
    let wanted = page.worth_reading(found);
    if wanted.is_empty() {
        return Ok(());
    }
    let places = places(&selection, wanted)
        .into_iter()
        .map(|place| place..place + 1);
    let reader = builder()
        .with_row_groups(groups)
        .with_row_selection(RowSelection::from_consecutive_ranges(places, rows))
        .build()?;
    for batch in reader {
        cancel.check()?;
        page.add_found(&batch?)?;
    }
    Ok(())
}

/// Where rows lie that a reader of `selection` answers with, ascending.
fn places(selection: &RowSelection, mut read: Vec<usize>) -> Vec<usize> {
    read.sort_unstable();
    let (mut place, mut before) = (0, 0);
    let mut places = Vec::with_capacity(read.len());
    let mut read = read.into_iter().peekable();
    for selector in selection.iter() {
        if !selector.skip {
            while let Some(row) = read.next_if(|row| *row < before + selector.row_count) {
                places.push(place + row - before);
            }
            before += selector.row_count;
        }
        place += selector.row_count;
    }
    places
}

/// The schema with nothing but nulls in the columns that are not read: positions stay.
fn narrowed(schema: &SchemaRef, columns: &[usize]) -> SchemaRef {
    let fields = schema.fields().iter().enumerate();
    let fields = fields.map(|(at, field)| {
        if columns.contains(&at) {
            field.as_ref().clone()
        } else {
            Field::new(field.name(), DataType::Null, true)
        }
    });
    Schema::new(fields.collect::<Vec<_>>()).into()
}

fn widen(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, LakeError> {
    let column = |field: &Arc<Field>| -> ArrayRef {
        match batch.column_by_name(field.name()) {
            Some(column) => column.clone(),
            None => Arc::new(NullArray::new(batch.num_rows())),
        }
    };
    let columns = schema.fields().iter().map(column).collect();
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_selection_lie_where_they_lie() {
        let selection: RowSelection = vec![
            RowSelector::skip(3),
            RowSelector::select(2),
            RowSelector::skip(4),
            RowSelector::select(3),
        ]
        .into();
        assert_eq!(places(&selection, vec![4, 0, 1, 2]), [3, 4, 9, 11]);
    }
}

//! Estimates the memory of a merge from the footers of its inputs, before the merge starts.
//!
//! The estimate counts the open batch and the dictionaries of each input, the batches that are read
//! but not yet merged, the row group being built, and its column being encoded. Row groups are made
//! small enough to fit. As many inputs as fit are merged; if not even two fit, none are.

use crate::{
    schema::Table,
    segment::{OpenSegment, Segment},
};
use arrow_schema::{DataType, SchemaRef};
use hinomi_columnar::PAGE_ROWS;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use std::{collections::HashSet, ops::Range, sync::Arc};

/// Bounds on the number of rows that are merged or read at once, whatever the memory.
const ROWS: Range<usize> = 64..8_192;
/// Approximate size of a decoded rollup, in bytes.
const ROLLUP_BYTES: usize = 1_024;
/// Memory of Parquet's reader of one column, without its pages. zstd reports 160 KiB for its state,
/// but most of its literal buffer stays untouched.
const READER_BYTES: usize = 96 << 10;
/// Bytes of a dictionary position and its validity bit, rounded up.
const WORD_BYTES: usize = 5;
/// Texts compress less well than dictionary positions. So the uncompressed dictionary may exceed
/// the share that its compressed size suggests, by this many quarters (a factor of 1.5).
const DICTIONARY_QUARTERS: usize = 6;

/// How a merge stays within its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Maximum number of completely read batches in memory.
    pub waiting: usize,
    /// Rows per output batch; for rollups also rows per read batch.
    pub rows: usize,
    /// Maximum size of a row group, in bytes.
    pub group_bytes: usize,
    /// Total memory of the merge, in bytes.
    pub bytes: usize,
}

/// Memory of one open input.
#[derive(Debug, Clone, Copy, Default)]
struct Input {
    dictionaries: usize,
    batch: usize,
}

/// The range of inputs to merge, and the plan; `None` if no two of them fit and pay off.
pub(crate) fn plan(
    table: Table,
    segments: &[Arc<Segment>],
    opened: &[OpenSegment],
    memory: usize,
) -> Option<(Range<usize>, Plan)> {
    let rollups = !matches!(table, Table::Spans | Table::Transactions);
    let weigh = if rollups { of_rollups } else { of_rows };
    let inputs: Vec<Input> = opened.iter().map(weigh).collect();
    let range = window(&inputs, segments, memory / 2)?;
    let inputs = &inputs[range.clone()];
    let (open, batch) = weight(inputs);
    let of_input = opened[range.clone()].iter();
    let row = of_input.clone().map(row_bytes).max().unwrap_or(0);
    let missing = union_columns(opened[range.clone()].iter());
    let row = (row + missing * WORD_BYTES).max(64);
    let rows = match rollups {
        // Every input and the output hold a batch of this many decoded rollups.
        true => memory / 4 / (ROLLUP_BYTES * (inputs.len() + 2)),
        false => memory / 16 / row,
    };
    let rows = rows.clamp(ROWS.start, ROWS.end);
    let waiting = (memory / 2).saturating_sub(open) / batch.max(1);
    let waiting = waiting.clamp(2, inputs.len().max(2));
    let plan = Plan {
        waiting,
        rows,
        group_bytes: memory / 4,
        bytes: open + waiting * batch + memory / 2,
    };
    Some((range, plan))
}

/// Memory of the open inputs together, and of the largest batch, in bytes.
fn weight(inputs: &[Input]) -> (usize, usize) {
    let open = inputs.iter().map(|input| input.dictionaries + input.batch);
    let batch = inputs.iter().map(|input| input.batch).max().unwrap_or(0);
    (open.sum(), batch)
}

/// The largest number of adjacent inputs that fit the memory and pay off; among equally many, the
/// smallest.
fn window(inputs: &[Input], segments: &[Arc<Segment>], memory: usize) -> Option<Range<usize>> {
    let fits = |range: &Range<usize>| {
        let (open, batch) = weight(&inputs[range.clone()]);
        open + 2 * batch <= memory
    };
    let bytes = |range: &Range<usize>| -> u64 {
        let bytes = segments[range.clone()].iter().map(|input| input.bytes);
        bytes.sum()
    };
    // Otherwise a large segment would be rewritten for every small one.
    let pays = |range: &Range<usize>| {
        let largest = segments[range.clone()]
            .iter()
            .map(|input| input.bytes)
            .max();
        range.len() == inputs.len() || bytes(range) * 4 >= largest.unwrap_or(0) * 5
    };
    (2..=inputs.len()).rev().find_map(|length| {
        let windows = (0..=inputs.len() - length).map(|from| from..from + length);
        windows
            .filter(|range| fits(range) && pays(range))
            .min_by_key(bytes)
    })
}

/// Memory of an input of spans or transactions.
fn of_rows(open: &OpenSegment) -> Input {
    let metadata = open.metadata.metadata();
    let mut input = Input::default();
    for (at, group) in metadata.row_groups().iter().enumerate() {
        let texts = group
            .columns()
            .iter()
            .filter(|column| !has_dictionary(column));
        let plain: usize = texts
            .filter(|column| is_text(column))
            .map(plain_bytes)
            .sum();
        let rows = rows(group);
        let row = fixed_bytes(open.metadata.schema()) + plain / rows;
        input.batch = input.batch.max(row * page_rows(metadata, at).min(rows));
        let dictionaries = group.columns().iter().map(dictionary_bytes).sum();
        input.dictionaries = input.dictionaries.max(dictionaries);
    }
    input
}

/// Memory of an input of rollups, which Parquet's own reader reads.
fn of_rollups(open: &OpenSegment) -> Input {
    let metadata = open.metadata.metadata();
    let columns = metadata.file_metadata().schema_descr().num_columns();
    let mut input = Input {
        dictionaries: 0,
        batch: ROWS.start * ROLLUP_BYTES,
    };
    for (at, group) in metadata.row_groups().iter().enumerate() {
        let page = page_rows(metadata, at).min(rows(group));
        let pages = group
            .columns()
            .iter()
            .map(|column| dictionary_bytes(column) + plain_bytes(column) / rows(group) * page);
        let held = pages.sum::<usize>() + columns * READER_BYTES;
        input.dictionaries = input.dictionaries.max(held);
    }
    input
}

/// Number of columns that not all of the files have.
fn union_columns<'a>(opened: impl Iterator<Item = &'a OpenSegment>) -> usize {
    let (mut all, mut fewest) = (HashSet::new(), usize::MAX);
    for open in opened {
        let fields = open.metadata.schema().fields();
        fewest = fewest.min(fields.len());
        all.extend(fields.iter().map(|field| field.name().as_str()));
    }
    all.len().saturating_sub(fewest)
}

/// Size of an output row in bytes, assuming that each text occurs only once.
fn row_bytes(open: &OpenSegment) -> usize {
    let groups = || open.metadata.metadata().row_groups().iter();
    let bytes = groups()
        .flat_map(RowGroupMetaData::columns)
        .map(plain_bytes);
    let rows: usize = groups().map(rows).sum();
    fixed_bytes(open.metadata.schema()) + bytes.sum::<usize>() / rows.max(1)
}

/// Size of a row without its texts, in bytes.
fn fixed_bytes(schema: &SchemaRef) -> usize {
    let fields = schema.fields().iter();
    let widths = fields.map(|field| match field.data_type() {
        DataType::Dictionary(..) => WORD_BYTES,
        DataType::FixedSizeBinary(width) => usize::try_from(*width).unwrap_or(0),
        other => other.primitive_width().unwrap_or(1),
    });
    widths.sum()
}

fn is_text(column: &ColumnChunkMetaData) -> bool {
    column.column_type() == parquet::basic::Type::BYTE_ARRAY
}

fn has_dictionary(column: &ColumnChunkMetaData) -> bool {
    column.dictionary_page_offset().is_some()
}

fn rows(group: &RowGroupMetaData) -> usize {
    usize::try_from(group.num_rows()).unwrap_or(0).max(1)
}

fn plain_bytes(column: &ColumnChunkMetaData) -> usize {
    usize::try_from(column.uncompressed_size()).unwrap_or(0)
}

/// Estimated uncompressed size of a column's dictionary, from its share of the column's compressed
/// size.
fn dictionary_bytes(column: &ColumnChunkMetaData) -> usize {
    let Some(offset) = column.dictionary_page_offset() else {
        return 0;
    };
    let of_file = |bytes: i64| u128::try_from(bytes).unwrap_or(0);
    let part = of_file(column.data_page_offset().saturating_sub(offset));
    let plain = plain_bytes(column);
    let estimate = part * plain as u128 * DICTIONARY_QUARTERS as u128
        / (4 * of_file(column.compressed_size()).max(1));
    usize::try_from(estimate).unwrap_or(usize::MAX).min(plain)
}

/// The largest number of rows in a page of the row group.
fn page_rows(metadata: &ParquetMetaData, group: usize) -> usize {
    let index = metadata.page_index();
    let Some(index) = index.and_then(|index| index.offset_index(group, 0)) else {
        return PAGE_ROWS;
    };
    let starts = index
        .page_locations()
        .iter()
        .map(|page| page.first_row_index);
    let ends = starts
        .clone()
        .skip(1)
        .chain([metadata.row_group(group).num_rows()]);
    let rows = starts
        .zip(ends)
        .map(|(start, end)| end.saturating_sub(start));
    usize::try_from(rows.max().unwrap_or(0)).unwrap_or(0)
}

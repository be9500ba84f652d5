//! Estimates from the footer of a file how much memory it takes to read all of its rows.

use crate::{OpenFile, PAGE_ROWS};
use arrow_schema::{DataType, SchemaRef};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use std::collections::HashSet;

/// Memory of Parquet's reader of one column, without its pages. zstd reports 160 KiB for its state,
/// but most of its literal buffer stays untouched.
const READER_BYTES: usize = 96 << 10;
/// Bytes of a dictionary position and its validity bit, rounded up.
pub const WORD_BYTES: usize = 5;
/// Texts compress less well than dictionary positions. So the uncompressed dictionary may exceed
/// the share that its compressed size suggests, by this many quarters (a factor of 1.5).
const DICTIONARY_QUARTERS: usize = 6;

/// Memory of a file while its rows are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadFootprint {
    /// Bytes of the dictionaries of one row group, and of what the reader keeps besides a batch.
    pub dictionaries: usize,
    /// Bytes of one batch.
    pub batch: usize,
}

impl ReadFootprint {
    /// Memory of [`crate::PageBatches`].
    pub fn of_page_batches(open: &OpenFile) -> Self {
        let metadata = open.metadata.metadata();
        let mut footprint = Self::default();
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
            footprint.batch = footprint.batch.max(row * page_rows(metadata, at).min(rows));
            let dictionaries = group.columns().iter().map(dictionary_bytes).sum();
            footprint.dictionaries = footprint.dictionaries.max(dictionaries);
        }
        footprint
    }

    /// Memory of Parquet's own reader, for batches of `batch` bytes.
    pub fn of_parquet_reader(open: &OpenFile, batch: usize) -> Self {
        let metadata = open.metadata.metadata();
        let columns = metadata.file_metadata().schema_descr().num_columns();
        let mut footprint = Self {
            dictionaries: 0,
            batch,
        };
        for (at, group) in metadata.row_groups().iter().enumerate() {
            let page = page_rows(metadata, at).min(rows(group));
            let pages = group
                .columns()
                .iter()
                .map(|column| dictionary_bytes(column) + plain_bytes(column) / rows(group) * page);
            let held = pages.sum::<usize>() + columns * READER_BYTES;
            footprint.dictionaries = footprint.dictionaries.max(held);
        }
        footprint
    }
}

/// Number of columns that not all of the files have.
pub fn uncommon_columns<'a>(opened: impl Iterator<Item = &'a OpenFile>) -> usize {
    let (mut all, mut fewest) = (HashSet::new(), usize::MAX);
    for open in opened {
        let fields = open.metadata.schema().fields();
        fewest = fewest.min(fields.len());
        all.extend(fields.iter().map(|field| field.name().as_str()));
    }
    all.len().saturating_sub(fewest)
}

/// Size of a decoded row in bytes, assuming that each text occurs only once.
pub fn row_bytes(open: &OpenFile) -> usize {
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

//! Writes one segment: the settings of each table, and what spans need besides their columns.

use crate::{
    LakeError,
    schema::{Table, spans, transactions},
    segment::origin::{self, Origin},
    spans::{parents, promoted},
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_columnar::{
    BatchWriter, ColumnOptions, FileWriter, GroupSize, PAGE_ROWS, RowGroup, checksum::Extent,
    row_groups,
};
use hinomi_io::Disk;
use hinomi_model::Text;
use parquet::{
    basic::{Compression, Encoding, ZstdLevel},
    file::{
        metadata::SortingColumn,
        properties::{BloomFilterPosition, EnabledStatistics, WriterProperties},
    },
    schema::types::ColumnPath,
};
use std::{collections::HashMap, path::Path};

/// Rows per row group: the unit that footer statistics can exclude.
pub(crate) const ROW_GROUP_ROWS: usize = 128 << 10;
/// Rows per row group of transactions. It is larger, because each trace id is stored once per row
/// group, and narrow rows need little memory.
pub(crate) const TRANSACTION_GROUP_ROWS: usize = 1 << 20;
/// Columns of rollups whose numbers hardly repeat, so that a dictionary would be larger than the
/// values.
const SPLIT: [&[&str]; 4] = [
    &["total_ns"],
    &["latency_buckets", "list", "item"],
    &["cell_rows", "list", "item"],
    &["cell_ok", "list", "item"],
];

/// zstd level of flushed spans and transactions, which are merged soon.
const FLUSHED_LEVEL: i32 = 1;
/// zstd level of merged segments, which stay, and of rollups: a few per cent smaller for a little
/// more work.
const MERGED_LEVEL: i32 = 3;

/// Additional memory that a flush needs for a memtable of this many bytes: its texts as words of
/// the flush, and a row group.
pub(crate) fn flush_bytes(memtable: usize) -> usize {
    memtable.saturating_add(memtable / 2)
}

/// Writes the batches to a new file and syncs it. Returns its size and checksum. The file must not
/// exist. Spans get a bloom filter per promoted attribute that has a column. The footer says where
/// the rows come from and belong.
pub(crate) fn write(
    disk: &dyn Disk,
    path: &Path,
    origin: &Origin,
    schema: &SchemaRef,
    promoted: &[Text],
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> Result<Extent, LakeError> {
    write_merged(disk, path, origin, schema, promoted, (usize::MAX, batches))
}

/// Same as [`write()`], with a limit on the size of a row group in bytes; a group can exceed it by
/// one batch.
pub(crate) fn write_merged(
    disk: &dyn Disk,
    path: &Path,
    origin: &Origin,
    schema: &SchemaRef,
    promoted: &[Text],
    (bytes, batches): (usize, impl Iterator<Item = Result<RecordBatch, LakeError>>),
) -> Result<Extent, LakeError> {
    match origin.table {
        Table::Spans | Table::Transactions => {
            let rows = group_rows(origin.table);
            let groups = row_groups(GroupSize { rows, bytes }, batches);
            write_groups(disk, path, origin, schema, promoted, (MERGED_LEVEL, groups))
        }
        Table::Rollups5s | Table::Rollups1m | Table::Rollups1h => {
            write_rollups(disk, path, origin, schema, (bytes, batches))
        }
    }
}

/// Same as [`write()`], for flushed spans or transactions, which come as row groups.
pub(crate) fn write_flushed(
    disk: &dyn Disk,
    path: &Path,
    origin: &Origin,
    schema: &SchemaRef,
    promoted: &[Text],
    groups: impl Iterator<Item = Result<RowGroup, LakeError>>,
) -> Result<Extent, LakeError> {
    write_groups(
        disk,
        path,
        origin,
        schema,
        promoted,
        (FLUSHED_LEVEL, groups),
    )
}

fn write_groups(
    disk: &dyn Disk,
    path: &Path,
    origin: &Origin,
    schema: &SchemaRef,
    promoted: &[Text],
    (level, groups): (i32, impl Iterator<Item = Result<RowGroup, LakeError>>),
) -> Result<Extent, LakeError> {
    let table = origin.table;
    let mut writer = FileWriter::create(disk, path, schema, properties(table, schema), level)?;
    for group in groups {
        let mut group = group?;
        let filters = match table {
            Table::Spans => {
                parents::fold(&mut group)?;
                promoted::filters(&mut group, schema, promoted)?
            }
            _ => HashMap::new(),
        };
        writer.write(group, |at| options(table, at), filters)?;
    }
    Ok(writer.finish(|offset| origin.key_value(offset), origin::seal)?)
}

fn write_rollups(
    disk: &dyn Disk,
    path: &Path,
    origin: &Origin,
    schema: &SchemaRef,
    (bytes, batches): (usize, impl Iterator<Item = Result<RecordBatch, LakeError>>),
) -> Result<Extent, LakeError> {
    let properties = properties(origin.table, schema);
    let mut writer = BatchWriter::create(disk, path, schema, properties, bytes)?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    Ok(writer.finish(|offset| origin.key_value(offset), origin::seal)?)
}

/// Rows per row group of a table.
pub(crate) fn group_rows(table: Table) -> usize {
    match table {
        Table::Transactions => TRANSACTION_GROUP_ROWS,
        _ => ROW_GROUP_ROWS,
    }
}

/// The options of a column, according to what scans need.
fn options(table: Table, at: usize) -> ColumnOptions {
    let none = ColumnOptions::default();
    match (table, at) {
        (Table::Spans, spans::TRACE_ID) => ColumnOptions {
            page_statistics: true,
            bloom: true,
            ..none
        },
        (Table::Spans, spans::SPAN_ID)
        | (Table::Transactions, transactions::TRACE_ID | transactions::SPAN_ID) => ColumnOptions {
            random: true,
            ..none
        },
        (
            Table::Transactions,
            transactions::SERVICE | transactions::END | transactions::DURATION,
        ) => ColumnOptions {
            page_statistics: true,
            ..none
        },
        _ => none,
    }
}

fn properties(table: Table, schema: &SchemaRef) -> WriterProperties {
    let level = ZstdLevel::try_new(MERGED_LEVEL).unwrap_or_default();
    let mut builder = WriterProperties::builder()
        .set_sorting_columns(sorted_by(table, schema))
        .set_compression(Compression::ZSTD(level))
        .set_created_by(concat!("hinomi ", env!("CARGO_PKG_VERSION")).into())
        // Before the tail, so that block checksums cover the filters.
        .set_bloom_filter_position(BloomFilterPosition::AfterRowGroup)
        .set_max_row_group_row_count(Some(group_rows(table)))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for path in SPLIT {
        let path = ColumnPath::from(
            path.iter()
                .map(|part| (*part).to_owned())
                .collect::<Vec<_>>(),
        );
        builder = builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
    }
    builder.build()
}

fn sorted_by(table: Table, schema: &SchemaRef) -> Option<Vec<SortingColumn>> {
    let sorting = |name: &&str| {
        Some(SortingColumn {
            column_idx: i32::try_from(schema.index_of(name).ok()?).ok()?,
            descending: false,
            nulls_first: false,
        })
    };
    table.sort_key().iter().map(sorting).collect()
}

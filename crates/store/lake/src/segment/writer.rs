//! Writes one segment, with the settings of its table.

use crate::{
    LakeError,
    segment::origin::{self, Origin},
    tables::{MergeRule, TableId},
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_columnar::{
    BatchWriter, FileWriter, GroupSize, PAGE_ROWS, RowGroup, checksum::Extent, row_groups,
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
use std::path::Path;

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
    match origin.table.kind().merge_rule() {
        MergeRule::Interleave => {
            let rows = origin.table.kind().group_rows();
            let groups = row_groups(GroupSize { rows, bytes }, batches);
            write_groups(disk, path, origin, schema, promoted, (MERGED_LEVEL, groups))
        }
        MergeRule::AddUp => write_rollups(disk, path, origin, schema, (bytes, batches)),
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
    let mut writer =
        FileWriter::create(disk, path, schema, properties(origin.table, schema), level)?;
    let table = origin.table.kind();
    for group in groups {
        let mut group = group?;
        let filters = table.store_group(&mut group, schema, promoted)?;
        writer.write(group, |at| table.column_options(at), filters)?;
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

fn properties(table: TableId, schema: &SchemaRef) -> WriterProperties {
    let level = ZstdLevel::try_new(MERGED_LEVEL).unwrap_or_default();
    let mut builder = WriterProperties::builder()
        .set_sorting_columns(sorted_by(table, schema))
        .set_compression(Compression::ZSTD(level))
        .set_created_by(concat!("hinomi ", env!("CARGO_PKG_VERSION")).into())
        // Before the tail, so that block checksums cover the filters.
        .set_bloom_filter_position(BloomFilterPosition::AfterRowGroup)
        .set_max_row_group_row_count(Some(table.kind().group_rows()))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for path in table.kind().split_columns() {
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

fn sorted_by(table: TableId, schema: &SchemaRef) -> Option<Vec<SortingColumn>> {
    let sorting = |name: &&str| {
        Some(SortingColumn {
            column_idx: i32::try_from(schema.index_of(name).ok()?).ok()?,
            descending: false,
            nulls_first: false,
        })
    };
    table.kind().sort_key().iter().map(sorting).collect()
}

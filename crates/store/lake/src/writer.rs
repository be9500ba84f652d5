//! Writes one Parquet file: the settings of each table, and the output to disk.

use crate::{
    LakeError,
    checksum::{Extent, Summer},
    column_chunk::{Encoder, PAGE_ROWS, Wishes},
    group::{self, Group, GroupSize},
    origin::{self, Origin},
    parents, promoted,
    schema::{Table, spans, transactions},
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_io::{Disk, WriteFile};
use hinomi_model::Text;
use parquet::{
    arrow::{ArrowSchemaConverter, ArrowWriter, add_encoded_arrow_schema_to_metadata},
    basic::{Compression, Encoding, ZstdLevel},
    file::{
        metadata::SortingColumn,
        properties::{BloomFilterPosition, EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::ColumnPath,
};
use std::{
    collections::HashMap,
    io::{self, Write},
    path::Path,
};

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
/// Bytes in memory of one page of every column. An input of a merge holds that much, and a query
/// for one trace decodes that much.
const PAGE_BYTES: usize = 2 << 20;
/// Minimum number of rows per page.
const LEAST_PAGE_ROWS: usize = 64;
/// Bytes written to the disk at once.
const WRITE_BYTES: usize = 1 << 20;

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
            let groups = group::groups(GroupSize { rows, bytes }, batches);
            write_groups(disk, path, origin, schema, promoted, (MERGED_LEVEL, groups))
        }
        Table::Rollups5s | Table::Rollups1m | Table::Rollups1h => {
            let sink = Sink::create(disk, path)?;
            write_rollups(sink, path, origin, schema, (bytes, batches))?.finish(path)
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
    groups: impl Iterator<Item = Result<Group, LakeError>>,
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
    (level, groups): (i32, impl Iterator<Item = Result<Group, LakeError>>),
) -> Result<Extent, LakeError> {
    let table = origin.table;
    let sink = Sink::create(disk, path)?;
    let columns = ArrowSchemaConverter::new().convert(schema)?;
    let mut properties = properties(table, schema);
    add_encoded_arrow_schema_to_metadata(schema, &mut properties);
    let root = columns.root_schema_ptr();
    let mut writer = SerializedFileWriter::new(sink, root, properties.into())?;
    let mut encoder = Encoder::new(level)?;
    for group in groups {
        let mut columns_of = group?;
        let mut filters = match table {
            Table::Spans => {
                parents::fold(&mut columns_of)?;
                promoted::filters(&mut columns_of, schema, promoted)?
            }
            _ => HashMap::new(),
        };
        encoder.page_rows = page_rows(columns_of.row_bytes());
        let mut group = writer.next_row_group()?;
        for at in 0..columns_of.len() {
            let wishes = Wishes {
                distinct: columns_of.distinct,
                ..wishes(table, at)
            };
            let array = columns_of.take(at)?;
            let (pages, mut close) = encoder.encode(&array, &columns.column(at), wishes)?;
            if let Some(filter) = filters.remove(&at) {
                close.bloom_filter = Some(filter);
            }
            group.append_column(&pages, close)?;
        }
        group.close()?;
    }
    // The tail begins here, as in `write_rollups`.
    writer.flush().map_err(LakeError::disk(path))?;
    let (offset, sums) = writer.inner_mut().begin_tail();
    writer.write_all(&sums).map_err(LakeError::disk(path))?;
    writer.append_key_value_metadata(origin.key_value(offset));
    writer.into_inner()?.finish(path)
}

fn write_rollups(
    sink: Sink,
    path: &Path,
    origin: &Origin,
    schema: &SchemaRef,
    (bytes, batches): (usize, impl Iterator<Item = Result<RecordBatch, LakeError>>),
) -> Result<Sink, LakeError> {
    let table = origin.table;
    let mut writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties(table, schema)))?;
    for batch in batches {
        writer.write(&batch?)?;
        if writer.memory_size() > bytes {
            writer.flush()?;
        }
    }
    // The block checksums cover row groups and their bloom filters. Everything after this point is
    // the tail.
    writer.flush()?;
    writer.sync().map_err(LakeError::disk(path))?;
    let (offset, sums) = writer.inner_mut().begin_tail();
    writer.write_all(&sums).map_err(LakeError::disk(path))?;
    writer.append_key_value_metadata(origin.key_value(offset));
    Ok(writer.into_inner()?)
}

/// Rows per page in a row group. The number is the same for all columns, since readers process
/// corresponding pages together. Wide rows get fewer rows per page.
fn page_rows(row_bytes: usize) -> usize {
    let rows = PAGE_BYTES / row_bytes.max(1);
    // A power of two, so that the definition levels of a page fill whole bytes.
    let rows = 1 << rows.max(1).ilog2();
    rows.clamp(LEAST_PAGE_ROWS, PAGE_ROWS)
}

/// Rows per row group of a table.
pub(crate) fn group_rows(table: Table) -> usize {
    match table {
        Table::Transactions => TRANSACTION_GROUP_ROWS,
        _ => ROW_GROUP_ROWS,
    }
}

/// The options of a column, according to what scans need.
fn wishes(table: Table, at: usize) -> Wishes {
    let none = Wishes::default();
    match (table, at) {
        (Table::Spans, spans::TRACE_ID) => Wishes {
            page_statistics: true,
            bloom: true,
            ..none
        },
        (Table::Spans, spans::SPAN_ID)
        | (Table::Transactions, transactions::TRACE_ID | transactions::SPAN_ID) => Wishes {
            random: true,
            ..none
        },
        (
            Table::Transactions,
            transactions::SERVICE | transactions::END | transactions::DURATION,
        ) => Wishes {
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

/// Buffers small writes, and the whole tail.
struct Sink {
    file: Box<dyn WriteFile>,
    buffer: Vec<u8>,
    summer: Summer,
}

impl Sink {
    fn create(disk: &dyn Disk, path: &Path) -> Result<Self, LakeError> {
        Ok(Self {
            file: disk.create(path).map_err(LakeError::disk(path))?,
            buffer: Vec::with_capacity(WRITE_BYTES),
            summer: Summer::default(),
        })
    }

    /// Starts the tail; everything before it has been written. Returns its offset and its first
    /// bytes, which the caller has to write.
    fn begin_tail(&mut self) -> (u64, Vec<u8>) {
        let sums = self.summer.begin_tail();
        (self.summer.tail_offset().unwrap_or(0), sums)
    }

    /// Syncs the file. Returns its size and checksum.
    fn finish(mut self, path: &Path) -> Result<Extent, LakeError> {
        // The buffer holds exactly the tail.
        origin::seal(&mut self.buffer);
        self.summer.replace_tail(&self.buffer);
        self.write_out()
            .and_then(|()| self.file.sync())
            .map_err(LakeError::disk(path))?;
        Ok(self.summer.extent())
    }

    fn write_out(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.file.append(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        self.summer.add(bytes);
        if self.buffer.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // The tail stays in the buffer, because it is changed once it is complete.
        match self.summer.tail_offset() {
            None => self.write_out(),
            Some(_) => Ok(()),
        }
    }
}

//! Writing one Parquet file: the settings of each table, and the way to the disk.

use crate::{
    LakeError,
    checksum::{Extent, Summer},
    column_chunk::{Encoder, PAGE_ROWS, Wishes},
    parents, promoted,
    schema::{Table, spans, transactions},
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use hinomi_io::{Disk, WriteFile};
use hinomi_model::Text;
use parquet::{
    arrow::{ArrowSchemaConverter, ArrowWriter, add_encoded_arrow_schema_to_metadata},
    basic::{Compression, ZstdLevel},
    file::{
        metadata::SortingColumn,
        properties::{BloomFilterPosition, EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
};
use std::{
    collections::HashMap,
    io::{self, Write},
    path::Path,
};

/// Rows of a row group: what one footer entry can exclude.
pub(crate) const ROW_GROUP_ROWS: usize = 128 << 10;
/// The same of transactions: more, since each trace id stands once a row group, and narrow rows
/// take little memory.
pub(crate) const TRANSACTION_GROUP_ROWS: usize = 512 << 10;
/// Bytes handed to the disk at once.
const WRITE_BYTES: usize = 1 << 20;

/// Writes the batches to a file that must not exist and syncs it; answers its size and checksum.
/// Spans get a filter for each promoted attribute that has a column.
pub(crate) fn write(
    disk: &dyn Disk,
    path: &Path,
    table: Table,
    schema: &SchemaRef,
    promoted: &[Text],
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> Result<Extent, LakeError> {
    let file = disk.create(path).map_err(LakeError::disk(path))?;
    let sink = Sink {
        file,
        buffer: Vec::with_capacity(WRITE_BYTES),
        summer: Summer::default(),
    };
    let mut sink = match table {
        Table::Spans | Table::Transactions => {
            write_groups(sink, path, (table, schema), promoted, batches)?
        }
        Table::Rollups5s | Table::Rollups1m | Table::Rollups1h => {
            write_rollups(sink, path, table, schema, batches)?
        }
    };
    sink.flush()
        .and_then(|()| sink.file.sync())
        .map_err(LakeError::disk(path))?;
    Ok(sink.summer.extent())
}

fn write_rollups(
    sink: Sink,
    path: &Path,
    table: Table,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> Result<Sink, LakeError> {
    let mut writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties(table, schema)))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    // Row groups and their bloom filters are under the blocks' checksums; what comes now is the tail.
    writer.flush()?;
    writer.sync().map_err(LakeError::disk(path))?;
    let table = writer.inner_mut().summer.begin_tail();
    writer.write_all(&table).map_err(LakeError::disk(path))?;
    Ok(writer.into_inner()?)
}

fn write_groups(
    sink: Sink,
    path: &Path,
    (table, schema): (Table, &SchemaRef),
    promoted: &[Text],
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> Result<Sink, LakeError> {
    let columns = ArrowSchemaConverter::new().convert(schema)?;
    let mut properties = properties(table, schema);
    add_encoded_arrow_schema_to_metadata(schema, &mut properties);
    let root = columns.root_schema_ptr();
    let mut writer = SerializedFileWriter::new(sink, root, properties.into())?;
    let mut encoder = Encoder::new()?;
    for batch in groups(schema, group_rows(table), batches) {
        let batch = match table {
            Table::Spans => parents::fold(&batch?)?,
            _ => batch?,
        };
        let mut filters = match table {
            Table::Spans => promoted::filters(&batch, promoted)?,
            _ => HashMap::new(),
        };
        let mut group = writer.next_row_group()?;
        for (at, array) in batch.columns().iter().enumerate() {
            let wishes = wishes(table, at);
            let (pages, mut close) = encoder.encode(array, &columns.column(at), wishes)?;
            if let Some(filter) = filters.remove(&at) {
                close.bloom_filter = Some(filter);
            }
            group.append_column(&pages, close)?;
        }
        group.close()?;
    }
    // As for rollups: the tail begins.
    writer.flush().map_err(LakeError::disk(path))?;
    let table = writer.inner_mut().summer.begin_tail();
    writer.write_all(&table).map_err(LakeError::disk(path))?;
    Ok(writer.into_inner()?)
}

/// Rows of a row group of a table.
pub(crate) fn group_rows(table: Table) -> usize {
    match table {
        Table::Transactions => TRANSACTION_GROUP_ROWS,
        _ => ROW_GROUP_ROWS,
    }
}

/// Batches of a row group's size, whatever the size of those that come.
fn groups(
    schema: &SchemaRef,
    most: usize,
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> impl Iterator<Item = Result<RecordBatch, LakeError>> {
    let mut batches = batches.fuse();
    let mut waiting: Vec<RecordBatch> = Vec::new();
    std::iter::from_fn(move || {
        let mut rows: usize = waiting.iter().map(RecordBatch::num_rows).sum();
        while rows < most {
            match batches.next() {
                Some(Ok(batch)) => {
                    rows += batch.num_rows();
                    waiting.push(batch);
                }
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        let all = match waiting.len() {
            0 => return None,
            1 => waiting.remove(0),
            _ => match concat_batches(schema, &std::mem::take(&mut waiting)) {
                Ok(all) => all,
                Err(error) => return Some(Err(error.into())),
            },
        };
        if all.num_rows() > most {
            waiting.push(all.slice(most, all.num_rows() - most));
        }
        Some(Ok(all.slice(0, all.num_rows().min(most))))
    })
}

/// What scans ask of a column.
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
    let builder = WriterProperties::builder()
        .set_sorting_columns(sorted_by(table, schema))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("hinomi ", env!("CARGO_PKG_VERSION")).into())
        // Before the tail, where a block's checksum covers them.
        .set_bloom_filter_position(BloomFilterPosition::AfterRowGroup)
        .set_max_row_group_row_count(Some(group_rows(table)))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Chunk);
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

/// Gathers small writes.
struct Sink {
    file: Box<dyn WriteFile>,
    buffer: Vec<u8>,
    summer: Summer,
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
        if !self.buffer.is_empty() {
            self.file.append(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

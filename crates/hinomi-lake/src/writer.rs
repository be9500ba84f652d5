//! Writing one Parquet file: the settings of each table, and the way to the disk.

use crate::{
    LakeError,
    schema::{Table, spans, transactions},
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_io::{Disk, WriteFile};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::{
        metadata::SortingColumn,
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder},
    },
    schema::types::ColumnPath,
};
use std::{
    io::{self, Write},
    path::Path,
};

/// Rows of a row group: what one footer entry can exclude.
pub(crate) const ROW_GROUP_ROWS: usize = 64 << 10;
/// Rows of a page: what one trace or one stretch of time reads at least.
const PAGE_ROWS: usize = 4 << 10;
/// Bytes handed to the disk at once.
const WRITE_BYTES: usize = 1 << 20;
/// Share of other trace ids that a bloom filter lets through.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// Writes the batches to a file that must not exist and syncs it; answers its size.
pub(crate) fn write(
    disk: &dyn Disk,
    path: &Path,
    table: Table,
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> Result<u64, LakeError> {
    write_as(disk, path, table, table.schema(), batches)
}

/// Like [`write`], with columns beyond those of the table behind them.
pub(crate) fn write_as(
    disk: &dyn Disk,
    path: &Path,
    table: Table,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> Result<u64, LakeError> {
    let file = disk.create(path).map_err(LakeError::disk(path))?;
    let sink = Sink {
        file,
        buffer: Vec::with_capacity(WRITE_BYTES),
        written: 0,
    };
    let mut writer = ArrowWriter::try_new(sink, schema.clone(), Some(properties(table, schema)))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    let mut sink = writer.into_inner()?;
    sink.flush()
        .and_then(|()| sink.file.sync())
        .map_err(LakeError::disk(path))?;
    Ok(sink.written)
}

fn properties(table: Table, schema: &SchemaRef) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_sorting_columns(sorted_by(table, schema))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("hinomi ", env!("CARGO_PKG_VERSION")).into())
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    match table {
        Table::Spans => span_properties(builder),
        Table::Transactions => transaction_properties(builder),
        Table::Rollups5s | Table::Rollups1m | Table::Rollups1h => builder,
    }
    .build()
}

fn span_properties(mut builder: WriterPropertiesBuilder) -> WriterPropertiesBuilder {
    let column = |at| column(Table::Spans, at);
    // Ids are random and the texts nearly always distinct: a dictionary would only cost.
    for at in [spans::ATTRIBUTES, spans::EVENTS, spans::LINKS] {
        builder = builder
            .set_column_dictionary_enabled(column(at), false)
            .set_column_statistics_enabled(column(at), EnabledStatistics::None);
    }
    for at in [
        spans::SPAN_ID,
        spans::PARENT_SPAN_ID,
        spans::START,
        spans::END,
    ] {
        builder = builder.set_column_dictionary_enabled(column(at), false);
    }
    builder
        .set_column_dictionary_enabled(column(spans::TRACE_ID), false)
        .set_column_statistics_enabled(column(spans::TRACE_ID), EnabledStatistics::Page)
        .set_column_bloom_filter_enabled(column(spans::TRACE_ID), true)
        .set_column_bloom_filter_fpp(column(spans::TRACE_ID), BLOOM_FALSE_POSITIVES)
        .set_column_bloom_filter_max_ndv(column(spans::TRACE_ID), ROW_GROUP_ROWS as u64)
}

fn transaction_properties(mut builder: WriterPropertiesBuilder) -> WriterPropertiesBuilder {
    let column = |at| column(Table::Transactions, at);
    for at in [
        transactions::TRACE_ID,
        transactions::SPAN_ID,
        transactions::END,
        transactions::DURATION,
    ] {
        builder = builder.set_column_dictionary_enabled(column(at), false);
    }
    for at in [
        transactions::SERVICE,
        transactions::END,
        transactions::DURATION,
    ] {
        builder = builder.set_column_statistics_enabled(column(at), EnabledStatistics::Page);
    }
    builder
}

fn column(table: Table, at: usize) -> ColumnPath {
    ColumnPath::new(vec![table.schema().field(at).name().clone()])
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
    written: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        self.written += bytes.len() as u64;
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

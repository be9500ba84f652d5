//! Writing one Parquet file: the settings of each table, and the way to the disk.

use crate::{
    LakeError,
    checksum::{Extent, Summer},
    schema::{Table, rollups, spans, transactions},
};
use arrow_array::RecordBatch;
use hinomi_io::{Disk, WriteFile};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::{
        metadata::SortingColumn,
        properties::{
            BloomFilterPosition, EnabledStatistics, WriterProperties, WriterPropertiesBuilder,
        },
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

/// Writes the batches to a file that must not exist and syncs it; answers its size and checksum.
pub(crate) fn write(
    disk: &dyn Disk,
    path: &Path,
    table: Table,
    batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
) -> Result<Extent, LakeError> {
    let file = disk.create(path).map_err(LakeError::disk(path))?;
    let sink = Sink {
        file,
        buffer: Vec::with_capacity(WRITE_BYTES),
        summer: Summer::default(),
    };
    let mut writer = ArrowWriter::try_new(sink, table.schema().clone(), Some(properties(table)))?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    // Row groups and their bloom filters are under the blocks' checksums; what comes now is the tail.
    writer.flush()?;
    writer.sync().map_err(LakeError::disk(path))?;
    let table = writer.inner_mut().summer.begin_tail();
    writer.write_all(&table).map_err(LakeError::disk(path))?;
    let mut sink = writer.into_inner()?;
    sink.flush()
        .and_then(|()| sink.file.sync())
        .map_err(LakeError::disk(path))?;
    Ok(sink.summer.extent())
}

fn properties(table: Table) -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("hinomi ", env!("CARGO_PKG_VERSION")).into())
        // Before the tail, where a block's checksum covers them.
        .set_bloom_filter_position(BloomFilterPosition::AfterRowGroup)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    match table {
        Table::Spans => span_properties(builder),
        Table::Transactions => transaction_properties(builder),
        Table::Rollups5s | Table::Rollups1m | Table::Rollups1h => {
            builder.set_sorting_columns(sorted_by(&[rollups::SERVICE, rollups::BUCKET]))
        }
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
        .set_sorting_columns(sorted_by(&[spans::TRACE_ID, spans::START]))
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
    builder.set_sorting_columns(sorted_by(&[transactions::SERVICE, transactions::END]))
}

fn column(table: Table, at: usize) -> ColumnPath {
    ColumnPath::new(vec![table.schema().field(at).name().clone()])
}

fn sorted_by(columns: &[usize]) -> Option<Vec<SortingColumn>> {
    let sorting = |at: &usize| SortingColumn {
        column_idx: *at as i32,
        descending: false,
        nulls_first: false,
    };
    Some(columns.iter().map(sorting).collect())
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

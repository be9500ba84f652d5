//! Writes one file: row groups, the table of checksums, the footer.
//!
//! Everything up to the last row group is written as it comes. The tail (checksums, page index,
//! footer) stays in memory until it is complete, because its owner may still change it.

use crate::{
    ColumnarError,
    checksum::{Checksummer, Extent},
    write::{ColumnOptions, Encoder, PAGE_ROWS, RowGroup},
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_io::{Disk, WriteFile};
use parquet::{
    arrow::{ArrowSchemaConverter, ArrowWriter, add_encoded_arrow_schema_to_metadata},
    bloom_filter::Sbbf,
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::types::SchemaDescriptor,
};
use std::{
    collections::HashMap,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Bytes in memory of one page of every column. A reader of all columns holds that much.
const PAGE_BYTES: usize = 2 << 20;
/// Minimum number of rows per page.
const LEAST_PAGE_ROWS: usize = 64;
/// Bytes written to the disk at once.
const WRITE_BYTES: usize = 1 << 20;

/// Writes row groups of flat columns with the encoder of this crate.
pub struct FileWriter {
    path: PathBuf,
    writer: SerializedFileWriter<Sink>,
    columns: SchemaDescriptor,
    encoder: Encoder,
}

impl FileWriter {
    /// Creates a file, which must not exist. `level` is the zstd level of its pages.
    pub fn create(
        disk: &dyn Disk,
        path: &Path,
        schema: &SchemaRef,
        mut properties: WriterProperties,
        level: i32,
    ) -> Result<Self, ColumnarError> {
        let sink = Sink::create(disk, path)?;
        let columns = ArrowSchemaConverter::new().convert(schema)?;
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
        let root = columns.root_schema_ptr();
        Ok(Self {
            path: path.into(),
            writer: SerializedFileWriter::new(sink, root, properties.into())?,
            columns,
            encoder: Encoder::new(level)?,
        })
    }

    /// Writes a row group. `options` returns the options of a column; `filters` has bloom filters
    /// by column, which replace those that the options ask for.
    pub fn write(
        &mut self,
        mut rows: RowGroup,
        options: impl Fn(usize) -> ColumnOptions,
        mut filters: HashMap<usize, Sbbf>,
    ) -> Result<(), ColumnarError> {
        self.encoder.page_rows = page_rows(rows.row_bytes());
        let mut group = self.writer.next_row_group()?;
        for at in 0..rows.len() {
            let array = rows.take(at)?;
            let column = self.columns.column(at);
            let encoded = self
                .encoder
                .encode(&array, &column, options(at), rows.distinct);
            let (pages, mut close) = encoded?;
            if let Some(filter) = filters.remove(&at) {
                close.bloom_filter = Some(filter);
            }
            group.append_column(&pages, close)?;
        }
        group.close()?;
        Ok(())
    }

    /// Writes the tail and syncs the file. `entry` makes an entry of the footer's metadata from the
    /// tail's offset. `seal` may then change bytes of the complete tail.
    pub fn finish(
        mut self,
        entry: impl FnOnce(u64) -> KeyValue,
        seal: impl FnOnce(&mut [u8]),
    ) -> Result<Extent, ColumnarError> {
        // The block checksums cover row groups and their bloom filters. Everything after this point
        // is the tail.
        let path = &*self.path;
        self.writer.flush().map_err(ColumnarError::disk(path))?;
        let (offset, sums) = self.writer.inner_mut().begin_tail();
        let written = self.writer.write_all(&sums);
        written.map_err(ColumnarError::disk(path))?;
        self.writer.append_key_value_metadata(entry(offset));
        self.writer.into_inner()?.finish(path, seal)
    }
}

/// Writes batches of any columns, also lists, with the writer of the `parquet` crate.
pub struct BatchWriter {
    path: PathBuf,
    writer: ArrowWriter<Sink>,
    group_bytes: usize,
}

impl BatchWriter {
    /// Creates a file, which must not exist. A row group ends once it takes more than `group_bytes`
    /// bytes of memory.
    pub fn create(
        disk: &dyn Disk,
        path: &Path,
        schema: &SchemaRef,
        properties: WriterProperties,
        group_bytes: usize,
    ) -> Result<Self, ColumnarError> {
        let sink = Sink::create(disk, path)?;
        Ok(Self {
            path: path.into(),
            writer: ArrowWriter::try_new(sink, schema.clone(), Some(properties))?,
            group_bytes,
        })
    }

    /// Adds the rows of a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ColumnarError> {
        self.writer.write(batch)?;
        if self.writer.memory_size() > self.group_bytes {
            self.writer.flush()?;
        }
        Ok(())
    }

    /// Same as [`FileWriter::finish`].
    pub fn finish(
        mut self,
        entry: impl FnOnce(u64) -> KeyValue,
        seal: impl FnOnce(&mut [u8]),
    ) -> Result<Extent, ColumnarError> {
        // The tail begins here, as in `FileWriter::finish`.
        let path = &*self.path;
        self.writer.flush()?;
        self.writer.sync().map_err(ColumnarError::disk(path))?;
        let (offset, sums) = self.writer.inner_mut().begin_tail();
        let written = self.writer.write_all(&sums);
        written.map_err(ColumnarError::disk(path))?;
        self.writer.append_key_value_metadata(entry(offset));
        self.writer.into_inner()?.finish(path, seal)
    }
}

/// Rows per page in a row group. The number is the same for all columns, since readers process
/// corresponding pages together. Wide rows get fewer rows per page.
fn page_rows(row_bytes: usize) -> usize {
    let rows = PAGE_BYTES / row_bytes.max(1);
    // A power of two, so that the definition levels of a page fill whole bytes.
    let rows = 1 << rows.max(1).ilog2();
    rows.clamp(LEAST_PAGE_ROWS, PAGE_ROWS)
}

/// Buffers small writes, and the whole tail.
struct Sink {
    file: Box<dyn WriteFile>,
    buffer: Vec<u8>,
    sums: Checksummer,
}

impl Sink {
    fn create(disk: &dyn Disk, path: &Path) -> Result<Self, ColumnarError> {
        Ok(Self {
            file: disk.create(path).map_err(ColumnarError::disk(path))?,
            buffer: Vec::with_capacity(WRITE_BYTES),
            sums: Checksummer::default(),
        })
    }

    /// Starts the tail; everything before it has been written. Returns its offset and its first
    /// bytes, which the caller has to write.
    fn begin_tail(&mut self) -> (u64, Vec<u8>) {
        let sums = self.sums.begin_tail();
        (self.sums.tail_offset().unwrap_or(0), sums)
    }

    /// Syncs the file. Returns its size and checksum.
    fn finish(
        mut self,
        path: &Path,
        seal: impl FnOnce(&mut [u8]),
    ) -> Result<Extent, ColumnarError> {
        // The buffer holds exactly the tail.
        seal(&mut self.buffer);
        self.sums.replace_tail(&self.buffer);
        self.write_out()
            .and_then(|()| self.file.sync())
            .map_err(ColumnarError::disk(path))?;
        Ok(self.sums.extent())
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
        self.sums.add(bytes);
        if self.buffer.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // The tail stays in the buffer, because it is changed once it is complete.
        match self.sums.tail_offset() {
            None => self.write_out(),
            Some(_) => Ok(()),
        }
    }
}

//! A segment: one immutable Parquet file of one table, project and time bucket.

use crate::{LakeError, cache::Cache, path::Layout, schema::Table};
use bytes::Bytes;
use hinomi_io::{Disk, ReadFile};
use hinomi_model::{Text, TimeRange, UnixNanos};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    errors::ParquetError,
    file::{
        metadata::PageIndexPolicy,
        reader::{ChunkReader, Length},
    },
};
use std::{
    io::{self, Read},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Bytes read at once where the length is not known.
const READ_AHEAD: usize = 64 << 10;

/// A row of the catalog.
#[derive(Debug)]
pub(crate) struct Segment {
    pub id: i64,
    pub project: Text,
    pub node: Text,
    pub table: Table,
    /// Start of the bucket it was filed under; rows may lie outside, `range` says where.
    pub bucket: UnixNanos,
    /// Of its rows: span ends, or rollup bucket starts.
    pub range: TimeRange,
    pub rows: u64,
    pub bytes: u64,
    /// First and last log sequence of its rows.
    pub sequences: (u64, u64),
    /// When it was written.
    pub written: UnixNanos,
    /// Below `segments/`.
    pub path: String,
    /// Found missing or unreadable: queries leave it out and say so.
    damaged: AtomicBool,
}

/// What [`Segment::new`] is made of, by name.
pub(crate) struct SegmentRow {
    pub id: i64,
    pub project: Text,
    pub node: Text,
    pub table: Table,
    pub bucket: UnixNanos,
    pub range: TimeRange,
    pub rows: u64,
    pub bytes: u64,
    pub sequences: (u64, u64),
    pub written: UnixNanos,
    pub path: String,
}

impl Segment {
    pub fn new(row: SegmentRow) -> Self {
        let SegmentRow {
            id,
            project,
            node,
            table,
            bucket,
            range,
            rows,
            bytes,
            sequences,
            written,
            path,
        } = row;
        let damaged = AtomicBool::new(false);
        Self {
            id,
            project,
            node,
            table,
            bucket,
            range,
            rows,
            bytes,
            sequences,
            written,
            path,
            damaged,
        }
    }

    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Remembers that it cannot be read; logs it the first time.
    pub fn mark_damaged(&self, why: &dyn std::fmt::Display) {
        if !self.damaged.swap(true, Ordering::Relaxed) {
            tracing::error!(segment = self.path, %why, "a segment cannot be read and is left out of answers; restore it from a backup and start again");
        }
    }
}

/// A segment's file with its footer.
#[derive(Clone)]
pub(crate) struct OpenSegment {
    pub file: SegmentFile,
    pub metadata: ArrowReaderMetadata,
}

/// Opens segments, keeping footers of those read lately.
pub(crate) struct Footers {
    disk: Arc<dyn Disk>,
    layout: Layout,
    cache: Cache<i64, OpenSegment>,
}

impl Footers {
    pub fn new(disk: Arc<dyn Disk>, layout: Layout, bytes: usize, entries: usize) -> Self {
        Self {
            disk,
            layout,
            cache: Cache::new(bytes, entries),
        }
    }

    pub fn open(&self, segment: &Segment) -> Result<OpenSegment, LakeError> {
        if let Some(open) = self.cache.get(&segment.id) {
            return Ok(open);
        }
        let path = self.layout.segment(&segment.path);
        let file = self.disk.open(&path).map_err(LakeError::disk(&path))?;
        let len = file.len().map_err(LakeError::disk(&path))?;
        if len != segment.bytes {
            return Err(LakeError::Columns(format!(
                "the file has {len} bytes, the catalog says {}",
                segment.bytes
            )));
        }
        let file = SegmentFile {
            file,
            len,
            failure: Arc::default(),
        };
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&file, options)
            .map_err(|error| file.blame(&path, error.into()))?;
        let fields = metadata.schema().fields();
        if !fields.starts_with(segment.table.schema().fields()) {
            return Err(LakeError::Columns(
                "the file has other columns than its table".into(),
            ));
        }
        let weight = metadata.metadata().memory_size();
        let open = OpenSegment { file, metadata };
        self.cache.insert(segment.id, open.clone(), weight);
        Ok(open)
    }
}

impl Footers {
    /// Closes the file: nobody will read it again.
    pub fn forget(&self, segment: &Segment) {
        self.cache.forget(&segment.id);
    }
}

/// A file as Parquet reads it.
#[derive(Clone)]
pub(crate) struct SegmentFile {
    file: Arc<dyn ReadFile>,
    len: u64,
    /// What the disk last failed with. Parquet and Arrow pass errors on as text, in which a disk
    /// that fails for the moment looks like damage.
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl SegmentFile {
    /// The error of a scan: the disk's, when it was the disk that failed.
    pub fn blame(&self, path: &Path, error: LakeError) -> LakeError {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match failure.take() {
            Some(source) => LakeError::disk(path)(source),
            None => error,
        }
    }

    fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file
            .read_exact_at(buffer, offset)
            .inspect_err(|error| {
                let copy = match error.raw_os_error() {
                    Some(code) => io::Error::from_raw_os_error(code),
                    None => error.kind().into(),
                };
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
            })
    }
}

impl Length for SegmentFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for SegmentFile {
    type T = io::BufReader<FileCursor>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let cursor = FileCursor {
            file: self.clone(),
            at: start,
        };
        Ok(io::BufReader::with_capacity(READ_AHEAD, cursor))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start
            .checked_add(length as u64)
            .is_none_or(|end| end > self.len)
        {
            return Err(ParquetError::EOF(
                "a chunk lies beyond the end of the file".into(),
            ));
        }
        let mut buffer = vec![0; length];
        self.read(&mut buffer, start)
            .map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(buffer.into())
    }
}

/// Reads a file from a place onwards.
pub(crate) struct FileCursor {
    file: SegmentFile,
    at: u64,
}

impl Read for FileCursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.len.saturating_sub(self.at);
        let length = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        self.file.read(&mut buffer[..length], self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

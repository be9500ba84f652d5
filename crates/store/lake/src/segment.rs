//! A segment: one immutable Parquet file of one table, project and time bucket.

use crate::{
    LakeError, LakeLimits, Resolution,
    cache::Cache,
    checksum::{self, Blocks, Extent, ReadTail},
    lineage::Lineage,
    page_cache::PageCache,
    path::Layout,
    schema::Table,
};
use bytes::{Buf, Bytes};
use hinomi_io::{Disk, ReadFile};
use hinomi_model::{Text, TimeRange, UnixNanos};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    errors::ParquetError,
    file::{
        metadata::{PageIndexPolicy, ParquetMetaData},
        reader::{ChunkReader, Length},
    },
};
use std::{
    io::{self, Read},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
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
    /// Of the file's bytes; its length is `bytes`.
    pub extent: Extent,
    /// The log records that its rows came from.
    pub lineage: Lineage,
    /// When it was written.
    pub written: UnixNanos,
    /// Below `segments/`.
    pub path: String,
    /// Found missing or unreadable: queries leave it out and say so.
    damaged: AtomicBool,
    /// How often the disk has failed to read it.
    failed_reads: AtomicU32,
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
    pub extent: Extent,
    pub lineage: Lineage,
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
            extent,
            lineage,
            written,
            path,
        } = row;
        Self {
            id,
            project,
            node,
            table,
            bucket,
            range,
            rows,
            bytes: extent.bytes,
            extent,
            lineage,
            written,
            path,
            damaged: AtomicBool::new(false),
            failed_reads: AtomicU32::new(0),
        }
    }

    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Remembers that it cannot be read; logs it the first time and answers whether this was it.
    pub fn mark_damaged(&self, why: &dyn std::fmt::Display) -> bool {
        let first = !self.damaged.swap(true, Ordering::Relaxed);
        if first {
            tracing::error!(segment = self.path, %why, "a segment cannot be read and is left out of answers; put the file back from a backup and start again");
        }
        first
    }

    /// Counts a read that the disk failed; answers how many there were.
    pub fn count_failed_read(&self) -> u32 {
        self.failed_reads.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// It has been read whole: queries use it again.
    pub fn mark_whole(&self) {
        self.failed_reads.store(0, Ordering::Relaxed);
        if self.damaged.swap(false, Ordering::Relaxed) {
            tracing::info!(
                segment = self.path,
                "a segment is whole again and back in answers"
            );
        }
    }

    /// The time that is missing from answers while it is left out.
    pub fn covers(&self) -> TimeRange {
        // A rollup counts from its bucket's start to the bucket's end.
        let width = match self.table {
            Table::Spans | Table::Transactions => Duration::ZERO,
            Table::Rollups5s => Resolution::FiveSeconds.width(),
            Table::Rollups1m => Resolution::Minute.width(),
            Table::Rollups1h => Resolution::Hour.width(),
        };
        TimeRange::new(self.range.from, self.range.to.plus(width))
    }
}

/// A segment's file with its footer.
#[derive(Clone)]
pub(crate) struct OpenSegment {
    /// Its number in the catalog.
    pub id: i64,
    pub file: SegmentFile,
    pub metadata: ArrowReaderMetadata,
    /// What was read of it and others lately.
    pub pages: Arc<PageCache>,
}

/// Opens segments, keeping footers of those read lately.
pub(crate) struct Footers {
    disk: Arc<dyn Disk>,
    layout: Layout,
    cache: Cache<i64, OpenSegment>,
    pages: Arc<PageCache>,
}

impl Footers {
    pub fn new(disk: Arc<dyn Disk>, layout: Layout, limits: &LakeLimits) -> Self {
        Self {
            disk,
            layout,
            cache: Cache::new(limits.footer_cache_bytes, limits.open_segments),
            pages: Arc::new(PageCache::new(limits.page_cache_bytes)),
        }
    }

    /// Bytes of pages that are kept.
    pub fn page_bytes(&self) -> usize {
        self.pages.weight()
    }

    /// Bytes of the footers that are kept.
    pub fn weight(&self) -> usize {
        self.cache.weight()
    }

    /// Closes the file: it is no longer needed, or another may have been put in its place.
    pub fn forget(&self, segment: &Segment) {
        self.cache.forget(&segment.id);
        self.pages.forget(segment.id);
    }

    pub fn open(&self, segment: &Segment) -> Result<OpenSegment, LakeError> {
        if let Some(open) = self.cache.get(&segment.id) {
            return Ok(open.for_one_scan());
        }
        let path = self.layout.segment(&segment.path);
        let file = checksum::open(&*self.disk, &path, segment.bytes)?;
        let tail = checksum::read_tail(&*file, segment.bytes, segment.extent.tail);
        let tail = tail.map_err(|error| error.of_file(&path))?;
        let file = SegmentFile {
            file,
            path: path.into(),
            len: segment.bytes,
            blocks: tail.blocks.clone(),
            failure: Arc::default(),
        };
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&TailReader(tail), options)?;
        if !lies_within(metadata.metadata(), segment.bytes) {
            return Err(LakeError::Columns(
                "the footer tells of places outside the file".into(),
            ));
        }
        let fields = metadata.schema().fields();
        if !fields.starts_with(segment.table.schema().fields()) {
            return Err(LakeError::Columns(
                "the file has other columns than its table".into(),
            ));
        }
        let weight = metadata.metadata().memory_size() + file.blocks.memory_size();
        let open = OpenSegment {
            id: segment.id,
            file,
            metadata,
            pages: self.pages.clone(),
        };
        self.cache.insert(segment.id, open.clone(), weight);
        Ok(open)
    }
}

/// Whether each column of a row group lies between the start and the end of the file, and counts
/// are counts: Parquet's readers rely on it.
fn lies_within(metadata: &ParquetMetaData, len: u64) -> bool {
    let place = |offset: i64| u64::try_from(offset).is_ok_and(|offset| offset <= len);
    metadata.row_groups().iter().all(|group| {
        let columns = group.columns().iter();
        let mut fits = columns.map(|column| {
            let start = column.dictionary_page_offset();
            let start = start.unwrap_or_else(|| column.data_page_offset());
            let end = start.checked_add(column.compressed_size());
            place(start)
                && place(column.data_page_offset())
                && column.compressed_size() >= 0
                && column.num_values() >= 0
                && end.is_some_and(place)
        });
        group.num_rows() >= 0 && fits.all(|fits| fits)
    })
}

impl OpenSegment {
    /// The same file with a place of its own for the reason of a failed read.
    fn for_one_scan(mut self) -> Self {
        self.file.failure = Arc::default();
        self
    }
}

/// A file as Parquet reads it: every byte verified before it is handed out.
#[derive(Clone)]
pub(crate) struct SegmentFile {
    file: Arc<dyn ReadFile>,
    path: Arc<Path>,
    len: u64,
    blocks: Blocks,
    /// Why a read failed: Parquet's and Arrow's errors keep the text only, and damage and a disk
    /// that fails for the moment have to be told apart.
    failure: Arc<Mutex<Option<LakeError>>>,
}

impl SegmentFile {
    /// The error of a scan: that of the first read that failed, when the scan's own is only an echo
    /// of it.
    pub fn blame(&self, error: LakeError) -> LakeError {
        if !matches!(error, LakeError::Columns(_)) {
            return error;
        }
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take().unwrap_or(error)
    }

    fn read(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let read = self.blocks.read(&*self.file, start, length);
        read.map_err(|error| {
            let text = error.to_string();
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error.of_file(&self.path));
            ParquetError::General(text)
        })
    }
}

impl Length for SegmentFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for SegmentFile {
    type T = FileCursor;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(FileCursor {
            file: self.clone(),
            at: start,
            ahead: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.read(start, length)
    }
}

/// Reads a file from a place onwards, some blocks ahead.
pub(crate) struct FileCursor {
    file: SegmentFile,
    at: u64,
    ahead: Bytes,
}

impl Read for FileCursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            let left = self.file.blocks.end().saturating_sub(self.at);
            let left = left.min(READ_AHEAD as u64);
            self.ahead = self
                .file
                .read(self.at, left as usize)
                .map_err(io::Error::other)?;
            self.at += left;
        }
        let now = self.ahead.split_to(buffer.len().min(self.ahead.len()));
        buffer[..now.len()].copy_from_slice(&now);
        Ok(now.len())
    }
}

/// A verified tail as Parquet reads it, for footer and page index.
struct TailReader(ReadTail);

impl Length for TailReader {
    fn len(&self) -> u64 {
        self.0.offset + self.0.bytes.len() as u64
    }
}

impl ChunkReader for TailReader {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let length = self.len().saturating_sub(start) as usize;
        Ok(self.get_bytes(start, length)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let outside = || ParquetError::EOF("the footer points outside the tail".into());
        let from = start.checked_sub(self.0.offset).ok_or_else(outside)? as usize;
        let to = from.checked_add(length).ok_or_else(outside)?;
        if to > self.0.bytes.len() {
            return Err(outside());
        }
        Ok(self.0.bytes.slice(from..to))
    }
}

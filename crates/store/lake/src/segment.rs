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

/// Bytes read at once when the needed length is unknown.
const READ_AHEAD: usize = 64 << 10;

/// A segment, as described by its catalog row.
#[derive(Debug)]
pub(crate) struct Segment {
    pub id: i64,
    pub project: Text,
    pub node: Text,
    pub table: Table,
    /// Start of the bucket it is filed under. Rows may be outside of it; `range` is exact.
    pub bucket: UnixNanos,
    /// Range of its rows: span ends, or starts of rollup buckets.
    pub range: TimeRange,
    pub rows: u64,
    pub bytes: u64,
    /// Length and checksums of the file; its length equals `bytes`.
    pub extent: Extent,
    /// The log records that its rows came from.
    pub lineage: Lineage,
    /// When the file was written.
    pub written: UnixNanos,
    /// Path below `segments/`.
    pub path: String,
    /// The file is missing or unreadable: queries leave the segment out and report it.
    damaged: AtomicBool,
    /// Number of reads that failed with a disk error.
    failed_reads: AtomicU32,
}

/// The arguments of [`Segment::new`], by name.
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

    /// Marks it as unreadable. Logs it the first time; returns whether this was the first time.
    pub fn mark_damaged(&self, why: &dyn std::fmt::Display) -> bool {
        let first = !self.damaged.swap(true, Ordering::Relaxed);
        if first {
            tracing::error!(segment = self.path, %why, "a segment cannot be read and is left out of answers; put the file back from a backup and start again");
        }
        first
    }

    /// Counts a read that failed with a disk error. Returns the number of such reads.
    pub fn count_failed_read(&self) -> u32 {
        self.failed_reads.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Marks it as valid after it was read completely, so that queries use it again.
    pub fn mark_whole(&self) {
        self.failed_reads.store(0, Ordering::Relaxed);
        if self.damaged.swap(false, Ordering::Relaxed) {
            tracing::info!(
                segment = self.path,
                "a segment is whole again and back in answers"
            );
        }
    }

    /// The time range that answers lack while the segment is left out.
    pub fn covers(&self) -> TimeRange {
        // A rollup covers the time from its bucket's start to its bucket's end.
        let width = match self.table {
            Table::Spans | Table::Transactions => Duration::ZERO,
            Table::Rollups5s => Resolution::FiveSeconds.width(),
            Table::Rollups1m => Resolution::Minute.width(),
            Table::Rollups1h => Resolution::Hour.width(),
        };
        TimeRange::new(self.range.from, self.range.to.plus(width))
    }
}

/// An open segment file with its parsed footer.
#[derive(Clone)]
pub(crate) struct OpenSegment {
    /// Segment id in the catalog.
    pub id: i64,
    pub file: SegmentFile,
    pub metadata: ArrowReaderMetadata,
    /// Cache of recently read pages of all segments.
    pub pages: Arc<PageCache>,
}

/// Opens segments, and caches the footers of recently used ones.
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

    /// Size of the cached pages, in bytes.
    pub fn page_bytes(&self) -> usize {
        self.pages.weight()
    }

    /// Size of the cached footers, in bytes.
    pub fn weight(&self) -> usize {
        self.cache.weight()
    }

    /// Closes the file, because it is no longer needed or may have been replaced.
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

/// Whether the columns of all row groups are within the file and counts are not negative. Parquet's
/// readers rely on this without checking it.
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
    /// The same file with its own slot for the reason of a failed read.
    fn for_one_scan(mut self) -> Self {
        self.file.failure = Arc::default();
        self
    }
}

/// A file for Parquet's readers. Every byte is verified before it is returned.
#[derive(Clone)]
pub(crate) struct SegmentFile {
    file: Arc<dyn ReadFile>,
    path: Arc<Path>,
    len: u64,
    blocks: Blocks,
    /// Why a read failed. Parquet's and Arrow's errors keep only the text, but damage and temporary
    /// disk failures have to be told apart.
    failure: Arc<Mutex<Option<LakeError>>>,
}

impl SegmentFile {
    /// The actual error of a scan: if `error` only wraps a failed read, the error of the first
    /// failed read.
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

/// Reads a file sequentially from an offset, some blocks at a time.
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

/// A verified tail, as a file from which Parquet reads footer and page index.
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

//! A segment: one immutable Parquet file of one table, project and time bucket.

pub(crate) mod ahead;
pub(crate) mod files;
pub(crate) mod lineage;
pub(crate) mod origin;
pub(crate) mod writer;

use crate::{
    LakeError, LakeLimits, folder::path::Layout, segment::lineage::Lineage, tables::TableId,
};
use hinomi_columnar::{Cache, PageCache, checksum::Extent};
use hinomi_io::Disk;
use hinomi_model::{Text, TimeRange, UnixNanos};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

/// An open segment is an open file of columns; its number in the page cache is the segment's id.
pub(crate) use hinomi_columnar::OpenFile as OpenSegment;

/// A segment, as described by its catalog row.
#[derive(Debug)]
pub(crate) struct Segment {
    pub id: i64,
    pub project: Text,
    pub node: Text,
    pub table: TableId,
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
    pub table: TableId,
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
        let width = self.table.kind().row_width();
        TimeRange::new(self.range.from, self.range.to.plus(width))
    }
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
        let pages = self.pages.clone();
        let open = OpenSegment::open(&*self.disk, &path, segment.id, segment.extent, pages)?;
        let fields = open.metadata.schema().fields();
        if !fields.starts_with(segment.table.kind().schema().fields()) {
            return Err(LakeError::Columns(
                "the file has other columns than its table".into(),
            ));
        }
        let weight = open.memory_size();
        self.cache.insert(segment.id, open.clone(), weight);
        Ok(open)
    }
}

/// Extent of a file that is never read.
#[cfg(test)]
pub(crate) fn unread(bytes: u64) -> Extent {
    let (offset, checksum) = (0, 0);
    let tail = hinomi_columnar::checksum::FileTail { offset, checksum };
    Extent { bytes, tail }
}

//! Statistics of the store, for metrics, `doctor` and tests.

use crate::{Recovery, TableId, tables::signals};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A snapshot of the store's statistics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LakeStats {
    /// Bytes of the active memtable.
    pub memtable_bytes: u64,
    /// Bytes of all memtables, including sealed ones.
    pub memtables_bytes: u64,
    /// Bytes of cached footers and decoded rollups.
    pub cache_bytes: u64,
    /// Bytes reserved by flushes and merges.
    pub writing_bytes: u64,
    /// Bytes reserved by running queries.
    pub query_bytes: u64,
    /// Queries by [`crate::QuestionKind`], in its order.
    pub questions: [QuestionStats; 4],
    /// Spans in memory, including sealed memtables.
    pub memtable_spans: u64,
    /// Sealed memtables that wait for the disk.
    pub sealed_memtables: u64,
    /// Total weight of the batches that wait to be committed.
    pub queue_bytes: u64,
    /// Number of batches that wait to be committed.
    pub queue_batches: u64,
    /// Bytes of cached segment pages.
    pub page_cache_bytes: u64,
    /// Number of segments that count.
    pub segments: u64,
    /// Number of segments by table, in the order of [`TableId::ALL`].
    pub segments_by_table: [u64; TableId::COUNT],
    /// Bytes of all segments.
    pub segment_bytes: u64,
    /// Segments that are missing or unreadable.
    pub damaged_segments: u64,
    /// Losses without a segment: rows of an old catalog, records of the log.
    pub damaged_rows: u64,
    /// What the last start found and repaired.
    pub recovery: Recovery,
    /// Reads since the start whose checksum or length did not match.
    pub checksum_failures: u64,
    /// Bytes that the background check has read since the start.
    pub scrub_bytes: u64,
    /// Complete passes of the background check since the start.
    pub scrub_passes: u64,
    /// Segments that the check found damaged or could not read since the start.
    pub scrub_failures: u64,
    /// End of the last complete check, in seconds since the Unix epoch; 0 if there was none.
    pub scrub_finished_seconds: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Group commits since the start, with one sync each.
    pub commits: u64,
    /// Spans committed since the start.
    pub spans: u64,
    /// Rows committed since the start, in the order of [`crate::SIGNALS`].
    pub rows_by_signal: [u64; signals::COUNT],
    /// Group commits whose write or sync failed since the start.
    pub commit_failures: u64,
    /// Memtables written to segments since the start.
    pub flushes: u64,
    /// Failed attempts to write a memtable since the start.
    pub flush_failures: u64,
    /// Duration of the last flush.
    pub last_flush: Duration,
    /// Merges of segments since the start.
    pub compactions: u64,
    /// Segments that these merges replaced.
    pub compacted_segments: u64,
    /// Rows of the replaced segments.
    pub compacted_rows: u64,
    /// Bytes of the replaced segments.
    pub compacted_bytes: u64,
    /// Segments deleted because of their age since the start.
    pub expired_segments: u64,
    /// Bytes of these segments.
    pub expired_bytes: u64,
    /// Segments deleted because of the disk budget since the start.
    pub over_budget_segments: u64,
    /// Bytes of these segments.
    pub over_budget_bytes: u64,
    /// Searches by attribute that reached their time limit since the start.
    pub searches_out_of_time: u64,
    /// Rounds of compaction and retention that failed since the start.
    pub maintenance_failures: u64,
    /// Bytes of segments and log.
    pub disk_used_bytes: u64,
    /// Maximum bytes of segments and log; `u64::MAX` if unlimited.
    pub disk_budget_bytes: u64,
    /// Bytes that must stay free on the file system.
    pub disk_reserve_bytes: u64,
    /// Bytes free on the file system; `u64::MAX` if unknown.
    pub disk_free_bytes: u64,
    /// Whether less than the reserve is free, so that appends are refused.
    pub disk_low: bool,
    /// State of the machine's clock and of the trusted time.
    pub clock: hinomi_io::ClockStatus,
}

/// Queries of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuestionStats {
    /// Queries that are running.
    pub running: u64,
    /// Queries that wait for their turn.
    pub waiting: u64,
    /// Queries asked since the start.
    pub asked: u64,
    /// Queries refused since the start, because too many waited or the wait was too long.
    pub refused: u64,
}

/// The counters from which [`LakeStats`] is filled.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub checksum_failures: AtomicU64,
    pub scrub_bytes: AtomicU64,
    pub scrub_passes: AtomicU64,
    pub scrub_failures: AtomicU64,
    pub scrub_finished_ns: AtomicU64,
    pub wal_bytes: AtomicU64,
    pub commits: AtomicU64,
    pub rows_by_signal: [AtomicU64; signals::COUNT],
    pub commit_failures: AtomicU64,
    pub flushes: AtomicU64,
    pub flush_failures: AtomicU64,
    pub last_flush_ns: AtomicU64,
    pub compactions: AtomicU64,
    pub compacted_segments: AtomicU64,
    pub compacted_rows: AtomicU64,
    pub compacted_bytes: AtomicU64,
    pub expired_segments: AtomicU64,
    pub expired_bytes: AtomicU64,
    pub over_budget_segments: AtomicU64,
    pub over_budget_bytes: AtomicU64,
    pub searches_out_of_time: AtomicU64,
    pub maintenance_failures: AtomicU64,
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

/// Reads a counter.
pub(crate) fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

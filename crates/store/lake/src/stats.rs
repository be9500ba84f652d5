//! What the store knows about itself: for metrics, for `doctor`, for tests.

use crate::Recovery;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A snapshot of the store's own figures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LakeStats {
    /// Bytes in the memtable that is being filled.
    pub memtable_bytes: u64,
    /// Bytes in all memtables, sealed ones included.
    pub memtables_bytes: u64,
    /// Bytes of footers and decoded rollups that are kept for the next query.
    pub cache_bytes: u64,
    /// Bytes that flushes and merges hold.
    pub writing_bytes: u64,
    /// Bytes that running queries hold.
    pub query_bytes: u64,
    /// Questions by [`crate::QuestionKind`], in its order.
    pub questions: [QuestionStats; 4],
    /// Spans in memory, sealed memtables included.
    pub memtable_spans: u64,
    /// Sealed memtables that wait for the disk.
    pub sealed_memtables: u64,
    /// Weight of the batches that wait to be committed.
    pub queue_bytes: u64,
    /// Number of them.
    pub queue_batches: u64,
    /// Bytes of pages of segments that are kept for the next query.
    pub page_cache_bytes: u64,
    /// Segments that count.
    pub segments: u64,
    /// The same by table: spans, transactions, rollups of 5 s, 1 min and 1 h.
    pub segments_by_table: [u64; 5],
    /// Their bytes.
    pub segment_bytes: u64,
    /// Segments found missing or unreadable.
    pub damaged_segments: u64,
    /// Losses that no segment stands for: rows of an old catalog, records of the log.
    pub damaged_rows: u64,
    /// What the last start found and mended.
    pub recovery: Recovery,
    /// Hosts that are known to be services.
    pub peers: u64,
    /// Deployments that were told and are remembered.
    pub deployments: u64,
    /// Those that were forgotten since the start, for newer ones.
    pub forgotten_deployments: u64,
    /// Reads since the start whose checksum or length did not hold.
    pub checksum_failures: u64,
    /// Bytes that the background check has read since the start.
    pub scrub_bytes: u64,
    /// Checks of all segments that were finished since the start.
    pub scrub_passes: u64,
    /// Segments that the check found damaged or could not read since the start.
    pub scrub_failures: u64,
    /// When the last whole check ended, in seconds since the Unix epoch; 0 before the first start.
    pub scrub_finished_seconds: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Groups committed since the start: one sync each.
    pub commits: u64,
    /// Spans committed since the start.
    pub spans: u64,
    /// Groups whose write or sync failed since the start.
    pub commit_failures: u64,
    /// Memtables written since the start.
    pub flushes: u64,
    /// Failed tries to write a memtable since the start.
    pub flush_failures: u64,
    /// How long the last flush took.
    pub last_flush: Duration,
    /// Merges of segments since the start.
    pub compactions: u64,
    /// Segments that they replaced.
    pub compacted_segments: u64,
    /// Rows of those.
    pub compacted_rows: u64,
    /// Bytes of those.
    pub compacted_bytes: u64,
    /// Segments deleted because of their age since the start.
    pub expired_segments: u64,
    /// Their bytes.
    pub expired_bytes: u64,
    /// Segments deleted because of the disk budget since the start.
    pub over_budget_segments: u64,
    /// Their bytes.
    pub over_budget_bytes: u64,
    /// Searches by attribute that ended because their time was up, since the start.
    pub searches_out_of_time: u64,
    /// Rounds of compaction and retention that failed since the start.
    pub maintenance_failures: u64,
    /// Bytes of segments and log.
    pub disk_used_bytes: u64,
    /// What they may take; `u64::MAX` when there is no bound.
    pub disk_budget_bytes: u64,
    /// What has to stay free on the file system.
    pub disk_reserve_bytes: u64,
    /// What is free on the file system; `u64::MAX` when it cannot tell.
    pub disk_free_bytes: u64,
    /// Whether less than the reserve is free: appends are refused.
    pub disk_low: bool,
    /// How the machine's clock and the time that is trusted stand.
    pub clock: hinomi_io::ClockStatus,
}

/// Questions of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuestionStats {
    /// That run.
    pub running: u64,
    /// That wait for their turn.
    pub waiting: u64,
    /// Asked since the start.
    pub asked: u64,
    /// Of these, refused because too many waited, or for too long.
    pub refused: u64,
}

/// Counters behind [`LakeStats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub forgotten_deployments: AtomicU64,
    pub checksum_failures: AtomicU64,
    pub scrub_bytes: AtomicU64,
    pub scrub_passes: AtomicU64,
    pub scrub_failures: AtomicU64,
    pub scrub_finished_ns: AtomicU64,
    pub wal_bytes: AtomicU64,
    pub commits: AtomicU64,
    pub spans: AtomicU64,
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

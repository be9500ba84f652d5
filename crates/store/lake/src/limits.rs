//! Limits of the store.

use crate::{CompactionLimits, DiskLimits, Retention};
use hinomi_io::ClockLimits;
use std::time::Duration;

/// Limits of one lake: memory, queues, queries. Each field says what happens at its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LakeLimits {
    /// The memtable is sealed at this size. Default 32 MiB; 8 MiB to 1 GiB. A larger memtable makes
    /// fewer and larger segments, takes three times its size while it is written, and makes replay
    /// longer.
    pub memtable_bytes: usize,
    /// The memtable is sealed at this age. Default 60 s. This bounds what a restart has to replay
    /// when few spans arrive.
    pub memtable_age: Duration,
    /// Sealed memtables that may wait for the disk. Default 2. At the limit, commits pause until
    /// one is written; the queue then fills up and appends are refused.
    pub sealed_memtables: usize,
    /// Memory for segments that flushes and merges write. Default 160 MiB. A flush takes 1.5 times
    /// its memtable, a merge up to [`CompactionLimits::memory_bytes`]. A merge waits until its
    /// memory is free.
    pub writing_bytes: usize,
    /// Total weight of the batches that wait to be committed. Default 64 MiB. Beyond it appends
    /// fail with [`crate::AppendError::Full`].
    pub queue_bytes: usize,
    /// Number of batches that wait to be committed. Default 8192. Beyond it appends fail with
    /// [`crate::AppendError::Full`].
    pub queue_batches: usize,
    /// Maximum number of batches in a group commit, which shares one sync. Default 1024.
    pub group_batches: usize,
    /// Maximum bytes in a group commit. Default 8 MiB: tens of milliseconds on a slow disk.
    pub group_bytes: usize,
    /// If the spans of one project in a flush belong to more one-hour buckets than this, the oldest
    /// buckets share one segment. Default 48. This keeps clients with wrong clocks from creating
    /// thousands of files.
    pub buckets_per_flush: usize,
    /// Memory for data that queries decode and combine. Default 192 MiB. Beyond it queries fail
    /// with [`crate::LakeError::OutOfMemory`].
    pub query_bytes: usize,
    /// Number of queries of pages and of the server itself that run at once. Default 2; more would
    /// only compete for the processors of small machines.
    pub query_threads: usize,
    /// Number of searches and exports that run at once, on threads of low priority. Default 2, so
    /// that one client's scans leave a slot for others.
    pub scan_threads: usize,
    /// Number of queries of a kind that wait for their turn. Default 64. Beyond it the newest query
    /// of the client with the most waiting queries is refused with [`crate::LakeError::Busy`].
    pub waiting_queries: usize,
    /// Maximum time of a query, including its wait. Default 10 s. A query that is still waiting
    /// then fails with [`crate::LakeError::Busy`], a running one with
    /// [`crate::LakeError::TimedOut`].
    pub query_timeout: Duration,
    /// Time after which a search by attribute returns what it has found. Default 8 s: less than
    /// [`Self::query_timeout`], at which it would fail.
    pub search_time: Duration,
    /// Maximum number of spans that a search by attribute returns at once. Default 1000. The answer
    /// says where to continue.
    pub search_rows: usize,
    /// Maximum number of transactions, and of spans, that a query for call trees loads, such as the
    /// one for the time in client calls. Default 1,000,000: 130 MiB of [`Self::query_bytes`]. Beyond
    /// it the query fails with [`crate::LakeError::TooManySpans`].
    pub call_tree_spans: usize,
    /// Maximum number of transactions that a search returns at once. Default 10 000.
    pub page_rows: usize,
    /// Maximum number of transactions whose times are read at once, 24 bytes each. Default 200 000:
    /// ten minutes at 300 transactions per second. Beyond it the caller uses rollups instead.
    pub times_rows: usize,
    /// Maximum number of spans of one trace that are returned at once, whatever the caller asks
    /// for. Default 20 000. The answer counts the others and says where to continue.
    pub trace_spans: usize,
    /// Memory for cached segment footers, whose files stay open meanwhile. Default 64 MiB.
    pub footer_cache_bytes: usize,
    /// Maximum number of segment files that stay open. Default 256.
    pub open_segments: usize,
    /// Memory for cached, decompressed pages of segments: columns that searches test, and
    /// dictionaries. Default 32 MiB: what queries about the last hour of a busy system read.
    pub page_cache_bytes: usize,
    /// Memory for cached, decoded rollups of segments. Default 128 MiB.
    pub rollup_cache_bytes: usize,
    /// Maximum encoded size of a batch. Default 256 MiB, four times the largest request that the
    /// receivers accept. Beyond it [`crate::AppendError::TooLarge`].
    pub batch_bytes: usize,
    /// Size at which a log file is closed and the next one begins. Default 64 MiB.
    pub wal_file_bytes: u64,
    /// Maximum read rate of the background check, in bytes per second. Default 8 MiB: a few percent
    /// of a slow disk. 0 disables the check.
    pub scrub_bytes_per_second: u64,
    /// Time from the end of one complete check to the start of the next. Default 7 days.
    pub scrub_interval: Duration,
    /// Limits of compaction.
    pub compaction: CompactionLimits,
    /// How long data are kept.
    pub retention: Retention,
    /// Limits of disk use.
    pub disk: DiskLimits,
    /// Limits of clock corrections.
    pub clock: ClockLimits,
    /// Interval of compaction, retention and disk checks when nothing is flushed. Default 5 s.
    pub maintenance_interval: Duration,
}

impl LakeLimits {
    /// Limits for a command that opens a data folder for a moment. Only the server knows the configured
    /// retention, so nothing is deleted by age.
    pub fn of_a_tool() -> Self {
        Self {
            retention: Retention::FOREVER,
            ..Self::default()
        }
    }
}

impl Default for LakeLimits {
    fn default() -> Self {
        Self {
            memtable_bytes: 32 << 20,
            memtable_age: Duration::from_secs(60),
            sealed_memtables: 2,
            writing_bytes: 160 << 20,
            queue_bytes: 64 << 20,
            queue_batches: 8_192,
            group_batches: 1_024,
            group_bytes: 8 << 20,
            buckets_per_flush: 48,
            query_bytes: 192 << 20,
            query_threads: 2,
            scan_threads: 2,
            waiting_queries: 64,
            query_timeout: Duration::from_secs(10),
            search_time: Duration::from_secs(8),
            search_rows: 1_000,
            call_tree_spans: 1_000_000,
            page_rows: 10_000,
            times_rows: 200_000,
            trace_spans: 20_000,
            footer_cache_bytes: 64 << 20,
            open_segments: 256,
            page_cache_bytes: 32 << 20,
            rollup_cache_bytes: 128 << 20,
            batch_bytes: 256 << 20,
            wal_file_bytes: 64 << 20,
            scrub_bytes_per_second: 8 << 20,
            scrub_interval: Duration::from_secs(7 * 24 * 3_600),
            compaction: CompactionLimits::default(),
            retention: Retention::default(),
            disk: DiskLimits::default(),
            clock: ClockLimits::default(),
            maintenance_interval: Duration::from_secs(5),
        }
    }
}

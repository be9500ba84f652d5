//! The store's limits.

use crate::{CompactionLimits, DiskLimits, Retention};
use hinomi_io::ClockLimits;
use std::time::Duration;

/// Bounds of one lake: memory, queues, queries. What happens at each is said beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LakeLimits {
    /// The memtable is sealed at this size. Default 32 MiB, 8 MiB to 1 GiB: larger ones make fewer
    /// and larger segments, take three times their size while they are written, and make a longer
    /// replay.
    pub memtable_bytes: usize,
    /// The memtable is sealed at this age. Default 60 s: bounds what a restart has to replay when
    /// little comes in.
    pub memtable_age: Duration,
    /// Sealed memtables that may wait for the disk. Default 2; when they do, commits pause until
    /// one is written, the queue fills up and appends are refused.
    pub sealed_memtables: usize,
    /// Memory for segments that are being written, by flushes and merges. Default 160 MiB; a flush
    /// counts half as much again as its memtable, a merge up to [`CompactionLimits::memory_bytes`],
    /// and waits until that is free.
    pub writing_bytes: usize,
    /// Weight of the batches that wait to be committed. Default 64 MiB; beyond it
    /// [`crate::AppendError::Full`].
    pub queue_bytes: usize,
    /// Number of batches that wait to be committed. Default 8192; beyond it
    /// [`crate::AppendError::Full`].
    pub queue_batches: usize,
    /// Batches that share one sync. Default 1024.
    pub group_batches: usize,
    /// Bytes that share one sync. Default 8 MiB: tens of milliseconds on a slow disk.
    pub group_bytes: usize,
    /// Spans of one project whose ends lie in more one-hour buckets than this share one segment
    /// for the oldest ones. Default 48: clients with broken clocks must not make thousands of
    /// files.
    pub buckets_per_flush: usize,
    /// Memory for what queries decode and put together. Default 192 MiB; beyond it
    /// [`crate::LakeError::OutOfMemory`].
    pub query_bytes: usize,
    /// Questions of pages, and of the server itself, that run at once. Default 2: more would wait for
    /// the processors of small machines.
    pub query_threads: usize,
    /// Searches and exports that run at once, on threads that give way to all others. Default 2, so that
    /// one asker's leave one to others.
    pub scan_threads: usize,
    /// Questions of a kind that wait for their turn. Default 64; beyond it the newest of whoever has most
    /// is refused with [`crate::LakeError::Busy`].
    pub waiting_queries: usize,
    /// Longest time of a query, its wait included. Default 10 s. One whose turn had not come by then ends
    /// with [`crate::LakeError::Busy`], one that runs with [`crate::LakeError::TimedOut`].
    pub query_timeout: Duration,
    /// Time after which a search by attribute answers with what it has. Default 8 s: less than
    /// [`Self::query_timeout`], which is an error.
    pub search_time: Duration,
    /// Most spans that a search by attribute returns at once. Default 1000; the answer says where
    /// to go on.
    pub search_rows: usize,
    /// Most spans that are put together to tell the time that transactions spent in client calls.
    /// Default 1,000,000: 130 MiB of [`Self::query_bytes`]; beyond it
    /// [`crate::LakeError::TooManySpans`].
    pub spent_spans: usize,
    /// Attributes that can be promoted in a project. Default 16: each costs a column, and a filter
    /// in every row group. Beyond it [`crate::PromoteError::TooMany`].
    pub promoted_attributes: usize,
    /// Hosts of a project that are remembered to be services. Default 10 000; the one not seen for the
    /// longest time is forgotten for a new one.
    pub peers: usize,
    /// Deployments of a project that were told and are remembered. Default 10 000: thirty a day for a
    /// year; the one told first is forgotten for a new one.
    pub deployments: usize,
    /// Most transactions a search returns at once. Default 10 000.
    pub page_rows: usize,
    /// Most transactions whose times are read at once, 24 bytes each. Default 200 000: what ran at
    /// every instant of ten minutes of 300 a second; of more the caller falls back to rollups.
    pub times_rows: usize,
    /// Most spans of one trace that are returned at once, whatever is asked for. Default 20 000; the
    /// rest is counted, and the answer says where to go on.
    pub trace_spans: usize,
    /// Memory for the footers of segments, whose files stay open meanwhile. Default 64 MiB.
    pub footer_cache_bytes: usize,
    /// Segment files that stay open. Default 256.
    pub open_segments: usize,
    /// Memory for pages of segments, decompressed: columns that searches test and dictionaries.
    /// Default 32 MiB: what questions to the last hour of a busy system read.
    pub page_cache_bytes: usize,
    /// Memory for decoded rollups of segments. Default 128 MiB.
    pub rollup_cache_bytes: usize,
    /// Longest batch, encoded. Default 256 MiB, four times the largest request that the receivers
    /// let in; beyond it [`crate::AppendError::TooLarge`].
    pub batch_bytes: usize,
    /// A log file that has reached this size is followed by the next. Default 64 MiB.
    pub wal_file_bytes: u64,
    /// Bytes a second that the background check of segments reads at most. Default 8 MiB: a few
    /// percent of a slow disk. 0 turns the check off.
    pub scrub_bytes_per_second: u64,
    /// From the end of one check of all segments to the start of the next. Default 7 days.
    pub scrub_interval: Duration,
    /// Merging of segments.
    pub compaction: CompactionLimits,
    /// How long data are kept.
    pub retention: Retention,
    /// How much of the disk is used, and how much is left.
    pub disk: DiskLimits,
    /// What is believed about time.
    pub clock: ClockLimits,
    /// How often compaction, retention and the disk are looked at when nothing is flushed. Default
    /// 5 s.
    pub maintenance_interval: Duration,
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
            spent_spans: 1_000_000,
            promoted_attributes: 16,
            peers: 10_000,
            deployments: 10_000,
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

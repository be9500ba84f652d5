//! Compaction: merges many small segments of one project, table and bucket into few large ones.
//!
//! A flush writes at least one file per minute and bucket, and a query opens every file that
//! overlaps its range. So files are merged once enough of them exist, or once their bucket is over.
//! Each row is rewritten as few times as possible: a segment of full size is never rewritten. The
//! merge streams its inputs, so its memory does not grow with the bucket. Rows keep their values.
//! Rollups of the same bucket and key are added up.
//!
//! Publication is one catalog transaction that inserts the new segment and removes the old ones,
//! followed by one swap of the lists in memory. Before it only the old files count, after it only
//! the new one.

pub(crate) mod compactor;
mod job;
#[cfg(test)]
mod memory_tests;
pub(crate) mod planner;
mod weight;

use std::time::Duration;

/// Limits of compaction. Work beyond them waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactionLimits {
    /// A segment of spans or transactions with at least half this many rows is never rewritten.
    /// Default 1 M: a merge takes no further inputs once it has this many rows, so larger segments
    /// are rare.
    pub segment_rows: u64,
    /// Same as `segment_rows`, for rollups. Default 256 Ki, because readers of rollups decode whole
    /// segments.
    pub rollup_segment_rows: u64,
    /// Same as `segment_rows`, in bytes and for all tables. Default 64 MiB.
    pub segment_bytes: u64,
    /// Number of similar-sized segments that are merged while their bucket is open. Default 16:
    /// each merge turns sixteen files into one, so a row is rewritten at most twice before its
    /// segment has a million rows.
    pub open_segments: usize,
    /// Number of similar-sized segments that are merged once their bucket is over. Default 2.
    pub closed_segments: usize,
    /// Maximum number of segments that one merge reads. Default 32; the others wait for the next
    /// merge.
    pub inputs: usize,
    /// Memory of a merge in bytes: open inputs, the rows being combined and the row group being
    /// written. Default 96 MiB, so that a flush fits beside it into the memory for writing. If the
    /// inputs do not fit, fewer are merged and row groups are made smaller.
    pub memory_bytes: u64,
    /// A bucket is over this long after its end and after its newest segment was written. Default
    /// 10 min: most late spans have arrived by then.
    pub grace: Duration,
}

impl Default for CompactionLimits {
    fn default() -> Self {
        Self {
            segment_rows: 1_000_000,
            rollup_segment_rows: 256 << 10,
            segment_bytes: 64 << 20,
            open_segments: 16,
            closed_segments: 2,
            inputs: 32,
            memory_bytes: 96 << 20,
            grace: Duration::from_secs(600),
        }
    }
}

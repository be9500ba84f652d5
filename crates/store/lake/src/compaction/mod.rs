//! Compaction: many small segments of one project, table and bucket become few large ones.
//!
//! A flush makes a file a bucket a minute; a query opens every file that its range touches. So
//! files are merged as soon as enough of them wait, or when their bucket is over, each row as few
//! times as possible: what has reached its size is never written again. The merge streams, so its
//! memory does not grow with the bucket. Rows keep their values; of rollups those of equal bucket
//! and key become their sum.
//!
//! Publication is one catalog transaction that inserts the new row and deletes the old ones, then
//! one swap of the lists in memory. Before it only the old files count, after it only the new one.

pub(crate) mod compactor;
mod gather;
mod job;
#[cfg(test)]
mod memory_tests;
mod narrow;
mod order;
pub(crate) mod planner;
mod rollups;
mod rows;
mod weight;

use std::time::Duration;

/// Bounds of compaction. What is over them waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactionLimits {
    /// A segment of spans or transactions with at least half so many rows is never written again.
    /// Default 1 M: a merge is cut off at it, so larger ones are rare.
    pub segment_rows: u64,
    /// The same for rollups. Default 256 Ki: whoever reads rollups decodes whole segments.
    pub rollup_segment_rows: u64,
    /// The same in bytes, for all tables. Default 64 MiB.
    pub segment_bytes: u64,
    /// Segments of similar size that are merged while their bucket is open. Default 16: each merge
    /// makes one file of sixteen, so a row is written again at most twice on its way to a million.
    pub open_segments: usize,
    /// Segments of similar size that are merged once their bucket is over. Default 2.
    pub closed_segments: usize,
    /// Most segments that one merge reads. Default 32; the rest waits for the next.
    pub inputs: usize,
    /// Memory of a merge: what its inputs have open, the rows that are put together, the row group
    /// that is written. Default 96 MiB, so that a flush fits beside it into the memory for writing;
    /// of inputs that do not fit fewer are merged, and row groups are cut.
    pub memory_bytes: u64,
    /// A bucket is over so long after its end and after its newest segment was written. Default
    /// 10 min: most late spans have come by then.
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

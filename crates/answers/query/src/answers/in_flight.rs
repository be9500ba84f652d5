//! Answer: how many transactions ran at the same time.

use super::{Active, Lost};
use hinomi_model::{TimeRange, UnixNanos};
use std::time::Duration;

/// How many transactions ran at the same time, over a range. Only transactions that have ended are
/// counted, because a span arrives when it ends.
#[derive(Debug, Clone, PartialEq)]
pub struct InFlight {
    /// The time that the answer covers: the requested range, widened to column edges.
    pub range: TimeRange,
    /// Width of a column.
    pub column: Duration,
    /// Whether every transaction was read. If not, only means are known, computed as if each
    /// transaction had run in the column in which it ended.
    pub exact: bool,
    /// One point a column, empty ones included.
    pub points: Vec<InFlightPoint>,
    /// Damaged data that is missing from the points; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// One column of the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InFlightPoint {
    /// Start of the column.
    pub start: UnixNanos,
    /// Mean over the column.
    pub mean: f64,
    /// Maximum within the column; `None` unless the answer is exact.
    pub max: Option<u64>,
}

/// The transactions that ran at one recent instant, by how old they were at that instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// The instant.
    pub at: UnixNanos,
    /// How long ago that instant is: long enough that nearly everything that ran then has ended by
    /// now.
    pub lag: Duration,
    /// Counts by age; `None` when there are too many transactions to count.
    pub ages: Option<[u64; AGES]>,
    /// Active requests that the agents report at present; `None` when they report none.
    pub active: Option<Active>,
    /// Damaged data that is missing from the counts; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// Number of age groups.
pub const AGES: usize = 4;

/// Lower bound of each age group, in seconds.
pub const AGE_SECONDS: [u64; AGES] = [0, 1, 3, 8];

//! Answer: what is usual over the time of a series.

use super::Basis;
use hinomi_model::{TimeRange, UnixNanos};
use std::time::Duration;

/// What is usual, or why that is unknown.
#[derive(Debug, Clone, PartialEq)]
pub enum Usually {
    /// The usual values.
    Known(Typical),
    /// Fewer than two earlier weeks and fewer than two earlier days have enough data at the same
    /// time.
    TooFew,
    /// The range is longer than a week, so no earlier range is at the same time of the week.
    TooLong,
}

/// The usual values over a range, taken from the same time of earlier weeks or days.
#[derive(Debug, Clone, PartialEq)]
pub struct Typical {
    /// The time that the answer covers: the requested range, widened to column edges.
    pub range: TimeRange,
    /// Width of a column: one minute or more, even when the series itself has narrower columns.
    pub column: Duration,
    /// The weeks or days that the values were taken from.
    pub basis: Basis,
    /// The values of a column also include this much time before and after it.
    pub around: Duration,
    /// One point a column.
    pub points: Vec<TypicalPoint>,
}

/// The usual values of one column; `None` where too little was counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TypicalPoint {
    /// Start of the column.
    pub start: UnixNanos,
    /// Transactions or calls a second.
    pub rate: Option<Band<f64>>,
    /// Median latency.
    pub p50: Option<Band<Duration>>,
    /// 95th percentile.
    pub p95: Option<Band<Duration>>,
    /// 99th percentile.
    pub p99: Option<Band<Duration>>,
    /// Share that failed, 0 to 1.
    pub error_share: Option<Band<f64>>,
}

/// The range that a value is usually in: it holds eight of ten earlier values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band<T> {
    /// One of ten earlier values was below this.
    pub low: T,
    /// Half of the earlier values were below this.
    pub middle: T,
    /// One of ten earlier values was above this.
    pub high: T,
}

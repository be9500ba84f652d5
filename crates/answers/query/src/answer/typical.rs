//! What is usual over the time of a series.

use super::Basis;
use hinomi_model::{TimeRange, UnixNanos};
use std::time::Duration;

/// What is usual, or why nothing can be said of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Usually {
    /// This.
    Known(Typical),
    /// Fewer earlier weeks and days than two have enough of the same time.
    TooFew,
    /// The range is longer than a week: no earlier time is the same.
    TooLong,
}

/// What is usual over a range, from the same time of earlier weeks or days.
#[derive(Debug, Clone, PartialEq)]
pub struct Typical {
    /// What is covered: the range asked for, widened to column edges.
    pub range: TimeRange,
    /// Width of a column: a minute or more, also where the series itself has narrower ones.
    pub column: Duration,
    /// The weeks or days it rests on.
    pub basis: Basis,
    /// How long before and after a column's own time its values were taken from, too.
    pub around: Duration,
    /// One a column.
    pub points: Vec<TypicalPoint>,
}

/// What is usual in one column; `None` where too little was counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TypicalPoint {
    /// Where the column begins.
    pub start: UnixNanos,
    /// Transactions or calls a second.
    pub rate: Option<Band<f64>>,
    /// Median latency.
    pub p50: Option<Band<Duration>>,
    /// 95th percentile.
    pub p95: Option<Band<Duration>>,
    /// 99th percentile.
    pub p99: Option<Band<Duration>>,
    /// Failing share, 0 to 1.
    pub error_share: Option<Band<f64>>,
}

/// Between what a value usually is: eight of ten were in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band<T> {
    /// One of ten was below.
    pub low: T,
    /// Half were.
    pub middle: T,
    /// One of ten was above.
    pub high: T,
}

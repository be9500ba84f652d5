//! Wire types that several answers share.

use hinomi_query::answer::{Counts, Lost, Quantiles, TimelinePoint};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// A duration in milliseconds, to the nanosecond.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}

/// Transactions by outcome.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct CountsWire {
    /// Succeeded under the slow threshold.
    ok: u64,
    /// Succeeded at or over the slow threshold.
    slow: u64,
    /// Failed.
    error: u64,
}

impl CountsWire {
    pub(crate) fn of(counts: Counts) -> Self {
        Self {
            ok: counts.ok,
            slow: counts.slow,
            error: counts.error,
        }
    }
}

/// Latency quantiles; null where nothing was counted.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct QuantilesWire {
    /// Median.
    p50_ms: Option<f64>,
    /// 95th percentile.
    p95_ms: Option<f64>,
    /// 99th percentile.
    p99_ms: Option<f64>,
}

impl QuantilesWire {
    pub(crate) fn of(latency: Quantiles) -> Self {
        let [p50_ms, p95_ms, p99_ms] =
            [latency.p50, latency.p95, latency.p99].map(|quantile| quantile.map(millis));
        Self {
            p50_ms,
            p95_ms,
            p99_ms,
        }
    }
}

/// Damaged data that is missing from an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LossWire {
    /// Whether rows of the range are known to be missing. Counts are then too low.
    partial: bool,
    /// The times in which rows are missing; empty when there are none.
    lost: Vec<LostWire>,
}

/// A stretch of time in which rows of a table are damaged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct LostWire {
    /// First damaged instant, in Unix milliseconds.
    from_ms: i64,
    /// First instant after it, in Unix milliseconds.
    to_ms: i64,
    /// The table: `spans`, `transactions`, `rollups_5s`, `rollups_1m` or `rollups_1h`.
    table: &'static str,
}

impl LossWire {
    pub(crate) fn of(lost: &[Lost]) -> Self {
        Self {
            partial: !lost.is_empty(),
            lost: LostWire::all(lost),
        }
    }
}

impl LostWire {
    /// Each stretch once, sorted by time.
    pub(crate) fn all(lost: &[Lost]) -> Vec<Self> {
        let mut all: Vec<Self> = lost
            .iter()
            .map(|lost| Self {
                from_ms: lost.range.from.millis(),
                // Rounded up, so that the last damaged millisecond is included.
                to_ms: lost.range.to.plus(Duration::from_nanos(999_999)).millis(),
                table: lost.table,
            })
            .collect();
        all.sort_by_key(|lost| (lost.from_ms, lost.to_ms, lost.table));
        all.dedup();
        all
    }
}

/// One column of a timeline.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct PointWire {
    /// Start of the column, in Unix milliseconds.
    start_ms: i64,
    #[serde(flatten)]
    counts: CountsWire,
    #[serde(flatten)]
    latency: QuantilesWire,
}

impl PointWire {
    pub(crate) fn of(point: &TimelinePoint) -> Self {
        Self {
            start_ms: point.start.millis(),
            counts: CountsWire::of(point.counts),
            latency: QuantilesWire::of(point.latency),
        }
    }
}

//! Adds rollups up into the numbers that screens show: counts by outcome and latency quantiles.

use crate::answers::{Counts, Quantiles};
use hinomi_model::{
    LatencyHistogram, LatencySum, OutcomeFilter,
    hitmap::{first_row_from, row_edge},
    rollup::Cell,
};
use hinomi_store::RollupSum;
use std::time::Duration;

/// Splits cells into ok, slow and error, and leaves out the outcomes that the filter does not want.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcomes {
    slow_from_row: usize,
    only: Option<OutcomeFilter>,
}

impl Outcomes {
    pub fn new(slow_threshold: Duration, only: Option<OutcomeFilter>) -> Self {
        Self {
            slow_from_row: first_row_from(slow_threshold),
            only,
        }
    }

    /// The counts of a cell.
    pub fn of(&self, cell: Cell) -> Counts {
        self.split(cell.row, u64::from(cell.ok), u64::from(cell.error))
    }

    /// Like [`Self::of`], for the sum of several cells of one row.
    pub fn split(&self, row: u8, ok: u64, error: u64) -> Counts {
        let slow = usize::from(row) >= self.slow_from_row;
        let counts = if slow {
            Counts {
                ok: 0,
                slow: ok,
                error,
            }
        } else {
            Counts { ok, slow: 0, error }
        };
        match self.only {
            None => counts,
            Some(OutcomeFilter::Ok) => Counts {
                ok: counts.ok,
                ..Counts::default()
            },
            Some(OutcomeFilter::Slow) => Counts {
                slow: counts.slow,
                ..Counts::default()
            },
            Some(OutcomeFilter::Error) => Counts {
                error: counts.error,
                ..Counts::default()
            },
        }
    }
}

impl Counts {
    /// Adds other counts.
    pub fn add(&mut self, other: Self) {
        self.ok += other.ok;
        self.slow += other.slow;
        self.error += other.error;
    }
}

/// Counts and latency of several transactions.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Counts by outcome.
    pub counts: Counts,
    latency: LatencySum,
}

impl Tally {
    /// A tally of these counts and latencies.
    pub fn new(counts: Counts, latency: LatencySum) -> Self {
        Self { counts, latency }
    }

    /// The tally of transactions that were asked for as [`Asked::tallied`](crate::source::Asked::tallied)
    /// says. With an outcome wanted, latency is taken from the hitmap rows, which know outcomes, and is as
    /// exact as a row is high; else from the histogram.
    pub(crate) fn of(sum: RollupSum, outcomes: &Outcomes) -> Self {
        if outcomes.only.is_none() {
            let counts = Counts {
                ok: sum.count.saturating_sub(sum.errors + sum.slow),
                slow: sum.slow,
                error: sum.errors,
            };
            return Self {
                counts,
                latency: sum.latency,
            };
        }
        let mut tally = Self::default();
        let mut latency = LatencyHistogram::new();
        for cell in &sum.cells.cells() {
            let counts = outcomes.of(*cell);
            tally.counts.add(counts);
            let count = u32::try_from(counts.total()).unwrap_or(u32::MAX);
            latency.record_many(row_edge(usize::from(cell.row)), count);
        }
        tally.latency.add(latency.buckets());
        tally
    }

    /// The tally of calls: they have no cells that would tell which were slow.
    pub(crate) fn of_calls(sum: RollupSum) -> Self {
        Self {
            counts: Counts {
                ok: sum.count.saturating_sub(sum.errors),
                slow: 0,
                error: sum.errors,
            },
            latency: sum.latency,
        }
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Self) {
        self.counts.add(other.counts);
        self.latency.merge(&other.latency);
    }

    /// Its latencies.
    pub fn latency(&self) -> LatencyHistogram {
        self.latency.clone().finish()
    }

    /// The latency that this share of it does not exceed; `None` when it is empty.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let [latency] = self.latency.quantiles([share]);
        latency
    }

    /// How many took longer, to the resolution of a histogram.
    pub fn count_over(&self, latency: Duration) -> u64 {
        self.latency.count_over(latency)
    }

    /// Its three latency quantiles.
    pub fn quantiles(&self) -> Quantiles {
        quantiles(&self.latency)
    }
}

/// The three quantiles that every screen shows.
const SHOWN: [f64; 3] = [0.50, 0.95, 0.99];

/// The shown quantiles of a sum of latencies.
pub(crate) fn quantiles(latency: &LatencySum) -> Quantiles {
    let [p50, p95, p99] = latency.quantiles(SHOWN);
    Quantiles { p50, p95, p99 }
}

/// The shown quantiles of a histogram.
pub(crate) fn quantiles_of(latency: &LatencyHistogram) -> Quantiles {
    let [p50, p95, p99] = SHOWN.map(|share| latency.quantile(share));
    Quantiles { p50, p95, p99 }
}

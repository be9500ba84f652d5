//! Tallies for tests.

use hinomi_model::{LatencyHistogram, LatencySum};
use hinomi_query::answer::{Counts, Tally};
use std::time::Duration;

/// A tally in which all transactions took equally long.
pub(crate) fn tally(counts: Counts, each: Duration) -> Tally {
    let count = u32::try_from(counts.total()).unwrap_or(u32::MAX);
    let mut histogram = LatencyHistogram::new();
    histogram.record_many(each, count);
    let mut latency = LatencySum::new();
    latency.add(histogram.buckets());
    Tally::new(counts, latency)
}

//! Answers for tests.

use hinomi_model::{LatencyHistogram, LatencySum, OutcomeFilter, SpanId, TraceId, UnixNanos};
use hinomi_query::answer::{Counts, Tally, TransactionItem};
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

/// Successful transactions of one operation.
pub(crate) fn transactions(count: u8) -> Vec<TransactionItem> {
    let item = |number: u8| TransactionItem {
        trace_id: TraceId::from_slice(&[number; 16]).unwrap(),
        span_id: SpanId::from_slice(&[number; 8]).unwrap(),
        service: "checkout".into(),
        namespace: "".into(),
        environment: "prod".into(),
        operation: "POST /api/orders".into(),
        instance: "checkout-1".into(),
        version: "4.17.2".into(),
        end: UnixNanos::from_millis(i64::from(number)),
        duration: Duration::from_millis(100),
        outcome: OutcomeFilter::Ok,
        http_status: Some(200),
        error_type: None,
    };
    (1..=count).map(item).collect()
}

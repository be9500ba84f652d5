//! Encoded requests of the payments workload, for benchmarks and tests of receivers: 512 spans
//! each, all ids unique, the same for the same arguments.

use crate::{
    batch::{Batch, Batcher, Grouping, MAX_SPANS},
    dice::SECOND,
    workload::{Workload, WorkloadConfig},
};

/// When these requests take place: a fixed, quiet afternoon (from 2026-11-20 06:00 UTC on).
pub const STARTS_UNIX_NS: i64 = 1_795_154_400 * SECOND;

/// Edge requests a second: enough that a trace's spans are spread over few requests.
const RATE: f64 = 100.0;

/// At least `traces` traces, as requests of exactly [`MAX_SPANS`] spans. The last request may be
/// shorter.
pub fn requests(seed: u64, traces: usize) -> Vec<Batch> {
    // Live begins a month later, so that few faults affect the measurement.
    let live_from_unix_ns = STARTS_UNIX_NS + 30 * 86_400 * SECOND;
    let workload = Workload::new(WorkloadConfig {
        seed,
        rate: RATE,
        live_from_unix_ns,
    });
    let mut batcher = Batcher::new(workload.clone(), Grouping::Collector);
    let mut spans: Vec<_> = workload
        .traces(STARTS_UNIX_NS, i64::MAX / 2)
        .take(traces)
        .flat_map(|trace| trace.spans)
        .collect();
    spans.sort_by_key(|span| (span.end_unix_ns, span.span_id));
    let mut batches: Vec<_> = spans
        .into_iter()
        .filter_map(|span| batcher.push(span))
        .collect();
    batches.extend(batcher.flush());
    debug_assert!(batches.iter().all(|batch| batch.spans().len() <= MAX_SPANS));
    batches
}

/// The same requests as [`requests`], each encoded as the body of an OTLP request.
pub fn encoded_requests(seed: u64, traces: usize) -> Vec<Vec<u8>> {
    requests(seed, traces).iter().map(Batch::encode).collect()
}

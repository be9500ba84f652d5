//! Generates a day of the workload without sending it, and prints how many spans it has and what
//! one costs.
//!
//! `cargo run --release -p hinomi-sim --example generate [hours]`

use std::{collections::BTreeMap, error::Error};

use hinomi_sim::{Batcher, Grouping, SpanFeed, Workload, WorkloadConfig};

const HOUR_NS: i64 = 3_600_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let hours: i64 = std::env::args()
        .nth(1)
        .map_or(Ok(24), |hours| hours.parse())?;
    let now = 1_800_000_000_000_000_000;
    let workload = Workload::new(WorkloadConfig::new(now));
    let (from, to) = (now - hours * HOUR_NS, now);
    // Tokio's clock, because the workspace allows no other outside of hinomi-io.
    let start = tokio::time::Instant::now();
    let mut lengths = Vec::new();
    for trace in workload.traces(from, to) {
        lengths.push(trace.spans.len());
    }
    let generated = start.elapsed();
    let total: usize = lengths.iter().sum();
    lengths.sort_unstable();
    println!(
        "{} traces, {total} spans, median {} a trace; generated in {generated:.2?}, {:.0} ns a span",
        lengths.len(),
        lengths[lengths.len() / 2],
        generated.as_nanos() as f64 / total as f64,
    );

    let start = tokio::time::Instant::now();
    let mut feed = SpanFeed::new(workload.clone(), from);
    let mut batcher = Batcher::new(workload.clone(), Grouping::Collector);
    let (mut requests, mut bytes, mut spans) = (0_u64, 0_usize, 0_usize);
    while let Some(span) = feed.next_before(to) {
        if let Some(batch) = batcher.push(span) {
            requests += 1;
            spans += batch.spans().len();
            bytes += batch.encode().len();
        }
    }
    let all = start.elapsed();
    println!(
        "{requests} requests, {} MB; generated, ordered, batched and encoded in {all:.2?}, \
         {:.0} ns and {} bytes a span",
        bytes / 1_000_000,
        all.as_nanos() as f64 / spans as f64,
        bytes / spans.max(1),
    );
    let mut kinds = BTreeMap::new();
    for fault in workload.schedule(from, to) {
        *kinds.entry(format!("{:?}", fault.kind)).or_insert(0) += 1;
    }
    println!("faults: {kinds:?}");
    Ok(())
}

//! A stretch of the quiet workload, moved to any time. `hinomi-bench` measures with it.
//!
//! Each instance sends separately, as SDKs do, so a trace's spans arrive in requests of different
//! services. The same arguments give the same spans, except for their times. Holds the spans that
//! are still open, and one request for each instance.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use crate::{
    batch::{Batch, Batcher, Grouping},
    dice::SECOND,
    feed::Ending,
    shapes::STARTS_UNIX_NS,
    span::{SimSpan, SimTrace},
    workload::{Workload, WorkloadConfig},
};

/// The rhythm's factor at the hour of day of a stretch, a month before live.
const MULTIPLIER: f64 = 4.1;

/// Root operations of small traces, and how many of 256 such traces are kept. With this, half of
/// all traces have 16 spans or more, and 16 is the mean.
const THINNED: [(&str, u8); 3] = [
    ("GET /v1/cart", 180),
    ("GET /healthz", 128),
    ("POST /v1/login", 128),
];
/// Share of all traces that is kept.
const KEPT: f64 = 0.883;

/// Parameters of a stretch.
#[derive(Debug, Clone, Copy)]
pub struct StretchConfig {
    /// Seed that decides which traces are made.
    pub seed: u64,
    /// Number of edge requests and jobs. Each is one trace, or more when a consumer starts its own.
    pub traces: usize,
    /// Edge requests and jobs a second.
    pub traces_per_second: f64,
    /// When the first one begins.
    pub starts_unix_ns: i64,
}

/// Requests of at most 512 spans of one instance each, in the order in which they fill up. At the
/// end, the remaining spans come as shorter requests.
pub struct Stretch {
    traces: Box<dyn Iterator<Item = SimTrace> + Send>,
    open: BinaryHeap<Reverse<Ending>>,
    batcher: Batcher,
    rest: VecDeque<Batch>,
    /// Start of the newest trace that was made.
    newest_start: i64,
    shift: i64,
}

impl Stretch {
    /// The stretch with these parameters.
    pub fn new(config: StretchConfig) -> Self {
        let workload = Workload::new(WorkloadConfig {
            seed: config.seed,
            rate: config.traces_per_second / MULTIPLIER / KEPT,
            live_from_unix_ns: STARTS_UNIX_NS + 30 * 86_400 * SECOND,
        });
        let traces = workload
            .traces(STARTS_UNIX_NS, i64::MAX / 2)
            .filter(is_kept);
        Self {
            traces: Box::new(traces.take(config.traces)),
            open: BinaryHeap::new(),
            batcher: Batcher::new(workload, Grouping::Instance),
            rest: VecDeque::new(),
            newest_start: i64::MIN,
            shift: config.starts_unix_ns - STARTS_UNIX_NS,
        }
    }

    /// The span that ends next, once no later trace can have a span that ends earlier.
    fn next_span(&mut self) -> Option<SimSpan> {
        loop {
            let first = self.open.peek().map(|first| first.0.0.end_unix_ns);
            if first.is_some_and(|end| end < self.newest_start) {
                break;
            }
            let Some(trace) = self.traces.next() else {
                break;
            };
            self.newest_start = trace.start_unix_ns;
            let spans = trace.spans.into_iter();
            self.open
                .extend(spans.map(|span| Reverse(Ending(Box::new(span)))));
        }
        let mut span = *self.open.pop()?.0.0;
        span.start_unix_ns += self.shift;
        span.end_unix_ns += self.shift;
        Some(span)
    }
}

impl Iterator for Stretch {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if let Some(batch) = self.rest.pop_front() {
            return Some(batch);
        }
        while let Some(span) = self.next_span() {
            if let Some(batch) = self.batcher.push(span) {
                return Some(batch);
            }
        }
        self.rest.extend(self.batcher.flush());
        self.rest.pop_front()
    }
}

/// Decides by the trace id, which is as random as a draw.
fn is_kept(trace: &SimTrace) -> bool {
    let root = |span: &&SimSpan| span.parent_span_id.is_none() && span.trace_id == trace.trace_id;
    let Some(root) = trace.spans.iter().find(root) else {
        return true;
    };
    let thinned = THINNED.iter().find(|thinned| thinned.0 == root.name);
    thinned.is_none_or(|thinned| trace.trace_id[0] < thinned.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn stretch(starts_unix_ns: i64) -> Vec<Batch> {
        Stretch::new(StretchConfig {
            seed: 3,
            traces: 2_000,
            traces_per_second: 40.0,
            starts_unix_ns,
        })
        .collect()
    }

    #[test]
    fn a_stretch_has_its_rate_and_each_request_one_service() {
        let start = 1_900_000_000 * SECOND;
        let batches = stretch(start);
        let spans: Vec<&SimSpan> = batches.iter().flat_map(Batch::spans).collect();
        let ids: BTreeSet<_> = spans.iter().map(|span| span.span_id).collect();
        assert_eq!(ids.len(), spans.len(), "no span comes twice");
        let first = spans.iter().map(|span| span.start_unix_ns).min().unwrap();
        let last = spans.iter().map(|span| span.start_unix_ns).max().unwrap();
        assert!(first >= start);
        let seconds = (last - first) as f64 / 1e9;
        assert!((45.0..56.0).contains(&seconds), "{seconds}");
        let mut homes: BTreeMap<[u8; 16], BTreeSet<&str>> = BTreeMap::new();
        for batch in &batches {
            let service = batch.service().unwrap();
            for span in batch.spans() {
                homes.entry(span.trace_id).or_default().insert(service);
            }
        }
        assert!(homes.values().any(|services| services.len() > 4));
    }

    #[test]
    fn another_start_moves_a_stretch_and_changes_nothing_else() {
        let (one, other) = (stretch(STARTS_UNIX_NS), stretch(STARTS_UNIX_NS + 7));
        assert_eq!(one.len(), other.len());
        for (one, other) in one.iter().zip(&other) {
            for (one, other) in one.spans().iter().zip(other.spans()) {
                assert_eq!(one.span_id, other.span_id);
                assert_eq!(one.end_unix_ns + 7, other.end_unix_ns);
                assert_eq!(one.attributes, other.attributes);
            }
        }
    }
}

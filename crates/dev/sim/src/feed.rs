//! The feed: a workload's spans in the order in which they end, which is the order SDKs see.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{span::SimSpan, trace::MAX_TRACE_NS, workload::Workload};

/// How much is generated at a time; bounds what is held to this and [`MAX_TRACE_NS`].
const SLICE_NS: i64 = 1_000_000_000;

/// The spans that end from a moment on. Feeds that meet in time neither share nor miss a span,
/// though the traces they cut through are in both.
pub struct SpanFeed {
    workload: Workload,
    from: i64,
    /// Traces are generated up to here.
    generated: i64,
    open: BinaryHeap<Reverse<Ending>>,
}

impl SpanFeed {
    /// The spans that end at or after `from_unix_ns`.
    pub fn new(workload: Workload, from_unix_ns: i64) -> Self {
        let generated = from_unix_ns - MAX_TRACE_NS;
        Self {
            workload,
            from: from_unix_ns,
            generated,
            open: BinaryHeap::new(),
        }
    }

    /// The next span that ends before `to_unix_ns`, by end; `None` when there is none, yet: a later
    /// `to` goes on from there.
    pub fn next_before(&mut self, to_unix_ns: i64) -> Option<SimSpan> {
        loop {
            // What ends before the line up to which all is generated is complete.
            let sure = self.generated.min(to_unix_ns);
            if self
                .open
                .peek()
                .is_some_and(|next| next.0.0.end_unix_ns < sure)
            {
                return self.open.pop().map(|next| *next.0.0);
            }
            if self.generated >= to_unix_ns {
                return None;
            }
            self.generate(to_unix_ns);
        }
    }

    fn generate(&mut self, to_unix_ns: i64) {
        let until = to_unix_ns.min(self.generated + SLICE_NS);
        let spans = self
            .workload
            .traces(self.generated, until)
            .flat_map(|trace| trace.spans);
        let from = self.from;
        self.open.extend(
            spans
                .filter(|span| span.end_unix_ns >= from)
                .map(|span| Reverse(Ending(Box::new(span)))),
        );
        self.generated = until;
    }
}

/// A span, ordered by its end, then id. Boxed, for a heap moves what it orders.
pub(crate) struct Ending(pub(crate) Box<SimSpan>);

impl Ending {
    fn key(&self) -> (i64, [u8; 8]) {
        (self.0.end_unix_ns, self.0.span_id)
    }
}

impl PartialEq for Ending {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Ending {}

impl PartialOrd for Ending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

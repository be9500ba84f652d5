//! The feed: a workload's spans in the order of their ends, in which SDKs see them.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{span::SimSpan, trace::MAX_TRACE_NS, workload::Workload};

/// Length of time that is generated at once. Together with [`MAX_TRACE_NS`] it limits the memory.
const SLICE_NS: i64 = 1_000_000_000;

/// The spans that end from an instant on. Two feeds of adjacent ranges neither share nor miss a
/// span, even of traces that lie in both ranges.
pub struct SpanFeed {
    workload: Workload,
    from: i64,
    /// Traces are generated up to this instant.
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

    /// The next span that ends before `to_unix_ns`, in the order of ends. `None` when there is
    /// none; a call with a later `to_unix_ns` continues from there.
    pub fn next_before(&mut self, to_unix_ns: i64) -> Option<SimSpan> {
        loop {
            // Spans that end before this are complete, because all traces up to it are generated.
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

/// A span, ordered by its end, then by id. Boxed, because a heap moves its elements.
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

//! Example transactions, and facts that only their traces hold: who called an operation, and which
//! operations ran a statement.
//!
//! Reading traces is expensive, so only a few are read. Answers say how many.

use crate::{
    Query, QueryError,
    answers::{Hitmap, Trace, TraceSpan, TransactionItem},
    trace::Clocks,
};
use hinomi_model::{
    DurationRange, OutcomeFilter, Scope, Selection, SpanId, Text, TimeRange, TraceId,
    hitmap::row_edge,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    time::Duration,
};

/// Number of examples of each kind.
const EXAMPLES: usize = 6;
/// Most rows that are sorted to find the slowest.
const SLOWEST_OF: usize = 200;
/// Most traces that are read for one answer.
const TRACES: usize = 16;
/// Most operations whose transactions are searched for a statement.
const OPERATIONS: usize = 8;

/// Example transactions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examples {
    /// The slowest transactions, slowest first.
    pub slowest: Vec<TransactionItem>,
    /// The newest failed transactions.
    pub failed: Vec<TransactionItem>,
    /// The newest transactions with any outcome.
    pub newest: Vec<TransactionItem>,
}

/// A caller of an operation or a runner of a statement, with the number of traces that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `service.name`; empty for callers that sent no span.
    pub service: Text,
    /// The operation that called; empty when it is not known.
    pub operation: Text,
    /// Number of read traces that contain this call.
    pub traces: usize,
    /// A span in one of these traces.
    pub example: (TraceId, SpanId),
}

/// What the traces show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenIn {
    /// The rows, most traces first.
    pub rows: Vec<Seen>,
    /// Number of traces that were read.
    pub traces: usize,
}

impl Query {
    /// Example transactions of a selection. `map` is the selection's hitmap; it tells which
    /// durations are the slowest.
    pub async fn examples(
        &self,
        selection: &Selection,
        range: TimeRange,
        map: &Hitmap,
    ) -> Result<Examples, QueryError> {
        let list = |outcome, durations, limit| {
            let selection = Selection {
                outcome,
                ..selection.clone()
            };
            async move {
                let page = self.transactions(&selection, range, durations, None, None, limit);
                Ok::<_, QueryError>(page.await?.items)
            }
        };
        let any = DurationRange::default();
        let newest = list(None, any, EXAMPLES).await?;
        let failed = list(Some(OutcomeFilter::Error), any, EXAMPLES).await?;
        let slow = DurationRange {
            min: Some(slow_from(map)),
            max: None,
        };
        let mut slowest = list(None, slow, SLOWEST_OF).await?;
        slowest.sort_by_key(|item| Reverse(item.duration));
        slowest.truncate(EXAMPLES);
        Ok(Examples {
            slowest,
            failed,
            newest,
        })
    }

    /// Services and operations that called these transactions.
    pub async fn callers(
        &self,
        scope: &Scope,
        of: &[&TransactionItem],
    ) -> Result<SeenIn, QueryError> {
        let mut seen = Gathered::default();
        for item in of {
            let Some(trace) = self.next_trace(scope, item.trace_id, &mut seen).await? else {
                continue;
            };
            let entry = trace
                .position(item.span_id.into())
                .map(|at| &trace.spans[at]);
            let (service, operation) = match entry.and_then(|entry| entry.parent) {
                Some(parent) => {
                    let caller = &trace.spans[parent];
                    let operation = operation_of(&trace, caller);
                    (caller.resource.service.clone(), operation)
                }
                None => ("".into(), "".into()),
            };
            seen.add(service, operation, (item.trace_id, item.span_id));
        }
        Ok(seen.finish())
    }

    /// Operations of the selection's service that ran a statement, found in the newest transactions
    /// of each operation.
    pub async fn runners(
        &self,
        selection: &Selection,
        statement: &str,
        database: &str,
        range: TimeRange,
    ) -> Result<SeenIn, QueryError> {
        let facets = self.facets(selection, range).await?;
        let mut seen = Gathered::default();
        for operation in facets.operations.into_iter().take(OPERATIONS) {
            let of = Selection {
                operation: Some(operation.clone()),
                ..selection.clone()
            };
            let any = DurationRange::default();
            let each = (TRACES / OPERATIONS).max(1);
            let newest = self.transactions(&of, range, any, None, None, each).await?;
            for item in newest.items {
                let scope = &selection.scope;
                let Some(trace) = self.next_trace(scope, item.trace_id, &mut seen).await? else {
                    continue;
                };
                let ran = trace.spans.iter().find(|span| {
                    span.resource.service == item.service
                        && span.call.as_ref().is_some_and(|call| {
                            *call.detail == *statement && *call.target == *database
                        })
                });
                if let Some(span) = ran {
                    let operation = operation_of(&trace, span);
                    let example = (item.trace_id, span.span_id);
                    seen.add(item.service, operation, example);
                }
            }
        }
        Ok(seen.finish())
    }

    /// Reads a trace; `None` when it was read before or when the limit of traces is reached.
    async fn next_trace(
        &self,
        scope: &Scope,
        id: TraceId,
        seen: &mut Gathered,
    ) -> Result<Option<Trace>, QueryError> {
        if seen.looked_at.len() >= TRACES || !seen.looked_at.insert(id) {
            return Ok(None);
        }
        self.trace(scope, id, Clocks::AsSent).await
    }
}

#[derive(Default)]
struct Gathered {
    looked_at: HashSet<TraceId>,
    rows: BTreeMap<(Text, Text), (usize, (TraceId, SpanId))>,
}

impl Gathered {
    fn add(&mut self, service: Text, operation: Text, example: (TraceId, SpanId)) {
        let row = self
            .rows
            .entry((service, operation))
            .or_insert((0, example));
        row.0 += 1;
    }

    fn finish(self) -> SeenIn {
        let rows = self.rows.into_iter();
        let mut rows: Vec<Seen> = rows
            .map(|((service, operation), (traces, example))| Seen {
                service,
                operation,
                traces,
                example,
            })
            .collect();
        rows.sort_by_key(|row| Reverse(row.traces));
        SeenIn {
            rows,
            traces: self.looked_at.len(),
        }
    }
}

/// The operation that a span belongs to: that of the nearest transaction above it or of the span
/// itself.
fn operation_of(trace: &Trace, span: &TraceSpan) -> Text {
    let mut at = span;
    loop {
        if let Some(operation) = &at.operation {
            return operation.clone();
        }
        match at.parent {
            Some(parent) => at = &trace.spans[parent],
            None => return "".into(),
        }
    }
}

/// The lowest duration from which on there are at least as many transactions as examples are
/// wanted, and still few enough to sort.
fn slow_from(map: &Hitmap) -> Duration {
    let mut rows: BTreeMap<u8, u64> = BTreeMap::new();
    for cell in &map.cells {
        *rows.entry(cell.row).or_default() += cell.counts.total();
    }
    let mut above = 0;
    for (row, count) in rows.into_iter().rev() {
        above += count;
        if above >= EXAMPLES as u64 {
            return row_edge(usize::from(row));
        }
    }
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::{Counts, HitmapCell};
    use hinomi_model::{UnixNanos, hitmap::row_of};

    #[test]
    fn the_slowest_are_in_the_highest_rows_that_have_enough() {
        let cell = |millis, ok| HitmapCell {
            column: 0,
            row: row_of(Duration::from_millis(millis)),
            counts: Counts {
                ok,
                ..Counts::default()
            },
        };
        let map = |cells| Hitmap {
            range: TimeRange::new(UnixNanos(0), UnixNanos(1)),
            column: Duration::from_secs(5),
            slow_threshold: Duration::from_secs(1),
            cells,
            total: Counts::default(),
            lost: Vec::new(),
        };
        let edge = |millis| row_edge(usize::from(row_of(Duration::from_millis(millis))));
        let some = map(vec![cell(10, 500), cell(900, 5), cell(3_000, 2)]);
        assert_eq!(slow_from(&some), edge(900));
        assert_eq!(slow_from(&map(vec![cell(10, 2)])), Duration::ZERO);
    }
}

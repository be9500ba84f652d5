//! The time that transactions spent in client calls.
//!
//! A transaction's time is the sum of the durations of the calls that its own service made below
//! its entry span. A call counts for the next entry span above it. All spans between the call and
//! its transaction must be of the same service, and none of them may be such a call itself, so a
//! driver's span within an ORM's span counts once. Parallel calls add up, so the sum may exceed the
//! transaction's duration. An entry span that is itself such a call counts with its own duration,
//! and calls below it do not.

use crate::answers::SpentIn;
use hinomi_model::{CallCategory, SpanId, Text, TraceId};
use hinomi_store::{CallTrees, Hosts, TreeSpan};
use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

/// A call counts for a transaction only if the call, and all spans between them, ended at most this
/// long before the transaction. So the sum does not depend on the range of the search.
pub(super) const BEFORE: Duration = Duration::from_secs(5 * 60);
/// The same limit for calls that ended after the transaction, because a call may outlive it.
pub(super) const AFTER: Duration = Duration::from_secs(60);
/// Maximum number of spans between a call and its transaction. Deeper calls are not counted.
const DEEPEST: usize = 128;

/// Identifies a span. Parents are followed within one trace and service.
type Key = (TraceId, SpanId, u32);

/// The ids of the span that a transaction began with.
type EntrySpan = (TraceId, SpanId);

/// The client calls whose time counts.
pub(super) struct CountedCalls {
    pub spent_in: SpentIn,
    /// Where services of ours answer: calls there are not external.
    pub hosts: Hosts,
    /// The service whose calls are counted; empty for those of all.
    pub caller: Text,
}

impl CountedCalls {
    /// Categories of the calls that can count, depending on their target. Caches are no databases
    /// here.
    pub fn categories(spent_in: SpentIn) -> Vec<CallCategory> {
        match spent_in {
            SpentIn::Database => vec![CallCategory::Database],
            SpentIn::External => vec![CallCategory::Http, CallCategory::Rpc],
        }
    }

    fn has_target(&self, target: &str) -> bool {
        match self.spent_in {
            SpentIn::Database => true,
            SpentIn::External => !self.hosts.is_ours(target, &self.caller),
        }
    }
}

/// The time in calls of each transaction, in the order of `trees`.
pub(super) fn time_in_calls(trees: &CallTrees, calls: &CountedCalls) -> Vec<Duration> {
    let counted: Vec<bool> = trees
        .words
        .iter()
        .map(|target| calls.has_target(target))
        .collect();
    let paths = Paths::new(trees, &counted);
    let mut sums: HashMap<EntrySpan, u64> = HashMap::new();
    for (key, call) in paths.calls() {
        if let Some(transaction) = paths.transaction_of(*key, call) {
            let sum = sums.entry(transaction).or_default();
            let duration = call.end.since(call.start).as_nanos();
            *sum = sum.saturating_add(u64::try_from(duration).unwrap_or(u64::MAX));
        }
    }
    let transactions = trees.transactions.iter();
    transactions
        .map(|one| {
            let key = (one.cursor.trace_id, one.cursor.span_id);
            Duration::from_nanos(sums.get(&key).copied().unwrap_or(0))
        })
        .collect()
}

/// The spans by id, to follow parents.
struct Paths<'a> {
    spans: HashMap<Key, &'a TreeSpan>,
    /// Whether calls to a target count, by the target's number.
    counted: &'a [bool],
}

impl<'a> Paths<'a> {
    /// If two spans of a service have the same id, the earlier one counts.
    fn new(trees: &'a CallTrees, counted: &'a [bool]) -> Self {
        let mut spans: HashMap<Key, &TreeSpan> = HashMap::with_capacity(trees.spans.len());
        for span in &trees.spans {
            match spans.entry((span.trace_id, span.span_id, span.service)) {
                Entry::Vacant(place) => {
                    place.insert(span);
                }
                Entry::Occupied(mut have) => {
                    if (span.start, span.end) < (have.get().start, have.get().end) {
                        have.insert(span);
                    }
                }
            }
        }
        Self { spans, counted }
    }

    fn is_counted(&self, span: &TreeSpan) -> bool {
        let target = span
            .call
            .and_then(|target| self.counted.get(target as usize));
        target.copied().unwrap_or(false)
    }

    /// The calls whose time counts.
    fn calls(&self) -> impl Iterator<Item = (&Key, &'a TreeSpan)> {
        let spans = self.spans.iter().map(|(key, span)| (key, *span));
        spans.filter(|(_, span)| self.is_counted(span))
    }

    /// The transaction that a call counts toward.
    fn transaction_of(&self, (trace, id, service): Key, call: &'a TreeSpan) -> Option<EntrySpan> {
        let (mut id, mut at) = (id, call);
        let (mut first, mut last) = (at.end, at.end);
        for _ in 0..DEEPEST {
            if at.is_entry {
                let is_near = at.end.minus(BEFORE) <= first && last <= at.end.plus(AFTER);
                return is_near.then_some((trace, id));
            }
            let parent = at.parent?;
            let above = *self.spans.get(&(trace, parent, service))?;
            if self.is_counted(above) {
                return None;
            }
            (first, last) = (first.min(above.end), last.max(above.end));
            (id, at) = (parent, above);
        }
        None
    }
}

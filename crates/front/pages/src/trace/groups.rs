//! Repeated statements, calls and exceptions of a trace, grouped by equality.

use super::{
    clean::{self, NAME_MAX},
    rows::failed,
};
use hinomi_model::{CallCategory, SpanId, Text};
use hinomi_query::{
    answer::{Trace, TraceSpan},
    trace::SpanAddress,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// Number of equal calls of one parent from which a loop is suspected.
const LOOP_MIN: usize = 5;
/// Most distinct exceptions of a trace that are told apart.
const EXCEPTIONS_MAX: usize = 200;

/// A group of equal calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallGroup {
    /// Statement fingerprint or request.
    pub(crate) detail: String,
    /// Host, database or queue that was called.
    pub(crate) target: String,
    /// Whether one of our services answered.
    pub(crate) internal: bool,
    /// Number of calls.
    pub(crate) count: usize,
    /// Number of failed calls.
    pub(crate) errors: usize,
    /// Sum of durations.
    pub(crate) total: Duration,
    /// Longest duration.
    pub(crate) max: Duration,
    /// The span that took longest.
    pub(crate) slowest: SpanAddress,
    /// Largest number of equal calls of one parent, when it is enough to suspect a loop.
    pub(crate) in_loop: Option<usize>,
    /// HTTP statuses and error types that occurred, most severe last; empty when there are none.
    pub(crate) results: String,
}

/// A group of equal exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExceptionGroup {
    /// Type, may be empty.
    pub(crate) kind: String,
    /// Message, may be empty.
    pub(crate) message: String,
    /// The service in which it occurred first, that is, deepest in the tree.
    pub(crate) service: String,
    /// The span of that service that recorded it.
    pub(crate) span: SpanAddress,
    /// Name of that span.
    pub(crate) name: String,
    /// Number of spans that recorded it.
    pub(crate) count: usize,
    /// The stack trace recorded by that span.
    pub(crate) stack: super::stack::Stack,
}

/// Groups of database and cache calls, largest total time first.
pub(crate) fn statements(trace: &Trace) -> Vec<CallGroup> {
    calls_of(trace, |category| {
        matches!(category, CallCategory::Database | CallCategory::Cache)
    })
}

/// Groups of calls to hosts, services and queues, largest total time first.
pub(crate) fn calls(trace: &Trace) -> Vec<CallGroup> {
    calls_of(trace, |category| {
        !matches!(category, CallCategory::Database | CallCategory::Cache)
    })
}

struct Sum<'a> {
    slowest: &'a TraceSpan,
    count: usize,
    errors: usize,
    total: Duration,
    by_parent: HashMap<Option<SpanId>, usize>,
    results: BTreeMap<String, ()>,
}

fn calls_of(trace: &Trace, wanted: impl Fn(CallCategory) -> bool) -> Vec<CallGroup> {
    let mut sums: HashMap<(Text, Text, bool), Sum<'_>> = HashMap::new();
    for span in &trace.spans {
        let Some(call) = span.call.as_ref().filter(|call| wanted(call.category)) else {
            continue;
        };
        let key = (call.target.clone(), call.detail.clone(), call.internal);
        let sum = sums.entry(key).or_insert_with(|| Sum {
            slowest: span,
            count: 0,
            errors: 0,
            total: Duration::ZERO,
            by_parent: HashMap::new(),
            results: BTreeMap::new(),
        });
        sum.count += 1;
        sum.errors += usize::from(failed(span));
        sum.total += span.duration;
        *sum.by_parent.entry(span.parent_span_id).or_default() += 1;
        if span.duration > sum.slowest.duration {
            sum.slowest = span;
        }
        if sum.results.len() < 4
            && let Some(result) = result(span)
        {
            sum.results.insert(result, ());
        }
    }
    let mut groups: Vec<CallGroup> = sums
        .into_iter()
        .map(|((target, detail, internal), sum)| CallGroup {
            detail: clean::line(&detail, NAME_MAX),
            target: clean::line(&target, NAME_MAX),
            internal,
            count: sum.count,
            errors: sum.errors,
            total: sum.total,
            max: sum.slowest.duration,
            slowest: sum.slowest.address(),
            in_loop: sum
                .by_parent
                .values()
                .copied()
                .max()
                .filter(|count| *count >= LOOP_MIN),
            results: sum.results.into_keys().collect::<Vec<_>>().join(", "),
        })
        .collect();
    groups.sort_by(|a, b| {
        (Reverse(a.total), &a.target, &a.detail).cmp(&(Reverse(b.total), &b.target, &b.detail))
    });
    groups
}

/// Whether a run of equal spans looks like calls in a loop.
pub(crate) fn is_loop(run: usize, span: &TraceSpan) -> bool {
    run >= LOOP_MIN && span.call.is_some()
}

/// The result of a call: its HTTP status, else its error type.
pub(crate) fn result(span: &TraceSpan) -> Option<String> {
    match (span.http_status, &span.error_type) {
        (Some(status), _) => Some(status.to_string()),
        (None, Some(error)) => Some(clean::line(class_of(error), 60)),
        (None, None) => None,
    }
}

/// The class name without its package, such as `SocketTimeoutException`. The span's panel has the
/// package.
fn class_of(error: &str) -> &str {
    match error.rsplit_once('.') {
        Some((_, class)) if class.starts_with(char::is_uppercase) => class,
        _ => error,
    }
}

/// The exceptions, the deepest first. An exception that several spans record on its way up is
/// listed once.
pub(crate) fn exceptions(trace: &Trace) -> Vec<ExceptionGroup> {
    let mut groups: Vec<(usize, ExceptionGroup)> = Vec::new();
    let mut by_key: HashMap<(String, String), usize> = HashMap::new();
    for span in &trace.spans {
        for event in super::detail::exceptions_of(span) {
            let key = (event.kind.clone(), event.message.clone());
            let new = groups.len();
            let at = *by_key.entry(key).or_insert(new);
            if at == new {
                if new >= EXCEPTIONS_MAX {
                    return finish(groups);
                }
                groups.push((0, group(span, event)));
                groups[at].0 = span.depth;
                continue;
            }
            let (depth, known) = &mut groups[at];
            let count = known.count + 1;
            if span.depth >= *depth {
                *depth = span.depth;
                *known = group(span, event);
            }
            known.count = count;
        }
    }
    finish(groups)
}

fn finish(mut groups: Vec<(usize, ExceptionGroup)>) -> Vec<ExceptionGroup> {
    groups.sort_by_key(|(depth, _)| Reverse(*depth));
    groups.into_iter().map(|(_, group)| group).collect()
}

fn group(span: &TraceSpan, event: super::detail::Exception) -> ExceptionGroup {
    ExceptionGroup {
        kind: event.kind,
        message: event.message,
        service: clean::line(&span.resource.service, NAME_MAX),
        span: span.address(),
        name: clean::line(&span.name, NAME_MAX),
        count: 1,
        stack: event.stack,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn equal_statements_are_one_line_and_a_loop_is_called_out() {
        let groups = statements(&sample::checkout());
        let sku = groups
            .iter()
            .find(|group| group.detail.contains("sku_price"))
            .unwrap();
        assert_eq!((sku.count, sku.in_loop), (24, Some(24)));
        assert!(groups.windows(2).all(|pair| pair[0].total >= pair[1].total));
        let count: usize = groups.iter().map(|group| group.count).sum();
        let spans = sample::checkout();
        let expected = spans.spans.iter().filter(|span| {
            matches!(
                span.call.as_ref().map(|call| call.category),
                Some(CallCategory::Database | CallCategory::Cache)
            )
        });
        assert_eq!(count, expected.count());
    }

    #[test]
    fn an_exception_on_its_way_up_is_one() {
        let groups = exceptions(&sample::checkout());
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].kind, "org.postgresql.util.PSQLException");
        assert_eq!(groups[0].count, 2);
    }

    #[test]
    fn a_trace_without_calls_has_none() {
        let trace = sample::one();
        assert!(statements(&trace).is_empty() && calls(&trace).is_empty());
        assert!(exceptions(&trace).is_empty());
    }
}

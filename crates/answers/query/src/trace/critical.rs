//! The critical path: for each instant of a trace, the one span that the end of the trace was
//! waiting for.
//!
//! Walks backwards from the end of the main root. The child that ended last before the cursor was
//! waited for; the next is the one that ended last before its start, and so on, at every level. An
//! instant at which no child runs belongs to the span itself. A child that outlives its parent is
//! cut at the parent's end.
//!
//! Time outside the main root (messages handled after the answer was sent, orphans, hosts whose
//! clocks are off) is attributed the same way to the spans that run then. An instant at which
//! nothing ran counts as messaging when a consumer begins next (the message was queued), else as
//! the main root's own code. So the parts add up to the trace's length, to the nanosecond.

use super::end_of;
use crate::answers::{SelfTimeCategory, Trace, TraceSpan};
use hinomi_model::{SpanKind, UnixNanos};
use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

/// A part of the critical path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CriticalTime {
    /// Index of the span in `Trace::spans`.
    pub span: usize,
    /// Category that the time is counted in: the span's own category, except for time in a queue.
    pub category: SelfTimeCategory,
    /// How long the trace waited for this span itself, not for its children.
    pub time: Duration,
}

/// Time on the critical path by span, in tree order. The sum is `trace.end - trace.start`.
pub fn critical_time(trace: &Trace) -> Vec<CriticalTime> {
    let mut sums: BTreeMap<(usize, SelfTimeCategory), Duration> = BTreeMap::new();
    for part in Path::of(&trace.spans).parts {
        *sums.entry((part.span, part.category)).or_default() += part.time;
    }
    sums.into_iter()
        .map(|((span, category), time)| CriticalTime {
            span,
            category,
            time,
        })
        .collect()
}

/// Time on the critical path by category, without zeros, in the order of the categories. The sum is
/// `trace.end - trace.start`.
pub fn critical_time_by_category(trace: &Trace) -> Vec<(SelfTimeCategory, Duration)> {
    let mut sums: BTreeMap<SelfTimeCategory, Duration> = BTreeMap::new();
    for part in Path::of(&trace.spans).parts {
        *sums.entry(part.category).or_default() += part.time;
    }
    sums.into_iter().collect()
}

/// Sets `critical` on the spans of the critical path.
pub(super) fn mark(spans: &mut [TraceSpan]) {
    for index in Path::of(spans).visited {
        spans[index].critical = true;
    }
}

/// Most times that the children of a span are walked: once below the main root and once outside it.
/// More visits happen only when children begin before their parents, and would make the walk
/// quadratic.
const VISITS_MAX: u8 = 2;

#[derive(Clone, Copy)]
struct Window {
    from: UnixNanos,
    to: UnixNanos,
}

struct Path<'a> {
    spans: &'a [TraceSpan],
    /// Children of each span, the last to end first.
    children: Vec<Vec<usize>>,
    visits: Vec<u8>,
    visited: Vec<usize>,
    parts: Vec<CriticalTime>,
}

impl<'a> Path<'a> {
    fn of(spans: &'a [TraceSpan]) -> Self {
        let mut path = Self {
            spans,
            children: vec![Vec::new(); spans.len()],
            visits: vec![0; spans.len()],
            visited: Vec::new(),
            parts: Vec::new(),
        };
        let Some(main) = main_root(spans) else {
            return path;
        };
        for (index, span) in spans.iter().enumerate() {
            if let Some(parent) = span.parent {
                path.children[parent].push(index);
            }
        }
        for children in &mut path.children {
            children.sort_by_key(|child| last_to_end_first(spans, *child));
        }
        let inside = Window {
            from: spans[main].start,
            to: end_of(&spans[main]),
        };
        let start = spans
            .iter()
            .map(|span| span.start)
            .min()
            .unwrap_or(inside.from);
        let end = spans.iter().map(end_of).max().unwrap_or(inside.to);
        path.outside(
            main,
            Window {
                from: inside.to,
                to: end,
            },
        );
        path.descend(main, inside);
        path.outside(
            main,
            Window {
                from: start,
                to: inside.from,
            },
        );
        path
    }

    /// Attributes a window of time that the main root does not cover.
    fn outside(&mut self, main: usize, window: Window) {
        if window.from >= window.to {
            return;
        }
        let mut candidates: Vec<usize> = (0..self.spans.len())
            .filter(|index| {
                self.spans[*index].start < window.to && end_of(&self.spans[*index]) > window.from
            })
            .collect();
        candidates.sort_by_key(|index| last_to_end_first(self.spans, *index));
        let mut cursor = window.to;
        let mut next: Option<usize> = None;
        for index in candidates {
            let span = &self.spans[index];
            if span.start >= cursor || cursor <= window.from {
                continue;
            }
            let inner = Window {
                from: span.start.max(window.from),
                to: end_of(span).min(cursor).max(window.from),
            };
            self.idle(main, next, cursor.since(inner.to));
            self.descend(index, inner);
            cursor = inner.from;
            next = Some(index);
        }
        self.idle(main, next, cursor.since(window.from));
    }

    /// Attributes time in which nothing ran, before span `next`.
    fn idle(&mut self, main: usize, next: Option<usize>, time: Duration) {
        if time.is_zero() {
            return;
        }
        let queued = next.filter(|index| self.spans[*index].kind == SpanKind::Consumer);
        self.parts.push(match queued {
            Some(span) => CriticalTime {
                span,
                category: SelfTimeCategory::Messaging,
                time,
            },
            None => CriticalTime {
                span: main,
                category: SelfTimeCategory::Code,
                time,
            },
        });
    }

    /// Attributes a window of time that span `top` covers to this span and its descendants.
    fn descend(&mut self, top: usize, window: Window) {
        let mut pending = vec![(top, window)];
        while let Some((index, window)) = pending.pop() {
            if self.visits[index] == 0 {
                self.visited.push(index);
            }
            let look_inside = self.visits[index] < VISITS_MAX;
            self.visits[index] = self.visits[index].saturating_add(1);
            let mut own = Duration::ZERO;
            let mut cursor = window.to;
            let children: &[usize] = if look_inside {
                &self.children[index]
            } else {
                &[]
            };
            for &child in children {
                let span = &self.spans[child];
                if cursor <= window.from || end_of(span) <= window.from {
                    break;
                }
                if span.start >= cursor || span.duration.is_zero() {
                    continue;
                }
                let inner = Window {
                    from: span.start.max(window.from),
                    to: end_of(span).min(cursor),
                };
                own += cursor.since(inner.to);
                cursor = inner.from;
                pending.push((child, inner));
            }
            own += cursor.since(window.from);
            if !own.is_zero() {
                let category = self.spans[index].category;
                self.parts.push(CriticalTime {
                    span: index,
                    category,
                    time: own,
                });
            }
        }
    }
}

fn last_to_end_first(spans: &[TraceSpan], index: usize) -> (Reverse<UnixNanos>, UnixNanos, usize) {
    (Reverse(end_of(&spans[index])), spans[index].start, index)
}

/// The main root of the trace: a real root before an orphan, then the longest.
fn main_root(spans: &[TraceSpan]) -> Option<usize> {
    spans
        .iter()
        .enumerate()
        .filter(|(_, span)| span.parent.is_none())
        .min_by_key(|(_, span)| (span.parent_span_id.is_some(), Reverse(span.duration)))
        .map(|(index, _)| index)
}

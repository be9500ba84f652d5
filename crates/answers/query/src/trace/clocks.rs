//! Aligns the clocks of a trace's hosts, as far as cause and effect require.
//!
//! A span cannot begin before the span that caused it, and a server cannot still be working once
//! its caller has the answer. So each call from one host to another bounds the difference of their
//! clocks. A host whose calls violate these bounds is moved: all of its spans by the same offset,
//! the least that all of its calls allow; with bounds on both sides, the middle between them. A
//! host whose calls fulfil the bounds is not moved: a clock error smaller than the slack of a call
//! cannot be told from network delay.

use crate::answers::{ClockSkew, Trace, TraceSpan};
use hinomi_model::{Resource, Span, SpanKind, SpanStatus, Text, UnixNanos};
use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet, VecDeque},
};

/// Smaller violations of a bound are ignored, because some agents' clocks have no finer resolution.
/// In nanoseconds.
const LEAST_NS: i64 = 1_000_000;

/// Moves the spans of hosts whose clocks are off, and returns these hosts with their offsets.
pub(super) fn align(spans: &mut [Span]) -> Vec<ClockSkew> {
    let hosts = Hosts::of(spans);
    if hosts.resources.len() < 2 {
        return Vec::new();
    }
    let shifts = hosts.shifts(spans);
    let mut counts = vec![0; shifts.len()];
    for (span, host) in spans.iter_mut().zip(&hosts.of_span) {
        span.start = UnixNanos(span.start.0.saturating_add(shifts[*host]));
        span.end = UnixNanos(span.end.0.saturating_add(shifts[*host]));
        counts[*host] += 1;
    }
    let mut skews: Vec<ClockSkew> = hosts
        .resources
        .into_iter()
        .zip(shifts)
        .zip(counts)
        .filter(|((_, shift), _)| *shift != 0)
        .map(|((resource, shift), spans)| ClockSkew {
            host: name(&resource),
            service: resource.service.clone(),
            moved_ns: shift,
            spans,
        })
        .collect();
    skews.sort_by_key(|skew| (Reverse(skew.moved_ns.unsigned_abs()), skew.host.clone()));
    skews
}

impl Trace {
    /// Nanoseconds that were added to a span's times because its host's clock was off.
    pub fn moved_ns(&self, span: &TraceSpan) -> i64 {
        if self.skews.is_empty() {
            return 0;
        }
        let host = name(&span.resource);
        self.skews
            .iter()
            .find(|skew| skew.host == host)
            .map_or(0, |skew| skew.moved_ns)
    }
}

/// The name of what has the clock: the host, else the instance, else the service.
fn name(resource: &Resource) -> Text {
    [&resource.host, &resource.instance]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or(&resource.service)
        .clone()
}

/// A call from a span of one host to a span of another.
#[derive(Clone, Copy)]
struct Crossing {
    parent: usize,
    child: usize,
}

struct Hosts {
    /// Resource of the first span of each host.
    resources: Vec<std::sync::Arc<Resource>>,
    of_span: Vec<usize>,
    /// For each host, the crossings that begin or end at it.
    crossings: Vec<Vec<Crossing>>,
    /// Host of the trace's main root. Its clock is the reference.
    first: usize,
}

impl Hosts {
    fn of(spans: &[Span]) -> Self {
        let mut numbers: HashMap<Text, usize> = HashMap::new();
        let mut resources = Vec::new();
        let of_span: Vec<usize> = spans
            .iter()
            .map(|span| {
                *numbers.entry(name(&span.resource)).or_insert_with(|| {
                    resources.push(span.resource.clone());
                    resources.len() - 1
                })
            })
            .collect();
        let (parents, _) = super::tree::parents(spans);
        let mut crossings = vec![Vec::new(); resources.len()];
        for (child, parent) in parents.into_iter().enumerate() {
            let Some(parent) = parent.filter(|parent| of_span[*parent] != of_span[child]) else {
                continue;
            };
            for end in [parent, child] {
                crossings[of_span[end]].push(Crossing { parent, child });
            }
        }
        let main = (0..spans.len()).min_by_key(|index| {
            let span = &spans[*index];
            (span.parent_span_id.is_some(), Reverse(span.duration()))
        });
        Self {
            first: main.map_or(0, |index| of_span[index]),
            resources,
            of_span,
            crossings,
        }
    }

    /// The offset of each host, computed from the main root's host outwards.
    fn shifts(&self, spans: &[Span]) -> Vec<i64> {
        let mut shifts: Vec<Option<i64>> = vec![None; self.resources.len()];
        let mut seen = HashSet::new();
        for first in std::iter::once(self.first).chain(0..self.resources.len()) {
            if !seen.insert(first) {
                continue;
            }
            let mut pending = VecDeque::from([first]);
            while let Some(host) = pending.pop_front() {
                shifts[host] = Some(self.shift(host, spans, &shifts));
                for crossing in &self.crossings[host] {
                    for end in [crossing.parent, crossing.child] {
                        let other = self.of_span[end];
                        if seen.insert(other) {
                            pending.push_back(other);
                        }
                    }
                }
            }
        }
        shifts
            .into_iter()
            .map(|shift| shift.unwrap_or_default())
            .collect()
    }

    /// The offset of `host` that its calls to and from the hosts placed so far require.
    fn shift(&self, host: usize, spans: &[Span], placed: &[Option<i64>]) -> i64 {
        let mut bounds = Bounds::default();
        for crossing in &self.crossings[host] {
            let (parent, child) = (&spans[crossing.parent], &spans[crossing.child]);
            let answered = is_answered(parent, child);
            if self.of_span[crossing.child] == host {
                let Some(placed) = placed[self.of_span[crossing.parent]] else {
                    continue;
                };
                bounds.at_least(difference(parent.start, child.start, placed));
                if answered {
                    bounds.at_most(difference(parent.end, child.end, placed));
                }
            } else {
                let Some(placed) = placed[self.of_span[crossing.child]] else {
                    continue;
                };
                bounds.at_most(difference(child.start, parent.start, placed));
                if answered {
                    bounds.at_least(difference(child.end, parent.end, placed));
                }
            }
        }
        bounds.shift()
    }
}

/// Whether the caller waited for the answer; then the end of the child bounds the clocks as well. A
/// failed caller may have given up before the answer, and a child longer than its call continued
/// after answering.
fn is_answered(parent: &Span, child: &Span) -> bool {
    parent.kind == SpanKind::Client
        && child.kind == SpanKind::Server
        && parent.status != SpanStatus::Error
        && parent.error_type.is_none()
        && child.duration() <= parent.duration()
}

fn difference(placed: UnixNanos, moved: UnixNanos, shift: i64) -> i64 {
    placed.0.saturating_add(shift).saturating_sub(moved.0)
}

/// The bounds of a host's offset.
#[derive(Default)]
struct Bounds {
    low: Option<i64>,
    high: Option<i64>,
}

impl Bounds {
    fn at_least(&mut self, bound: i64) {
        self.low = Some(self.low.map_or(bound, |low| low.max(bound)));
    }

    fn at_most(&mut self, bound: i64) {
        self.high = Some(self.high.map_or(bound, |high| high.min(bound)));
    }

    /// Zero when the bounds allow zero; else the middle of the bounds, or the only bound. When the
    /// calls contradict each other, the lower bound wins: no span begins before its cause.
    fn shift(&self) -> i64 {
        let allowed = self.low.is_none_or(|low| low < LEAST_NS)
            && self.high.is_none_or(|high| high > -LEAST_NS);
        if allowed {
            return 0;
        }
        match (self.low, self.high) {
            (Some(low), Some(high)) if low <= high => low.midpoint(high),
            (Some(low), _) => low,
            (None, Some(high)) => high,
            (None, None) => 0,
        }
    }
}

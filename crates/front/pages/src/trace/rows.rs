//! The rows of the waterfall: the tree of the trace, with runs of equal calls folded into one row.
//! Tiny internal spans are marked so that they can be hidden. Failed spans are never folded or
//! hidden.

use super::clean::{self, NAME_MAX};
use hinomi_model::{SpanKind, SpanStatus, UnixNanos};
use hinomi_query::answer::{SelfTimeCategory, Trace, TraceSpan};
use std::{collections::HashMap, time::Duration};

/// Most spans that are drawn. The download has all spans.
pub(crate) const SPANS_DRAWN_MAX: usize = 20_000;
/// Fewest equal siblings in sequence that are folded.
const RUN_MIN: usize = 4;
/// An internal leaf span shorter than the trace divided by this may be hidden.
const SMALL_PRINT_SHARE: u32 = 100;
/// Number of service colours. With more services, colours repeat.
const SERVICE_COLOURS: usize = 6;

/// One row: a span, or a run of equal spans.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Index in `Trace::spans`; for a run, that of its first span.
    pub(crate) span: usize,
    /// Number of spans in the run; 0 for a single span.
    pub(crate) run: usize,
    /// Distance from the root, folded rows included.
    pub(crate) depth: usize,
    /// Index of the first row that is not below this one.
    pub(crate) end: usize,
    /// Whether the row may be hidden.
    pub(crate) small_print: bool,
    /// Start, from the trace's start.
    pub(crate) start: Duration,
    /// Time from the start to the end of the run's last span.
    pub(crate) extent: Duration,
    /// Duration; for a run, the sum.
    pub(crate) took: Duration,
    /// Self time; for a run, the sum.
    pub(crate) own: Duration,
    /// Time since the end of the previous sibling, or since the parent's start.
    pub(crate) gap: Duration,
}

/// All rows, with folds expanded, in tree order.
pub(crate) fn rows(trace: &Trace) -> Vec<Row> {
    let spans = &trace.spans[..trace.spans.len().min(SPANS_DRAWN_MAX)];
    let marks = Marks::of(trace, spans);
    let mut builder = Builder {
        trace,
        spans,
        marks: &marks,
        rows: Vec::new(),
        pending: Vec::new(),
    };
    builder.push_siblings(&marks.roots, 0);
    while let Some(step) = builder.pending.pop() {
        builder.take(step);
    }
    builder.rows
}

/// Whether a span failed.
pub(crate) fn failed(span: &TraceSpan) -> bool {
    span.error_type.is_some() || span.status == SpanStatus::Error
}

/// The label of a row: who, whether it is a call to another service, and what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Label {
    /// The service, or the called target when that is not one of our services.
    pub(crate) who: String,
    /// Whether the service calls another one of our services.
    pub(crate) outward: bool,
    /// The operation, statement or span name.
    pub(crate) what: String,
}

impl Label {
    /// The label of `span`.
    pub(crate) fn of(span: &TraceSpan) -> Self {
        let service = || clean::line(&span.resource.service, NAME_MAX);
        match &span.call {
            Some(call) => {
                // A name such as `SELECT` or `GET` alone says too little; the detail has the table
                // or path.
                let bare = !span.name.contains([' ', '/', '.']) && !call.detail.is_empty();
                let what = clean::line(if bare { &call.detail } else { &span.name }, NAME_MAX);
                let who = if call.internal {
                    service()
                } else {
                    host(&call.target)
                };
                Self {
                    who,
                    outward: call.internal,
                    what,
                }
            }
            None => {
                let operation = span.operation.as_ref().unwrap_or(&span.name);
                Self {
                    who: service(),
                    outward: false,
                    what: clean::line(operation, NAME_MAX),
                }
            }
        }
    }
}

impl Label {
    /// What was done, with an arrow when another one of our services did it.
    pub(crate) fn shown(&self) -> String {
        if self.outward {
            format!("→ {}", self.what)
        } else {
            self.what.clone()
        }
    }
}

/// A target without its port.
pub(crate) fn host(target: &str) -> String {
    let bare = target.rsplit_once(':').filter(|(host, port)| {
        !host.is_empty() && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    clean::line(bare.map_or(target, |(host, _)| host), NAME_MAX)
}

/// Colour classes of the services, in order of appearance.
pub(crate) struct Colours {
    slots: HashMap<hinomi_model::Text, usize>,
}

impl Colours {
    /// The colours of a trace.
    pub(crate) fn of(trace: &Trace) -> Self {
        Self::of_all(&[trace])
    }

    /// The colours of several traces that are shown together.
    pub(crate) fn of_all(traces: &[&Trace]) -> Self {
        let mut slots = HashMap::new();
        for span in traces.iter().flat_map(|trace| &trace.spans) {
            let next = slots.len();
            slots.entry(span.resource.service.clone()).or_insert(next);
        }
        Self { slots }
    }

    /// Number of services.
    pub(crate) fn services(&self) -> usize {
        self.slots.len()
    }

    /// The colour class of a span: by the category of its call, else by its service.
    pub(crate) fn class(&self, span: &TraceSpan) -> &'static str {
        const SERVICES: [&str; SERVICE_COLOURS] = ["t-s0", "t-s1", "t-s2", "t-s3", "t-s4", "t-s5"];
        match span.category {
            SelfTimeCategory::Code | SelfTimeCategory::Internal => {
                SERVICES
                    [self.slots.get(&span.resource.service).copied().unwrap_or(0) % SERVICES.len()]
            }
            other => category_class(other),
        }
    }
}

/// The colour class of a category.
pub(crate) fn category_class(category: SelfTimeCategory) -> &'static str {
    match category {
        SelfTimeCategory::Code => "t-code",
        SelfTimeCategory::Database => "t-db",
        SelfTimeCategory::Cache => "t-cache",
        SelfTimeCategory::External => "t-ext",
        SelfTimeCategory::Internal => "t-int",
        SelfTimeCategory::Messaging => "t-msg",
    }
}

pub(crate) fn end_of(span: &TraceSpan) -> UnixNanos {
    span.start.plus(span.duration)
}

/// Properties of the spans that are computed before the rows.
struct Marks {
    roots: Vec<usize>,
    children: Vec<Vec<usize>>,
    small_print: Vec<bool>,
    leaf: Vec<bool>,
    gap: Vec<Duration>,
}

impl Marks {
    fn of(trace: &Trace, spans: &[TraceSpan]) -> Self {
        let mut marks = Self {
            roots: Vec::new(),
            children: vec![Vec::new(); spans.len()],
            small_print: vec![false; spans.len()],
            leaf: vec![true; spans.len()],
            gap: vec![Duration::ZERO; spans.len()],
        };
        let mut busy_until: Vec<UnixNanos> = spans.iter().map(|span| span.start).collect();
        for (index, span) in spans.iter().enumerate() {
            let Some(parent) = span.parent else {
                marks.roots.push(index);
                continue;
            };
            marks.children[parent].push(index);
            marks.gap[index] = span.start.since(busy_until[parent]);
            busy_until[parent] = busy_until[parent].max(end_of(span));
        }
        let total = trace.end.since(trace.start);
        for (index, span) in spans.iter().enumerate().rev() {
            let Some(parent) = span.parent else { continue };
            marks.small_print[index] = marks.leaf[index]
                && span.kind == SpanKind::Internal
                && span.call.is_none()
                && span.events.is_empty()
                && span.links.is_empty()
                && !failed(span)
                && span.duration * SMALL_PRINT_SHARE < total;
            marks.leaf[parent] &= marks.small_print[index];
        }
        marks
    }
}

enum Step {
    Span { index: usize, depth: usize },
    Run { members: Vec<usize>, depth: usize },
    Close { row: usize },
}

struct Builder<'a> {
    trace: &'a Trace,
    spans: &'a [TraceSpan],
    marks: &'a Marks,
    rows: Vec<Row>,
    pending: Vec<Step>,
}

impl Builder<'_> {
    fn take(&mut self, step: Step) {
        match step {
            Step::Close { row } => self.rows[row].end = self.rows.len(),
            Step::Span { index, depth } => {
                self.open(&[index], depth, 0);
                let marks = self.marks;
                self.push_siblings(&marks.children[index], depth + 1);
            }
            Step::Run { members, depth } => {
                self.open(&members, depth, members.len());
                let below = members.into_iter().rev();
                self.pending.extend(below.map(|index| Step::Span {
                    index,
                    depth: depth + 1,
                }));
            }
        }
    }

    fn open(&mut self, members: &[usize], depth: usize, run: usize) {
        let Some(&first) = members.first() else {
            return;
        };
        let start = self.spans[first].start;
        let end = members
            .iter()
            .map(|index| end_of(&self.spans[*index]))
            .max()
            .unwrap_or(start);
        let row = self.rows.len();
        self.rows.push(Row {
            span: first,
            run,
            depth,
            end: row + 1,
            small_print: members.iter().all(|index| self.marks.small_print[*index]),
            start: start.since(self.trace.start),
            extent: end.since(start),
            took: members
                .iter()
                .map(|index| self.spans[*index].duration)
                .sum(),
            own: members
                .iter()
                .map(|index| self.spans[*index].self_time)
                .sum(),
            gap: self.marks.gap[first],
        });
        self.pending.push(Step::Close { row });
    }

    fn push_siblings(&mut self, siblings: &[usize], depth: usize) {
        let runs: Vec<&[usize]> = siblings
            .chunk_by(|before, after| self.equal(*before, *after))
            .collect();
        for members in runs.into_iter().rev() {
            if members.len() >= RUN_MIN {
                self.pending.push(Step::Run {
                    members: members.to_vec(),
                    depth,
                });
            } else {
                let steps = members.iter().rev().map(|index| Step::Span {
                    index: *index,
                    depth,
                });
                self.pending.extend(steps);
            }
        }
    }

    fn equal(&self, before: usize, after: usize) -> bool {
        let (a, b) = (&self.spans[before], &self.spans[after]);
        let target = |span: &TraceSpan| {
            span.call
                .as_ref()
                .map(|call| (call.target.clone(), call.detail.clone()))
        };
        self.marks.leaf[before]
            && self.marks.leaf[after]
            && self.marks.small_print[before] == self.marks.small_print[after]
            && !failed(a)
            && !failed(b)
            && a.kind == b.kind
            && a.name == b.name
            && a.parent_span_id == b.parent_span_id
            && a.resource.service == b.resource.service
            && target(a) == target(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    fn draw(rows: &[Row], trace: &Trace) -> Vec<String> {
        rows.iter()
            .map(|row| {
                let label = Label::of(&trace.spans[row.span]);
                let run = if row.run > 0 {
                    format!(" ×{}", row.run)
                } else {
                    String::new()
                };
                let small = if row.small_print { " (small)" } else { "" };
                format!(
                    "{}{} {}{run}{small}",
                    "  ".repeat(row.depth),
                    label.who,
                    label.what
                )
            })
            .collect()
    }

    #[test]
    fn equal_calls_fold_and_can_be_opened() {
        let trace = sample::checkout();
        let rows = rows(&trace);
        let drawn = draw(&rows, &trace);
        let at = drawn.iter().position(|row| row.contains("×24")).unwrap();
        assert!(
            drawn[at].contains("pg-checkout-1 SELECT sku_price"),
            "{}",
            drawn[at]
        );
        assert_eq!(rows[at].end, at + 25);
        let sum: Duration = rows[at + 1..at + 25].iter().map(|row| row.took).sum();
        assert_eq!(rows[at].took, sum);
    }

    #[test]
    fn every_span_has_its_own_row_once() {
        for trace in sample::all() {
            let rows = rows(&trace);
            let mut spans: Vec<usize> = rows
                .iter()
                .filter(|row| row.run == 0)
                .map(|row| row.span)
                .collect();
            spans.sort_unstable();
            let expected: Vec<usize> = (0..trace.spans.len().min(SPANS_DRAWN_MAX)).collect();
            assert_eq!(spans, expected);
        }
    }

    #[test]
    fn what_failed_is_never_folded_or_hidden() {
        for trace in sample::all() {
            for row in rows(&trace) {
                assert!(!(failed(&trace.spans[row.span]) && (row.run > 0 || row.small_print)));
            }
        }
    }
}

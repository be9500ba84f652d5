//! The order in which a trace is read: parents before children, siblings by start, cycles cut.

use super::*;

/// Every span of a trace once, in tree order.
pub(super) struct Forest {
    pub(super) nodes: Vec<Node>,
}

/// A span's place in the tree. `parent` is an index into `Forest::nodes`, `source` an index into
/// the given spans.
pub(super) struct Node {
    pub(super) source: usize,
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    pub(super) orphan: bool,
}

impl Forest {
    /// The forest of `spans`. They must be sorted by start.
    pub(super) fn of(spans: &[Span]) -> Self {
        let (mut parents, orphan) = parents(spans);
        cut_cycles(&mut parents);
        let children = Children::of(&parents);

        let mut nodes: Vec<Node> = Vec::with_capacity(spans.len());
        let mut pending: Vec<(usize, Option<usize>)> = Vec::new();
        for root in (0..spans.len()).filter(|source| parents[*source].is_none()) {
            pending.push((root, None));
            while let Some((source, parent)) = pending.pop() {
                let depth = parent.map_or(0, |parent: usize| nodes[parent].depth + 1);
                let index = nodes.len();
                nodes.push(Node {
                    source,
                    parent,
                    depth,
                    orphan: orphan[source],
                });
                pending.extend(
                    children
                        .of_parent(source)
                        .iter()
                        .rev()
                        .map(|c| (*c, Some(index))),
                );
            }
        }
        Self { nodes }
    }
}

/// The parent of each span, and whether it names a parent that never arrived. A span that is its
/// own parent has no parent. Where both sides of a call share an id, the answering side is below the
/// calling one.
pub(super) fn parents(spans: &[Span]) -> (Vec<Option<usize>>, Vec<bool>) {
    let by_id = ById::of(spans);
    let place = |(index, span): (usize, &Span)| {
        if span.kind.is_answering() {
            let is_caller = |other: &usize| spans[*other].kind.is_calling();
            let caller = by_id.best(span.span_id, index, is_caller);
            if caller.is_some() {
                return (caller, false);
            }
        }
        match span.parent_span_id {
            None => (None, false),
            Some(id) if id == span.span_id => (None, false),
            Some(id) => {
                let parent = by_id.best(id, index, |_| true);
                (parent, parent.is_none())
            }
        }
    };
    spans.iter().enumerate().map(place).unzip()
}

/// Spans by their ids, which several may share.
struct ById<'a> {
    spans: &'a [Span],
    /// Ascending; spans of one id by their index.
    places: Vec<(SpanId, usize)>,
}

impl<'a> ById<'a> {
    fn of(spans: &'a [Span]) -> Self {
        let numbered = spans.iter().enumerate();
        let mut places: Vec<(SpanId, usize)> = numbered
            .map(|(index, span)| (span.span_id, index))
            .collect();
        places.sort_unstable();
        Self { spans, places }
    }

    /// Of the wanted spans with this id the one that a child most likely means: of its own process, else
    /// of its service, else one that runs when the child begins, else the answering side of a call.
    fn best(&self, id: SpanId, child: usize, wanted: impl Fn(&usize) -> bool) -> Option<usize> {
        let from = self.places.partition_point(|(of, _)| *of < id);
        let of_id = self.places[from..].iter().take_while(|(of, _)| *of == id);
        let mut candidates = of_id.map(|(_, index)| *index).filter(wanted);
        let first = candidates.next()?;
        let Some(second) = candidates.next() else {
            return Some(first);
        };
        let child = &self.spans[child];
        let likeness = |index: &usize| {
            let span = &self.spans[*index];
            (
                span.resource == child.resource,
                span.resource.service == child.resource.service,
                span.start <= child.start && child.start <= span.end,
                span.kind.is_answering(),
            )
        };
        // The first of those that are equally likely.
        let all = [first, second].into_iter().chain(candidates);
        all.reduce(|best, next| {
            if likeness(&next) > likeness(&best) {
                next
            } else {
                best
            }
        })
    }
}

/// Cuts every cycle of parents: the span of the cycle that began first becomes a root.
fn cut_cycles(parents: &mut [Option<usize>]) {
    const UNSEEN: usize = usize::MAX;
    let mut walk_of = vec![UNSEEN; parents.len()];
    for first in 0..parents.len() {
        let mut at = first;
        while walk_of[at] == UNSEEN {
            walk_of[at] = first;
            let Some(parent) = parents[at] else { break };
            at = parent;
            if walk_of[at] == first {
                // Spans are sorted by start, so the smallest index of the cycle began first.
                let mut earliest = at;
                let mut member = parents[at];
                while let Some(index) = member.filter(|index| *index != at) {
                    earliest = earliest.min(index);
                    member = parents[index];
                }
                parents[earliest] = None;
            }
        }
    }
}

/// The children of all spans in one vector, sorted by start.
struct Children {
    first: Vec<usize>,
    flat: Vec<usize>,
}

impl Children {
    fn of(parents: &[Option<usize>]) -> Self {
        let mut first = vec![0; parents.len() + 1];
        for parent in parents.iter().flatten() {
            first[parent + 1] += 1;
        }
        for index in 1..first.len() {
            first[index] += first[index - 1];
        }
        let mut next = first.clone();
        let mut flat = vec![0; first.last().copied().unwrap_or(0)];
        for (child, parent) in parents.iter().enumerate() {
            if let Some(parent) = parent {
                flat[next[*parent]] = child;
                next[*parent] += 1;
            }
        }
        Self { first, flat }
    }

    fn of_parent(&self, parent: usize) -> &[usize] {
        &self.flat[self.first[parent]..self.first[parent + 1]]
    }
}

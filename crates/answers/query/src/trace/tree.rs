//! The order in which a trace is read: parents before children, siblings by start, cycles cut.

use super::*;
use std::collections::HashMap;

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
    /// The forest of `spans`. They must be sorted by start and have distinct ids.
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
/// own parent has no parent.
fn parents(spans: &[Span]) -> (Vec<Option<usize>>, Vec<bool>) {
    let by_id: HashMap<SpanId, usize> = spans
        .iter()
        .enumerate()
        .map(|(index, span)| (span.span_id, index))
        .collect();
    spans
        .iter()
        .map(|span| match span.parent_span_id {
            None => (None, false),
            Some(id) if id == span.span_id => (None, false),
            Some(id) => by_id
                .get(&id)
                .map_or((None, true), |parent| (Some(*parent), false)),
        })
        .unzip()
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

//! Merges traces into one tree: equal spans below equal parents form one frame, with one side for
//! each trace. The flame view and the comparison of two traces are drawn from it.

use super::rows::{Label, SPANS_DRAWN_MAX, failed};
use hinomi_model::Text;
use hinomi_query::answer::Trace;
use std::{collections::HashMap, time::Duration};

/// All frames, parents before children.
pub(super) struct Merged<const N: usize> {
    pub(super) frames: Vec<Frame<N>>,
    /// The frame of each drawn span, by trace.
    pub(super) of_span: [Vec<usize>; N],
}

/// Equal spans below equal parents.
pub(super) struct Frame<const N: usize> {
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    pub(super) label: Label,
    /// The spans of each trace in the frame.
    pub(super) sides: [Side; N],
}

/// The spans of one trace in a frame.
#[derive(Default, Clone, Copy)]
pub(super) struct Side {
    pub(super) count: usize,
    pub(super) failed: usize,
    /// Sum of the durations.
    pub(super) total: Duration,
    /// Sum of the self times.
    pub(super) own: Duration,
    /// Self time plus the values of all frames below.
    pub(super) value: Duration,
    /// Index of the longest span in its trace.
    pub(super) slowest: Option<usize>,
}

impl<const N: usize> Merged<N> {
    /// Merges the traces. Of each, only the spans that are drawn are merged.
    pub(super) fn of(traces: [&Trace; N]) -> Self {
        let mut frames: Vec<Frame<N>> = Vec::new();
        let mut by_name: HashMap<(Option<usize>, Text, Label), usize> = HashMap::new();
        let mut of_span = [const { Vec::new() }; N];
        for (number, trace) in traces.into_iter().enumerate() {
            let spans = &trace.spans[..trace.spans.len().min(SPANS_DRAWN_MAX)];
            for (index, span) in spans.iter().enumerate() {
                let parent = span.parent.map(|parent| of_span[number][parent]);
                let label = Label::of(span);
                let key = (parent, span.resource.service.clone(), label.clone());
                let new = frames.len();
                let frame = *by_name.entry(key).or_insert(new);
                if frame == new {
                    let depth = parent.map_or(0, |parent: usize| frames[parent].depth + 1);
                    frames.push(Frame {
                        parent,
                        depth,
                        label,
                        sides: [Side::default(); N],
                    });
                }
                let side = &mut frames[frame].sides[number];
                side.own += span.self_time;
                side.total += span.duration;
                side.count += 1;
                side.failed += usize::from(failed(span));
                let longest = side.slowest.map(|slowest| spans[slowest].duration);
                if longest.is_none_or(|longest| span.duration > longest) {
                    side.slowest = Some(index);
                }
                of_span[number].push(frame);
            }
        }
        add_up(&mut frames);
        Self { frames, of_span }
    }
}

fn add_up<const N: usize>(frames: &mut [Frame<N>]) {
    for index in (0..frames.len()).rev() {
        for number in 0..N {
            let side = &mut frames[index].sides[number];
            side.value += side.own;
            let value = side.value;
            if let Some(parent) = frames[index].parent {
                frames[parent].sides[number].value += value;
            }
        }
    }
}

/// Start of each frame when sibling frames are placed side by side within their parent.
pub(super) fn offsets(frames: &[Frame<1>]) -> Vec<Duration> {
    let mut offsets = vec![Duration::ZERO; frames.len()];
    let mut next = vec![Duration::ZERO; frames.len()];
    let mut next_root = Duration::ZERO;
    for (index, frame) in frames.iter().enumerate() {
        let cursor = match frame.parent {
            Some(parent) => &mut next[parent],
            None => &mut next_root,
        };
        let offset = *cursor;
        *cursor += frame.sides[0].value;
        offsets[index] = offset;
        next[index] = offset;
    }
    offsets
}

/// The frames in tree order. Siblings are in order of their first occurrence.
pub(super) fn in_tree_order<const N: usize>(frames: &[Frame<N>]) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); frames.len()];
    let mut pending: Vec<usize> = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        match frame.parent {
            Some(parent) => children[parent].push(index),
            None => pending.push(index),
        }
    }
    pending.reverse();
    let mut order = Vec::with_capacity(frames.len());
    while let Some(index) = pending.pop() {
        order.push(index);
        pending.extend(children[index].iter().rev());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn frames_hold_every_span_and_all_of_the_time_once() {
        for trace in sample::all() {
            let Merged { frames, of_span } = Merged::of([&trace]);
            let offsets = offsets(&frames);
            let drawn = trace.spans.len().min(SPANS_DRAWN_MAX);
            assert_eq!(of_span[0].len(), drawn);
            let counted: usize = frames.iter().map(|frame| frame.sides[0].count).sum();
            assert_eq!(counted, drawn);
            let own: Duration = trace.spans[..drawn].iter().map(|s| s.self_time).sum();
            let roots = frames.iter().filter(|frame| frame.parent.is_none());
            let whole: Duration = roots.map(|frame| frame.sides[0].value).sum();
            assert_eq!(whole, own);
            for (frame, offset) in frames.iter().zip(&offsets) {
                if let Some(parent) = frame.parent {
                    let end = offsets[parent] + frames[parent].sides[0].value;
                    assert!(*offset >= offsets[parent]);
                    assert!(*offset + frame.sides[0].value <= end);
                }
            }
        }
    }

    #[test]
    fn a_trace_laid_over_itself_differs_nowhere() {
        for trace in sample::all() {
            let merged = Merged::of([&trace, &trace]);
            for frame in &merged.frames {
                let [a, b] = frame.sides;
                assert_eq!((a.count, a.own, a.value), (b.count, b.own, b.value));
            }
            assert_eq!(in_tree_order(&merged.frames).len(), merged.frames.len());
        }
    }
}

//! Compares some transactions with the others. Counts all of both sides by operation, instance and
//! version, and takes a sample of each side.

use super::Spent;
use crate::answers::{ContrastKind, Contrasted};
use hinomi_model::{Cursor, DurationRange, OutcomeFilter, Text, TimeRange};
use hinomi_store::TreeTransaction;
use std::{collections::HashMap, time::Duration};

/// Selects the transactions that are compared with the others.
pub(super) struct Region {
    /// Range in which they ended.
    pub range: TimeRange,
    /// Range of the time in their client calls.
    pub spent: DurationRange,
    /// Outcome; `None` selects any.
    pub outcome: Option<OutcomeFilter>,
}

impl Region {
    fn has(&self, one: &TreeTransaction, spent: Duration, slow_threshold: Duration) -> bool {
        let outcome = || OutcomeFilter::of(one.outcome, one.duration, slow_threshold);
        self.range.contains(one.cursor.end)
            && self.spent.contains(spent)
            && self.outcome.is_none_or(|wanted| wanted == outcome())
    }
}

/// Both sides of a comparison.
pub(super) struct Sides {
    /// Number of transactions in the region, and of the others.
    pub totals: [u64; 2],
    /// A sample of each side, sorted by end.
    pub samples: [Vec<Cursor>; 2],
    /// Counts by each kind, sorted by kind and name.
    pub counted: Vec<Contrasted>,
}

/// Compares the transactions of the region with the others; samples up to `most` of each side.
pub(super) fn compare(
    found: &Spent,
    region: &Region,
    slow_threshold: Duration,
    most: usize,
) -> Sides {
    let mut sides: [Vec<Cursor>; 2] = Default::default();
    let mut counts: HashMap<(usize, u32), [u64; 2]> = HashMap::new();
    for (one, spent) in found.each() {
        let side = usize::from(!region.has(one, spent, slow_threshold));
        sides[side].push(one.cursor);
        for (kind, word) in [one.operation, one.instance, one.version]
            .into_iter()
            .enumerate()
        {
            counts.entry((kind, word)).or_default()[side] += 1;
        }
    }
    let kinds = [
        ContrastKind::Operation,
        ContrastKind::Instance,
        ContrastKind::Version,
    ];
    let word = |number: u32| found.trees.words.get(number as usize);
    let counts = counts.into_iter();
    let mut named: Vec<((usize, &Text), [u64; 2])> = counts
        .filter_map(|((kind, number), sides)| Some(((kind, word(number)?), sides)))
        .filter(|((_, value), _)| !value.is_empty())
        .collect();
    named.sort_unstable();
    let counted = named
        .into_iter()
        .map(|((kind, value), [selected, rest])| Contrasted {
            kind: kinds[kind],
            value: value.clone(),
            selected,
            rest,
        });
    Sides {
        totals: [sides[0].len() as u64, sides[1].len() as u64],
        counted: counted.collect(),
        samples: sides.map(|side| spread(side, most)),
    }
}

/// A sample of at most `most`: splits a side, sorted by end time, into equal parts and takes one of
/// each. The id decides which one. A fixed position would correlate with patterns such as instances
/// that take turns behind a load balancer.
fn spread(mut side: Vec<Cursor>, most: usize) -> Vec<Cursor> {
    side.sort_unstable();
    let parts = most.min(side.len());
    let part = |number: usize| {
        let (from, to) = (
            side.len() * number / parts,
            side.len() * (number + 1) / parts,
        );
        let of_part = side[from..to].iter();
        of_part.min_by_key(|cursor| cursor.span_id).copied()
    };
    (0..parts).filter_map(part).collect()
}

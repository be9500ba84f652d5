//! The log records that a segment's rows came from.
//!
//! A flush writes the rows of a range of log records; a merge writes the rows of its inputs. So a
//! file itself tells whether another file, or the log, holds the same rows. The store deletes an
//! unknown file only if that is so.

use serde::{Deserialize, Serialize};

/// A set of log sequences, as ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Lineage {
    /// First and last sequence of each range, ascending and not adjacent.
    ranges: Vec<(u64, u64)>,
    /// Set for a segment written before lineages existed: only its first and last sequence are
    /// known. It may lack the rows of some records between them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_envelope: bool,
}

impl Lineage {
    /// The rows of every record from `first` to `last`.
    pub fn of(first: u64, last: u64) -> Self {
        Self {
            ranges: vec![(first, last)],
            is_envelope: false,
        }
    }

    /// The rows of some records from `first` to `last`.
    pub fn envelope(first: u64, last: u64) -> Self {
        Self {
            ranges: vec![(first, last)],
            is_envelope: true,
        }
    }

    /// The union of several lineages.
    pub fn union<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut union = Self::default();
        let mut ranges = Vec::new();
        for one in all {
            ranges.extend_from_slice(&one.ranges);
            union.is_envelope |= one.is_envelope;
        }
        ranges.sort_unstable();
        for (first, last) in ranges {
            match union.ranges.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = last.max(before.1);
                }
                _ => union.ranges.push((first, last)),
            }
        }
        union
    }

    /// Whether the rows of every record are included. False if only the first and last record are
    /// known.
    pub fn is_exact(&self) -> bool {
        !self.is_envelope
    }

    /// Sequence of the first record; 0 if there is none.
    pub fn first(&self) -> u64 {
        self.ranges.first().map_or(0, |range| range.0)
    }

    /// Sequence of the last record; 0 if there is none.
    pub fn last(&self) -> u64 {
        self.ranges.last().map_or(0, |range| range.1)
    }

    /// Number of records.
    pub fn records(&self) -> u64 {
        let lengths = self.ranges.iter().map(|(first, last)| last - first + 1);
        lengths.sum()
    }

    /// Whether the record is included.
    pub fn has(&self, sequence: u64) -> bool {
        let after = self.ranges.partition_point(|range| range.1 < sequence);
        self.ranges
            .get(after)
            .is_some_and(|range| range.0 <= sequence)
    }

    /// Whether all records of `other` are included.
    pub fn covers(&self, other: &Self) -> bool {
        other.ranges.iter().all(|(first, last)| {
            let after = self.ranges.partition_point(|range| range.1 < *first);
            self.ranges
                .get(after)
                .is_some_and(|range| range.0 <= *first && *last <= range.1)
        })
    }

    /// Whether the two lineages have no record in common.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let overlaps = |of: &(u64, u64)| {
            let after = self.ranges.partition_point(|range| range.1 < of.0);
            self.ranges.get(after).is_some_and(|range| range.0 <= of.1)
        };
        !other.ranges.iter().any(overlaps)
    }

    /// The ranges of records from `from` to `to` that are not included.
    pub fn missing(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut missing = Vec::new();
        let mut next = from;
        for (first, last) in &self.ranges {
            if next > to {
                break;
            }
            if *first > next {
                missing.push((next, to.min(first - 1)));
            }
            next = next.max(last.saturating_add(1));
        }
        if next <= to {
            missing.push((next, to));
        }
        missing
    }

    /// Adds a record after all others.
    pub fn push(&mut self, sequence: u64) {
        match self.ranges.last_mut() {
            Some(last) if last.1.saturating_add(1) == sequence => last.1 = sequence,
            _ => self.ranges.push((sequence, sequence)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn lineage(records: &BTreeSet<u64>) -> Lineage {
        let each: Vec<_> = records.iter().map(|one| Lineage::of(*one, *one)).collect();
        Lineage::union(&each)
    }

    fn records() -> impl Strategy<Value = BTreeSet<u64>> {
        proptest::collection::btree_set(1_u64..40, 0..20)
    }

    proptest! {
        #[test]
        fn it_is_a_set_of_records(left in records(), right in records(), from in 1_u64..40, to in 1_u64..40) {
            let (own, other) = (lineage(&left), lineage(&right));
            prop_assert_eq!(own.records(), left.len() as u64);
            prop_assert_eq!(own.covers(&other), right.is_subset(&left));
            prop_assert_eq!(own.is_disjoint(&other), left.is_disjoint(&right));
            let both = Lineage::union([&own, &other]);
            prop_assert_eq!(both, lineage(&left.union(&right).copied().collect()));
            let missing: BTreeSet<u64> = own
                .missing(from, to)
                .into_iter()
                .flat_map(|(first, last)| first..=last)
                .collect();
            let expected: BTreeSet<u64> = (from..=to).filter(|one| !left.contains(one)).collect();
            prop_assert_eq!(missing, expected);
            let mut pushed = Lineage::default();
            for one in &left {
                pushed.push(*one);
                prop_assert!(own.has(*one));
            }
            prop_assert_eq!(pushed, own);
        }
    }

    #[test]
    fn what_is_known_by_its_ends_only_makes_a_union_inexact() {
        let old = Lineage::envelope(3, 9);
        let both = Lineage::union([&old, &Lineage::of(10, 12)]);
        assert_eq!((both.first(), both.last()), (3, 12));
        assert!(!both.is_exact() && Lineage::of(1, 2).is_exact());
    }
}

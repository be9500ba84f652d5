//! Merges sorted streams of rollups. Rollups of the same bucket and key become one row, their sum.

use crate::{
    LakeError,
    tables::Source,
    tables::rollups::rows::{decode, encode},
};
use arrow_array::RecordBatch;
use hinomi_model::{Rollup, RollupKey, UnixNanos, rollup::ServiceKey};
use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashSet},
    vec,
};

type Row = (UnixNanos, RollupKey, Rollup);

/// Sorted batches with the sums over all sources.
pub(crate) struct AddedRollups<'a> {
    sources: Vec<Reader<'a>>,
    /// The next row of each source that has rows left.
    heads: BinaryHeap<Reverse<Head>>,
    most_rows: usize,
    failed: bool,
    read: Totals,
    written: Totals,
}

/// Totals of rollups. What was read must equal what was written; only `rows` may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    pub rows: u64,
    pub count: u128,
    pub errors: u128,
    pub cells: u128,
}

impl Totals {
    pub fn add(&mut self, rollup: &Rollup) {
        let cell = |cell: &hinomi_model::rollup::Cell| u128::from(cell.ok) + u128::from(cell.error);
        self.rows += 1;
        self.count += u128::from(rollup.count);
        self.errors += u128::from(rollup.errors);
        self.cells += rollup.cells.iter().map(cell).sum::<u128>();
    }

    /// Whether both counted the same, regardless of the number of rows.
    pub fn counts_as(&self, other: &Self) -> bool {
        (self.count, self.errors, self.cells) == (other.count, other.errors, other.cells)
    }
}

impl<'a> AddedRollups<'a> {
    /// Output batches have at most `most_rows` rows.
    pub fn new(sources: Vec<Source<'a>>, most_rows: usize) -> Result<Self, LakeError> {
        let reader = |batches| Reader {
            batches,
            rows: Vec::new().into_iter(),
            services: HashSet::new(),
        };
        let mut added = Self {
            sources: sources.into_iter().map(reader).collect(),
            heads: BinaryHeap::new(),
            most_rows,
            failed: false,
            read: Totals::default(),
            written: Totals::default(),
        };
        for source in 0..added.sources.len() {
            added.pull(source)?;
        }
        Ok(added)
    }

    /// Totals of what has been read so far.
    pub fn read(&self) -> Totals {
        self.read
    }

    /// Totals of what has been returned so far.
    pub fn written(&self) -> Totals {
        self.written
    }

    /// Moves the next row of a source into `heads`.
    fn pull(&mut self, source: usize) -> Result<(), LakeError> {
        if let Some(row) = self.sources[source].next()? {
            self.read.add(&row.2);
            self.heads.push(Reverse(Head { row, source }));
        }
        Ok(())
    }

    /// The next output row: the smallest row, plus all rows of equal bucket and key.
    fn pop(&mut self) -> Result<Option<Row>, LakeError> {
        let Some(Reverse(first)) = self.heads.pop() else {
            return Ok(None);
        };
        self.pull(first.source)?;
        let mut sum = first.row;
        while let Some(Reverse(next)) = self.heads.peek() {
            match place(&next.row).cmp(&place(&sum)) {
                Ordering::Less => {
                    return Err(LakeError::Columns(
                        "the rollups of a segment are not in order".into(),
                    ));
                }
                Ordering::Greater => break,
                Ordering::Equal => {}
            }
            if let Some(Reverse(same)) = self.heads.pop() {
                sum.2.merge(&same.row.2);
                self.pull(same.source)?;
            }
        }
        self.written.add(&sum.2);
        Ok(Some(sum))
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        let mut rows = Vec::with_capacity(self.most_rows);
        while rows.len() < self.most_rows
            && let Some(row) = self.pop()?
        {
            rows.push(row);
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|(bucket, key, rollup)| (*bucket, key, rollup))
            .collect();
        encode(&rows).map(Some)
    }
}

impl Iterator for AddedRollups<'_> {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

/// Reads one source row by row.
struct Reader<'a> {
    batches: Source<'a>,
    rows: vec::IntoIter<Row>,
    services: HashSet<ServiceKey>,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Option<Row>, LakeError> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            let Some(batch) = self.batches.next() else {
                return Ok(None);
            };
            self.rows = decode(&batch?, &mut self.services)?.into_iter();
        }
    }
}

/// The sort key of rollups; flushes sort by it too.
fn place(row: &Row) -> (&ServiceKey, UnixNanos, &RollupKey) {
    (row.1.service(), row.0, &row.1)
}

struct Head {
    row: Row,
    source: usize,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        place(&self.row)
            .cmp(&place(&other.row))
            .then_with(|| self.source.cmp(&other.source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{Outcome, RollupSet};
    use proptest::prelude::*;
    use std::time::Duration;

    fn key(number: u8) -> RollupKey {
        let service = ServiceKey {
            service: format!("service {}", number % 3).into(),
            namespace: "".into(),
            environment: ["prod", "test"][usize::from(number / 3 % 2)].into(),
        };
        RollupKey::Transaction {
            service,
            operation: format!("GET /{}", number % 5).into(),
            instance: "".into(),
            version: "1".into(),
            kind: hinomi_model::TransactionKind::Request,
        }
    }

    /// Records are (key, bucket, milliseconds, failed).
    fn set(records: &[(u8, i64, u64, bool)]) -> RollupSet {
        let mut set = RollupSet::new();
        for (number, bucket, millis, failed) in records {
            let outcome = if *failed { Outcome::Error } else { Outcome::Ok };
            let mut rollup = Rollup::default();
            rollup.record_transaction(Duration::from_millis(*millis), outcome);
            set.add(UnixNanos(*bucket), &key(*number), &rollup);
        }
        set
    }

    /// Batches as a flush would encode them.
    fn batches(set: &RollupSet, cut: usize) -> Vec<RecordBatch> {
        let mut rows: Vec<_> = set.iter().collect();
        rows.sort_by(|a, b| (a.1.service(), a.0, a.1).cmp(&(b.1.service(), b.0, b.1)));
        rows.chunks(cut).map(|rows| encode(rows).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn sums_are_those_of_merged_sets_and_every_place_comes_once(
            sources in prop::collection::vec(
                prop::collection::vec((0..12_u8, 0..4_i64, 0..90_000_u64, any::<bool>()), 0..40),
                1..5,
            ),
            cut in 1..9_usize,
        ) {
            let sets: Vec<RollupSet> = sources.iter().map(|records| set(records)).collect();
            let mut expected = RollupSet::new();
            sets.iter().for_each(|set| expected.merge(set));
            let cuts: Vec<Vec<RecordBatch>> = sets.iter().map(|set| batches(set, cut)).collect();
            let streams = cuts.iter()
                .map(|cut| -> Source<'_> { Box::new(cut.iter().cloned().map(Ok)) }).collect();
            let mut merged = AddedRollups::new(streams, 6).unwrap();
            let mut found = RollupSet::new();
            for batch in merged.by_ref() {
                for (bucket, key, rollup) in decode(&batch.unwrap(), &mut HashSet::new()).unwrap() {
                    found.add(bucket, &key, &rollup);
                }
            }
            prop_assert_eq!(merged.written().rows, expected.len() as u64);
            prop_assert!(merged.read().counts_as(&merged.written()));
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn rollups_out_of_order_are_an_error() {
        let mut rows = batches(&set(&[(0, 0, 1, false), (1, 0, 1, false)]), 1);
        rows.reverse();
        let source: Source<'_> = Box::new(rows.into_iter().map(Ok));
        let merged = AddedRollups::new(vec![source], 10).unwrap();
        assert!(merged.last().is_some_and(|last| last.is_err()));
    }
}

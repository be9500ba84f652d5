//! Merges sorted streams of rows without changing them.

use crate::{
    ColumnarError,
    merge::{
        gather::{RowRef, align, gather},
        order::Keys,
    },
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use std::{
    cmp::Ordering,
    collections::{BinaryHeap, binary_heap::PeekMut},
    sync::Arc,
};

/// A stream of batches whose rows are in the order of the merge.
pub type SortedBatches<'a, E> = Box<dyn Iterator<Item = Result<RecordBatch, E>> + 'a>;

/// Sorted batches of one schema with the rows of all sources. An error of a source, or a row out of
/// order, ends the stream.
pub struct MergedRows<'a, E> {
    schema: SchemaRef,
    keys: &'static [&'static str],
    sources: Vec<SortedBatches<'a, E>>,
    /// The next row of each source that has rows left.
    heads: BinaryHeap<Head>,
    /// Batches that are referenced by `heads` or `rows`.
    batches: Vec<RecordBatch>,
    /// Rows of the next output batch.
    rows: Vec<RowRef>,
    most_rows: usize,
    /// Number of completely read batches that may be kept until their rows are copied out, so that
    /// output batches are not tiny.
    waiting: usize,
    failed: bool,
}

impl<'a, E: From<ColumnarError>> MergedRows<'a, E> {
    /// Sorts by the columns `keys`. Each column of `schema` is present in a source or absent, which
    /// means null. Output batches have at most `most_rows` rows. `waiting` limits the completely read batches in memory.
    pub fn new(
        schema: SchemaRef,
        keys: &'static [&'static str],
        sources: Vec<SortedBatches<'a, E>>,
        (most_rows, waiting): (usize, usize),
    ) -> Result<Self, E> {
        let mut merged = Self {
            schema,
            keys,
            sources,
            heads: BinaryHeap::new(),
            batches: Vec::new(),
            rows: Vec::with_capacity(most_rows),
            most_rows,
            waiting,
            failed: false,
        };
        for source in 0..merged.sources.len() {
            if let Some((keys, batch)) = merged.read(source)? {
                merged.heads.push(Head::new(keys, batch, source));
            }
        }
        Ok(merged)
    }

    /// Reads the next non-empty batch of a source.
    fn read(&mut self, source: usize) -> Result<Option<(Arc<Keys>, usize)>, E> {
        for batch in self.sources[source].by_ref() {
            let batch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            let batch = align(&batch, &self.schema)?;
            let keys = Keys::of(&batch, self.keys)?;
            self.batches.push(batch);
            return Ok(Some((keys, self.batches.len() - 1)));
        }
        Ok(None)
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, E> {
        // A completely read batch stays until its rows are copied to the output.
        let most_batches = self.heads.len() + self.waiting;
        while self.rows.len() < self.most_rows && self.batches.len() <= most_batches {
            let Some(mut head) = self.heads.peek_mut() else {
                break;
            };
            self.rows.push((head.batch, head.row));
            let last = head.row + 1 == self.batches[head.batch].num_rows();
            if !last {
                head.step()?;
                continue;
            }
            let ended = PeekMut::pop(head);
            if let Some((keys, batch)) = self.read(ended.source)? {
                let next = Head::new(keys, batch, ended.source);
                if next.order(&ended) == Ordering::Less {
                    return Err(unsorted().into());
                }
                self.heads.push(next);
            }
        }
        if self.rows.is_empty() {
            return Ok(None);
        }
        let batch = gather(&self.schema, &self.batches, &self.rows)?;
        self.rows.clear();
        self.forget_read();
        Ok(Some(batch))
    }

    /// Drops all batches except those that `heads` references.
    fn forget_read(&mut self) {
        let mut heads = std::mem::take(&mut self.heads).into_vec();
        let mut kept = Vec::with_capacity(heads.len());
        for head in &mut heads {
            kept.push(self.batches[head.batch].clone());
            head.batch = kept.len() - 1;
        }
        self.batches = kept;
        self.heads = heads.into();
    }
}

impl<E: From<ColumnarError>> Iterator for MergedRows<'_, E> {
    type Item = Result<RecordBatch, E>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

fn unsorted() -> ColumnarError {
    ColumnarError::Columns("the rows of a file are not in the order of their sort key".into())
}

/// The next row of a source. Ordered in reverse, so that a max-heap pops the earliest row first.
struct Head {
    keys: Arc<Keys>,
    prefix: u128,
    row: usize,
    batch: usize,
    source: usize,
}

impl Head {
    #[inline]
    fn new(keys: Arc<Keys>, batch: usize, source: usize) -> Self {
        let prefix = keys.prefix(0);
        Self {
            keys,
            prefix,
            row: 0,
            batch,
            source,
        }
    }

    /// Moves to the next row of its batch.
    #[inline]
    fn step(&mut self) -> Result<(), ColumnarError> {
        let before = self.row;
        self.row += 1;
        let prefix = self.keys.prefix(self.row);
        let order = prefix
            .cmp(&self.prefix)
            .then_with(|| self.keys.compare(self.row, &self.keys, before));
        self.prefix = prefix;
        if order == Ordering::Less {
            return Err(unsorted());
        }
        Ok(())
    }

    #[inline]
    fn order(&self, other: &Self) -> Ordering {
        self.prefix
            .cmp(&other.prefix)
            .then_with(|| self.keys.compare(self.row, &other.keys, other.row))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        // Equal rows are ordered by their sources.
        self.order(other)
            .then_with(|| self.source.cmp(&other.source))
            .reverse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::union_schema;
    use arrow_array::{
        Array, ArrayRef, DictionaryArray, StringArray, TimestampNanosecondArray, UInt8Array,
        types::Int32Type,
    };
    use proptest::prelude::*;

    const KEYS: &[&str] = &["word", "time"];

    /// Rows of one source, as (word, time, number).
    type Rows = Vec<(String, i64, u8)>;

    /// A batch that can lack the number column and can have an additional `attributes.<key>`
    /// column.
    fn batch(rows: &[(String, i64, u8)], number: bool, attribute: Option<&str>) -> RecordBatch {
        let words: DictionaryArray<Int32Type> =
            rows.iter().map(|row| Some(row.0.as_str())).collect();
        let times = TimestampNanosecondArray::from_iter_values(rows.iter().map(|row| row.1));
        let mut columns: Vec<(String, ArrayRef)> = vec![
            ("word".into(), Arc::new(words)),
            ("time".into(), Arc::new(times)),
        ];
        if number {
            let numbers = UInt8Array::from_iter_values(rows.iter().map(|row| row.2));
            columns.push(("number".into(), Arc::new(numbers)));
        }
        if let Some(key) = attribute {
            let values: DictionaryArray<Int32Type> = rows.iter().map(|_| Some(key)).collect();
            columns.push((format!("attributes.{key}"), Arc::new(values)));
        }
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn merge(
        sources: &[(Rows, bool, Option<&str>)],
        cut: usize,
    ) -> Result<Vec<RecordBatch>, ColumnarError> {
        let batches: Vec<RecordBatch> = sources
            .iter()
            .map(|(rows, number, attribute)| batch(rows, *number, *attribute))
            .collect();
        let schemas: Vec<SchemaRef> = batches.iter().map(RecordBatch::schema).collect();
        let first = batch(&[], true, None).schema();
        let schema = union_schema(&first, &schemas)?;
        let sources = batches
            .iter()
            .map(|batch| -> SortedBatches<'_, ColumnarError> {
                let pieces = (0..batch.num_rows()).step_by(cut);
                Box::new(pieces.map(move |at| Ok(batch.slice(at, cut.min(batch.num_rows() - at)))))
            });
        MergedRows::new(schema, KEYS, sources.collect(), (7, 3))?.collect()
    }

    /// Word, time, number and attributes of a merged row.
    type Found = (String, i64, Option<u8>, Vec<Option<String>>);

    fn read(batches: &[RecordBatch]) -> Vec<Found> {
        let mut read = Vec::new();
        for batch in batches {
            let times: &TimestampNanosecondArray = batch
                .column_by_name("time")
                .unwrap()
                .as_any()
                .downcast_ref()
                .unwrap();
            let numbers: Option<&UInt8Array> = batch
                .column_by_name("number")
                .map(|c| c.as_any().downcast_ref().unwrap());
            for row in 0..batch.num_rows() {
                let number = numbers.and_then(|n| n.is_valid(row).then(|| n.value(row)));
                let attributes = batch
                    .schema()
                    .fields()
                    .iter()
                    .enumerate()
                    .filter(|(_, field)| field.name().starts_with("attributes."))
                    .map(|(at, _)| word(batch.column(at), row))
                    .collect();
                let word = word(batch.column_by_name("word").unwrap(), row).unwrap();
                read.push((word, times.value(row), number, attributes));
            }
        }
        read
    }

    fn word(column: &ArrayRef, row: usize) -> Option<String> {
        let words: &DictionaryArray<Int32Type> = column.as_any().downcast_ref().unwrap();
        let values: &StringArray = words.values().as_any().downcast_ref().unwrap();
        words.key(row).map(|key| values.value(key).into())
    }

    fn source() -> impl Strategy<Value = Rows> {
        // Words that differ early, late, or only in length.
        let word = prop_oneof![
            "[a-c]{0,2}",
            "[ab]".prop_map(|end| format!("a long common beginning {end}"))
        ];
        prop::collection::vec((word, -3..3_i64, any::<u8>()), 0..40).prop_map(|mut rows| {
            rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
            rows
        })
    }

    proptest! {
        #[test]
        fn every_row_comes_once_and_in_order(
            sources in prop::collection::vec((source(), any::<bool>(), 0..3_usize), 1..6),
            cut in 1..9_usize,
        ) {
            let keys = [None, Some("x"), Some("a.b")];
            let sources: Vec<_> = sources.into_iter()
                .map(|(rows, number, key)| (rows, number, keys[key])).collect();
            let found = read(&merge(&sources, cut).unwrap());
            let mut expected = Vec::new();
            let has = |key: &str| sources.iter().any(|source| source.2 == Some(key));
            for (rows, number, key) in &sources {
                for row in rows {
                    let attributes = ["a.b", "x"].into_iter().filter(|name| has(name))
                        .map(|name| (*key == Some(name)).then(|| name.to_owned())).collect();
                    expected.push((row.0.clone(), row.1, number.then_some(row.2), attributes));
                }
            }
            let in_order = found.windows(2).all(|pair| (&pair[0].0, pair[0].1) <= (&pair[1].0, pair[1].1));
            prop_assert!(in_order);
            let mut found = found;
            found.sort();
            expected.sort();
            prop_assert_eq!(found, expected);
        }
    }

    fn rows(words: &[&str]) -> Rows {
        words
            .iter()
            .map(|word| ((*word).to_owned(), 0, 0))
            .collect()
    }

    #[test]
    fn a_source_that_is_not_sorted_is_an_error_wherever_it_is_cut() {
        for cut in [1, 2, 3] {
            let sources = [
                (rows(&["a", "c", "b"]), true, None),
                (rows(&["b"]), true, None),
            ];
            assert!(
                matches!(merge(&sources, cut), Err(ColumnarError::Columns(_))),
                "{cut}"
            );
        }
    }

    #[test]
    fn one_name_with_two_types_is_an_error() {
        let number = batch(&[], true, None).schema();
        let word = RecordBatch::try_from_iter([(
            "number",
            Arc::new(StringArray::from(Vec::<&str>::new())) as ArrayRef,
        )]);
        assert!(union_schema(&number, &[number.clone(), word.unwrap().schema()]).is_err());
    }

    #[test]
    fn a_dictionary_has_the_words_it_needs_and_no_others() {
        let long: Vec<String> = (0..100).map(|at| format!("{at:03}")).collect();
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        for merged in merge(&[(rows(&long), true, None)], 50).unwrap() {
            let words: &DictionaryArray<Int32Type> =
                merged.column(0).as_any().downcast_ref().unwrap();
            assert_eq!(words.values().len(), merged.num_rows());
        }
    }
}

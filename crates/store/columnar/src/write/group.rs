//! A row group that waits to be written.
//!
//! The writer takes out one column at a time. So besides the rows only one column is in memory in
//! the form that is encoded.

use crate::{ColumnarError, NULL_KEY, word_column};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::concat::concat;

/// The columns of a row group.
pub struct RowGroup {
    columns: Vec<Column>,
    /// Whether every dictionary is free of duplicate texts.
    pub(crate) distinct: bool,
    row_bytes: usize,
}

/// A column that waits to be written.
pub enum Column {
    /// Arrays to be concatenated.
    Pieces(Vec<ArrayRef>),
    /// Words of a column that is null in most rows.
    Sparse(Sparse),
    /// The column was taken out.
    Gone,
}

impl From<ArrayRef> for Column {
    fn from(array: ArrayRef) -> Self {
        Self::Pieces(vec![array])
    }
}

impl RowGroup {
    /// A group of columns of equal length, whose dictionaries must be free of duplicate texts: the
    /// file would have them twice. `row_bytes` is the average size of a row in bytes.
    pub fn new(columns: Vec<Column>, row_bytes: usize) -> Self {
        Self {
            columns,
            distinct: true,
            row_bytes,
        }
    }

    /// A group of the rows of all batches, which must have the same columns.
    fn of(batches: &[RecordBatch]) -> Self {
        let columns = batches.first().map_or(0, RecordBatch::num_columns);
        let pieces = |at| batches.iter().map(move |batch| batch.column(at).clone());
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let bytes: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        Self {
            columns: (0..columns)
                .map(|at| Column::Pieces(pieces(at).collect()))
                .collect(),
            distinct: false,
            row_bytes: bytes / rows.max(1),
        }
    }

    /// Average size of a row in memory, in bytes.
    pub(crate) fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// Number of columns.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Returns a column and keeps it in the group.
    pub fn column(&mut self, at: usize) -> Result<ArrayRef, ColumnarError> {
        let array = self.take(at)?;
        self.put(at, array.clone());
        Ok(array)
    }

    /// Takes a column out. Its memory is freed when the caller drops it.
    pub fn take(&mut self, at: usize) -> Result<ArrayRef, ColumnarError> {
        let gone = || ColumnarError::Internal(format!("column {at} of a row group is gone"));
        let column = self.columns.get_mut(at).ok_or_else(gone)?;
        match std::mem::replace(column, Column::Gone) {
            Column::Pieces(mut pieces) if pieces.len() == 1 => pieces.pop().ok_or_else(gone),
            Column::Pieces(pieces) => {
                let pieces: Vec<&dyn Array> = pieces.iter().map(|piece| &**piece).collect();
                Ok(concat(&pieces)?)
            }
            Column::Sparse(sparse) => Ok(sparse.spread()?),
            Column::Gone => Err(gone()),
        }
    }

    /// Replaces a column.
    pub fn put(&mut self, at: usize, array: ArrayRef) {
        if let Some(column) = self.columns.get_mut(at) {
            *column = array.into();
        }
    }
}

/// A column in which most rows are null.
pub struct Sparse {
    words: ArrayRef,
    rows: usize,
    /// Pairs of row and word, ascending by row.
    present: Vec<(u32, i32)>,
}

impl Sparse {
    /// A column of `rows` rows; `present` lists the rows that have a word, ascending.
    pub fn new(words: ArrayRef, rows: usize, present: Vec<(u32, i32)>) -> Self {
        Self {
            words,
            rows,
            present,
        }
    }

    fn spread(self) -> Result<ArrayRef, ArrowError> {
        let mut keys = vec![NULL_KEY; self.rows];
        for (row, word) in self.present {
            keys[row as usize] = word;
        }
        word_column(keys, self.words)
    }
}

/// Maximum size of a row group; the first limit that is reached applies.
#[derive(Debug, Clone, Copy)]
pub struct GroupSize {
    /// Number of rows.
    pub rows: usize,
    /// Size of its waiting columns in bytes, which is what the writer holds at once.
    pub bytes: usize,
}

/// Splits batches of any size into row groups of the maximum size; the last group is smaller. A
/// byte limit is checked at the end of a batch, so a group can exceed it by up to one batch.
pub fn row_groups<E>(
    most: GroupSize,
    batches: impl Iterator<Item = Result<RecordBatch, E>>,
) -> impl Iterator<Item = Result<RowGroup, E>> {
    let GroupSize { rows: most, bytes } = most;
    let mut batches = batches.fuse();
    let mut waiting: Vec<RecordBatch> = Vec::new();
    std::iter::from_fn(move || {
        let mut rows: usize = waiting.iter().map(RecordBatch::num_rows).sum();
        // A partly used batch counts in full, because all of it stays in memory.
        let mut held: usize = waiting.iter().map(RecordBatch::get_array_memory_size).sum();
        while rows < most && (held < bytes || rows == 0) {
            match batches.next() {
                Some(Ok(batch)) => {
                    rows += batch.num_rows();
                    held += batch.get_array_memory_size();
                    waiting.push(batch);
                }
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        let (mut now, mut taken) = (Vec::new(), 0);
        for batch in std::mem::take(&mut waiting) {
            let fits = batch.num_rows().min(most - taken);
            if fits > 0 {
                now.push(batch.slice(0, fits));
                taken += fits;
            }
            if fits < batch.num_rows() {
                waiting.push(batch.slice(fits, batch.num_rows() - fits));
            }
        }
        (taken > 0).then(|| Ok(RowGroup::of(&now)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Int64Array, StringArray, types::Int32Type};
    use std::sync::Arc;

    fn batch(numbers: std::ops::Range<i64>) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        RecordBatch::try_from_iter([("number", numbers)]).unwrap()
    }

    #[test]
    fn groups_have_all_rows_in_order_and_only_the_last_is_short() {
        let sizes = [3, 0, 9, 1, 4, 20, 2];
        let mut next = 0;
        let batches = sizes.map(|size| {
            next += size;
            Ok::<_, ColumnarError>(batch(next - size..next))
        });
        let mut found: Vec<i64> = Vec::new();
        let mut lengths = Vec::new();
        let size = GroupSize {
            rows: 8,
            bytes: usize::MAX,
        };
        for group in row_groups(size, batches.into_iter()) {
            let numbers = group.unwrap().take(0).unwrap();
            lengths.push(numbers.len());
            let numbers: &Int64Array = numbers.as_any().downcast_ref().unwrap();
            found.extend(numbers.values());
        }
        assert_eq!(found, (0..next).collect::<Vec<_>>());
        assert_eq!(lengths, [8, 8, 8, 8, 7]);
    }

    #[test]
    fn rows_without_a_word_are_null_and_a_column_is_taken_once() {
        let words: ArrayRef = Arc::new(StringArray::from(vec!["", "a", "b"]));
        let sparse = Sparse::new(words, 4, vec![(1, 2), (3, 1)]);
        let mut group = RowGroup::new(vec![Column::Sparse(sparse)], 4);
        for column in [group.column(0).unwrap(), group.take(0).unwrap()] {
            let column: &DictionaryArray<Int32Type> = column.as_any().downcast_ref().unwrap();
            let keys: Vec<Option<usize>> = (0..4).map(|row| column.key(row)).collect();
            assert_eq!(keys, [None, Some(2), None, Some(1)]);
        }
        assert!(matches!(group.take(0), Err(ColumnarError::Internal(_))));
    }
}

//! Many small batches to few large ones in a given order of rows.
//!
//! Dictionaries are unified once for all rows, so that taking rows only maps keys: a memtable may
//! have thousands of batches, each with its own small dictionaries.

use crate::{LakeError, columns::Columns, encode::unify, words::dictionary};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, SchemaRef};
use arrow_select::interleave::interleave;

/// A row: (position of its batch, row in it).
pub(crate) type RowRef = (usize, usize);

/// Batches of one schema, ready to hand out rows.
pub(crate) struct Merger<'a> {
    schema: SchemaRef,
    batches: &'a [&'a RecordBatch],
    /// For dictionary columns: all words, and for each batch where its own went.
    words: Vec<Option<(ArrayRef, Vec<Vec<i32>>)>>,
}

impl<'a> Merger<'a> {
    pub fn new(schema: &SchemaRef, batches: &'a [&'a RecordBatch]) -> Result<Self, LakeError> {
        let mut words = Vec::with_capacity(schema.fields().len());
        for (at, field) in schema.fields().iter().enumerate() {
            words.push(if matches!(field.data_type(), DataType::Dictionary(..)) {
                let dictionaries = batches
                    .iter()
                    .map(|batch| Ok(Columns(batch).words(at)?.values()))
                    .collect::<Result<Vec<_>, LakeError>>()?;
                Some(unify(dictionaries.into_iter())?)
            } else {
                None
            });
        }
        Ok(Self {
            schema: schema.clone(),
            batches,
            words,
        })
    }

    /// The rows as one batch, in their order.
    pub fn take(&self, rows: &[RowRef]) -> Result<RecordBatch, LakeError> {
        let columns = (0..self.schema.fields().len())
            .map(|at| match &self.words[at] {
                Some((values, places)) => self.take_words(at, values, places, rows),
                None => {
                    let arrays: Vec<&dyn Array> = self
                        .batches
                        .iter()
                        .map(|batch| &**batch.column(at))
                        .collect();
                    Ok(interleave(&arrays, rows)?)
                }
            })
            .collect::<Result<Vec<_>, LakeError>>()?;
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    /// For each batch, the order of its words of a column among all words.
    pub fn ranks(&self, at: usize) -> Vec<Vec<u32>> {
        let Some((values, places)) = &self.words[at] else {
            return Vec::new();
        };
        let Some(values) = values.as_any().downcast_ref::<StringArray>() else {
            return Vec::new();
        };
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_unstable_by_key(|word| values.value(*word));
        let mut rank = vec![0; values.len()];
        for (position, word) in order.into_iter().enumerate() {
            rank[word] = position as u32;
        }
        places
            .iter()
            .map(|places| places.iter().map(|at| rank[*at as usize]).collect())
            .collect()
    }

    fn take_words(
        &self,
        at: usize,
        values: &ArrayRef,
        places: &[Vec<i32>],
        rows: &[RowRef],
    ) -> Result<ArrayRef, LakeError> {
        let columns = self
            .batches
            .iter()
            .map(|batch| Columns(batch).words(at))
            .collect::<Result<Vec<_>, _>>()?;
        let (mut keys, mut valid) = (Vec::with_capacity(rows.len()), Vec::new());
        for &(batch, row) in rows {
            match columns[batch].key(row) {
                Some(key) => keys.push(places[batch][key]),
                None => {
                    if valid.is_empty() {
                        valid = vec![true; rows.len()];
                    }
                    valid[keys.len()] = false;
                    keys.push(0);
                }
            }
        }
        let nulls = (!valid.is_empty()).then(|| NullBuffer::from(valid));
        Ok(dictionary(ScalarBuffer::from(keys), nulls, values.clone())?)
    }
}

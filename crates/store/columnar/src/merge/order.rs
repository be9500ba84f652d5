//! The sort order of rows: compares rows of different batches by named columns.

use crate::ColumnarError;
use arrow_array::{
    Array, DictionaryArray, FixedSizeBinaryArray, RecordBatch, StringArray,
    TimestampNanosecondArray, types::Int32Type,
};
use std::{cmp::Ordering, sync::Arc};

/// Number of bytes of a key's first column that are compared as one integer.
const PREFIX: usize = 16;

/// The sort key columns of a batch.
pub(crate) struct Keys(Vec<KeyColumn>);

enum KeyColumn {
    Bytes(FixedSizeBinaryArray),
    Instant(TimestampNanosecondArray),
    Word(DictionaryArray<Int32Type>, StringArray),
}

impl Keys {
    pub fn of(batch: &RecordBatch, names: &[&str]) -> Result<Arc<Self>, ColumnarError> {
        let column = |name: &&str| {
            batch
                .column_by_name(name)
                .and_then(|column| KeyColumn::of(column))
                .ok_or_else(|| ColumnarError::Columns(format!("nothing can be sorted by {name:?}")))
        };
        Ok(Arc::new(Self(
            names.iter().map(column).collect::<Result<_, _>>()?,
        )))
    }

    /// An integer that orders rows by the start of their first key column. Equal prefixes need
    /// `compare`.
    #[inline]
    pub fn prefix(&self, row: usize) -> u128 {
        match self.0.first() {
            Some(KeyColumn::Bytes(values)) => leading(values.value(row)),
            Some(KeyColumn::Instant(values)) => {
                // Flips the sign bit, so that unsigned comparison orders negative times first.
                u128::from(values.value(row) as u64 ^ (1 << 63))
            }
            Some(KeyColumn::Word(words, values)) => match words.key(row) {
                Some(key) => leading(values.value(key).as_bytes()),
                None => 0,
            },
            None => 0,
        }
    }

    #[inline]
    pub fn compare(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        pairs
            .map(|(left, right)| left.compare(row, right, other_row))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl KeyColumn {
    fn of(column: &dyn Array) -> Option<Self> {
        let any = column.as_any();
        if let Some(bytes) = any.downcast_ref::<FixedSizeBinaryArray>() {
            Some(Self::Bytes(bytes.clone()))
        } else if let Some(instants) = any.downcast_ref::<TimestampNanosecondArray>() {
            Some(Self::Instant(instants.clone()))
        } else {
            let words = any.downcast_ref::<DictionaryArray<Int32Type>>()?;
            let values = words.values().as_any().downcast_ref::<StringArray>()?;
            Some(Self::Word(words.clone(), values.clone()))
        }
    }

    #[inline]
    fn compare(&self, row: usize, other: &Self, other_row: usize) -> Ordering {
        match (self, other) {
            (Self::Bytes(left), Self::Bytes(right)) => left.value(row).cmp(right.value(other_row)),
            (Self::Instant(left), Self::Instant(right)) => {
                left.value(row).cmp(&right.value(other_row))
            }
            (Self::Word(left, words), Self::Word(right, other_words)) => {
                let left = left.key(row).map(|key| words.value(key));
                left.cmp(&right.key(other_row).map(|key| other_words.value(key)))
            }
            // Columns have equal types: the schemas were checked before.
            _ => Ordering::Equal,
        }
    }
}

/// The first bytes as a big-endian integer; shorter values are padded with zeros.
#[inline]
fn leading(bytes: &[u8]) -> u128 {
    let mut number = [0; PREFIX];
    let len = bytes.len().min(PREFIX);
    number[..len].copy_from_slice(&bytes[..len]);
    u128::from_be_bytes(number)
}

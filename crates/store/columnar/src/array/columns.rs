//! Access to columns of known types: one downcast per batch, then plain slices.

use crate::ColumnarError;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array, types::Int32Type,
};
use std::sync::Arc;

/// A batch's columns, by index.
#[derive(Clone, Copy)]
pub struct BatchColumns<'a>(
    /// The batch.
    pub &'a RecordBatch,
);

impl<'a> BatchColumns<'a> {
    #[inline]
    fn get<T: Array + 'static>(self, at: usize) -> Result<&'a T, ColumnarError> {
        self.0
            .columns()
            .get(at)
            .and_then(|column| column.as_any().downcast_ref())
            .ok_or_else(|| {
                ColumnarError::Columns(format!("column {at} is not of its schema's type"))
            })
    }

    /// Byte strings of a fixed width.
    #[inline]
    pub fn binary(self, at: usize) -> Result<&'a FixedSizeBinaryArray, ColumnarError> {
        self.get(at)
    }

    /// Instants, in Unix nanoseconds. The column must have no nulls.
    #[inline]
    pub fn instants(self, at: usize) -> Result<&'a [i64], ColumnarError> {
        Ok(self.get::<TimestampNanosecondArray>(at)?.values())
    }

    /// Numbers. The column must have no nulls.
    #[inline]
    pub fn i64s(self, at: usize) -> Result<&'a [i64], ColumnarError> {
        Ok(self.get::<Int64Array>(at)?.values())
    }

    /// Small numbers.
    #[inline]
    pub fn u8s(self, at: usize) -> Result<&'a UInt8Array, ColumnarError> {
        self.get(at)
    }

    /// Small numbers.
    #[inline]
    pub fn u16s(self, at: usize) -> Result<&'a UInt16Array, ColumnarError> {
        self.get(at)
    }

    /// Numbers. The column must have no nulls.
    #[inline]
    pub fn u64s(self, at: usize) -> Result<&'a [u64], ColumnarError> {
        Ok(self.get::<UInt64Array>(at)?.values())
    }

    /// Truth values.
    #[inline]
    pub fn booleans(self, at: usize) -> Result<&'a BooleanArray, ColumnarError> {
        self.get(at)
    }

    /// Texts of a dictionary column.
    #[inline]
    pub fn words(self, at: usize) -> Result<WordColumn<'a>, ColumnarError> {
        WordColumn::with(self.get(at)?)
    }

    /// Lists of numbers.
    #[inline]
    pub fn lists<T: Array + 'static>(self, at: usize) -> Result<ListColumn<'a, T>, ColumnarError> {
        let array: &ListArray = self.get(at)?;
        let items = array.values().as_any().downcast_ref();
        let items = items.ok_or_else(|| {
            ColumnarError::Columns(format!("the items of column {at} are not of their type"))
        })?;
        Ok(ListColumn { array, items })
    }
}

/// A dictionary column of texts.
#[derive(Clone, Copy)]
pub struct WordColumn<'a> {
    array: &'a DictionaryArray<Int32Type>,
    values: &'a StringArray,
}

impl<'a> WordColumn<'a> {
    /// Returns an error if the array is not a dictionary of texts.
    pub fn of(array: &'a ArrayRef) -> Result<Self, ColumnarError> {
        let array = array.as_any().downcast_ref();
        Self::with(array.ok_or_else(|| ColumnarError::Columns("a column is not of words".into()))?)
    }

    fn with(array: &'a DictionaryArray<Int32Type>) -> Result<Self, ColumnarError> {
        let values = array.values().as_any().downcast_ref();
        let values = values.ok_or_else(|| {
            ColumnarError::Columns("the dictionary of a column is not of texts".into())
        })?;
        Ok(Self { array, values })
    }

    /// Dictionary position of a row; `None` if it is null.
    #[inline]
    pub fn key(&self, row: usize) -> Option<usize> {
        self.array.key(row)
    }

    /// Text of a row; `None` if it is null.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        self.key(row).map(|key| self.value(key))
    }

    /// Text at a dictionary position.
    #[inline]
    pub fn value(&self, key: usize) -> &'a str {
        self.values.value(key)
    }

    /// Number of rows.
    #[expect(clippy::len_without_is_empty, reason = "no reader asks for it")]
    #[inline]
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Number of entries in the dictionary.
    #[inline]
    pub fn dictionary_len(&self) -> usize {
        self.values.len()
    }
}

/// A dictionary column read as shared texts. Each text is allocated at most once.
pub struct Texts<'a> {
    column: WordColumn<'a>,
    made: Vec<Option<Arc<str>>>,
}

impl<'a> Texts<'a> {
    /// Reads a column.
    pub fn new(column: WordColumn<'a>) -> Self {
        Self {
            column,
            made: vec![None; column.dictionary_len()],
        }
    }

    /// Text of a row; `None` if it is null.
    #[inline]
    pub fn get(&mut self, row: usize) -> Option<Arc<str>> {
        let key = self.column.key(row)?;
        let made = self.made[key].get_or_insert_with(|| self.column.value(key).into());
        Some(made.clone())
    }

    /// Text of a row; empty if it is null.
    #[inline]
    pub fn required(&mut self, row: usize) -> Arc<str> {
        self.get(row).unwrap_or_else(|| "".into())
    }
}

/// A list column.
pub struct ListColumn<'a, T> {
    array: &'a ListArray,
    items: &'a T,
}

macro_rules! items {
    ($array:ty, $item:ty) => {
        impl<'a> ListColumn<'a, $array> {
            /// Items of a row.
            #[inline]
            pub fn get(&self, row: usize) -> &'a [$item] {
                let offsets = self.array.value_offsets();
                &self.items.values()[offsets[row] as usize..offsets[row + 1] as usize]
            }
        }
    };
}

items!(UInt8Array, u8);
items!(UInt16Array, u16);
items!(UInt32Array, u32);

/// Number of a row; `None` if it is null.
#[inline]
pub fn optional_u8(column: &UInt8Array, row: usize) -> Option<u8> {
    column.is_valid(row).then(|| column.value(row))
}

/// Number of a row; `None` if it is null.
#[inline]
pub fn optional_u16(column: &UInt16Array, row: usize) -> Option<u16> {
    column.is_valid(row).then(|| column.value(row))
}

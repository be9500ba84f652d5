//! Access to columns of known types: one downcast per batch, then plain slices.

use crate::LakeError;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array, types::Int32Type,
};
use hinomi_model::Text;

/// A batch's columns, by index.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a>(pub &'a RecordBatch);

impl<'a> Columns<'a> {
    fn get<T: Array + 'static>(self, at: usize) -> Result<&'a T, LakeError> {
        self.0
            .columns()
            .get(at)
            .and_then(|column| column.as_any().downcast_ref())
            .ok_or_else(|| LakeError::Columns(format!("column {at} is not of its schema's type")))
    }

    pub fn binary(self, at: usize) -> Result<&'a FixedSizeBinaryArray, LakeError> {
        self.get(at)
    }

    pub fn instants(self, at: usize) -> Result<&'a [i64], LakeError> {
        Ok(self.get::<TimestampNanosecondArray>(at)?.values())
    }

    pub fn i64s(self, at: usize) -> Result<&'a [i64], LakeError> {
        Ok(self.get::<Int64Array>(at)?.values())
    }

    pub fn u8s(self, at: usize) -> Result<&'a UInt8Array, LakeError> {
        self.get(at)
    }

    pub fn u16s(self, at: usize) -> Result<&'a UInt16Array, LakeError> {
        self.get(at)
    }

    pub fn u64s(self, at: usize) -> Result<&'a [u64], LakeError> {
        Ok(self.get::<UInt64Array>(at)?.values())
    }

    pub fn booleans(self, at: usize) -> Result<&'a BooleanArray, LakeError> {
        self.get(at)
    }

    pub fn words(self, at: usize) -> Result<WordColumn<'a>, LakeError> {
        WordColumn::with(self.get(at)?)
    }

    pub fn lists<T: Array + 'static>(self, at: usize) -> Result<ListColumn<'a, T>, LakeError> {
        let array: &ListArray = self.get(at)?;
        let items = array.values().as_any().downcast_ref();
        let items = items.ok_or_else(|| {
            LakeError::Columns(format!("the items of column {at} are not of their type"))
        })?;
        Ok(ListColumn { array, items })
    }
}

/// A dictionary column of texts.
#[derive(Clone, Copy)]
pub(crate) struct WordColumn<'a> {
    array: &'a DictionaryArray<Int32Type>,
    values: &'a StringArray,
}

impl<'a> WordColumn<'a> {
    /// Returns an error if the array is not a dictionary of texts.
    pub fn of(array: &'a ArrayRef) -> Result<Self, LakeError> {
        let array = array.as_any().downcast_ref();
        Self::with(array.ok_or_else(|| LakeError::Columns("a column is not of words".into()))?)
    }

    fn with(array: &'a DictionaryArray<Int32Type>) -> Result<Self, LakeError> {
        let values = array.values().as_any().downcast_ref();
        let values = values.ok_or_else(|| {
            LakeError::Columns("the dictionary of a column is not of texts".into())
        })?;
        Ok(Self { array, values })
    }

    /// Dictionary position of a row; `None` if it is null.
    pub fn key(&self, row: usize) -> Option<usize> {
        self.array.key(row)
    }

    /// Text of a row; `None` if it is null.
    pub fn get(&self, row: usize) -> Option<&'a str> {
        self.key(row).map(|key| self.value(key))
    }

    /// Text at a dictionary position.
    pub fn value(&self, key: usize) -> &'a str {
        self.values.value(key)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Number of entries in the dictionary.
    pub fn dictionary_len(&self) -> usize {
        self.values.len()
    }
}

/// A dictionary column read as shared texts. Each text is allocated at most once.
pub(crate) struct Texts<'a> {
    column: WordColumn<'a>,
    made: Vec<Option<Text>>,
}

impl<'a> Texts<'a> {
    pub fn new(column: WordColumn<'a>) -> Self {
        Self {
            column,
            made: vec![None; column.dictionary_len()],
        }
    }

    /// Text of a row; `None` if it is null.
    pub fn get(&mut self, row: usize) -> Option<Text> {
        let key = self.column.key(row)?;
        let made = self.made[key].get_or_insert_with(|| self.column.value(key).into());
        Some(made.clone())
    }

    /// Text of a row; empty if it is null.
    pub fn required(&mut self, row: usize) -> Text {
        self.get(row).unwrap_or_else(|| "".into())
    }
}

/// A list column.
pub(crate) struct ListColumn<'a, T> {
    array: &'a ListArray,
    items: &'a T,
}

macro_rules! items {
    ($array:ty, $item:ty) => {
        impl<'a> ListColumn<'a, $array> {
            /// Items of a row.
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
pub(crate) fn optional_u8(column: &UInt8Array, row: usize) -> Option<u8> {
    column.is_valid(row).then(|| column.value(row))
}

/// Number of a row; `None` if it is null.
pub(crate) fn optional_u16(column: &UInt16Array, row: usize) -> Option<u16> {
    column.is_valid(row).then(|| column.value(row))
}

//! Builds dictionary columns without hashing the same shared text twice.

use arrow_array::{ArrayRef, DictionaryArray, Int32Array, StringArray, types::Int32Type};
use arrow_buffer::{Buffer, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use std::{collections::HashMap, sync::Arc};

/// Stands for null among the keys of a word column.
pub const NULL_KEY: i32 = -1;
/// Number of slots of the cache by address; a power of two.
const RECENT: usize = 64;

/// A dictionary column that is being built. The texts must outlive it.
pub struct WordBuilder<'a> {
    values: WordList<'a>,
    keys: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl<'a> WordBuilder<'a> {
    /// Creates an empty column with room for this many rows.
    pub fn with_capacity(rows: usize) -> Self {
        Self {
            values: WordList::default(),
            keys: Vec::with_capacity(rows),
            nulls: NullBufferBuilder::new(rows),
        }
    }

    /// Adds a row with a text.
    #[inline]
    pub fn push(&mut self, word: &'a str) {
        let key = self.values.key(word);
        self.keys.push(key);
        self.nulls.append_non_null();
    }

    /// Adds a row with a text, or a null row.
    #[inline]
    pub fn push_option(&mut self, word: Option<&'a str>) {
        match word {
            Some(word) => self.push(word),
            None => {
                self.keys.push(0);
                self.nulls.append_null();
            }
        }
    }

    /// The finished column.
    pub fn finish(mut self) -> Result<ArrayRef, ArrowError> {
        dictionary_array(self.keys.into(), self.nulls.finish(), self.values.finish()?)
    }
}

/// Combines the parts into a dictionary array.
pub fn dictionary_array(
    keys: ScalarBuffer<i32>,
    nulls: Option<NullBuffer>,
    values: ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    let keys = Int32Array::try_new(keys, nulls)?;
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
        keys, values,
    )?))
}

/// A dictionary column from word positions, or [`NULL_KEY`], and words.
pub fn word_column(mut keys: Vec<i32>, words: ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nulls = keys.contains(&NULL_KEY).then(|| {
        keys.iter()
            .map(|key| *key != NULL_KEY)
            .collect::<NullBuffer>()
    });
    for key in &mut keys {
        *key = (*key).max(0);
    }
    let keys = Int32Array::try_new(keys.into(), nulls)?;
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
        keys, words,
    )?))
}

/// The distinct texts of a dictionary, in order of first appearance.
pub struct WordList<'a> {
    keys: HashMap<&'a str, i32>,
    /// (address, length, key) of recently seen texts, so that a shared text is found without
    /// hashing.
    recent: [(usize, usize, i32); RECENT],
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

impl Default for WordList<'_> {
    fn default() -> Self {
        let recent = [(0, 0, 0); RECENT];
        Self {
            keys: HashMap::new(),
            recent,
            offsets: vec![0],
            bytes: Vec::new(),
        }
    }
}

impl<'a> WordList<'a> {
    /// The key of a text; adds the text if it is new.
    #[inline]
    pub fn key(&mut self, word: &'a str) -> i32 {
        // An address identifies one text for the whole lifetime 'a.
        let address = word.as_ptr() as usize;
        let slot = &mut self.recent[(address >> 4) % RECENT];
        if (slot.0, slot.1) == (address, word.len()) {
            return slot.2;
        }
        let next = self.offsets.len() as i32 - 1;
        let key = *self.keys.entry(word).or_insert(next);
        if key == next {
            self.bytes.extend_from_slice(word.as_bytes());
            self.offsets.push(self.bytes.len() as i32);
        }
        *slot = (address, word.len(), key);
        key
    }

    /// The texts as the values of a dictionary.
    pub fn finish(self) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        Ok(Arc::new(StringArray::try_new(
            offsets,
            Buffer::from_vec(self.bytes),
            None,
        )?))
    }
}

//! The words of an answer. Each is stored once; transactions and spans hold its number.

use hinomi_columnar::WordColumn;
use hinomi_model::Text;
use std::collections::HashMap;

/// Size of a word beyond its text, in bytes: its entries in the hash table and the list.
const WORD_BYTES: usize = 192;

/// The distinct words. Number 0 is the empty text.
pub(super) struct Words {
    numbers: HashMap<Text, u32>,
    all: Vec<Text>,
    letters: usize,
}

impl Default for Words {
    fn default() -> Self {
        let empty = Text::from("");
        Self {
            numbers: HashMap::from([(empty.clone(), 0)]),
            all: vec![empty],
            letters: 0,
        }
    }
}

impl Words {
    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.all.len() * WORD_BYTES + self.letters
    }

    /// The number of a word.
    pub fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let (number, text) = (self.all.len() as u32, Text::from(word));
        self.letters += text.len();
        self.all.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// The number of each row's word. Looks up each dictionary entry at most once.
    pub fn numbers(&mut self, column: WordColumn<'_>) -> Vec<u32> {
        let mut known = vec![None; column.dictionary_len()];
        (0..column.len())
            .map(|row| match column.key(row) {
                Some(key) => *known[key].get_or_insert_with(|| self.number(column.value(key))),
                None => 0,
            })
            .collect()
    }

    /// All words, by number.
    pub fn finish(self) -> Vec<Text> {
        self.all
    }
}

//! What transactions are counted by: each word once, and its number with every transaction.

use crate::{LakeError, columns::WordColumn};
use hinomi_model::Text;
use std::collections::HashMap;

/// Operation, instance and version.
pub(super) const KINDS: usize = 3;
/// Bytes that the numbers of a transaction take.
const ROW_BYTES: usize = 2 * size_of::<Numbers>();
/// Bytes that a word takes beside its letters: in the table, in the list, and where it is counted.
const WORD_BYTES: usize = 192;

/// The numbers of a transaction's words, by kind.
pub(super) type Numbers = [u32; KINDS];

/// Gathers them.
#[derive(Default)]
pub(super) struct Names {
    words: [Words; KINDS],
    rows: Vec<Numbers>,
}

/// The different words of one kind.
#[derive(Default)]
struct Words {
    numbers: HashMap<Text, u32>,
    all: Vec<Text>,
    letters: usize,
}

impl Names {
    /// Bytes it holds, roughly.
    pub fn bytes(&self) -> usize {
        let words = self.words.iter();
        let words = words.map(|words| words.all.len() * WORD_BYTES + words.letters);
        self.rows.len() * ROW_BYTES + words.sum::<usize>()
    }

    /// Adds a transaction.
    pub fn push(&mut self, words: [&str; KINDS]) {
        let mut kinds = self.words.iter_mut().zip(words);
        self.rows.push(std::array::from_fn(|_| {
            kinds.next().map_or(0, |(kind, word)| kind.number(word))
        }));
    }

    /// Adds transactions by their columns, looking at each word of a dictionary at most once.
    pub fn push_all(&mut self, columns: [WordColumn<'_>; KINDS]) {
        let first = self.rows.len();
        let added = columns.iter().map(WordColumn::len).min().unwrap_or(0);
        self.rows.resize(first + added, Numbers::default());
        for (kind, column) in columns.into_iter().enumerate() {
            let words = &mut self.words[kind];
            let mut known = vec![None; column.dictionary_len()];
            for (row, numbers) in self.rows[first..].iter_mut().enumerate() {
                numbers[kind] = match column.key(row) {
                    Some(key) => *known[key].get_or_insert_with(|| words.number(column.value(key))),
                    None => words.number(""),
                };
            }
        }
    }

    /// The numbers of each transaction, in the order they were added.
    pub fn rows(&self) -> &[Numbers] {
        &self.rows
    }

    /// The words of a kind by their numbers.
    pub fn words(&self, kind: usize) -> &[Text] {
        &self.words[kind].all
    }
}

impl Words {
    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let (number, text) = (self.all.len() as u32, Text::from(word));
        self.letters += text.len();
        self.all.push(text.clone());
        self.numbers.insert(text, number);
        number
    }
}

/// A transaction without its words, where they are wanted.
pub(super) fn missing() -> LakeError {
    LakeError::Columns("a transaction has no words".into())
}

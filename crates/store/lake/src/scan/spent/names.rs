//! The words by which transactions are counted. Each word is stored once; each transaction holds
//! its number.

use crate::LakeError;
use hinomi_columnar::WordColumn;
use hinomi_model::Text;
use std::collections::HashMap;

/// Number of kinds: operation, instance and version.
pub(super) const KINDS: usize = 3;
/// Size of a transaction's numbers, in bytes.
const ROW_BYTES: usize = 2 * size_of::<Numbers>();
/// Size of a word beyond its text, in bytes: entries in the hash table, the list and the counters.
const WORD_BYTES: usize = 192;

/// Word numbers of a transaction, by kind.
pub(super) type Numbers = [u32; KINDS];

/// Collects the words of transactions.
#[derive(Default)]
pub(super) struct Names {
    words: [Words; KINDS],
    rows: Vec<Numbers>,
}

/// The distinct words of one kind.
#[derive(Default)]
struct Words {
    numbers: HashMap<Text, u32>,
    all: Vec<Text>,
    letters: usize,
}

impl Names {
    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        let words = self.words.iter();
        let words = words.map(|words| words.all.len() * WORD_BYTES + words.letters);
        self.rows.len() * ROW_BYTES + words.sum::<usize>()
    }

    /// Adds one transaction.
    pub fn push(&mut self, words: [&str; KINDS]) {
        let mut kinds = self.words.iter_mut().zip(words);
        self.rows.push(std::array::from_fn(|_| {
            kinds.next().map_or(0, |(kind, word)| kind.number(word))
        }));
    }

    /// Adds transactions from columns. Looks up each dictionary entry at most once.
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

    /// Word numbers of each transaction, in the order of addition.
    pub fn rows(&self) -> &[Numbers] {
        &self.rows
    }

    /// The words of a kind, indexed by number.
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

/// Error for a transaction that lacks its words although they were requested.
pub(super) fn missing() -> LakeError {
    LakeError::Columns("a transaction has no words".into())
}

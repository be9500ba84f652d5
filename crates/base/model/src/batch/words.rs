//! The texts of a batch: equal texts are stored once, and each has a small number.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// The number of a text in a [`Words`] table. [`Symbol::EMPTY`] is the empty text in every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Symbol(pub u32);

impl Symbol {
    /// The empty text.
    pub const EMPTY: Self = Self(0);

    /// Whether it is the empty text.
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// The symbol as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A table of texts by [`Symbol`]. At most 4 GiB of text.
#[derive(Debug, Clone)]
pub struct Words {
    text: String,
    /// End of each text in `text`. The first text is the empty one.
    ends: Vec<u32>,
    index: HashTable<u32>,
    /// Seeded differently for each table, so that a sender cannot prepare texts that collide.
    hasher: FixedState,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            text: String::new(),
            ends: vec![0],
            index: HashTable::new(),
            hasher: FixedState::with_seed(seed()),
        }
    }
}

/// A seed from the standard library's only source of randomness.
fn seed() -> u64 {
    std::hash::RandomState::new().hash_one(0_u8)
}

impl Words {
    /// The symbol of `text`. A new text is added.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol::EMPTY;
        }
        let Self {
            text: all,
            ends,
            index,
            hasher,
        } = self;
        let at = |symbol: u32| get(all, ends, symbol as usize);
        let hash = hasher.hash_one(text);
        if let Some(symbol) = index.find(hash, |symbol| at(*symbol) == text) {
            return Symbol(*symbol);
        }
        let symbol = ends.len() as u32;
        index.insert_unique(hash, symbol, |symbol| hasher.hash_one(at(*symbol)));
        all.push_str(text);
        ends.push(all.len() as u32);
        Symbol(symbol)
    }

    /// Adds a text without looking for an equal one; for texts that rarely repeat.
    pub fn push(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol::EMPTY;
        }
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        Symbol(self.ends.len() as u32 - 1)
    }

    /// The text of a symbol; empty when this table has no such symbol.
    pub fn get(&self, symbol: Symbol) -> &str {
        if symbol.index() < self.ends.len() {
            get(&self.text, &self.ends, symbol.index())
        } else {
            ""
        }
    }

    /// Number of texts, the empty one included.
    #[expect(
        clippy::len_without_is_empty,
        reason = "the empty text is always there"
    )]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// All texts, by ascending symbol.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|at| get(&self.text, &self.ends, at))
    }

    /// All texts concatenated, and the end of each.
    pub fn parts(&self) -> (&str, &[u32]) {
        (&self.text, &self.ends)
    }

    /// The same as [`Self::parts`], by value.
    pub fn into_parts(self) -> (String, Vec<u32>) {
        (self.text, self.ends)
    }

    /// A table from [`Self::parts`]; `None` when the ends do not fit the text. The table has no
    /// index: interning a text adds it, even when it is already there.
    pub fn from_parts(text: String, ends: Vec<u32>) -> Option<Self> {
        let ascending = ends.windows(2).all(|pair| pair[0] <= pair[1]);
        let bounded = ends.first() == Some(&0) && ends.last() == Some(&(text.len() as u32));
        let whole = || ends.iter().all(|end| text.is_char_boundary(*end as usize));
        (ascending && bounded && whole()).then(|| Self {
            text,
            ends,
            ..Self::default()
        })
    }

    /// Frees the index, which only interning needs.
    pub fn settle(&mut self) {
        self.index = HashTable::new();
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Memory that the table uses, roughly, in bytes.
    pub fn weight(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.index.capacity() * 5
    }
}

fn get<'a>(text: &'a str, ends: &[u32], at: usize) -> &'a str {
    let from = at.checked_sub(1).map_or(0, |before| ends[before] as usize);
    &text[from..ends[at] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_symbol_and_come_back() {
        let mut words = Words::default();
        let texts: Vec<String> = (0..1_000).map(|at| format!("w{}", at % 300)).collect();
        let symbols: Vec<Symbol> = texts.iter().map(|text| words.intern(text)).collect();
        assert_eq!(words.len(), 301);
        for (text, symbol) in texts.iter().zip(&symbols) {
            assert_eq!(words.get(*symbol), text);
            assert_eq!(words.intern(text), *symbol);
        }
        assert_eq!(words.intern(""), Symbol::EMPTY);
        assert_eq!(words.get(Symbol(9_999)), "");
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let ok = |text: &str, ends: &[u32]| Words::from_parts(text.into(), ends.into()).is_some();
        assert!(ok("ab", &[0, 1, 2]));
        assert!(!ok("ab", &[0, 1]));
        assert!(!ok("ab", &[1, 2]));
        assert!(!ok("ab", &[0, 2, 1, 2]));
        assert!(!ok("é", &[0, 1, 2]));
        assert!(!ok("", &[]));
    }
}

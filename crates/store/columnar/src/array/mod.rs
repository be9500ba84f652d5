//! Arrays in memory: typed access to the columns of a batch, and builders of columns.

mod build;
mod columns;
mod words;

pub use build::{binary, instants};
pub use columns::{BatchColumns, ListColumn, Texts, WordColumn, optional_u8, optional_u16};
pub use words::{NULL_KEY, WordBuilder, WordList, dictionary_array, word_column};

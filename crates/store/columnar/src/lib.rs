//! Columns on disk: writes and reads immutable Parquet files whose every byte has a checksum.
//!
//! A file is written once, one row group after the other ([`FileWriter`], [`BatchWriter`]). It is
//! read by rows, by pages or by conditions on columns ([`ColumnReader`], [`PageBatches`]), or by
//! the readers of the `parquet` crate, for which [`VerifiedFile`] is a source of bytes.
//!
//! Promises:
//! - No byte is returned before its checksum was verified. An error tells damage
//!   ([`ColumnarError::Damaged`]) from a failure of the disk that may pass.
//! - Invalid bytes are an error, not a panic, in the readers of this crate.
//! - Memory is bounded: a cache holds as much as it was told to, and a page is not decompressed
//!   before its stated size is known to be within bounds.
//! - A [`Condition`] that excludes data unread never loses a row: in doubt, data is kept.
//!
//! Refuses: knowing what a column means. Spans, transactions, rollups, tables, projects, folders and
//! the catalog are the business of the engine above. It passes schemas, column numbers and options.
//! Also refused: nested columns in the crate's own reader and encoder, and async.

pub mod checksum;

mod array;
mod cache;
mod error;
mod file;
mod page;
mod read;
mod write;

pub use array::{
    Columns, ListColumn, NULL_KEY, Texts, WordBuilder, WordColumn, WordList, binary,
    dictionary_array, instants, optional_u8, optional_u16, word_column,
};
pub use cache::Cache;
pub use error::ColumnarError;
pub use file::{FileCursor, OpenFile, VerifiedFile};
pub use page::{Dictionary, PageCache};
pub use read::{ColumnReader, Condition, PageBatches, bloom_allows};
pub use write::{
    BatchWriter, Column, ColumnOptions, FileWriter, GroupSize, PAGE_ROWS, RowGroup, Sparse,
    row_groups,
};

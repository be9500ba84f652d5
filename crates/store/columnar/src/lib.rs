//! Columns on disk: writes and reads immutable Parquet files whose every byte has a checksum.
//!
//! A file is written once, one row group after the other ([`FileWriter`], [`BatchWriter`]). It is
//! read by rows, by pages or by conditions on columns ([`ColumnReader`], [`PageBatches`]), or by
//! the readers of the `parquet` crate, for which [`VerifiedFile`] is a source of bytes. Sorted files
//! are merged by [`MergedRows`].
//!
//! Promises:
//! - No byte is returned before its checksum was verified. An error tells damage
//!   ([`ColumnarError::Damaged`]) from a failure of the disk that may pass.
//! - Bytes that cannot be decoded are an error in the readers of this crate. Those of the `parquet`
//!   crate trust bytes whose checksum is right, and may panic.
//! - Memory is bounded: a cache holds as much as it was told to, and a page is not decompressed
//!   before its stated size is known to be within bounds.
//! - What excludes data unread ([`Condition`], [`text_ranges`]) never loses a row: in doubt, data is
//!   kept.
//!
//! Refuses: knowing what a column means. Spans, transactions, rollups, tables, projects, folders and
//! the catalog are the business of the engine above. It passes schemas, column numbers and options.
//! Also refused: nested columns in the crate's own reader and encoder, and async.

pub mod checksum;

mod array;
mod cache;
mod error;
mod file;
mod merge;
mod page;
mod read;
mod write;

pub use array::{
    BatchColumns, ListColumn, NULL_KEY, Texts, WordBuilder, WordColumn, WordList, binary,
    dictionary_array, instants, optional_u8, optional_u16, word_column,
};
pub use cache::Cache;
pub use error::ColumnarError;
pub use file::{FileCursor, OpenFile, VerifiedFile};
pub use merge::{MergedRows, SortedBatches, union_schema};
pub use page::{Dictionary, PageCache};
pub use read::{
    ColumnReader, Condition, NumberFilter, PageBatches, ReadFootprint, TextPredicate, WORD_BYTES,
    WordFilter, bloom_allows, row_bytes, text_ranges, uncommon_columns,
};
pub use write::{
    BatchWriter, Column, ColumnOptions, FileWriter, GroupSize, PAGE_ROWS, RowGroup, Sparse,
    row_groups,
};

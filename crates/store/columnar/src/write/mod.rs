//! Writing: a row group in memory, its columns as pages, and the file with its checksums.

mod chunk;
mod file;
mod group;

pub(crate) use chunk::Encoder;
pub use chunk::{ColumnOptions, PAGE_ROWS};
pub use file::{BatchWriter, FileWriter};
pub use group::{Column, GroupSize, RowGroup, Sparse, row_groups};

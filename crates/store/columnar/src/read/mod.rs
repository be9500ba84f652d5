//! Reading: single columns, whole files page by page, and filters that exclude data unread.

mod batches;
mod column;
mod filter;
mod footprint;
mod prune;
mod text_ranges;

pub use batches::PageBatches;
pub use column::ColumnReader;
pub use filter::{NumberFilter, WordFilter};
pub use footprint::{ReadFootprint, WORD_BYTES, row_bytes, uncommon_columns};
pub use prune::{Condition, bloom_allows};
pub use text_ranges::{TextPredicate, text_ranges};

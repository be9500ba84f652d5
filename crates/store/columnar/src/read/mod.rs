//! Reading: single columns, whole files page by page, and conditions that exclude data unread.

mod batches;
mod column;
mod prune;

pub use batches::PageBatches;
pub use column::ColumnReader;
pub use prune::{Condition, bloom_allows};

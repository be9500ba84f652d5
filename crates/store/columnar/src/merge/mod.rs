//! Merging: sorted streams of batches, whose schemas may differ, become one sorted stream.

mod gather;
mod order;
mod rows;

pub use gather::union_schema;
pub use rows::{MergedRows, SortedBatches};

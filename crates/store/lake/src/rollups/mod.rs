//! What the columns of the rollup tables mean, and rollups in the form that queries read.

pub(crate) mod cache;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod table;

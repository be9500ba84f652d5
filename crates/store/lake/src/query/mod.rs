//! How queries run: whose turn it is, on which threads, within which limits.

pub(crate) mod cancel;
pub(crate) mod pool;
pub(crate) mod turns;

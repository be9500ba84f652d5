//! The statistics behind what Hinomi concludes: patterns of a hitmap, differences of a selection,
//! verdicts on deployments, bounds of shares.
//!
//! Promises: pure functions of their arguments; equal input gives equal answers. The error rates
//! that are claimed were measured on generated traffic, with other seeds than those used for tuning
//! (docs/insight.md has the figures, `tests/it` the generators).
//!
//! Has no I/O, no clocks and no texts in a language. Answers are values; pages turn them into
//! sentences.

pub mod deployment;
pub mod difference;
pub mod pattern;
pub mod rank;
pub mod share;

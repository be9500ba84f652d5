//! Interprets the numbers: patterns of a hitmap, what makes selected transactions different, and
//! whether a deployment made things worse.
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

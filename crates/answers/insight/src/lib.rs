//! What the numbers mean: patterns of a hitmap, what makes selected transactions different, and
//! whether a deployment made things worse.
//!
//! Promises: pure functions of what they are given; the same input gives the same answer. What is
//! claimed was measured on generated traffic, with other seeds than those it was tuned on
//! (docs/insight.md has the figures, `tests/it` the generators).
//!
//! Refuses: I/O, clocks, words in a language: answers are values, and pages make sentences of them.

pub mod deployment;
pub mod difference;
pub mod pattern;

//! Whether a deployment made things worse: a verdict that may be looked at any time.
//!
//! The new version's transactions are compared with the old one's: with those of a while before,
//! and where both run, with the old one's of the same moment. Two questions are asked, after each
//! step of five seconds: is the share of transactions over the old 95th percentile larger than
//! five in a hundred by more than a margin, and is the share of failures larger by more than a
//! margin? Each is a confidence sequence, so that asking again and again does not wear the certainty
//! out. How much counts vary by more than chance is taken from the old version's past.
//!
//! The margins are what ordinary drift makes; smaller differences are not called.

mod boundary;
mod series;
mod verdict;

pub use verdict::{EXCLUDED, Judgement, Metric, Noticeable, Verdict, judge};

use hinomi_model::LatencyHistogram;

/// Transactions of one version in one step of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Side {
    /// Their durations.
    pub latency: LatencyHistogram,
    /// How many of them failed.
    pub errors: u64,
}

impl Side {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.latency.count()
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.errors += other.errors;
    }
}

/// One step since the deployment: what both versions answered in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// The version before.
    pub old: Side,
    /// The deployed one.
    pub new: Side,
}

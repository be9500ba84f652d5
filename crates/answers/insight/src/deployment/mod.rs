//! Whether a deployment made things worse: a verdict that may be read at any time.
//!
//! The new version's transactions are compared with the old version's: with those of the time
//! before, and, while both run, with those of the same moment. After each step of five seconds two
//! questions are tested. Is the share of transactions over the old 95th percentile larger than 5 %
//! by more than a margin? Is the share of failures larger by more than a margin? Each test is a
//! confidence sequence, so testing again and again does not raise the false alarm rate. How much
//! the counts vary beyond chance is estimated from the old version's past.
//!
//! The margins are as large as ordinary drift. Smaller differences are not reported.

mod boundary;
mod series;
mod verdict;

pub use verdict::{DeploymentVerdict, EXCLUDED, Judgement, Metric, Noticeable, judge};

use hinomi_model::LatencyHistogram;

/// The transactions of one version in one step of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Side {
    /// Their durations.
    pub latency: LatencyHistogram,
    /// How many of them failed.
    pub errors: u64,
}

impl Side {
    /// Number of transactions.
    pub fn count(&self) -> u64 {
        self.latency.count()
    }

    /// Adds the transactions of another side.
    pub fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.errors += other.errors;
    }
}

/// One step since the deployment: the transactions of both versions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// Transactions of the old version.
    pub old: Side,
    /// Transactions of the new version.
    pub new: Side,
}

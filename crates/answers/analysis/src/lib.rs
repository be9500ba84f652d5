//! Says what the numbers mean: whether a service is healthy, what is usual for it, which patterns a
//! hitmap shows, what makes some transactions different, whether a deployment made things worse, and
//! who is to blame for a partner's trouble.
//!
//! Asks `hinomi-query` for the numbers and `hinomi-insight` for the statistics. Promises that a
//! page, a rule and a report that ask the same question get the same answer: each decision is made
//! in one function of [`Analysis`].
//!
//! Has no HTML, HTTP or wire types and no texts in a language; these belong to the crates of
//! `front`. Does not read the store itself.

mod answer;
pub mod deployment;
pub mod difference;
mod error;
mod health;
mod map;
mod partners;
pub mod pattern;
mod services;
mod typical;
mod usual;
mod verdict;

pub use answer::{
    Band, Basis, Health, Reason, ServiceSummary, Since, Typical, TypicalPoint, Usually, Verdict,
};
pub use error::AnalysisError;
pub use map::{NodeState, NodeStates};
pub use partners::{Blame, BlameReason, Ended, Partner, PartnerCaller, Partners};

use health::PartCache;
use hinomi_io::Clock;
use hinomi_query::Query;
use pattern::PatternCache;
use std::sync::Arc;
use usual::UsualCache;

/// Answers what the numbers mean. Cheap to share; one instance for each process, because it holds
/// the caches.
pub struct Analysis {
    query: Arc<Query>,
    clock: Arc<dyn Clock>,
    usual: UsualCache,
    parts: PartCache,
    patterns: PatternCache,
}

impl Analysis {
    /// Interprets the answers of `query`. The clock tells how old cached answers are.
    pub fn new(query: Arc<Query>, clock: Arc<dyn Clock>) -> Self {
        Self {
            query,
            clock,
            usual: UsualCache::default(),
            parts: PartCache::default(),
            patterns: PatternCache::default(),
        }
    }
}

#[cfg(test)]
mod sample;

//! Says what the numbers mean: whether a service is healthy, what is usual for it, and who is to
//! blame for a partner's trouble.
//!
//! Asks `hinomi-query` for the numbers and `hinomi-insight` for the statistics. Promises that a
//! page, a rule and a report that ask the same question get the same answer: each decision is made
//! in one function of [`Analysis`].
//!
//! Has no HTML, HTTP or wire types and no texts in a language; these belong to `hinomi-web`. Does
//! not read the store itself.

mod answer;
mod partners;
mod services;
mod typical;
mod usual;
mod verdict;

pub use answer::{
    Band, Basis, Health, Reason, ServiceSummary, Since, Typical, TypicalPoint, Usually, Verdict,
};
pub use partners::{Blame, BlameReason, Partner, PartnerCaller, Partners};

use hinomi_query::Query;
use std::sync::Arc;
use usual::UsualCache;

/// Answers what the numbers mean. Cheap to share; one instance for each process, because it holds
/// the caches.
pub struct Analysis {
    query: Arc<Query>,
    usual: UsualCache,
}

impl Analysis {
    /// Interprets the answers of `query`.
    pub fn new(query: Arc<Query>) -> Self {
        Self {
            query,
            usual: UsualCache::default(),
        }
    }
}

#[cfg(test)]
mod sample;

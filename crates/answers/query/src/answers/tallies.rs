//! Answer: the transactions of services over a range.

use super::{Lost, ServiceLabels, TimelinePoint};
use crate::tally::Tally;
use crate::{columns::Columns, series::points};
use hinomi_model::{UnixNanos, rollup::ServiceKey};

/// Transactions of services, a tally a column.
#[derive(Debug, Clone)]
pub struct ServiceTallies {
    /// The columns of the range.
    pub columns: Columns,
    /// The services, sorted by name. Services that are silent in the range are included.
    pub services: Vec<ServiceTally>,
    /// Damaged data that is missing from the tallies; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// Transactions of one service.
#[derive(Debug, Clone)]
pub struct ServiceTally {
    /// The service.
    pub key: ServiceKey,
    /// Labels of its resource.
    pub labels: ServiceLabels,
    /// The newest column that holds a transaction, also one outside the range.
    pub last_seen: Option<UnixNanos>,
    /// One tally a column.
    pub tallies: Vec<Tally>,
    /// The same by what they tell of the service; `None` where all are work.
    pub judged: Option<JudgedTallies>,
}

/// Transactions by what they tell of their service. Streams tell nothing.
#[derive(Debug, Clone)]
pub struct JudgedTallies {
    /// Requests and messages: how the service works.
    pub work: Vec<Tally>,
    /// Jobs and probes: they tell of a service that has no work.
    pub rest: Vec<Tally>,
}

impl ServiceTally {
    /// Whether the range has no transaction of the service.
    pub fn is_silent(&self) -> bool {
        self.tallies.iter().all(|tally| tally.counts.total() == 0)
    }

    /// The transactions of the whole range.
    pub fn whole(&self) -> Tally {
        let mut whole = Tally::default();
        self.tallies.iter().for_each(|tally| whole.merge(tally));
        whole
    }

    /// One point a column.
    pub fn timeline(&self, columns: &Columns) -> Vec<TimelinePoint> {
        points(columns, &self.tallies)
    }
}
